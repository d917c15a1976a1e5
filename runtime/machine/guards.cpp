#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "runtime/machine/core.hpp"
#include "runtime/machine/sampling.hpp"
#include "runtime/plan/planted.hpp"
#include "runtime/plan/rate_text.hpp"
#include "runtime/plan/series.hpp"

// Guards: armed with their block, decided slot by slot, and what happens when they fire or see nothing.

namespace rollout::machine {

using plan::Guard;
using plan::GuardId;
using plan::OutcomeKind;

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kDefaultMissing = 300 * kSecond;

// abort > rollback > rollback to > pause > a question > continue > no outcome at all.
constexpr int kQuestion = 2;
int rank(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::Abort: return 6;
    case OutcomeKind::Rollback: return 5;
    case OutcomeKind::RollbackTo: return 4;
    case OutcomeKind::Pause: return 3;
    case OutcomeKind::Continue: return 1;
    case OutcomeKind::None: break;
  }
  return 0;
}

std::string_view outcome_name(OutcomeKind kind) {
  static constexpr std::string_view kNames[] = {"tell", "continue", "pause", "rollback to", "rollback", "abort"};
  return kNames[std::min<std::size_t>(static_cast<std::size_t>(kind), 5)];
}

// A share of three is 33.3333% for people, and what is nearly nothing is nothing.
constexpr double kMostDigits = 12;  // behind the point
Value readable(const Value& value) {
  const bool fraction = value.kind() == plan::ValueKind::Ratio || value.kind() == plan::ValueKind::Number;
  if (!fraction || !std::isfinite(value.as_double()) || value.as_double() == 0) return value;
  const double scale = std::pow(10, std::min(5 - std::floor(std::log10(std::abs(value.as_double()))), kMostDigits));
  const double rounded = std::round(value.as_double() * scale) / scale;
  return value.kind() == plan::ValueKind::Ratio ? Value::ratio(rounded) : Value::number(rounded);
}

Value text(const std::string& value) {
  return Value::string(value);
}

}  // namespace

std::uint64_t Core::arm(const Task& task, BlockId id) {
  const plan::Block& block = plan.blocks[id];
  if (block.guards.empty() && block.companions.empty()) return 0;
  Scope scope;
  scope.id = state.next_id++;
  scope.task = task.id;
  scope.rollout = rollout_of(task);
  scope.block = id;
  const Nanoseconds first = later(state.now, std::max<Nanoseconds>(0, duration_or(block.warmup, &task, 0)));
  const std::vector<SamplingPhase> sampling = sampling_of(&task, id);
  for (const GuardId guard : block.guards) {
    GuardRun run;
    run.guard = guard;
    run.next = run.asked = run.begun = first;
    run.interval = cadence(plan.guards[guard].metrics);
    run.phases = sampling;
    if (!run.phases.empty()) {
      if (run.phases.back().until != kNever) run.phases.push_back({kNever, run.interval});
      run.interval = interval_at(run.phases, first);
    }
    run.needed = std::max<Nanoseconds>(0, duration_or(plan.guards[guard].for_duration, &task, 0));
    record(RecordKind::GuardArmed,
           {{"guard", text(plan.guards[guard].text)},
            {"slot", Value::instant(first)},
            {"every", Value::duration(run.interval)}},
           plan.guards[guard].spot);
    scope.guards.push_back(std::move(run));
  }
  for (const BlockId companion : block.companions) {
    CompanionRun run;
    run.block = companion;
    run.period = std::max(kSecond, duration_or(plan.blocks[companion].every, &task, kDefaultMissing));
    run.due = later(state.now, run.period);
    scope.companions.push_back(run);
  }
  const std::uint64_t scope_id = scope.id;
  state.scopes.emplace_hint(state.scopes.end(), scope_id, std::move(scope));
  return scope_id;
}

