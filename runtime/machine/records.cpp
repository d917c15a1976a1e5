#include "runtime/machine/core.hpp"

namespace rollout::machine {

void Core::record(RecordKind kind, Fields fields, SpotId spot) {
  Record entry{kind, state.now, {}};
  for (const auto& [name, value] : fields) entry.fields.emplace_back(std::string(name), value);
  RolloutId id = acting;
  while (id != 0 && state.rollouts[id].stage == kNone) id = row(id).parent;
  if (const plan::StageId stage = state.rollouts[id].stage; stage < plan.stages.size()) {
    entry.fields.emplace_back("stage", Value::string(plan.stages[stage].name));
  }
  if (acting != 0) entry.fields.emplace_back("rollout", Value::string(row(acting).path));
  if (spot < plan.spots.size()) {
    const plan::Spot& place = plan.spots[spot];
    const std::string file = place.file < plan.files.size() ? plan.files[place.file].path : std::string{};
    entry.fields.emplace_back(
        "spot", Value::string(file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column)));
  }
  out.records.push_back(std::move(entry));
}

void Core::set_state(RunState next, const std::string& reason) {
  if (state.run_state == next) return;
  record(RecordKind::StateChanged, {{"from", Value::string(std::string(state_name(state.run_state)))},
                                    {"to", Value::string(std::string(state_name(next)))},
                                    {"reason", Value::string(reason)}});
  state.run_state = next;
  state.reason = reason;
}

void Core::end_run(RunState final_state, const std::string& reason) {
  set_state(final_state, reason);
  state.has_ended = true;
  state.ended = state.now;
  state.pause.reset();
  state.pauses_behind.clear();
  record(RecordKind::RunEnded,
         {{"state", Value::string(std::string(state_name(final_state)))}, {"reason", Value::string(reason)}});
}

}  // namespace rollout::machine
