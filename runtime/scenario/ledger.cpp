#include "runtime/scenario/ledger.hpp"

#include "runtime/scenario/world.hpp"

namespace rollout::scenario {

namespace {

using machine::Record;
using machine::RecordKind;
using machine::RunState;

// The kinds of records that say that the run has taken its first step.
bool begins_the_run(RecordKind kind) {
  return kind == RecordKind::StageEntered || kind == RecordKind::StepStarted || kind == RecordKind::GateOpened ||
         kind == RecordKind::HoldStarted || kind == RecordKind::Intent || kind == RecordKind::TrafficChanged;
}

std::optional<RunState> state_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(RunState::Failed); ++i) {
    const auto state = static_cast<RunState>(i);
    if (machine::state_name(state) == name) return state;
  }
  return std::nullopt;
}

// Whether the main run has come to an end in that state.
bool is_end(RunState state) {
  return machine::is_final(state) || state == RunState::FollowingUp || state == RunState::RollbackIncomplete;
}

}  // namespace

std::string field_text(const Record& record, std::string_view name) {
  const Value* value = record.find(name);
  return value && !value->is_missing() ? plan::to_text(*value) : std::string{};
}

void Ledger::note(const Record& record) {
  if (begins_the_run(record.kind) && !result_.start) {
    result_.start = record.at;
    points_.start(record.at);
  }
  const std::string stage = field_text(record, "stage");
  if (record.kind == RecordKind::StageEntered) {
    points_.enter(stage, record.at);
    result_.stages.push_back({stage, order_++, record.at, std::nullopt});
    stage_ = stage;
  }
  if (record.kind == RecordKind::StageDone) {
    points_.end(stage, record.at);
    for (auto& visit : result_.stages) {
      if (visit.stage == stage && !visit.done) visit.done = record.at;
    }
  }
  if (record.kind == RecordKind::TrafficChanged) {
    if (const Value* share = record.find("to"))
      result_.traffic.push_back({record.at, *share, field_text(record, "rollout")});
  }
  if (record.kind == RecordKind::Notified)
    result_.notifications.push_back({record.at, field_text(record, "channel"), field_text(record, "text")});
  note_state(record);
  note_outcome(record);
  result_.trace.push_back(record);
}

void Ledger::note_state(const Record& record) {
  if (record.kind != RecordKind::StateChanged) return;
  const auto state = state_named(field_text(record, "to"));
  if (!state) return;
  const bool followed_up = *state == RunState::Succeeded && result_.state == RunState::FollowingUp;
  if (!is_end(*state)) result_.ended.reset();
  if (is_end(*state) && !followed_up) result_.ended = record.at;
  if (*state == RunState::Paused && result_.state != RunState::Paused) result_.state_since = record.at;
  result_.state = *state;
}

void Ledger::note_outcome(const Record& record) {
  const bool decides = record.kind == RecordKind::Paused || record.kind == RecordKind::RollbackStarted ||
                       record.kind == RecordKind::RunEnded;
  // Where a child goes back or fails, its stage is where the trouble began, also for those around it.
  const bool of_child = !field_text(record, "rollout").empty();
  const bool child_fails =
      of_child && (record.kind == RecordKind::RollbackStarted ||
                   (record.kind == RecordKind::ChildEnded && field_text(record, "state") != "succeeded" &&
                    field_text(record, "state") != "stopped"));
  if (record.kind == RecordKind::StageEntered) failed_in_.clear();
  if (child_fails && failed_in_.empty() && result_.state == RunState::Running) failed_in_ = field_text(record, "stage");
  if (!decides || (of_child && record.kind == RecordKind::RollbackStarted)) return;
  const std::string reason = field_text(record, "reason");
  // The end of a rollback says again why it began.
  if (!reason.empty()) result_.reason = reason;
  if (record.kind == RecordKind::RunEnded) {
    const auto end = state_named(field_text(record, "state"));
    if (end == RunState::RolledBack || end == RunState::RollbackIncomplete) return;
  }
  result_.outcome_stage = failed_in_.empty() ? stage_ : failed_in_;
}

void Ledger::note(const machine::StartEffect& effect, Nanoseconds at) {
  Called call{at, order_++, effect.kind, {}, {}, effect.arguments};
  if (effect.kind == machine::RequestKind::Process || effect.kind == machine::RequestKind::Shell) {
    call.command = effect.callable;
  } else {
    CallNames names = call_names(effect);
    call.callable = std::move(names.callable);
    call.arguments = std::move(names.arguments);
  }
  result_.calls.push_back(std::move(call));
}

}  // namespace rollout::scenario
