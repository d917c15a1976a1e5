#include "runtime/metrics/reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace rollout::metrics {

namespace {

using plan::MetricProvider;
using plan::Value;

void ask(const Means& means, const Source& source, const executors::Secrets& secrets, std::vector<Nanoseconds> slots,
         Nanoseconds deadline, const Answer& answer) {
  switch (source.provider) {
    case MetricProvider::Prometheus: return ask_prometheus(means, source, secrets, std::move(slots), deadline, answer);
    case MetricProvider::HttpNumber: return ask_http_number(means, source, secrets, std::move(slots), deadline, answer);
    case MetricProvider::CommandNumber:
      return ask_command_number(means, source, secrets, std::move(slots), deadline, answer);
    case MetricProvider::LogCount: return ask_log_count(means, source, secrets, std::move(slots), deadline, answer);
    case MetricProvider::File: return ask_file(source, secrets, slots, answer);
    case MetricProvider::Probe:
    case MetricProvider::Check:
    case MetricProvider::Source:
    case MetricProvider::None: break;
  }
  for (const Nanoseconds slot : slots) answer(slot, Sample::failed("this metric has no source outside of scenarios"));
}

std::string value_key(const Value& value) {
  if (value.kind() != plan::ValueKind::Secret) return plan::to_json(value);
  std::string key;
  for (const plan::SecretPart& part : value.as_secret()) {
    key += part.secret ? fmt::format("<{}>", *part.secret) : fmt::format("\"{}\"", part.text);
  }
  return key;
}

}  // namespace

std::string source_key(const Source& source) {
  std::string key = fmt::format("{};{};{}", static_cast<int>(source.provider), source.stale_after, source.every);
  for (const std::string& label : source.by) key += fmt::format(";by {}:{}", label.size(), label);
  for (const auto& [name, value] : source.configuration) {
    key += fmt::format(";{}:{}=", name.size(), name);
    if (value.kind() == plan::ValueKind::Map) {
      for (const auto& [inner, item] : value.as_map())
        key += fmt::format("{}:{}={},", inner.size(), inner, value_key(item));
    } else {
      key += value_key(value);
    }
  }
  return key;
}

struct MetricReader::Shared {
  explicit Shared(Means given) : means(std::move(given)) {}
  Means means;
  // By source (and whose secrets it uses) and slot: who waits for the answer.
  std::map<std::pair<std::string, Nanoseconds>, std::vector<Answer>> waiting;
};

MetricReader::MetricReader(Means means) : shared_(std::make_shared<Shared>(std::move(means))) {}
MetricReader::~MetricReader() {
  shared_->waiting.clear();
}

void MetricReader::read(const Source& source, const executors::Secrets& secrets, const std::vector<Nanoseconds>& slots,
                        Nanoseconds deadline, const Answer& answer) {
  const std::string key = fmt::format("{};{}", static_cast<const void*>(&secrets), source_key(source));
  std::vector<Nanoseconds> fresh;
  for (const Nanoseconds slot : slots) {
    auto& waiting = shared_->waiting[{key, slot}];
    if (waiting.empty()) fresh.push_back(slot);
    waiting.push_back(answer);
  }
  if (fresh.empty()) return;
  const Answer deliver = [weak = std::weak_ptr(shared_), key, masker = secrets.shared_masker()](Nanoseconds slot,
                                                                                                Sample sample) {
    const auto shared = weak.lock();
    if (!shared) return;
    const auto found = shared->waiting.extract({key, slot});
    if (found.empty()) return;
    sample.error = masker->apply(std::move(sample.error));
    sample.text = masker->apply(std::move(sample.text));
    for (const Answer& waiter : found.mapped()) waiter(slot, sample);
  };
  if (!secrets.must_fetch(source.configuration)) {
    return ask(shared_->means, source, secrets, std::move(fresh), deadline, deliver);
  }
  // The secrets belong to a run, which may be over when they are there.
  secrets.fetch(source.configuration,
                [weak = std::weak_ptr(shared_), source, &secrets, alive = secrets.alive(), fresh, deadline, deliver] {
                  const auto shared = weak.lock();
                  if (!shared) return;
                  if (!alive.expired()) return ask(shared->means, source, secrets, fresh, deadline, deliver);
                  for (const Nanoseconds slot : fresh) deliver(slot, Sample::failed("the run that asked is over"));
                });
}

}  // namespace rollout::metrics
