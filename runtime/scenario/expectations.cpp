#include "runtime/scenario/expectations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "runtime/plan/evaluate.hpp"
#include "runtime/scenario/ledger.hpp"
#include "runtime/scenario/signals.hpp"
#include "runtime/scenario/world.hpp"

namespace rollout::scenario {

namespace {

using machine::Record;
using machine::RecordKind;
using machine::RunState;

// What happened instead; nothing where the expectation holds.
using Verdict = std::optional<std::string>;

struct Context {
  const Scenario& scenario;
  const Result& result;
  const Points& points;

  // "at 42m": a time as people count it, from the start.
  std::string at(Nanoseconds instant) const {
    return "at " + plan::duration_text(instant - result.start.value_or(result.created));
  }
  Nanoseconds elapsed(Nanoseconds instant) const { return instant - result.start.value_or(result.created); }
};

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string times_text(std::size_t times) {
  return times == 0 ? "never" : times == 1 ? "once" : times == 2 ? "twice" : fmt::format("{} times", times);
}

// ---------------------------------------------------------------- timing

// Why an instant does not fit, where it does not.
Verdict misses(const Timing& timing, Nanoseconds instant, const Context& context) {
  if (timing.at) {
    const auto wanted = context.points.resolve(*timing.at);
    if (!wanted) return fmt::format("`{}` never came", point_text(*timing.at));
    if (*wanted != instant)
      return fmt::format("{}, not at {}", context.at(instant), plan::duration_text(context.elapsed(*wanted)));
  }
  if (timing.within && context.elapsed(instant) > *timing.within) return context.at(instant);
  if (timing.after && context.elapsed(instant) < *timing.after) return context.at(instant);
  return std::nullopt;
}

// ---------------------------------------------------------------- how it ended

RunState state_of(ExpectedEnd end) {
  switch (end) {
    case ExpectedEnd::Succeeded: return RunState::Succeeded;
    case ExpectedEnd::RolledBack: return RunState::RolledBack;
    case ExpectedEnd::RollbackIncomplete: return RunState::RollbackIncomplete;
    case ExpectedEnd::Paused: return RunState::Paused;
    case ExpectedEnd::Aborted: return RunState::Aborted;
    case ExpectedEnd::Failed: return RunState::Failed;
  }
  return RunState::Failed;
}

bool is_that_end(RunState state, ExpectedEnd end) {
  return state == state_of(end) || (end == ExpectedEnd::Succeeded && state == RunState::FollowingUp);
}

// The guard whose outcome was carried out last, for the reason of an end.
std::string deciding_guard(const Result& result) {
  std::string text;
  for (const Record& record : result.trace) {
    if (record.kind != RecordKind::GuardFired) continue;
    const std::string response = field_text(record, "response");
    const bool decides = response.find("rollback") != std::string::npos ||
                         response.find("pause") != std::string::npos || response.find("abort") != std::string::npos;
    if (decides || response.empty()) text = field_text(record, "guard");
  }
  return text;
}

Verdict check_end(const Expectation& expected, const Context& context) {
  const Result& result = context.result;
  if (!is_that_end(result.state, expected.end)) return describe_end(result);
  if (!expected.stage.empty() && !means_stage(expected.stage, result.outcome_stage)) return describe_end(result);
  const Nanoseconds when = expected.end == ExpectedEnd::Paused ? result.state_since.value_or(result.last)
                                                               : result.ended.value_or(result.last);
  if (const Verdict miss = misses(expected.timing, when, context)) {
    return miss->ends_with("never came") ? fmt::format("{}; the run {}", *miss, describe_end(result))
                                         : describe_end(result);
  }
  return std::nullopt;
}

Verdict check_end_within(const Expectation& expected, const Context& context) {
  const Result& result = context.result;
  if (!result.ended) return fmt::format("it had not ended: {}", describe_end(result));
  if (context.elapsed(*result.ended) <= expected.within) return std::nullopt;
  return describe_end(result);
}

// ---------------------------------------------------------------- stages, calls, notifications

std::string stages_reached(const Result& result, const Context& context) {
  std::vector<std::string> parts;
  parts.reserve(result.stages.size());
  for (const StageVisit& visit : result.stages)
    parts.push_back(fmt::format("`{}` {}", visit.stage, context.at(visit.entered)));
  return parts.empty() ? "no stage was entered" : "entered were " + join(parts);
}

Verdict check_reached(const Expectation& expected, const Context& context) {
  Verdict miss = "never entered";
  const StageVisit* found = nullptr;
  for (const StageVisit& visit : context.result.stages) {
    if (!means_stage(expected.stage, visit.stage)) continue;
    const Verdict why = misses(expected.timing, visit.entered, context);
    if (!why) {
      found = &visit;
      break;
    }
    miss = "entered " + *why;
  }
  if (expected.negated)
    return found ? Verdict(fmt::format("`{}` was entered {}", found->stage, context.at(found->entered))) : std::nullopt;
  if (found) return std::nullopt;
  if (*miss != "never entered") return fmt::format("`{}` was {}", expected.stage, *miss);
  return fmt::format("`{}` was never entered: {}; the run {}", expected.stage, stages_reached(context.result, context),
                     describe_end(context.result));
}

bool is_call_of(const Called& call, const std::string& callable, const std::string& command,
                const std::optional<ArgumentPattern>& arguments) {
  if (!command.empty()) return !call.command.empty() && command_matches(command, call.command);
  if (callable.empty() || call.callable != callable) return false;
  std::vector<Value> values;
  values.reserve(call.arguments.size());
  for (const auto& [name, value] : call.arguments) values.push_back(value);
  return arguments_match(arguments, values);
}

std::string call_text(const Called& call) {
  if (call.callable.empty()) return fmt::format("`{}`", call.command);
  std::string text = call.callable + "(";
  for (std::size_t i = 0; i < call.arguments.size(); ++i)
    text += (i ? ", " : "") + plan::to_literal(call.arguments[i].second);
  return "`" + text + ")`";
}

Verdict check_called(const Expectation& expected, const Context& context) {
  std::vector<std::string> found, others;
  for (const Called& call : context.result.calls) {
    if (is_call_of(call, expected.callable, expected.command, expected.arguments)) {
      found.push_back(context.at(call.at));
    } else if (!expected.callable.empty() && call.callable == expected.callable) {
      others.push_back(fmt::format("{} {}", call_text(call), context.at(call.at)));
    }
  }
  const bool as_often = expected.times ? found.size() == *expected.times : !found.empty();
  if (as_often != expected.negated) return std::nullopt;
  std::string observed = found.empty() ? "it was never called" : "it was called " + times_text(found.size());
  if (!found.empty()) observed += ", " + join(found);
  if (found.empty() && !others.empty()) observed += "; with other arguments: " + join(others);
  return observed;
}

Verdict check_notified(const Expectation& expected, const Context& context) {
  std::size_t found = 0;
  std::vector<std::string> texts;
  for (const NotificationSeen& seen : context.result.notifications) {
    if (seen.channel != expected.channel) continue;
    texts.push_back(fmt::format("\"{}\" {}", seen.text, context.at(seen.at)));
    if (seen.text.find(expected.text) != std::string::npos) ++found;
  }
  const bool as_often = expected.times ? found == *expected.times : found > 0;
  if (as_often != expected.negated) return std::nullopt;
  if (texts.empty()) return fmt::format("`{}` got no notification", expected.channel);
  return fmt::format("`{}` was notified {}: {}", expected.channel, times_text(texts.size()), join(texts));
}

struct Occurrence {
  std::size_t order = 0;
  Nanoseconds at = 0;
};
// The first time that a stage was entered or a callable called.
std::optional<Occurrence> first_of(const std::string& name, const std::string& command, const Context& context) {
  std::optional<Occurrence> first;
  const auto consider = [&](std::size_t order, Nanoseconds at) {
    if (!first || order < first->order) first = Occurrence{order, at};
  };
  for (const StageVisit& visit : context.result.stages) {
    if (!name.empty() && means_stage(name, visit.stage)) consider(visit.order, visit.entered);
  }
  for (const Called& call : context.result.calls) {
    if (is_call_of(call, name, command, std::nullopt)) consider(call.order, call.at);
  }
  return first;
}

Verdict check_before(const Expectation& expected, const Context& context) {
  const auto first = first_of(expected.callable, expected.command, context);
  const auto second = first_of(expected.second, {}, context);
  const std::string& name = expected.callable.empty() ? expected.command : expected.callable;
  if (!first) return fmt::format("`{}` never happened", name);
  if (!second) return fmt::format("`{}` never happened, so nothing shows the order", expected.second);
  if (first->order < second->order) return std::nullopt;
  return fmt::format("`{}` came {}, after `{}` {}", name, context.at(first->at), expected.second,
                     context.at(second->at));
}

// ---------------------------------------------------------------- reasons and guards

Verdict check_because(const Expectation& expected, const Context& context) {
  const Result& result = context.result;
  std::vector<std::string> reasons;
  const auto consider = [&](const std::string& text) {
    if (!text.empty() && std::find(reasons.begin(), reasons.end(), text) == reasons.end()) reasons.push_back(text);
  };
  for (const Record& record : result.trace) {
    if (record.kind == RecordKind::GuardFired) consider(field_text(record, "guard"));
    if (record.kind == RecordKind::Paused || record.kind == RecordKind::RollbackStarted ||
        record.kind == RecordKind::RunEnded || record.kind == RecordKind::StateChanged)
      consider(field_text(record, "reason"));
  }
  for (const std::string& reason : reasons) {
    if (reason.find(expected.text) != std::string::npos) return std::nullopt;
  }
  if (reasons.empty()) return fmt::format("no guard fired and no reason was given: {}", describe_end(result));
  std::vector<std::string> quoted;
  quoted.reserve(reasons.size());
  for (const std::string& reason : reasons) quoted.push_back("`" + reason + "`");
  return "the reasons were " + join(quoted);
}

Verdict check_blind(const Expectation&, const Context& context) {
  std::size_t unknown = 0;
  for (const Record& record : context.result.trace) {
    if (record.kind == RecordKind::GuardBlind) return std::nullopt;
    if (record.kind == RecordKind::GuardUnknown) ++unknown;
  }
  if (unknown == 0) return "every guard had its data in every slot";
  return fmt::format("guards missed data {}, never for long enough to be blind", times_text(unknown));
}

// ---------------------------------------------------------------- traffic

plan::Op operator_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::Equal: return plan::Op::Equal;
    case Comparison::NotEqual: return plan::Op::NotEqual;
    case Comparison::Less: return plan::Op::Less;
    case Comparison::LessEqual: return plan::Op::LessEqual;
    case Comparison::Greater: return plan::Op::Greater;
    case Comparison::GreaterEqual: return plan::Op::GreaterEqual;
  }
  return plan::Op::Equal;
}

