// What the lints on time share: the rollouts with their bounds, and the way from a plan's rows back to the source.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "compiler/lints/lints.hpp"
#include "grammar/source.hpp"
#include "runtime/plan/time_bounds.hpp"

namespace rollout::lints {

using diagnostics::Code;
using diagnostics::Diagnostic;
using diagnostics::Location;
using plan::Most;
using plan::Nanoseconds;

// One rollout of the main file, with what is certain of its times whatever its parameters are.
struct TimedRollout {
  explicit TimedRollout(const plan::Plan& lowered)
      : plan(lowered), values(lowered, {}, plan::Defaults::Unknown), bounds(plan::time_bounds(lowered, values)) {}

  const plan::BlockTime& time(plan::BlockId block) const { return bounds.blocks[block]; }

  const plan::Plan& plan;
  plan::KnownValues values;
  plan::TimeBounds bounds;
};

class Timing {
 public:
  explicit Timing(const LintInput& input);

  const std::deque<TimedRollout>& rollouts() const { return rollouts_; }
  const check::CheckedModule& module() const { return input_.module; }

  // Nothing where it is of no file of the user's.
  std::optional<Location> place(const plan::Plan& plan, plan::SpotId spot) const;
  // Of an expression; `otherwise` for kNone.
  Location expression(check::ExprId expr, const Location& otherwise) const;
  // What the source declares there; nullptr where it is none.
  const check::Guard* guard_at(const Location& place) const;
  const check::Step* step_at(const Location& place) const;
  const check::StageDecl* stage_at(const Location& place) const;
  const check::RolloutDecl* rollout_at(const Location& place) const;

  // Where the `within` (else the `timeout`) of the step there is written; the step where it has none.
  Location limit_place(const Location& step, bool within) const;
  // Where the `within` of the approval, checklist or question there is written; the step where it has none.
  Location gate_limit_place(const Location& step) const;

  // "the stage `canary`".
  std::string scope_name(const TimedRollout& rollout, plan::BlockId block) const;
  // Its name, its limit, or its first line.
  Location scope_place(const TimedRollout& rollout, plan::BlockId block) const;

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
  static Key key(const Location& place);
  void index();

  const LintInput& input_;
  std::deque<TimedRollout> rollouts_;
  std::map<std::string, std::uint32_t> files_;  // by path
  mutable std::map<std::uint32_t, grammar::LineTable> lines_;
  std::map<Key, const check::Guard*> guards_;
  std::map<Key, const check::Step*> steps_;
  std::map<Key, const check::StageDecl*> stages_;
  std::map<Key, const check::RolloutDecl*> declared_;
};

// Findings about what is written once and may stand at many places of many runs (templates, sets of guards, loops,
// children): only what is wrong at all of them is reported, as it is at the first.
class Findings {
 public:
  void use(const Location& place, std::optional<Diagnostic> finding);
  void report(diagnostics::Sink& sink);

 private:
  struct Uses {
    bool always = true;
    std::optional<Diagnostic> first;
  };
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, Uses> uses_;
};

// What a lint says of one use of a guard that is written at `place`; nothing where there is nothing to say.
using GuardLint = std::optional<Diagnostic>(const Timing& timing, const TimedRollout& rollout,
                                            const plan::GuardTime& guard, const Location& place);
// Asks the lint of each guard of the user's, wherever it watches, and reports as Findings do.
void report_guards(const Timing& timing, diagnostics::Sink& sink, GuardLint& lint);

// A second place, where it is known and another one than the first.
void also(Diagnostic& diagnostic, const std::optional<Location>& place, std::string label);
// How long the windows in which the stage of that rollout may be entered are open at a time; nothing where they never
// close, or where only a run can tell since they go by several zones.
Most longest_opening(const plan::Plan& plan, plan::RolloutId rollout, plan::StageId stage);
// Longer, and not by less than people would say.
bool exceeds(Nanoseconds time, Nanoseconds limit);
inline std::string text(Nanoseconds time) {
  return plan::time_text(time);
}
// Whether the stage only sets the traffic and is left as soon as that is done.
bool is_left_at_once(const TimedRollout& rollout, plan::BlockId block);
// Whether a guard fires after all that watches it: then nothing more needs to be said about it.
bool never_fires(const TimedRollout& rollout, const plan::GuardTime& guard);

// The lints on time: TIME_LINT(name), a function in compiler/lints/time/NAME.cpp.
#define TIME_LINT(name) void name(const Timing& timing, diagnostics::Sink& sink);
#include "compiler/lints/time/time_lints.def"
#undef TIME_LINT

}  // namespace rollout::lints
