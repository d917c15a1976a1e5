#include "runtime/console/outline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/console/plan_values.hpp"
#include "runtime/console/text.hpp"
#include "runtime/plan/enum_names.hpp"

namespace rollout::console {

namespace {

using plan::BlockKind;
using plan::EffectClass;
using plan::Op;

// A plan may run one block from many places: what a reader would not read to its end is not told to its end.
constexpr std::size_t kMostVisits = 5'000;

class Walker {
 public:
  Walker(const plan::Plan& plan, const Parameters& parameters)
      : plan_(plan), values_(plan, parameters), bounds_(plan::time_bounds(plan, values_.known())) {}

  Outline walk(const Parameters& parameters);

 private:
  void block(plan::BlockId id, std::size_t depth);
  void statements(const plan::Block& row, std::size_t depth);
  void statement(const plan::Instruction& instruction, std::size_t depth);
  void nested(plan::BlockId id, std::size_t depth);
  void stage(plan::BlockId id);
  plan::Most undo_of(plan::StageId id) const;
  void step(StepKind kind, std::size_t depth, std::string text, bool irreversible = false);
  void effect(const plan::Effect& row, std::size_t depth);
  void gate(const plan::Gate& row, std::size_t depth);
  void remember_undo(const plan::Block& row, std::size_t inside);
  bool undoes_the_rest(plan::BlockId undo) const;
  std::vector<OutlineStep> steps_of(plan::BlockId id);
  std::vector<OutlineGuard> guards_of(const plan::Block& row) const;
  std::string call_text(const plan::Block& row) const;
  void parameters(const Parameters& given);
  void secrets();
  void settings();
  void hooks();
  OutlineStage& current() {
    if (outline_.stages.empty()) outline_.stages.emplace_back();
    return outline_.stages.back();
  }

