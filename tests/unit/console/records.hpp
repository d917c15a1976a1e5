#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/machine/events.hpp"
#include "runtime/plan/builder.hpp"

// Hand-made records for the renderings' tests.

namespace records {

using rollout::machine::Record;
using rollout::machine::RecordKind;
using rollout::plan::kMinute;
using rollout::plan::kSecond;
using rollout::plan::Nanoseconds;
using rollout::plan::Value;

inline constexpr Nanoseconds kStart = 1'767'578'400LL * kSecond;  // Monday 2026-01-05 02:00:00 UTC

using Fields = std::vector<std::pair<std::string, Value>>;

inline Record at(Nanoseconds since_start, RecordKind kind, Fields fields = {}) {
  return Record{kind, kStart + since_start, std::move(fields)};
}
inline Value text(std::string value) {
  return Value::string(std::move(value));
}

}  // namespace records
