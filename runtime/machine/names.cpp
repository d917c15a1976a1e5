#include <array>

#include "runtime/machine/events.hpp"
#include "runtime/machine/machine.hpp"

namespace rollout::machine {

std::string_view record_name(RecordKind kind) {
  static constexpr auto kNames = std::to_array<std::string_view>({
#define RECORD(name, text, doc) text,
#include "runtime/machine/records.def"
#undef RECORD
  });
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : std::string_view{};
}

std::string_view state_name(RunState state) {
  static constexpr auto kNames = std::to_array<std::string_view>({
      "waiting",
      "running",
      "paused",
      "rolling back",
      "succeeded",
      "following up",
      "rolled back",
      "rollback incomplete",
      "aborted",
      "failed",
  });
  const auto index = static_cast<std::size_t>(state);
  return index < kNames.size() ? kNames[index] : std::string_view{};
}

bool is_final(RunState state) {
  return state == RunState::Succeeded || state == RunState::RolledBack || state == RunState::Aborted ||
         state == RunState::Failed;
}

const Value* Record::find(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace rollout::machine