// Before its first `traffic` nothing goes to the new version of a rollout.
Value share_at(const Result& result, const std::string& rollout, Nanoseconds instant) {
  Value share = Value::ratio(0);
  for (const TrafficChange& change : result.traffic) {
    if (change.at <= instant && change.rollout == rollout) share = change.share;
  }
  return share;
}

// The rollouts whose traffic is meant: those of the name, else all that moved any.
std::vector<std::string> rollouts_meant(const Expectation& expected, const Result& result) {
  std::vector<std::string> paths;
  for (const TrafficChange& change : result.traffic) {
    const bool meant = expected.rollout.empty() || means_stage(expected.rollout, change.rollout);
    if (meant && std::find(paths.begin(), paths.end(), change.rollout) == paths.end()) paths.push_back(change.rollout);
  }
  return paths;
}

std::string whose(const std::string& rollout) {
  return rollout.empty() ? "it was" : fmt::format("that of `{}` was", rollout);
}

Verdict check_traffic(const Expectation& expected, const Context& context) {
  const auto holds = [&](const Value& share) {
    const bool fits = plan::binary(operator_of(expected.comparison), share, expected.share).as_bool();
    return fits != expected.negated;
  };
  const std::vector<std::string> meant = rollouts_meant(expected, context.result);
  if (expected.at) {
    const auto instant = context.points.resolve(*expected.at);
    if (!instant)
      return fmt::format("`{}` never came: the run {}", point_text(*expected.at), describe_end(context.result));
    for (const std::string& rollout : meant) {
      const Value share = share_at(context.result, rollout, *instant);
      if (!holds(share)) return fmt::format("{} {} {}", whose(rollout), plan::to_literal(share), context.at(*instant));
    }
    if (meant.empty() && !holds(Value::ratio(0))) return fmt::format("it was 0% {}", context.at(*instant));
    return std::nullopt;
  }
  for (const TrafficChange& change : context.result.traffic) {
    const bool counts = std::find(meant.begin(), meant.end(), change.rollout) != meant.end();
    if (counts && !holds(change.share))
      return fmt::format("{} {} {}", whose(change.rollout), plan::to_literal(change.share), context.at(change.at));
  }
  if (meant.empty() && !holds(Value::ratio(0))) return "it was 0% throughout: no `traffic` step ran";
  return std::nullopt;
}