  const plan::Plan& plan_;
  PlanValues values_;
  plan::TimeBounds bounds_;
  Outline outline_;
  std::size_t visits_ = 0;
  bool irreversible_ = false;  // everything inside the block that is walked is
  bool aside_ = false;         // in an undo or a hook: not part of the way forward
};

void Walker::step(StepKind kind, std::size_t depth, std::string text, bool irreversible) {
  irreversible = irreversible || (irreversible_ && kind == StepKind::Command);
  if (irreversible && !aside_ && outline_.no_return.empty()) {
    outline_.no_return = text;
    outline_.no_return_stage = current().name;
  }
  current().steps.push_back({kind, depth, std::move(text), irreversible, std::nullopt});
}

std::string Walker::call_text(const plan::Block& row) const {
  std::vector<std::string> literals;
  for (const plan::Argument& argument : row.arguments) {
    const plan::Value value = values_.value(argument.value);
    literals.push_back(value.is_missing() ? values_.text(argument.value) : escaped(plan::to_literal(value)));
  }
  return escaped(row.name) + (literals.empty() ? "" : arguments_text(std::move(literals)));
}

// Whether the undo also runs what it stands for: those of what was done inside its block.
bool Walker::undoes_the_rest(plan::BlockId undo) const {
  const plan::Block& row = plan_.blocks[undo];
  for (std::uint32_t i = row.begin; i < row.end; ++i) {
    const plan::Instruction& instruction = plan_.code[i];
    if (instruction.op == Op::UndoRest) return true;
    const bool runs = instruction.op == Op::Run && instruction.b < plan_.blocks.size();
    if (runs && plan_.blocks[instruction.b].kind != BlockKind::Action && undoes_the_rest(instruction.b)) return true;
  }
  return false;
}

// A block's own undo, in the place of those from `inside` on, which are of what stands inside the block.
void Walker::remember_undo(const plan::Block& row, std::size_t inside) {
  if (row.undo >= plan_.blocks.size() || aside_) return;
  if (!undoes_the_rest(row.undo)) outline_.undos.resize(inside);
  OutlineUndo undo{current().name, row.kind == BlockKind::Stage ? "stage " + current().name : call_text(row), {}};
  aside_ = true;
  for (const OutlineStep& one : steps_of(row.undo)) undo.how.push_back(one.text);
  aside_ = false;
  outline_.undos.push_back(std::move(undo));
}

// The steps of a block that is not part of the way forward.
std::vector<OutlineStep> Walker::steps_of(plan::BlockId id) {
  if (id >= plan_.blocks.size()) return {};
  const bool before = std::exchange(aside_, true);
  std::vector<OutlineStage> kept = std::exchange(outline_.stages, {});
  statements(plan_.blocks[id], 0);
  std::vector<OutlineStep> steps = outline_.stages.empty() ? std::vector<OutlineStep>{} : outline_.stages.front().steps;
  outline_.stages = std::move(kept);
  aside_ = before;
  return steps;
}

std::vector<OutlineGuard> Walker::guards_of(const plan::Block& row) const {
  std::vector<OutlineGuard> guards;
  for (const plan::GuardId id : row.guards) {
    if (id < plan_.guards.size())
      guards.push_back({escaped(plan_.guards[id].text), values_.response(plan_.guards[id].response)});
  }
  return guards;
}

void Walker::stage(plan::BlockId id) {
  const plan::Block& row = plan_.blocks[id];
  OutlineStage made;
  const bool known = row.stage < plan_.stages.size();
  made.name = escaped(known ? plan_.stages[row.stage].name : row.name);
  if (known) made.documentation = summary(plan_.stages[row.stage].documentation);
  made.guards = guards_of(row);
  made.takes = bounds_.blocks[id].takes;
  if (known) made.undo = undo_of(row.stage);
  const std::size_t undos = outline_.undos.size();
  outline_.stages.push_back(std::move(made));
  statements(row, 0);
  remember_undo(row, undos);
  // What follows a stage stands outside of it again.
  outline_.stages.emplace_back();
}

plan::Most Walker::undo_of(plan::StageId id) const {
  for (const plan::RolloutTime& rollout : bounds_.rollouts) {
    const auto found = std::ranges::find(rollout.stages, id, &plan::StageTime::stage);
    if (found != rollout.stages.end()) return found->undo;
  }
  return 0;
}

void Walker::block(plan::BlockId id, std::size_t depth) {
  if (id >= plan_.blocks.size() || ++visits_ > kMostVisits) return;
  const plan::Block& row = plan_.blocks[id];
  if (row.kind == BlockKind::Stage) return stage(id);
  const std::size_t undos = outline_.undos.size();
  const bool outer = irreversible_;
  const bool irreversible = row.effect_class == EffectClass::Irreversible;
  switch (row.kind) {
    case BlockKind::Action:
    case BlockKind::Channel:
      step(StepKind::Action, depth, call_text(row), irreversible);
      nested(id, depth + 1);
      break;
    case BlockKind::Check:
    case BlockKind::Verify:
      step(StepKind::Check, depth, row.name.starts_with("verify") ? escaped(row.name) : "verify " + call_text(row));
      break;
    case BlockKind::If: nested(id, depth); break;
    case BlockKind::Step:
    case BlockKind::Within:
    case BlockKind::Branch:
    case BlockKind::Branches:
    case BlockKind::Each:
      irreversible_ = irreversible_ || irreversible;
      nested(id, depth);
      irreversible_ = outer;
      break;
    case BlockKind::Source:  // of a metric: never among the steps
    case BlockKind::Every:
    case BlockKind::Rollout:
    case BlockKind::Hook:
    case BlockKind::Undo:
    case BlockKind::Response:
    case BlockKind::Traffic:
    case BlockKind::Stage: nested(id, depth); break;
  }
  remember_undo(row, undos);
}

void Walker::nested(plan::BlockId id, std::size_t depth) {
  const plan::Block& row = plan_.blocks[id];
  for (OutlineGuard& guard : guards_of(row)) {
    if (!aside_ && id != plan_.rollout.block) current().guards.push_back(std::move(guard));
  }
  statements(row, depth);
}

void Walker::statements(const plan::Block& row, std::size_t depth) {
  // What the parameters decide is told as decided: the other way is jumped over.
  std::vector<std::uint32_t> past_else;
  for (std::uint32_t i = row.begin; i < row.end && ++visits_ <= kMostVisits; ++i) {
    const plan::Instruction& instruction = plan_.code[i];
    const plan::Value known = instruction.op == Op::JumpUnless ? values_.value(instruction.c) : plan::Value{};
    const bool decided = known.kind() == plan::ValueKind::Bool && instruction.b > i;
    if (decided && known.as_bool()) {
      past_else.push_back(instruction.b - 1);
    } else if (decided) {
      i = instruction.b - 1;
    } else if (instruction.op == Op::Jump && instruction.b > i && std::ranges::find(past_else, i) != past_else.end()) {
      i = instruction.b - 1;
    } else {
      statement(instruction, depth);
    }
  }
}

// The command of run `...`; other texts as they are.
std::string without_run(const std::string& text) {
  const auto open = text.find("run `");
  if (open == std::string::npos || !text.ends_with('`')) return text;
  return text.substr(open + 5, text.size() - open - 6);
}

// A text that only a run can complete stands as it is written, with its own quotes.
std::string quoted(const std::string& text) {
  return text.starts_with('"') ? text : "\"" + text + "\"";
}

void Walker::effect(const plan::Effect& row, std::size_t depth) {
  std::string text = without_run(escaped(row.text));
  for (const plan::Argument& argument : row.arguments) {
    const plan::Value value = values_.value(argument.value);
    if (argument.name != "command" || value.is_missing()) continue;
    std::string words;
    for (const plan::Value& word : value.as_list()) {
      if (word.is_missing()) return step(StepKind::Command, depth, text, row.effect_class == EffectClass::Irreversible);
      words += (words.empty() ? "" : " ") + escaped(plan::to_text(word));
    }
    text = words;
  }
  step(StepKind::Command, depth, text, row.effect_class == EffectClass::Irreversible);
}

void Walker::gate(const plan::Gate& row, std::size_t depth) {
  OutlineGate gate;
  gate.stage = current().name;
  gate.kind = plan::enum_name(row.kind);
  gate.text = values_.text(row.text);
  const plan::Value needed = values_.value(row.needed);
  if (needed.kind() == plan::ValueKind::Number && needed.as_double() >= 1)
    gate.needed = static_cast<std::uint32_t>(std::min(needed.as_double(), 1e6));
  if (row.role < plan_.roles.size()) {
    gate.role = escaped(plan_.roles[row.role].name);
    gate.members = values_.texts(plan_.roles[row.role].members);
  }
  gate.within = values_.duration(row.within);
  gate.otherwise = values_.response(row.otherwise);
  for (const plan::GateItem& item : row.items) gate.items.push_back(values_.text(item.text));
  std::string text = fmt::format("{} \"{}\"", gate.kind, gate.text);
  if (!gate.role.empty())
    text += " by " + (gate.needed > 1 ? fmt::format("{} of {}", gate.needed, gate.role) : gate.role);
  if (gate.within) text += " within " + readable(*gate.within);
  if (!gate.otherwise.empty()) text += ", else " + gate.otherwise;
  if (!aside_) outline_.gates.push_back(std::move(gate));
  step(StepKind::Gate, depth, std::move(text));
}

void Walker::statement(const plan::Instruction& instruction, std::size_t depth) {
  if (instruction.op == Op::Run || instruction.op == Op::Parallel) return block(instruction.b, depth);
  if (instruction.op == Op::Effect && instruction.b < plan_.effects.size())
    return effect(plan_.effects[instruction.b], depth);
  if (instruction.op == Op::Gate && instruction.b < plan_.gates.size()) return gate(plan_.gates[instruction.b], depth);
  if (instruction.op == Op::Hold && instruction.b < plan_.holds.size()) {
    const plan::Hold& row = plan_.holds[instruction.b];
    const std::string otherwise = values_.response(row.otherwise);
    return step(StepKind::Hold, depth, escaped(row.text) + (otherwise.empty() ? "" : ", else " + otherwise));
  }
  if (instruction.op == Op::Traffic) {
    step(StepKind::Traffic, depth, "traffic " + values_.text(instruction.b));
    const plan::Value share = values_.value(instruction.b);
    if (!share.is_missing()) current().steps.back().share = share.as_double();
  }
  if (instruction.op == Op::Notify && instruction.b < plan_.notifications.size()) {
    const plan::Notification& row = plan_.notifications[instruction.b];
    const std::string channel =
        row.channel < plan_.channels.size() ? escaped(plan_.channels[row.channel].name) : "people";
    return step(StepKind::Notify, depth, fmt::format("notify {} {}", channel, quoted(values_.text(row.text))));
  }
  if (instruction.op == Op::Outcome) step(StepKind::Outcome, depth, values_.response(instruction.b));
  if (instruction.op == Op::JumpUnless && instruction.c < plan_.routines.size())
    step(StepKind::Condition, depth, "if " + escaped(plan_.routines[instruction.c].text));
}

void Walker::parameters(const Parameters& given) {
  for (const plan::Parameter& row : plan_.parameters) {
    OutlineParameter parameter{escaped(row.name), {}, summary(row.documentation), false, false};
    parameter.given = std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.first == row.name; });
    plan::Value value = values_.value(row.default_value);
    for (const auto& [name, one] : given) {
      if (name == row.name) value = one;
    }
    parameter.missing = value.is_missing();
    parameter.value = escaped(plan::to_literal(value));
    outline_.parameters.push_back(std::move(parameter));
  }
}

