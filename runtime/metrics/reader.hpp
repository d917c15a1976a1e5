#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/metrics/source.hpp"

namespace rollout::metrics {

// Asks each source once for what several metrics and runs want to know of the same slot.
class MetricReader {
 public:
  explicit MetricReader(Means means);
  ~MetricReader();
  MetricReader(const MetricReader&) = delete;
  MetricReader& operator=(const MetricReader&) = delete;

  // Answers each slot exactly once, possibly before it returns. Errors and texts come without secrets.
  void read(const Source& source, const executors::Secrets& secrets, const std::vector<Nanoseconds>& slots,
            Nanoseconds deadline, const Answer& answer);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

// What tells one source from another: equal keys, equal questions. Holds references to secrets, not their values.
std::string source_key(const Source& source);

}  // namespace rollout::metrics
