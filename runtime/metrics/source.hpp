#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/executors/http_client.hpp"
#include "runtime/executors/process.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/metrics/sample.hpp"
#include "runtime/plan/recorded_series.hpp"

// Asking the sources. Each slot that was asked for is answered exactly once, whatever happens.

namespace rollout::metrics {

// A metric as its source sees it, its configuration computed.
struct Source {
  plan::MetricProvider provider{};
  std::vector<std::pair<std::string, plan::Value>> configuration;  // query, url, at, command, headers, bearer, env, cwd
  Nanoseconds every = 15'000'000'000;
  Nanoseconds stale_after = 60'000'000'000;
  std::vector<std::string> by = {};  // of a grouped metric: the labels that tell its series apart
};

using Answer = std::function<void(Nanoseconds slot, Sample)>;

// What the sources work with; all outlive the readers.
struct Means {
  engine::Scheduler& scheduler;
  executors::HttpClient& http;
  executors::ProcessRunner& processes;
  std::string prometheus_url;
  std::function<void(const std::string&)> warn;  // a server's warnings, for the log
};

// As of each slot, past ones too: an instant query a slot, or a range query where there are many in even steps.
void ask_prometheus(const Means& means, const Source& source, const executors::Secrets& secrets,
                    std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer);
// `http.number` and `command.number` have no past: one number now for the newest slot, NoPast for slots more than
// `every` ago.
void ask_http_number(const Means& means, const Source& source, const executors::Secrets& secrets,
                     std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer);
void ask_command_number(const Means& means, const Source& source, const executors::Secrets& secrets,
                        std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer);

// How many lines of the command's output match; no past, as the two above.
void ask_log_count(const Means& means, const Source& source, const executors::Secrets& secrets,
                   std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer);
// The newest row of the file at or before each slot, past ones too.
void ask_file(const Source& source, const executors::Secrets& secrets, const std::vector<Nanoseconds>& slots,
              const Answer& answer);
// The file's rows, all with instants; relative paths are looked up in the working directory. A file with a wrong line
// is none: nobody knows what else is wrong with it.
plan::Expected<plan::RecordedSeries> read_samples(const std::string& path);

// The number (or text) that `pointer` (RFC 6901, empty: the whole) names in a JSON document, or in a text that is just
// a number.
Sample number_in(std::string_view text, const std::string& pointer);

}  // namespace rollout::metrics
