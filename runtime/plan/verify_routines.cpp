#include <algorithm>

#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/opcodes.hpp"
#include "runtime/plan/series.hpp"
#include "runtime/plan/verification.hpp"
#include "runtime/plan/verify.hpp"

namespace rollout::plan {

namespace {

ValueKind static_kind(const Value& constant) {
  return constant.is_missing() ? ValueKind::Any : constant.kind();
}

ValueKind context_kind(ContextValue value) {
  switch (value) {
    case ContextValue::Reason:
    case ContextValue::StageName:
    case ContextValue::RunId:
    case ContextValue::Text: return ValueKind::String;
    case ContextValue::Severity: return ValueKind::Any;
    case ContextValue::Now: return ValueKind::Instant;
    case ContextValue::Share: return ValueKind::Ratio;
  }
  return ValueKind::Any;
}

ValueKind window_kind(Aggregate aggregate, ValueKind metric) {
  if (aggregate == Aggregate::Count) return ValueKind::Number;
  if (aggregate == Aggregate::Rate) return rate_of(metric).value_or(ValueKind::Any);
  return metric;
}

// Runs one routine on kinds instead of values.
class RoutineCheck {
 public:
  RoutineCheck(const Plan& plan, std::vector<ValueKind>& stack) : plan_(plan), stack_(stack) {}

  Reject run(const Routine& routine) {
    stack_.clear();
    for (std::uint32_t at = routine.begin; at < routine.end; ++at) {
      const Instruction& instruction = plan_.code[at];
      if (info(instruction.op).sort != OpSort::Expression) return at_instruction(at, "it is a statement");
      if (instruction.op == Op::Return) return check_return(routine, at);
      if (auto reason = step(instruction)) return at_instruction(at, "") + *reason;
    }
    return "it does not return";
  }

 private:
  std::string at_instruction(std::uint32_t at, std::string_view reason) const {
    return fmt::format("instruction {} {}: {}", at, info(plan_.code[at].op).name, reason);
  }

  Reject check_return(const Routine& routine, std::uint32_t at) const {
    if (at + 1 != routine.end) return at_instruction(at, "code follows it");
    if (stack_.size() != 1) return at_instruction(at, fmt::format("there are {} values instead of one", stack_.size()));
    if (!fits(routine.kind, stack_.back())) {
      return fmt::format("it is declared to give {}, but gives {}", kind_name(routine.kind), kind_name(stack_.back()));
    }
    return std::nullopt;
  }

  Reject step(const Instruction& instruction) {
    if (instruction.flags != 0) return "its flags are not zero";
    if (auto reason = check_operand(instruction)) return reason;
    const std::size_t pops = values_taken(instruction);
    if (pops > stack_.size()) return fmt::format("it takes {} values, there are {}", pops, stack_.size());
    const std::span<const ValueKind> taken(stack_.data() + (stack_.size() - pops), pops);
    const auto result = kind_of(instruction, taken);
    if (!result) return does_not_fit(instruction.op, taken);
    stack_.resize(stack_.size() - pops);
    if (stack_.size() == kMaxStack) {
      return Refusal(fmt::format("it needs more than {} values at a time", kMaxStack),
                     {.kind = Excess::Kind::Size, .what = "values in one expression", .most = kMaxStack},
                     instruction.spot);
    }
    stack_.push_back(*result);
    return std::nullopt;
  }

  static std::size_t values_taken(const Instruction& instruction) {
    if (instruction.op == Op::Call) return instruction.a;
    if (instruction.op == Op::MakeMap) return std::size_t{instruction.b} * 2;
    if (instruction.op == Op::MakeList || instruction.op == Op::Concatenate) return instruction.b;
    return static_cast<std::size_t>(info(instruction.op).pops);
  }

  static std::string does_not_fit(Op op, std::span<const ValueKind> taken) {
    std::string kinds;
    for (std::size_t index = 0; index < taken.size() && index < 4; ++index) {
      kinds += fmt::format("{}{}", index == 0 ? "" : " and ", kind_name(taken[index]));
    }
    return fmt::format("`{}` does not apply to {}", op_text(op), kinds);
  }

