#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/executors/http_client.hpp"
#include "runtime/metrics/sample.hpp"

// Reading what a Prometheus server answers, and writing what it is asked. No I/O.

namespace rollout::metrics {

struct PrometheusQuestion {
  std::string query;
  Nanoseconds first = 0, last = 0;  // equal: an instant query
  Nanoseconds step = 0;
  Nanoseconds look_back = 0;  // samples older than this count as none
  Nanoseconds timeout = 0;
};

// The form for POST /api/v1/query or /api/v1/query_range. Times go to the millisecond, which is what Prometheus keeps.
std::string prometheus_form(const PrometheusQuestion& question);

struct PrometheusAnswer {
  std::vector<std::pair<Nanoseconds, Sample>> samples;  // ascending; an instant query has at most one
  std::string error;                                    // not empty: it failed as a whole
  std::vector<std::string> warnings;                    // the server's own
};

// What the server said to an instant or a range query, one sample for each instant. Without labels in `by`, several
// series are an error, never the first one. With them, each series is one of the sample's; a series that lacks one of
// the labels, and two that have the same values of them, are errors.
PrometheusAnswer read_prometheus_answer(const executors::HttpResult& result, bool is_range,
                                        const std::vector<std::string>& by = {});

// The instant that a server names in seconds since 1970, to the millisecond. What lies beyond the year 2255 becomes
// that, and what is no number 1970: such a sample is ahead of the clock, or stale.
Nanoseconds instant_of(double seconds);

// Whether the query only selects series (`up{job="api"}`), so that `timestamp(...)` around it gives the samples' own
// times.
bool is_plain_selector(std::string_view query);

}  // namespace rollout::metrics
