// Expressions on their way into a plan: either a value that is known already, or the instructions that compute it.
// Internal to this folder.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "runtime/plan/builder.hpp"
#include "runtime/plan/plan.hpp"

namespace rollout::lower {

using plan::Instruction;
using plan::Op;
using plan::Value;
using plan::ValueKind;

struct Code {
  std::optional<Value> constant;          // then there are no instructions
  std::vector<Instruction> instructions;  // without the Return
  ValueKind kind = ValueKind::Any;        // of the value; Any where only the run can know

  bool is_constant() const { return constant.has_value(); }
};

Code constant_code(Value value);
// One instruction without operands on the stack, such as a Load.
Code leaf_code(Instruction instruction, ValueKind kind);
// `instruction` applied to its operands, in order. Where all of them are constants it is carried out now, by the same
// evaluator that a run uses; an operation without a value (a division by zero) stays, so that the run says why.
Code combine(plan::PlanBuilder& build, Instruction instruction, std::span<const Code> operands, ValueKind kind);
// A list of the operands, and a map with them as the values of `keys`.
Code make_list(plan::PlanBuilder& build, std::span<const Code> elements, plan::SpotId spot);
Code make_map(plan::PlanBuilder& build, std::span<const std::string> keys, std::span<const Code> values,
              plan::SpotId spot);
// The texts of the operands joined; secret where one of them is.
Code concatenate(plan::PlanBuilder& build, std::span<const Code> parts, plan::SpotId spot);
// The field of a map or record.
Code field(plan::PlanBuilder& build, Code container, const std::string& name, plan::SpotId spot);

}  // namespace rollout::lower
