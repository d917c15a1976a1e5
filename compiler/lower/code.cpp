#include "compiler/lower/code.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/plan/evaluate.hpp"

namespace rollout::lower {

namespace {

// So many values of one Concatenate stay far below what a routine may hold at a time.
constexpr std::size_t kMaxParts = 24;

// What an operation on constants gives: a plan of this one routine, evaluated.
Value carry_out(Instruction instruction, std::span<const Code> operands) {
  plan::PlanBuilder build;
  build.begin_routine();
  for (const Code& operand : operands) build.push_constant(*operand.constant);
  build.push(instruction.op, instruction.b, instruction.a, instruction.c);
  const plan::RoutineId routine = build.end_routine(ValueKind::Any);
  return plan::evaluate(build.plan(), routine, {});
}

// Operations that read samples or constants of the plan that is being built.
bool is_foldable(Op op) {
  return op != Op::Field && op != Op::Window;
}

bool all_constant(std::span<const Code> operands) {
  return std::ranges::all_of(operands, &Code::is_constant);
}

void append(plan::PlanBuilder& build, std::vector<Instruction>& instructions, const Code& code, plan::SpotId spot) {
  if (code.is_constant()) {
    instructions.push_back({.op = Op::Constant, .b = build.constant(*code.constant), .spot = spot});
  } else {
    instructions.insert(instructions.end(), code.instructions.begin(), code.instructions.end());
  }
}

Code with_operands(plan::PlanBuilder& build, Instruction instruction, std::span<const Code> operands, ValueKind kind) {
  Code result{.constant = std::nullopt, .instructions = {}, .kind = kind};
  for (const Code& operand : operands) append(build, result.instructions, operand, instruction.spot);
  result.instructions.push_back(instruction);
  return result;
}

Instruction counted(Op op, std::size_t count, plan::SpotId spot) {
  return {.op = op, .b = static_cast<std::uint32_t>(count), .spot = spot};
}

// Neighbours that are known already become one text.
std::vector<Code> joined_constants(std::span<const Code> parts) {
  std::vector<Code> joined;
  for (const Code& part : parts) {
    const bool known = part.is_constant() && !part.constant->is_missing();
    if (!known) {
      joined.push_back(part);
    } else if (!joined.empty() && joined.back().is_constant() && !joined.back().constant->is_missing()) {
      joined.back() = constant_code(Value::string(to_text(*joined.back().constant) + to_text(*part.constant)));
    } else {
      joined.push_back(constant_code(Value::string(to_text(*part.constant))));
    }
  }
  return joined;
}

}  // namespace

Code constant_code(Value value) {
  const ValueKind kind = value.is_missing() ? ValueKind::Any : value.kind();
  return {.constant = std::move(value), .instructions = {}, .kind = kind};
}

Code leaf_code(Instruction instruction, ValueKind kind) {
  return {.constant = std::nullopt, .instructions = {instruction}, .kind = kind};
}

Code combine(plan::PlanBuilder& build, Instruction instruction, std::span<const Code> operands, ValueKind kind) {
  if (all_constant(operands) && is_foldable(instruction.op)) {
    Value value = carry_out(instruction, operands);
    if (!value.is_missing()) return constant_code(std::move(value));
  }
  return with_operands(build, instruction, operands, kind);
}

Code make_list(plan::PlanBuilder& build, std::span<const Code> elements, plan::SpotId spot) {
  if (!all_constant(elements)) {
    return with_operands(build, counted(Op::MakeList, elements.size(), spot), elements, ValueKind::List);
  }
  plan::List list;
  for (const Code& element : elements) list.push_back(*element.constant);
  return constant_code(Value::list(std::move(list)));
}

Code make_map(plan::PlanBuilder& build, std::span<const std::string> keys, std::span<const Code> values,
              plan::SpotId spot) {
  if (all_constant(values)) {
    plan::Map map;
    for (std::size_t i = 0; i < values.size(); ++i) map.emplace_back(keys[i], *values[i].constant);
    return constant_code(Value::map(std::move(map)));
  }
  std::vector<Code> pairs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    pairs.push_back(constant_code(Value::string(keys[i])));
    pairs.push_back(values[i]);
  }
  return with_operands(build, counted(Op::MakeMap, values.size(), spot), pairs, ValueKind::Map);
}

Code concatenate(plan::PlanBuilder& build, std::span<const Code> parts, plan::SpotId spot) {
  std::vector<Code> pieces = joined_constants(parts);
  if (pieces.empty()) return constant_code(Value::string({}));
  if (pieces.size() == 1 && (pieces.front().is_constant() || pieces.front().kind == ValueKind::String)) {
    return pieces.front();
  }
  while (pieces.size() > kMaxParts) {
    std::vector<Code> groups;
    for (std::size_t begin = 0; begin < pieces.size(); begin += kMaxParts) {
      const std::size_t count = std::min(kMaxParts, pieces.size() - begin);
      groups.push_back(concatenate(build, std::span(pieces).subspan(begin, count), spot));
    }
    pieces = std::move(groups);
  }
  const bool secret = std::ranges::any_of(pieces, [](const Code& part) { return part.kind == ValueKind::Secret; });
  return with_operands(build, counted(Op::Concatenate, pieces.size(), spot), pieces,
                       secret ? ValueKind::Secret : ValueKind::String);
}

Code field(plan::PlanBuilder& build, Code container, const std::string& name, plan::SpotId spot) {
  if (container.is_constant()) {
    if (const Value* found = container.constant->find(name)) return constant_code(*found);
  }
  const Instruction instruction{.op = Op::Field, .b = build.constant(Value::string(name)), .spot = spot};
  return with_operands(build, instruction, std::span(&container, 1), ValueKind::Any);
}

}  // namespace rollout::lower