Verdict check(const Expectation& expected, const Context& context) {
  switch (expected.kind) {
    case ExpectKind::End: return check_end(expected, context);
    case ExpectKind::Reached: return check_reached(expected, context);
    case ExpectKind::Called: return check_called(expected, context);
    case ExpectKind::Notified: return check_notified(expected, context);
    case ExpectKind::Before: return check_before(expected, context);
    case ExpectKind::Because: return check_because(expected, context);
    case ExpectKind::Blind: return check_blind(expected, context);
    case ExpectKind::Traffic: return check_traffic(expected, context);
    case ExpectKind::EndWithin: return check_end_within(expected, context);
  }
  return std::nullopt;
}

}  // namespace

std::string describe_end(const Result& result) {
  const Nanoseconds start = result.start.value_or(result.created);
  std::string text(machine::state_name(result.state));
  if (result.state == RunState::FollowingUp) text = "succeeded";
  const bool paused = result.state == RunState::Paused;
  const auto when = paused ? result.state_since : result.ended;
  if (when) text += fmt::format("{} {}", paused ? " since" : " at", plan::duration_text(*when - start));
  if (!when) text = fmt::format("still {} at {}", text, plan::duration_text(result.last - start));
  const bool succeeded = result.state == RunState::Succeeded || result.state == RunState::FollowingUp;
  if (succeeded) return text;
  if (!result.outcome_stage.empty()) text += fmt::format(" during `{}`", result.outcome_stage);
  const std::string guard = deciding_guard(result);
  const std::string& because = result.reason.empty() ? guard : result.reason;
  if (!because.empty() && when) text += fmt::format(", because `{}`", because);
  return text;
}

std::vector<Failure> unmet_expectations(const Scenario& scenario, const Result& result, const Points& points) {
  const Context context{scenario, result, points};
  std::vector<Failure> failures;
  for (const Expectation& expected : scenario.expectations) {
    if (const Verdict observed = check(expected, context))
      failures.push_back({expected.source, *observed, expected.spot});
  }
  return failures;
}

}  // namespace rollout::scenario
