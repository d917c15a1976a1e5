#include "compiler/lints/time/timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "runtime/plan/calendar.hpp"

namespace rollout::lints {
namespace {

using plan::BlockKind;
using plan::Op;

using Lint = void (*)(const Timing& timing, diagnostics::Sink& sink);
constexpr Lint kTimeLints[] = {
#define TIME_LINT(name) name,
#include "compiler/lints/time/time_lints.def"
#undef TIME_LINT
};

template <typename Key, typename Row>
const Row* at(const std::map<Key, const Row*>& rows, const Key& key) {
  const auto found = rows.find(key);
  return found == rows.end() ? nullptr : found->second;
}

}  // namespace

void times(const LintInput& input, diagnostics::Sink& sink) {
  if (input.plans.empty()) return;
  const Timing timing(input);
  for (const auto lint : kTimeLints) lint(timing, sink);
}

Timing::Timing(const LintInput& input) : input_(input) {
  for (const LoweredRollout& one : input.plans) rollouts_.emplace_back(**one.plan);
  const auto& files = input.module.files.files;
  for (std::uint32_t id = 0; id < files.size(); ++id) files_.emplace(files[id].path, id);
  index();
  for (TimedRollout& rollout : rollouts_) {
    for (const plan::GuardTime& guard : rollout.bounds.guards)
      rollout.guard_places.push_back(place(rollout.plan, rollout.plan.guards[guard.guard].spot));
  }
}

void Timing::index() {
  const check::CheckedModule& module = input_.module;
  for (const check::Guard& guard : module.guards) guards_.emplace(key(guard.location), &guard);
  for (const check::Step& step : module.steps) {
    steps_.emplace(key(step.location), &step);
    // Calls have a place of their own, without their clauses.
    if (const auto* effect = std::get_if<check::EffectStep>(&step.body); effect && effect->call != check::kNone)
      steps_.emplace(key(module.exprs[effect->call].location), &step);
    if (const auto* let = std::get_if<check::LetStep>(&step.body); let && let->value != check::kNone)
      steps_.emplace(key(module.exprs[let->value].location), &step);
  }
  for (const check::StageDecl& stage : module.stages) {
    if (stage.symbol != check::kNone) stages_.emplace(key(module.symbols[stage.symbol].declared), &stage);
  }
  for (const check::RolloutDecl& rollout : module.rollouts)
    declared_.emplace(key(module.symbols[rollout.symbol].declared), &rollout);
}

Timing::Key Timing::key(const Location& place) {
  return {static_cast<std::uint32_t>(place.file), place.span.begin, place.span.end};
}

std::optional<Location> Timing::place(const plan::Plan& plan, plan::SpotId id) const {
  if (id >= plan.spots.size() || plan.spots[id].file >= plan.files.size()) return std::nullopt;
  const plan::Spot& spot = plan.spots[id];
  const auto file = files_.find(plan.files[spot.file].path);
  if (file == files_.end()) return std::nullopt;
  // In plans that are lowered for their times, columns count the bytes of the file.
  const Location found{diagnostics::FileId{file->second}, {spot.column - 1, spot.end_column - 1}};
  return input_.is_own(found) ? std::optional(found) : std::nullopt;
}

Location Timing::expression(check::ExprId expr, const Location& otherwise) const {
  return expr == check::kNone ? otherwise : input_.module.exprs[expr].location;
}

const check::Guard* Timing::guard_at(const Location& place) const {
  return at(guards_, key(place));
}

const check::Step* Timing::step_at(const Location& place) const {
  return at(steps_, key(place));
}

const check::StageDecl* Timing::stage_at(const Location& place) const {
  return at(stages_, key(place));
}

const check::RolloutDecl* Timing::rollout_at(const Location& place) const {
  return at(declared_, key(place));
}

Location Timing::limit_place(const Location& place, bool within) const {
  const check::Step* step = step_at(place);
  if (!step) return place;
  if (const auto* block = std::get_if<check::WithinStep>(&step->body)) return expression(block->limit, place);
  return expression(within ? step->tail.within : step->tail.timeout, place);
}

Location Timing::gate_limit_place(const Location& place) const {
  const check::Step* step = step_at(place);
  if (!step) return place;
  if (const auto* approve = std::get_if<check::ApproveStep>(&step->body)) return expression(approve->within, place);
  if (const auto* list = std::get_if<check::ChecklistStep>(&step->body)) return expression(list->within, place);
  if (const auto* ask = std::get_if<check::AskStep>(&step->body)) return expression(ask->within, place);
  return place;
}

std::string Timing::scope_name(const TimedRollout& rollout, plan::BlockId id) const {
  const plan::Block& block = rollout.plan.blocks[id];
  if (block.kind == BlockKind::Stage) return fmt::format("the stage `{}`", block.name);
  if (block.kind == BlockKind::Rollout) return fmt::format("the rollout `{}`", block.name);
  return block.kind == BlockKind::Action ? fmt::format("the action `{}`", block.name) : "the block around it";
}

Location Timing::scope_place(const TimedRollout& rollout, plan::BlockId id) const {
  const auto found = place(rollout.plan, rollout.plan.blocks[id].spot);
  if (!found) return {};
  Location shown = limit_place(*found, true);
  const std::string_view source = input_.module.files[shown.file].text;
  const auto line_end = source.find('\n', shown.span.begin);
  if (line_end < shown.span.end) shown.span.end = static_cast<std::uint32_t>(line_end);
  return shown;
}

void Findings::use(const Location& place, std::optional<Diagnostic> finding) {
  // Most come in the order of the text.
  const std::tuple key{static_cast<std::uint32_t>(place.file), place.span.begin, place.span.end};
  Uses& uses = uses_.try_emplace(uses_.end(), key)->second;
  uses.always = uses.always && finding.has_value();
  if (finding && !uses.first) uses.first = std::make_unique<Diagnostic>(std::move(*finding));
}

void Findings::report(diagnostics::Sink& sink) {
  for (auto& [place, uses] : uses_) {
    if (uses.always && uses.first) sink.add(std::move(*uses.first));
  }
}

void report_guards(const Timing& timing, diagnostics::Sink& sink, GuardLint& lint) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (std::size_t index = 0; index < rollout.bounds.guards.size(); ++index) {
      const plan::GuardTime& guard = rollout.bounds.guards[index];
      const std::optional<Location>& place = rollout.guard_places[index];
      if (place) findings.use(*place, lint(timing, rollout, guard, *place));
    }
  }
  findings.report(sink);
}