  Reject in_table(std::string_view table, Id id, std::size_t size) const {
    if (id < size) return std::nullopt;
    return fmt::format("it names {} {}, but the plan has {}", table, id, size);
  }

  Reject check_operand(const Instruction& instruction) const {
    const bool uses_a = instruction.op == Op::Call || instruction.op == Op::Window || is_fold(instruction.op);
    if (!uses_a && instruction.a != 0) return "its operand a is not zero";
    switch (info(instruction.op).operand) {
      case OperandKind::Constant: return check_constant(instruction);
      case OperandKind::Variable: return in_table("variable", instruction.b, plan_.variables.size());
      case OperandKind::Secret: return in_table("secret", instruction.b, plan_.secrets.size());
      case OperandKind::Metric: return check_metric(instruction);
      case OperandKind::Builtin: return check_builtin(instruction);
      case OperandKind::Context: return in_table("context value", instruction.b, kContextValues);
      case OperandKind::Routine: return check_fold(instruction);
      case OperandKind::None:
      case OperandKind::Aggregate:
      case OperandKind::Count:
      case OperandKind::Block:
      case OperandKind::Target:
      case OperandKind::Effect:
      case OperandKind::Hold:
      case OperandKind::Gate:
      case OperandKind::Notification:
      case OperandKind::Response: return std::nullopt;
    }
    return std::nullopt;
  }

  Reject check_constant(const Instruction& instruction) const {
    if (auto reason = in_table("constant", instruction.b, plan_.constants.size())) return reason;
    if (instruction.op == Op::Field && plan_.constants[instruction.b].kind() != ValueKind::String) {
      return fmt::format("a field's name is {}", kind_name(plan_.constants[instruction.b].kind()));
    }
    return std::nullopt;
  }

  Reject check_metric(const Instruction& instruction) const {
    if (auto reason = in_table("metric", instruction.b, plan_.metrics.size())) return reason;
    if (instruction.op != Op::Window) return std::nullopt;
    if (instruction.a >= kAggregates) return fmt::format("there is no aggregate {}", instruction.a);
    if (static_cast<Aggregate>(instruction.a) != Aggregate::Quantile) return std::nullopt;
    if (auto reason = in_table("constant", instruction.c, plan_.constants.size())) return reason;
    const Value& which = plan_.constants[instruction.c];
    const bool is_fraction = which.kind() == ValueKind::Ratio || which.kind() == ValueKind::Number;
    if (!is_fraction || !(which.as_double() >= 0 && which.as_double() <= 1))
      return "its quantile is not from 0% to 100%";
    return std::nullopt;
  }

  Reject check_fold(const Instruction& instruction) const {
    if (auto reason = in_table("routine", instruction.b, plan_.routines.size())) return reason;
    if (auto reason = in_table("metric", instruction.c, plan_.metrics.size())) return reason;
    if (plan_.metrics[instruction.c].by.empty()) return fmt::format("metric {} is not grouped", instruction.c);
    if (!fits(ValueKind::Bool, plan_.routines[instruction.b].kind)) return "its condition is no condition";
    const bool chooses =
        instruction.op == Op::CountSeries || instruction.op == Op::ShareSeries || instruction.op == Op::WhichSeries;
    if (instruction.a > (chooses ? 2 : 0)) return fmt::format("its form {} does not exist", instruction.a);
    return std::nullopt;
  }

  static Reject check_builtin(const Instruction& instruction) {
    if (instruction.b >= builtin_table().size()) return fmt::format("there is no function {}", instruction.b);
    const BuiltinInfo& row = builtin_table()[instruction.b];
    if (instruction.a >= row.least && instruction.a <= row.most) return std::nullopt;
    return fmt::format("`{}` takes {} to {} arguments, not {}", row.name, row.least, row.most, instruction.a);
  }

  static std::optional<ValueKind> kind_if(bool right, ValueKind kind) {
    return right ? std::optional(kind) : std::nullopt;
  }

  static ValueKind text_kind(std::span<const ValueKind> parts) {
    const auto holds = [&](ValueKind kind) { return std::find(parts.begin(), parts.end(), kind) != parts.end(); };
    if (holds(ValueKind::Secret)) return ValueKind::Secret;
    return holds(ValueKind::Any) ? ValueKind::Any : ValueKind::String;
  }

