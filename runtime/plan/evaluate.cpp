#include "runtime/plan/evaluate.hpp"

#include <boost/container/static_vector.hpp>
#include <cmath>
#include <string>

#include "runtime/plan/builtins.hpp"
#include "runtime/plan/opcodes.hpp"
#include "runtime/plan/verify.hpp"

namespace rollout::plan {

namespace {

// A sample that counts as none.
bool is_unusable(const Value& sample) {
  return sample.is_missing() || std::isnan(sample.as_double());
}

Value field(const Value& value, const std::string& name) {
  if (value.is_missing()) return value;
  if (value.kind() != ValueKind::Map) {
    return Value::missing(std::string(kind_name(value.kind())) + " has no field `" + name + "`");
  }
  const Value* found = value.find(name);
  return found != nullptr ? *found : Value::missing("there is no field `" + name + "`");
}

Value element(const Value& container, const Value& index) {
  if (container.is_missing()) return container;
  if (index.is_missing()) return index;
  if (container.kind() == ValueKind::Map && index.kind() == ValueKind::String)
    return field(container, index.as_string());
  if (container.kind() != ValueKind::List || index.kind() != ValueKind::Number) {
    return Value::missing(std::string(kind_name(container.kind())) + " has no element at " +
                          std::string(kind_name(index.kind())));
  }
  const double position = index.as_double();
  const List& list = container.as_list();
  if (!(position >= 0 && position < static_cast<double>(list.size())) || position != std::trunc(position)) {
    return Value::missing("there is no element " + to_literal(index) + " in a list of " + std::to_string(list.size()));
  }
  return list[static_cast<std::size_t>(position)];
}

Value make_map(std::span<const Value> pairs) {
  Map map;
  for (std::size_t index = 0; index + 1 < pairs.size(); index += 2) {
    if (pairs[index].is_missing()) return pairs[index];
    if (pairs[index].kind() != ValueKind::String) {
      return Value::missing("a key of a map is a string, not " + std::string(kind_name(pairs[index].kind())));
    }
    map.emplace_back(pairs[index].as_string(), pairs[index + 1]);
  }
  return Value::map(std::move(map));
}

List told(std::span<const Value> values) {
  List result(values.begin(), values.end());
  for (Value& value : result) {
    if (value.is_missing()) value = Value::string("no data");
  }
  return result;
}

// One evaluation. The verifier has shown that the stack suffices and that operands exist; the checks here keep an
// unverified plan, as the compiler folds it, from doing harm.
class Evaluation {
 public:
  Evaluation(const Plan& plan, const Environment& environment) : plan_(plan), environment_(environment) {}

  Value run(const Routine& routine) {
    if (routine.begin > routine.end || routine.end > plan_.code.size())
      return Value::missing("the routine has no code");
    for (std::uint32_t at = routine.begin; at < routine.end; ++at) {
      const Instruction& instruction = plan_.code[at];
      if (instruction.op == Op::Return) return pop();
      if (stack_.size() == kMaxStack) return Value::missing("the expression is too deep");
      step(instruction);
    }
    return Value::missing("the routine does not return");
  }

 private:
  void push(Value value) { stack_.push_back(std::move(value)); }

  Value pop() {
    if (stack_.empty()) return Value::missing("the expression has no value");
    Value value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }

  void step(const Instruction& instruction) {
    switch (instruction.op) {
      case Op::Constant:
        push(instruction.b < plan_.constants.size() ? plan_.constants[instruction.b] : Value());
        return;
      case Op::Load: push(load(instruction.b)); return;
      case Op::Secret: push(Value::secret({{{}, instruction.b}})); return;
      case Op::Metric: push(metric(instruction.b)); return;
      case Op::MetricMissing: push(Value::boolean(is_unusable(metric(instruction.b)))); return;
      case Op::Window: push(window(instruction, pop())); return;
      case Op::Baseline:
        push(environment_.baseline ? environment_.baseline(instruction.b)
                                   : Value::missing("there is no baseline here"));
        return;
      case Op::Context:
        push(environment_.context ? environment_.context(static_cast<ContextValue>(instruction.b)) : Value());
        return;
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
      case Op::Or: two(instruction.op); return;
      case Op::Negate: push(negate(pop())); return;
      case Op::Not: push(logical_not(pop())); return;
      case Op::IsMissing: push(Value::boolean(is_unusable(pop()))); return;
      case Op::Index: two(instruction.op); return;
      case Op::InRange: range(); return;
      case Op::Field: push(field(pop(), constant_text(instruction.b))); return;
      case Op::MakeList:
      case Op::MakeMap:
      case Op::Concatenate:
      case Op::Call: many(instruction); return;
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
      case Op::UndoRest:
      case Op::Outcome:
      case Op::End: push(Value::missing("a statement in an expression")); return;
    }
    push(Value::missing("an unknown instruction"));
  }

  Value load(VariableId id) const {
    return id < environment_.variables.size() ? environment_.variables[id]
                                              : Value::missing("the variable has no value");
  }

  Value metric(MetricId id) const {
    return environment_.metric ? environment_.metric(id) : Value::missing("there are no metrics here");
  }

  const std::string& constant_text(ConstantId id) const {
    static const std::string kNothing;
    return id < plan_.constants.size() ? plan_.constants[id].as_string() : kNothing;
  }

  Value window(const Instruction& instruction, const Value& length) const {
    if (length.is_missing()) return length;
    if (length.kind() != ValueKind::Duration || length.as_integer() <= 0) {
      return Value::missing("a window is a duration above zero, not " + to_literal(length));
    }
    const auto aggregate = static_cast<Aggregate>(instruction.a);
    if (aggregate != Aggregate::Quantile) {
      if (!environment_.window) return Value::missing("there are no windows here");
      return environment_.window(instruction.b, aggregate, length.as_integer());
    }
    if (!environment_.quantile || instruction.c >= plan_.constants.size())
      return Value::missing("there are no windows here");
    return environment_.quantile(instruction.b, plan_.constants[instruction.c].as_double(), length.as_integer());
  }

  void two(Op op) {
    if (stack_.size() < 2) {
      push(Value::missing("the expression has too few values"));
      return;
    }
    const Value& left = stack_[stack_.size() - 2];
    const Value& right = stack_.back();
    Value result = op == Op::Index ? element(left, right) : binary(op, left, right);
    stack_.pop_back();
    stack_.back() = std::move(result);
  }

  void range() {
    const Value high = pop();
    const Value low = pop();
    const Value value = pop();
    push(in_range(value, low, high));
  }

  // Instructions that take as many values as they say.
  void many(const Instruction& instruction) {
    std::size_t count = instruction.op == Op::Call ? instruction.a : instruction.b;
    if (instruction.op == Op::MakeMap) count = count > kMaxStack ? kMaxStack + 1 : count * 2;
    if (count > stack_.size()) {
      stack_.clear();
      push(Value::missing("the expression has too few values"));
      return;
    }
    const std::span<const Value> values(stack_.data() + (stack_.size() - count), count);
    Value result = apply(instruction, values);
    stack_.resize(stack_.size() - count);
    push(std::move(result));
  }

  Value apply(const Instruction& instruction, std::span<const Value> values) const {
    if (instruction.op == Op::MakeList) return Value::list(List(values.begin(), values.end()));
    if (instruction.op == Op::MakeMap) return make_map(values);
    if (instruction.op == Op::Concatenate && environment_.tells_missing) return concatenate(told(values));
    if (instruction.op == Op::Concatenate) return concatenate(values);
    return call_builtin(static_cast<Builtin>(instruction.b), values);
  }

  const Plan& plan_;
  const Environment& environment_;
  boost::container::static_vector<Value, kMaxStack> stack_;
};

}  // namespace

Value evaluate(const Plan& plan, RoutineId routine, const Environment& environment) {
  if (routine >= plan.routines.size()) return Value::missing("there is no such expression");
  return Evaluation(plan, environment).run(plan.routines[routine]);
}

}  // namespace rollout::plan