void also(Diagnostic& diagnostic, const std::optional<Location>& place, std::string label) {
  const bool known = place && !place->span.empty();
  const bool second = known && (place->file != diagnostic.primary.file || place->span != diagnostic.primary.span);
  if (second) diagnostic.labels.push_back({*place, std::move(label)});
}

namespace {

// One zone's wall clock is enough to compare windows that all go by it; across zones only a run can tell.
bool one_zone(const std::vector<plan::Window>& windows, const std::vector<plan::Window>& own) {
  std::vector<plan::Window> all = windows;
  all.insert(all.end(), own.begin(), own.end());
  return std::ranges::all_of(all, [&](const plan::Window& window) { return window.zone == all.front().zone; });
}

// The longest time that these windows are open without a break; kNeverOpens where they never close.
Nanoseconds longest_break_free(const plan::Openings& when) {
  constexpr Nanoseconds kWeek = Nanoseconds{7 * 86'400} * 1'000'000'000;
  Nanoseconds longest = 0;
  for (Nanoseconds at = 0; at <= kWeek;) {
    const Nanoseconds opens = plan::next_opening(at, when);
    if (opens == plan::kNeverOpens) break;
    const Nanoseconds closes = plan::closing_after(opens, when);
    if (closes == plan::kNeverOpens) return plan::kNeverOpens;
    longest = std::max(longest, closes - opens);
    at = closes;
  }
  return longest;
}

}  // namespace

Most longest_opening(const plan::Plan& plan, plan::RolloutId id, plan::StageId stage) {
  static const std::vector<plan::Freeze> kNoFreezes;
  static const std::vector<plan::Zone> kWallClock;
  const std::vector<plan::Window>& windows = plan::rollout_row(plan, id).windows;
  const std::vector<plan::Window>& own = plan.stages[stage].windows;
  if ((windows.empty() && own.empty()) || !one_zone(windows, own)) return std::nullopt;
  const Nanoseconds longest = longest_break_free({windows, own, kNoFreezes, kWallClock});
  return longest == 0 || longest == plan::kNeverOpens ? std::nullopt : Most(longest);
}

bool exceeds(Nanoseconds time, Nanoseconds limit) {
  return time > limit && text(time) != text(limit);
}

namespace {

// Whether nothing but the traffic is changed there, and nothing waits.
bool only_traffic(const plan::Plan& plan, plan::BlockId id, bool& sets) {
  const plan::Block& block = plan.blocks[id];
  for (const plan::Instruction& one : std::span(plan.code).subspan(block.begin, block.end - block.begin)) {
    switch (one.op) {
      case Op::Let:
      case Op::Jump:
      case Op::JumpUnless:
      case Op::Notify:
      case Op::End: break;
      case Op::Traffic: sets = true; break;
      case Op::Run: {
        const BlockKind kind = plan.blocks[one.b].kind;
        const bool plain = kind == BlockKind::If || kind == BlockKind::Each || kind == BlockKind::Step;
        if (!plain || !only_traffic(plan, one.b, sets)) return false;
        break;
      }
      default: return false;
    }
  }
  return true;
}

}  // namespace

bool is_left_at_once(const TimedRollout& rollout, plan::BlockId id) {
  bool sets = false;
  const bool stage = rollout.plan.blocks[id].kind == BlockKind::Stage;
  // Where a rollback leads to its end, the run stands there.
  return stage && rollout.time(id).watched.most && only_traffic(rollout.plan, id, sets) && sets;
}

bool never_fires(const TimedRollout& rollout, const plan::GuardTime& guard) {
  const plan::BlockTime& scope = rollout.time(guard.scope);
  return scope.watched.most && exceeds(guard.earliest, *scope.watched.most);
}

}  // namespace rollout::lints