void Core::disarm(std::uint64_t id) {
  const auto found = state.scopes.find(id);
  if (id == 0 || found == state.scopes.end()) return;
  const Scope scope = std::move(found->second);
  state.scopes.erase(found);
  const Acting for_it(*this, scope.rollout);
  for (const GuardRun& run : scope.guards) {
    record(RecordKind::GuardDisarmed, {{"guard", text(plan.guards[run.guard].text)}}, plan.guards[run.guard].spot);
    const bool asks =
        std::ranges::any_of(state.gates, [&](const auto& gate) { return gate.second.task == run.response; });
    if (run.response != 0 && asks) kill(run.response);
  }
  for (const CompanionRun& run : scope.companions) kill(run.task);
}

// Only what is armed answers, and nothing is disarmed before all answers of its slot are given.
std::pair<Scope&, GuardRun&> Core::armed(GuardId guard) {
  const auto is_it = [guard](const GuardRun& run) { return run.guard == guard; };
  auto& [id, scope] = *std::ranges::find_if(
      state.scopes, [&](const auto& entry) { return std::ranges::any_of(entry.second.guards, is_it); });
  return {scope, *std::ranges::find_if(scope.guards, is_it)};
}

// Nothing is promoted while a guard in scope sees nothing, or while a guard has asked people what to do. In scope of a
// rollout are its guards and those of the rollouts around it; a child does not hold up its siblings.
bool Core::frozen(RolloutId id) const {
  for (const auto& [scope_id, scope] : state.scopes) {
    if (!is_within(id, scope.rollout)) continue;
    for (const GuardRun& run : scope.guards) {
      if (run.clock.blind && !run.waived && !planted(plan::Bug::BlindIsHealthy)) return true;
    }
  }
  return std::ranges::any_of(state.gates, [&](const auto& entry) {
    const Task* task = find_task(entry.second.task);
    if (!task) return false;  // gcov-exclude-branch: a gate is closed before its task is gone
    return task->root == TaskKind::Response && is_within(id, rollout_of(*task));
  });
}

bool Core::anything_frozen() const {
  for (RolloutId id = 0; id < state.rollouts.size(); ++id) {
    if (frozen(id)) return true;
  }
  return false;
}

void Core::evaluate_guards(Nanoseconds slot) {
  std::vector<GuardId> fired;
  std::vector<GuardId> blind;
  for (auto& [id, scope] : state.scopes) {
    const Acting for_it(*this, scope.rollout);
    slot_sight.rollout = scope.rollout;
    for (GuardRun& run : scope.guards) {
      if (run.next > slot) continue;
      const bool was_blind = run.clock.blind;
      decide_guard(run, slot, fired);
      if (run.clock.blind && !was_blind) blind.push_back(run.guard);
    }
  }
  std::ranges::sort(fired);
  std::vector<GuardAnswer> answers;
  for (const GuardId guard : fired) {
    const Guard& row = plan.guards[guard];
    const Cause cause{row.text + seen_by(row), {}, row.spot, slot, armed(guard).first.rollout};
    answers.push_back({guard, row.response, cause, false});
  }
  for (const GuardId guard : blind) {
    const Guard& row = plan.guards[guard];
    if (row.blind == kNone) continue;
    const bool goes_on = plan.responses[row.blind].outcome == OutcomeKind::Continue;
    const auto [scope, run] = armed(guard);
    if (goes_on) run.waived = true;
    const Cause cause{fmt::format("the guard `{}` is blind", row.text), {}, row.spot, slot, scope.rollout};
    answers.push_back({guard, row.blind, cause, true});
  }
  std::ranges::sort(answers, {}, &GuardAnswer::guard);
  answer(answers);
}

void Core::set_next_slot(GuardRun& run) {
  run.next = slot_after(run, run.next);
  const Nanoseconds interval = run.phases.empty() ? run.interval : interval_at(run.phases, run.next);
  if (interval == run.interval) return;
  run.interval = interval;
  const Guard& guard = plan.guards[run.guard];
  record(RecordKind::GuardCadence,
         {{"guard", text(guard.text)}, {"slot", Value::instant(run.next)}, {"every", Value::duration(interval)}},
         guard.spot);
}