void Walker::secrets() {
  for (const plan::Secret& row : plan_.secrets) {
    constexpr std::string_view kFrom[] = {"environment variable", "file", "Vault", "AWS Secrets Manager", "SOPS file"};
    const std::string_view from = kFrom[static_cast<std::size_t>(row.provider)];
    outline_.secrets.push_back(fmt::format("{} ({} {})", escaped(row.name), from, values_.text(row.argument)));
  }
}

void Walker::settings() {
  for (const plan::Setting& row : plan_.rollout.settings)
    outline_.settings.push_back({escaped(row.name), values_.text(row.value), escaped(row.reason)});
}

void Walker::hooks() {
  for (const plan::Hook& hook : plan_.rollout.hooks) {
    const bool back = hook.kind == plan::HookKind::Rollback || hook.kind == plan::HookKind::RollingBack;
    auto& list = back ? outline_.after_rollback : outline_.after_success;
    if (!back && hook.kind != plan::HookKind::Success) continue;
    for (OutlineStep& one : steps_of(hook.block)) list.push_back(std::move(one));
  }
  for (const plan::Schedule& schedule : plan_.rollout.schedules)
    outline_.schedules.push_back({escaped(schedule.text), steps_of(schedule.block)});
}

Outline Walker::walk(const Parameters& given) {
  parameters(given);
  secrets();
  settings();
  outline_.rollback_within = values_.duration(plan_.rollout.rollback_within);
  if (plan_.rollout.block < plan_.blocks.size()) {
    outline_.guards = guards_of(plan_.blocks[plan_.rollout.block]);
    block(plan_.rollout.block, 0);
    outline_.takes = bounds_.rollouts[0].takes;
    outline_.undo = bounds_.rollouts[0].undo;
  }
  hooks();
  std::reverse(outline_.undos.begin(), outline_.undos.end());
  std::erase_if(outline_.stages, [](const OutlineStage& one) { return one.name.empty() && one.steps.empty(); });
  return std::move(outline_);
}

}  // namespace

Outline outline_of(const plan::VerifiedPlan& plan, const Parameters& parameters) {
  return Walker(*plan, parameters).walk(parameters);
}

std::string range_text(const TimeRange& range) {
  if (!range.most) return range.least > 0 ? "at least " + readable(range.least) : "no limit";
  if (*range.most == range.least) return readable(range.least);
  return readable(range.least) + ".." + readable(*range.most);
}

}  // namespace rollout::console
