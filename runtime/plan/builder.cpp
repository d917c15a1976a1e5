#include "runtime/plan/builder.hpp"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "runtime/plan/opcodes.hpp"

namespace rollout::plan {

namespace {

template <typename Row>
Id append(std::vector<Row>& table, Row row) {
  table.push_back(std::move(row));
  return static_cast<Id>(table.size() - 1);
}

// Equal values have equal keys, and few others have the same.
std::string key_of(const Value& value) {
  std::string key(1, static_cast<char>(value.kind()));
  switch (value.kind()) {
    case ValueKind::Missing:
    case ValueKind::String: return key += value.as_string();
    case ValueKind::Bool: return key += value.as_bool() ? '1' : '0';
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant: return key += std::to_string(value.as_integer());
    case ValueKind::Number:
    case ValueKind::Ratio:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate:
    case ValueKind::Enum:
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Secret:
    case ValueKind::Any: break;
  }
  return key += to_literal(value);
}

// Of the few numbers that tell most places apart.
std::uint64_t key_of(const Spot& spot) {
  constexpr std::uint64_t kSpread = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t key = spot.file;
  for (const std::uint32_t part : {spot.line, spot.column, spot.end_line, spot.end_column})
    key = (key + part) * kSpread;
  return key ^ (key >> 32);
}

}  // namespace

PlanBuilder::PlanBuilder(std::string compiler_version) {
  plan_.compiler_version = std::move(compiler_version);
}

ConstantId PlanBuilder::constant(const Value& value) {
  std::string key = key_of(value);
  const auto [first, last] = constants_by_key_.equal_range(key);
  for (auto candidate = first; candidate != last; ++candidate) {
    if (plan_.constants[candidate->second] == value) return candidate->second;
  }
  const ConstantId id = append(plan_.constants, value);
  constants_by_key_.emplace(std::move(key), id);
  constant_routines_.push_back(kNone);
  return id;
}

SpotId PlanBuilder::spot(const Spot& spot) {
  const std::uint64_t key = key_of(spot);
  const auto [first, last] = spots_by_place_.equal_range(key);
  for (auto candidate = first; candidate != last; ++candidate) {
    if (plan_.spots[candidate->second] == spot) return candidate->second;
  }
  const SpotId id = append(plan_.spots, spot);
  spots_by_place_.emplace(key, id);
  return id;
}

std::uint32_t PlanBuilder::file(const std::string& path, const std::string& sha256) {
  const SourceDigest wanted{path, sha256};
  for (std::size_t index = 0; index < plan_.files.size(); ++index) {
    if (plan_.files[index] == wanted) return static_cast<std::uint32_t>(index);
  }
  return append(plan_.files, wanted);
}

VariableId PlanBuilder::variable(std::string name, ValueKind kind) {
  return append(plan_.variables, Variable{std::move(name), kind});
}

Id PlanBuilder::add(Parameter row) {
  return append(plan_.parameters, std::move(row));
}
Id PlanBuilder::add(Secret row) {
  return append(plan_.secrets, std::move(row));
}
RoleId PlanBuilder::add(Role row) {
  return append(plan_.roles, std::move(row));
}
MetricId PlanBuilder::add(Metric row) {
  return append(plan_.metrics, std::move(row));
}
EffectId PlanBuilder::add(Effect row) {
  return append(plan_.effects, std::move(row));
}
ResponseId PlanBuilder::add(Response row) {
  return append(plan_.responses, row);
}
GuardId PlanBuilder::add(Guard row) {
  return append(plan_.guards, std::move(row));
}
HoldId PlanBuilder::add(Hold row) {
  return append(plan_.holds, std::move(row));
}
GateId PlanBuilder::add(Gate row) {
  return append(plan_.gates, std::move(row));
}
ChannelId PlanBuilder::add(Channel row) {
  return append(plan_.channels, std::move(row));
}
NotificationId PlanBuilder::add(Notification row) {
  return append(plan_.notifications, row);
}

StageId PlanBuilder::add(Stage row) {
  const BlockId block = row.block;
  const RolloutId owner = row.rollout;
  const StageId id = append(plan_.stages, std::move(row));
  if (block < plan_.blocks.size()) plan_.blocks[block].stage = id;
  rollout(owner).stages.push_back(id);
  return id;
}

RolloutId PlanBuilder::add(Rollout row) {
  return append(plan_.children, std::move(row)) + 1;
}

void PlanBuilder::global(VariableId variable, RoutineId value) {
  plan_.globals.push_back(variable);
  plan_.globals.push_back(value);
}

void PlanBuilder::begin_routine(std::string text) {
  open_routines_.push_back({std::move(text), {}});
}

void PlanBuilder::push(Op op, Id b, std::uint16_t a, Id c) {
  assert(!open_routines_.empty());
  open_routines_.back().code.push_back({.op = op, .a = a, .b = b, .c = c, .spot = spot_});
}

void PlanBuilder::push_constant(const Value& value) {
  push(Op::Constant, constant(value));
}

void PlanBuilder::push_call(Builtin builtin, std::uint16_t arguments) {
  push(Op::Call, static_cast<Id>(builtin), arguments);
}

RoutineId PlanBuilder::end_routine(ValueKind kind) {
  push(Op::Return);
  OpenRoutine open = std::move(open_routines_.back());
  open_routines_.pop_back();
  const auto begin = static_cast<std::uint32_t>(plan_.code.size());
  plan_.code.insert(plan_.code.end(), open.code.begin(), open.code.end());
  const auto end = static_cast<std::uint32_t>(plan_.code.size());
  return append(plan_.routines, Routine{.begin = begin, .end = end, .kind = kind, .text = std::move(open.text)});
}

RoutineId PlanBuilder::constant_routine(const Value& value) {
  const ConstantId id = constant(value);
  if (constant_routines_[id] != kNone) return constant_routines_[id];
  begin_routine(to_literal(value));
  push(Op::Constant, id);
  const RoutineId routine = end_routine(value.is_missing() ? ValueKind::Any : value.kind());
  constant_routines_[id] = routine;
  return routine;
}

RoutineId PlanBuilder::duration_routine(Nanoseconds value) {
  return constant_routine(Value::duration(value));
}
RoutineId PlanBuilder::string_routine(std::string value) {
  return constant_routine(Value::string(std::move(value)));
}
RoutineId PlanBuilder::ratio_routine(double value) {
  return constant_routine(Value::ratio(value));
}

RoutineId PlanBuilder::load_routine(VariableId variable) {
  begin_routine(plan_.variables[variable].name);
  push(Op::Load, variable);
  return end_routine(plan_.variables[variable].kind);
}

RoutineId PlanBuilder::comparison_routine(MetricId metric, Op op, const Value& value) {
  begin_routine(fmt::format("{} {} {}", plan_.metrics[metric].name, op_text(op), to_literal(value)));
  push(Op::Metric, metric);
  push_constant(value);
  push(op);
  return end_routine(ValueKind::Bool);
}

BlockId PlanBuilder::begin_block(BlockKind kind, std::string name) {
  Block row;
  row.kind = kind;
  if (kind == BlockKind::Rollout) row.rollout = 0;
  row.name = std::move(name);
  row.spot = spot_;
  const BlockId id = append(plan_.blocks, std::move(row));
  block_code_.emplace_back();
  open_blocks_.push_back(id);
  return id;
}

void PlanBuilder::emit(Op op, Id b, Id c) {
  assert(!open_blocks_.empty());
  block_code_[open_blocks_.back()].code.push_back({.op = op, .b = b, .c = c, .spot = spot_});
}

PlanBuilder::Label PlanBuilder::new_label() {
  auto& labels = block_code_[open_blocks_.back()].labels;
  labels.push_back(kNone);
  return {open_blocks_.back(), static_cast<std::uint32_t>(labels.size() - 1)};
}

void PlanBuilder::bind(Label label) {
  assert(label.block == open_blocks_.back());
  BlockCode& body = block_code_[label.block];
  body.labels[label.index] = static_cast<std::uint32_t>(body.code.size());
}

void PlanBuilder::jump(Label label) {
  BlockCode& body = block_code_[label.block];
  body.jumps.push_back(static_cast<std::uint32_t>(body.code.size()));
  emit(Op::Jump, label.index);
}

void PlanBuilder::jump_unless(Label label, RoutineId condition) {
  BlockCode& body = block_code_[label.block];
  body.jumps.push_back(static_cast<std::uint32_t>(body.code.size()));
  emit(Op::JumpUnless, label.index, condition);
}

BlockId PlanBuilder::end_block() {
  emit(Op::End);
  const BlockId id = open_blocks_.back();
  open_blocks_.pop_back();
  return id;
}

void PlanBuilder::add(Plugin row) {
  plan_.plugins.push_back(std::move(row));
}

void PlanBuilder::add(PluginAccess row) {
  plan_.plugin_access.push_back(std::move(row));
}

Plan PlanBuilder::finish() {
  assert(open_blocks_.empty() && open_routines_.empty());
  for (std::size_t id = 0; id < block_code_.size(); ++id) {
    BlockCode& body = block_code_[id];
    const auto begin = static_cast<std::uint32_t>(plan_.code.size());
    for (const std::uint32_t jump : body.jumps) {
      Instruction& instruction = body.code[jump];
      instruction.b = begin + body.labels[instruction.b];
    }
    plan_.blocks[id].begin = begin;
    plan_.blocks[id].end = begin + static_cast<std::uint32_t>(body.code.size());
    plan_.code.insert(plan_.code.end(), body.code.begin(), body.code.end());
  }
  Plan done = std::move(plan_);
  *this = PlanBuilder(done.compiler_version);
  return done;
}

}  // namespace rollout::plan