// What the guard saw, for people: " (720ms)", " (3: web-1, web-2, web-7)".
std::string Core::seen_by(const Guard& guard) const {
  const Value observed = compute_in_slot(guard.observed);
  std::string seen;
  if (const auto rate = plan::rate_text_like(observed, compute_in_slot(guard.threshold))) {
    seen = *rate;
  } else if (!observed.is_missing()) {
    seen = plan::to_literal(readable(observed));
  }
  const std::string series = plan::series_phrase(series_named(compute_in_slot(guard.series)));
  if (!series.empty()) seen += (seen.empty() ? "" : ": ") + series;
  return seen.empty() ? seen : " (" + seen + ")";
}

void Core::decide_guard(GuardRun& run, Nanoseconds slot, std::vector<GuardId>& fired) {
  const Guard& guard = plan.guards[run.guard];
  const Value value = compute_in_slot(guard.condition);
  run.truth = value.is_missing() ? Truth::Unknown : value.as_bool() ? Truth::True : Truth::False;
  const GuardRule rule{run.interval, run.needed, guard.of_m, guard.of_n};
  set_next_slot(run);
  const SlotVerdict verdict = decide(rule, run.clock, slot, run.truth);
  if (run.truth == Truth::Unknown) {
    run.why = value.as_string();
  } else {
    run.why.clear();
    run.missing_answered = run.waived = false;
  }
  const OutcomeKind outcome = plan.responses[guard.response].outcome;
  const bool acts = rank(outcome) > rank(OutcomeKind::Continue);
  record_transitions(run, slot, verdict);
  if (!acts && run.truth == Truth::False) run.fired = false;
  if (!verdict.reached) return;
  if (run.fired) {
    const bool repeats = !acts && guard.repeat_every != kNone;
    if (!repeats || between(run.fired_at, slot) < duration_or(guard.repeat_every, nullptr, kNever)) return;
  }
  run.fired = true;
  run.fired_at = slot;
  fired.push_back(run.guard);
  record(RecordKind::GuardFired,
         {{"guard", text(guard.text)},
          {"slot", Value::instant(slot)},
          {"held", Value::duration(run.clock.held)},
          {"observed", compute_in_slot(guard.observed)},
          {"threshold", compute_in_slot(guard.threshold)},
          {"response", text(std::string(outcome_name(outcome)))}},
         guard.spot);
  note_series(guard.series);
}

// One record for each change, none for a slot like the one before.
void Core::record_transitions(const GuardRun& run, Nanoseconds slot, const SlotVerdict& verdict) {
  const bool waits = verdict.pending_began && !verdict.reached && !run.fired;
  const bool reset = verdict.reset && !run.fired;
  if (!verdict.unknown_began && !verdict.blind_began && !verdict.sees_again && !waits && !reset) return;
  const Guard& guard = plan.guards[run.guard];
  const Value at = Value::instant(slot);
  const Value name = text(guard.text);
  if (verdict.unknown_began) {
    record(RecordKind::GuardUnknown, {{"guard", name}, {"slot", at}, {"why", text(run.why)}}, guard.spot);
  }
  if (verdict.blind_began) {
    const auto slots = static_cast<double>(run.clock.unknown_slots);
    record(RecordKind::GuardBlind, {{"guard", name}, {"slot", at}, {"unknown_slots", Value::number(slots)}},
           guard.spot);
  }
  if (verdict.sees_again) record(RecordKind::GuardSeesAgain, {{"guard", name}, {"slot", at}}, guard.spot);
  if (!waits && !reset) return;
  record(waits ? RecordKind::GuardPending : RecordKind::GuardReset,
         {{"guard", name},
          {"slot", at},
          {"observed", compute_in_slot(guard.observed)},
          {"threshold", compute_in_slot(guard.threshold)}},
         guard.spot);
  note_series(guard.series);
}

// How much an answer weighs against the others of its slot. A guard that is blind and goes on competes with nobody.
int Core::strength(const GuardAnswer& answer) const {
  const plan::Response& response = plan.responses[answer.response];
  const int own = rank(response.outcome);
  if (own > kQuestion) return own;
  if (asks_people(response.steps)) return kQuestion;
  return answer.blind ? 0 : own;
}

