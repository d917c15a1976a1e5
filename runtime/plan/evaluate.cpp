#include "runtime/plan/evaluate.hpp"

#include <algorithm>
#include <boost/container/static_vector.hpp>
#include <cmath>
#include <deque>
#include <string>

#include "runtime/plan/builtins.hpp"
#include "runtime/plan/opcodes.hpp"
#include "runtime/plan/series.hpp"
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

// What a fold's condition has read of all series of a metric, so that it is asked for once and not once a series.
class SeriesReads {
 public:
  template <typename Ask>
  const Value& read(const Instruction& instruction, Nanoseconds window, Ask ask) {
    for (const Read& one : reads_) {
      if (one.instruction == &instruction && one.window == window) return one.value;
    }
    return reads_.emplace_back(Read{&instruction, window, ask()}).value;
  }

 private:
  struct Read {
    const Instruction* instruction = nullptr;
    Nanoseconds window = 0;
    Value value;
  };
  std::deque<Read> reads_;
};

// One evaluation. The verifier has shown that the stack suffices and that operands exist; the checks here keep an
// unverified plan, as the compiler folds it, from doing harm.
class Evaluation {
 public:
  Evaluation(const Plan& plan, const Environment& environment) : plan_(plan), environment_(environment) {}
  // Of a fold's condition, for one series.
  Evaluation(const Plan& plan, const Environment& environment, std::string_view series, SeriesReads& reads)
      : plan_(plan), environment_(environment), series_(series), reads_(&reads) {}

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
      case Op::Metric: push(sample(instruction)); return;
      case Op::MetricMissing: push(Value::boolean(is_unusable(sample(instruction)))); return;
      case Op::Window: push(window(instruction, pop())); return;
      case Op::Baseline: push(baseline(instruction)); return;
      case Op::AnySeries:
      case Op::AllSeries:
      case Op::CountSeries:
      case Op::ShareSeries:
      case Op::WhichSeries: push(fold(instruction)); return;
      case Op::Agree: agree(); return;
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
      case Op::Absent:
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

  bool is_grouped(MetricId id) const { return id < plan_.metrics.size() && !plan_.metrics[id].by.empty(); }

  // What `ask` answers; of a grouped metric the part for the series that is looked at.
  template <typename Ask>
  Value of_series(const Instruction& instruction, Nanoseconds window, Ask ask) const {
    if (!is_grouped(instruction.b)) return ask();
    if (reads_ == nullptr) return Value::missing("a grouped metric has a value for each of its series only");
    const Value* found = value_of_series(reads_->read(instruction, window, ask), series_);
    return found != nullptr ? *found : without_series(instruction);
  }

  // The source has told nothing of the series: that means what `absent is` says.
  Value without_series(const Instruction& instruction) const {
    const ConstantId absent = plan_.metrics[instruction.b].absent;
    const bool windowed = instruction.op == Op::Window;
    const auto aggregate = static_cast<Aggregate>(instruction.a);
    if (windowed && aggregate == Aggregate::Count) return Value::number(0);
    if (absent >= plan_.constants.size() || (windowed && aggregate == Aggregate::Rate)) {
      return Value::missing("the source has no such series");
    }
    return plan_.constants[absent];
  }

  Value sample(const Instruction& instruction) const {
    return of_series(instruction, 0, [&] { return metric(instruction.b); });
  }

  Value baseline(const Instruction& instruction) const {
    return of_series(instruction, 0, [&] {
      return environment_.baseline ? environment_.baseline(instruction.b) : Value::missing("there is no baseline here");
    });
  }

  // The names of all series of the metrics that the condition reads; missing where no source has answered.
  Value series_of(const Instruction& instruction) const {
    std::vector<std::string> names;
    Value why = Value::missing("there is no series");
    bool answered = false;
    for (const MetricId id : metrics_read(plan_, std::span(&instruction, 1))) {
      if (!is_grouped(id)) continue;
      const Value all = metric(id);
      if (all.kind() != ValueKind::Map) {
        if (all.is_missing()) why = all;
        continue;
      }
      answered = true;
      for (const auto& [name, value] : all.as_map()) names.push_back(name);
    }
    if (!answered) return why;
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    // Where there are some, the others stand for none.
    if (names.size() > 1 && names.front() == kNoSeries) names.erase(names.begin());
    List list;
    for (std::string& name : names) list.push_back(Value::string(std::move(name)));
    return Value::list(std::move(list));
  }

  Value fold(const Instruction& instruction) const {
    if (reads_ != nullptr || instruction.b >= plan_.routines.size()) {
      return Value::missing("series are asked about inside of another question about series");
    }
    Value names = series_of(instruction);
    if (names.is_missing()) return names;
    SeriesReads reads;
    std::vector<SeriesTruth> truths;
    for (const Value& name : names.as_list()) {
      const std::string& series = name.as_string();
      truths.push_back({series, Evaluation(plan_, environment_, series, reads).run(plan_.routines[instruction.b])});
    }
    return fold_series(instruction, truths);
  }

  void agree() {
    const Value most = pop();
    Value least = pop();
    Value value = pop();
    push(!least.is_missing() && least == most ? std::move(least) : std::move(value));
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
    return of_series(instruction, length.as_integer(), [&] { return aggregate(instruction, length.as_integer()); });
  }

  Value aggregate(const Instruction& instruction, Nanoseconds length) const {
    const auto which = static_cast<Aggregate>(instruction.a);
    Value none = Value::missing("there are no windows here");
    if (which != Aggregate::Quantile) {
      return environment_.window ? environment_.window(instruction.b, which, length) : none;
    }
    if (!environment_.quantile || instruction.c >= plan_.constants.size()) return none;
    return environment_.quantile(instruction.b, plan_.constants[instruction.c].as_double(), length);
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
  std::string_view series_;
  SeriesReads* reads_ = nullptr;  // null: not in a fold
  boost::container::static_vector<Value, kMaxStack> stack_;
};

}  // namespace

Value evaluate(const Plan& plan, RoutineId routine, const Environment& environment) {
  if (routine >= plan.routines.size()) return Value::missing("there is no such expression");
  return Evaluation(plan, environment).run(plan.routines[routine]);
}

}  // namespace rollout::plan
