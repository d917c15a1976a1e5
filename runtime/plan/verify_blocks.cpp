#include "runtime/plan/opcodes.hpp"
#include "runtime/plan/verification.hpp"
#include "runtime/plan/verify.hpp"

namespace rollout::plan {

namespace {

// Marks the instructions of one range as taken.
Reject claim(std::vector<bool>& taken, std::uint32_t begin, std::uint32_t end) {
  if (begin >= end || end > taken.size()) {
    return fmt::format("its code {}..{} is not within the {} instructions", begin, end, taken.size());
  }
  for (std::uint32_t at = begin; at < end; ++at) {
    if (taken[at]) return fmt::format("instruction {} belongs to something else already", at);
    taken[at] = true;
  }
  return std::nullopt;
}

class BlockCheck {
 public:
  explicit BlockCheck(const Plan& plan) : plan_(plan) {}

  Reject run(const Block& block) const {
    for (std::uint32_t at = block.begin; at < block.end; ++at) {
      const Instruction& instruction = plan_.code[at];
      const OpInfo& row = info(instruction.op);
      auto reason = check(block, at, instruction, row);
      if (reason) return fmt::format("instruction {} {}: ", at, row.name) + *reason;
    }
    return std::nullopt;
  }

 private:
  Reject check(const Block& block, std::uint32_t at, const Instruction& instruction, const OpInfo& row) const {
    if (row.sort != OpSort::Statement) return "it is part of an expression";
    if (instruction.flags != 0 || instruction.a != 0) return "its flags or operand a are not zero";
    if (row.terminator != (at + 1 == block.end))
      return row.terminator ? "code follows it" : "the block ends without `End`";
    if (block.kind == BlockKind::Branches && instruction.op != Op::Run && instruction.op != Op::End) {
      return "side by side run blocks only";
    }
    if (auto reason = check_operand(block, at, instruction, row.operand)) return reason;
    return check_second(instruction);
  }

  Reject in_table(Table table, Id id) const {
    if (id < table_size(plan_, table)) return std::nullopt;
    return fmt::format("it names {} {}, but the plan has {}", table_name(table), id, table_size(plan_, table));
  }

  Reject gives(RoutineId routine, ValueKind kind) const {
    if (auto reason = in_table(Table::Routine, routine)) return reason;
    if (fits(kind, plan_.routines[routine].kind)) return std::nullopt;
    return fmt::format("it needs {}, but {} gives {}", kind_name(kind), describe_routine(plan_, routine),
                       kind_name(plan_.routines[routine].kind));
  }

  Reject check_operand(const Block& block, std::uint32_t at, const Instruction& instruction,
                       OperandKind operand) const {
    switch (operand) {
      case OperandKind::Variable: return in_table(Table::Variable, instruction.b);
      case OperandKind::Routine: return gives(instruction.b, needed_kind(instruction.op));
      case OperandKind::Block: return check_call(instruction);
      case OperandKind::Target: return check_target(block, at, instruction.b);
      case OperandKind::Effect: return in_table(Table::Effect, instruction.b);
      case OperandKind::Hold: return check_hold(instruction.b);
      case OperandKind::Gate: return in_table(Table::Gate, instruction.b);
      case OperandKind::Notification: return in_table(Table::Notification, instruction.b);
      case OperandKind::Response: return in_table(Table::Response, instruction.b);
      case OperandKind::None:
      case OperandKind::Constant:
      case OperandKind::Secret:
      case OperandKind::Metric:
      case OperandKind::Builtin:
      case OperandKind::Context:
      case OperandKind::Aggregate:
      case OperandKind::Count: return std::nullopt;
    }
    return std::nullopt;
  }

  static ValueKind needed_kind(Op op) {
    if (op == Op::Traffic) return ValueKind::Ratio;
    return op == Op::Require ? ValueKind::Bool : ValueKind::Any;
  }

  // Operand c.
  Reject check_second(const Instruction& instruction) const {
    if (instruction.op == Op::JumpUnless) return gives(instruction.c, ValueKind::Bool);
    if (instruction.op == Op::Let) return gives(instruction.c, plan_.variables[instruction.b].kind);
    if (instruction.op == Op::Require && instruction.c != kNone) return gives(instruction.c, ValueKind::String);
    return std::nullopt;
  }

  Reject check_call(const Instruction& instruction) const {
    if (auto reason = in_table(Table::Block, instruction.b)) return reason;
    const BlockKind kind = plan_.blocks[instruction.b].kind;
    const bool branches = kind == BlockKind::Branches;
    if (branches != (instruction.op == Op::Parallel)) {
      return fmt::format("{} {} side by side", describe_block(plan_, instruction.b),
                         branches ? "runs" : "does not run");
    }
    if (kind == BlockKind::Rollout && instruction.b == plan_.rollout.block)
      return fmt::format("{} is the rollout itself", describe_block(plan_, instruction.b));
    return std::nullopt;
  }

  static Reject check_target(const Block& block, std::uint32_t at, std::uint32_t target) {
    if (target <= at) return fmt::format("it jumps back to {}", target);
    if (target >= block.end) return fmt::format("it jumps out of its block, to {}", target);
    return std::nullopt;
  }

  Reject check_hold(HoldId id) const {
    if (auto reason = in_table(Table::Hold, id)) return reason;
    if (plan_.holds[id].least != kNone) return std::nullopt;
    return fmt::format("{} has no time", describe("hold", id, plan_.holds[id]));
  }

  const Plan& plan_;
};

}  // namespace

Reject check_layout(const Plan& plan) {
  std::vector<bool> taken(plan.code.size(), false);
  for (RoutineId id = 0; id < plan.routines.size(); ++id) {
    if (auto reason = claim(taken, plan.routines[id].begin, plan.routines[id].end)) {
      return describe_routine(plan, id) + ": " + *reason;
    }
  }
  for (BlockId id = 0; id < plan.blocks.size(); ++id) {
    if (auto reason = claim(taken, plan.blocks[id].begin, plan.blocks[id].end)) {
      return describe_block(plan, id) + ": " + *reason;
    }
  }
  for (std::size_t at = 0; at < taken.size(); ++at) {
    if (!taken[at]) return fmt::format("instruction {} belongs to no routine and no block", at);
  }
  return std::nullopt;
}

Reject check_blocks(const Plan& plan) {
  const BlockCheck check(plan);
  for (BlockId id = 0; id < plan.blocks.size(); ++id) {
    if (auto reason = check.run(plan.blocks[id])) return describe_block(plan, id) + ": " + *reason;
  }
  return std::nullopt;
}

}  // namespace rollout::plan