// The notifications and calls of all answers are carried out in source order. Of the questions and outcomes for one
// rollout the strongest takes effect; an abort is for all, and what a rollout does outranks what those inside it would
// do.
void Core::answer(const std::vector<GuardAnswer>& answers) {
  std::map<RolloutId, const GuardAnswer*> best;
  const GuardAnswer* abort = nullptr;
  for (const GuardAnswer& candidate : answers) {
    const std::uint64_t steps = start_response_steps(candidate.response, candidate.cause, nullptr);
    if (steps != 0) armed(candidate.guard).second.response = steps;
    const GuardAnswer*& strongest = best[candidate.cause.rollout];
    if (!strongest || strength(candidate) > strength(*strongest)) strongest = &candidate;
    if (!abort && strength(candidate) == rank(OutcomeKind::Abort)) abort = &candidate;
  }
  // Outer rollouts have the smaller ids.
  std::map<RolloutId, const GuardAnswer*> taken;
  for (const auto& [rollout, candidate] : best) {
    const GuardAnswer* by = abort;
    for (const auto& [outer, answer] : taken) {
      if (!by && is_within(rollout, outer) && strength(*answer) >= strength(*candidate)) by = answer;
    }
    if (!by || by == candidate) taken.emplace(rollout, candidate);
  }
  for (const GuardAnswer& candidate : answers) {
    const GuardAnswer* by = abort;
    for (const auto& [outer, answer] : taken) {
      const bool stronger = is_within(candidate.cause.rollout, outer) && strength(*answer) >= strength(candidate);
      if (!by && stronger) by = answer;
    }
    // Each one has something as strong: what was taken for its rollout, or for one around it.
    if (by == &candidate || strength(candidate) == 0) continue;
    if (Task* steps = find_task(armed(candidate.guard).second.response)) steps->item = kOutranked;
    const Acting for_it(*this, candidate.cause.rollout);
    record(RecordKind::GuardOutranked,
           {{"guard", text(plan.guards[candidate.guard].text)}, {"by", text(plan.guards[by->guard].text)}},
           candidate.cause.spot);
  }
  for (const auto& [rollout, candidate] : taken) {
    const Acting for_it(*this, rollout);
    if (strength(*candidate) > 0) take_outcome(candidate->response, candidate->cause, nullptr);
  }
}

Nanoseconds Core::missing_due(const Scope& scope, const GuardRun& run) const {
  const bool streak = run.clock.unknown_slots > 0 && !run.missing_answered && !run.waived;
  if (!streak || plan.guards[run.guard].blind != kNone) return kNever;
  // One slot is no streak: where slots are further apart than that, the next one has its say.
  const Nanoseconds patience =
      std::max(duration_or(row(scope.rollout).missing_for, nullptr, kDefaultMissing), run.interval);
  return later(run.clock.unknown_since, patience);
}

void Core::guard_missing(std::uint64_t scope, std::uint32_t index, Nanoseconds at) {
  Scope& found = state.scopes.at(scope);
  const RolloutId rollout = found.rollout;
  const Acting for_it(*this, rollout);
  GuardRun& run = found.guards[index];
  run.missing_answered = true;
  const Guard& guard = plan.guards[run.guard];
  const Nanoseconds lasted = between(run.clock.unknown_since, at);
  const Cause cause{fmt::format("the guard `{}` has seen nothing for {}{}", guard.text, plan::duration_text(lasted),
                                run.why.empty() ? "" : ": " + run.why),
                    {},
                    guard.spot,
                    at,
                    rollout};
  const ResponseId on_missing = row(rollout).on_missing;
  if (on_missing < plan.responses.size()) {
    run.waived = plan.responses[on_missing].outcome == OutcomeKind::Continue;
    answer({GuardAnswer{run.guard, on_missing, cause, true}});
  } else {
    pause_run(cause.reason, cause, kNone, nullptr);
  }
}

void Core::new_episodes() {
  for (auto& [id, scope] : state.scopes) {
    for (GuardRun& run : scope.guards) {
      if (!run.fired) continue;
      run.fired = false;
      start_over(run.clock);
    }
  }
}

void Core::waive_blindness() {
  for (auto& [id, scope] : state.scopes) {
    for (GuardRun& run : scope.guards) run.waived = run.waived || run.clock.blind;
  }
}

}  // namespace rollout::machine