  static bool keys_fit(std::span<const ValueKind> taken) {
    for (std::size_t index = 0; index < taken.size(); index += 2) {
      if (!fits(ValueKind::String, taken[index])) return false;
    }
    return true;
  }

  static std::optional<ValueKind> called_kind(Builtin builtin, std::span<const ValueKind> taken) {
    const bool secret = std::find(taken.begin(), taken.end(), ValueKind::Secret) != taken.end();
    return kind_if(!secret, builtin_kind(builtin));
  }

  static std::optional<ValueKind> range(std::span<const ValueKind> taken) {
    return range_kind(taken[0], taken[1]) ? range_kind(taken[0], taken[2]) : std::nullopt;
  }

  // What the instruction leaves for operands of these kinds; nothing where it does not apply to them.
  std::optional<ValueKind> kind_of(const Instruction& instruction, std::span<const ValueKind> taken) const {
    switch (instruction.op) {
      case Op::Constant: return static_kind(plan_.constants[instruction.b]);
      case Op::Load: return plan_.variables[instruction.b].kind;
      case Op::Secret: return ValueKind::Secret;
      case Op::Metric:
      case Op::Baseline: return plan_.metrics[instruction.b].kind;
      case Op::Window:
        return kind_if(fits(ValueKind::Duration, taken[0]),
                       window_kind(static_cast<Aggregate>(instruction.a), plan_.metrics[instruction.b].kind));
      case Op::Context: return context_kind(static_cast<ContextValue>(instruction.b));
      case Op::MetricMissing:
      case Op::IsMissing: return ValueKind::Bool;
      case Op::AnySeries:
      case Op::AllSeries: return ValueKind::Bool;
      case Op::CountSeries: return ValueKind::Number;
      case Op::ShareSeries: return ValueKind::Ratio;
      case Op::WhichSeries: return ValueKind::List;
      case Op::Agree: return kind_if(fits(taken[0], taken[1]) && fits(taken[0], taken[2]), taken[0]);
      case Op::Negate: return negated_kind(taken[0]);
      case Op::Not: return kind_if(fits(ValueKind::Bool, taken[0]), ValueKind::Bool);
      case Op::InRange: return range(taken);
      case Op::Field: return kind_if(fits(ValueKind::Map, taken[0]), ValueKind::Any);
      case Op::MakeList: return ValueKind::List;
      case Op::MakeMap: return kind_if(keys_fit(taken), ValueKind::Map);
      case Op::Concatenate: return text_kind(taken);
      case Op::Call: return called_kind(static_cast<Builtin>(instruction.b), taken);
      case Op::Add:
      case Op::Subtract:
      case Op::Multiply:
      case Op::Divide:
      case Op::Above:
      case Op::Below:
      case Op::Equal:
      case Op::NotEqual:
      case Op::Less:
      case Op::LessEqual:
      case Op::Greater:
      case Op::GreaterEqual:
      case Op::InList:
      case Op::And:
      case Op::Or:
      case Op::Index: return binary_kind(instruction.op, taken[0], taken[1]);
      case Op::Return:
      case Op::Let:
      case Op::JumpUnless:
      case Op::Jump:
      case Op::Run:
      case Op::Parallel:
      case Op::Effect:
      case Op::Traffic:
      case Op::Hold:
      case Op::Gate:
      case Op::Notify:
      case Op::Require:
      case Op::Result:
      case Op::Absent:
      case Op::UndoRest:
      case Op::Outcome:
      case Op::End: return std::nullopt;
    }
    return std::nullopt;
  }

  const Plan& plan_;
  std::vector<ValueKind>& stack_;
};

}  // namespace

Reject check_routines(const Plan& plan) {
  std::vector<ValueKind> stack;
  RoutineCheck check(plan, stack);
  for (RoutineId id = 0; id < plan.routines.size(); ++id) {
    if (auto reason = check.run(plan.routines[id])) return describe_routine(plan, id) + ": " + *reason;
  }
  return check_series(plan);
}

}  // namespace rollout::plan
