#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/plan.hpp"
#include "runtime/plan/time_bounds.hpp"

// A plan as people think of it: steps in order, stages, how long they take, who must answer, what leads back. Computed
// from the plan and its parameters alone; nothing is run.

namespace rollout::console {

using plan::Nanoseconds;

using plan::TimeRange;

enum class StepKind : std::uint8_t { Command, Action, Check, Traffic, Hold, Gate, Notify, Outcome, Condition };
struct OutlineStep {
  StepKind kind{};
  std::size_t depth = 0;  // 0: of the stage itself; deeper: inside an action, check or condition
  std::string text;
  bool irreversible = false;
  std::optional<double> share;  // Traffic
};
struct OutlineGuard {
  std::string text, response;
};
struct OutlineStage {
  std::string name;  // empty: what stands outside of the stages
  std::string documentation;
  TimeRange takes;
  plan::Most undo = 0;  // what undoing everything up to its end takes at most
  std::vector<OutlineStep> steps;
  std::vector<OutlineGuard> guards;
};
struct OutlineGate {
  std::string stage, kind, text, role, otherwise;
  std::uint32_t needed = 1;
  std::optional<Nanoseconds> within;
  std::vector<std::string> members, items;
};
// What a rollback does for something that was done.
struct OutlineUndo {
  std::string stage, what;
  std::vector<std::string> how;
};
struct OutlineSchedule {
  std::string when;
  std::vector<OutlineStep> steps;
};
struct OutlineParameter {
  std::string name, value, documentation;
  bool given = false, missing = false;
};

// What the service needs: `setting "NODE_ENV" = "production" "why"`.
struct OutlineSetting {
  std::string name, value, reason;
};

struct Outline {
  std::vector<OutlineStage> stages;  // in order of the plan, with unnamed ones for steps between them
  std::vector<OutlineGuard> guards;  // over all stages
  std::vector<OutlineGate> gates;
  std::vector<OutlineUndo> undos;  // in the order of a rollback: last first
  std::vector<OutlineStep> after_rollback, after_success;
  std::vector<OutlineSchedule> schedules;
  std::string no_return_stage, no_return;  // the first irreversible step, empty: there is none
  TimeRange takes;                         // people included
  plan::Most undo = 0;                     // of the undo steps, wherever it turns back
  std::optional<Nanoseconds> rollback_within;
  std::vector<OutlineParameter> parameters;
  std::vector<std::string> secrets;
  std::vector<OutlineSetting> settings;
};

using Parameters = plan::ParameterValues;
Outline outline_of(const plan::VerifiedPlan& plan, const Parameters& parameters);

// "15m", "15m..30m", "at least 15m".
std::string range_text(const TimeRange& range);

}  // namespace rollout::console
