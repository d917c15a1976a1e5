#include <catch2/catch.hpp>

#include "compiler/lower/code.hpp"
#include "runtime/plan/evaluate.hpp"

using namespace rollout;
using namespace rollout::lower;

namespace {

Code load(std::uint32_t variable, ValueKind kind) {
  return leaf_code({.op = Op::Load, .b = variable}, kind);
}

}  // namespace

TEST_CASE("operations on constants are carried out") {
  plan::PlanBuilder build;
  const Code operands[] = {constant_code(Value::ratio(0.2)), constant_code(Value::duration(100))};
  const Code code = combine(build, {.op = Op::Above}, operands, ValueKind::Duration);
  REQUIRE(code.is_constant());
  CHECK(*code.constant == Value::duration(120));
  CHECK(code.kind == ValueKind::Duration);
}

TEST_CASE("an operation without a value stays for the run to explain") {
  plan::PlanBuilder build;
  const Code operands[] = {constant_code(Value::number(1)), constant_code(Value::number(0))};
  const Code code = combine(build, {.op = Op::Divide}, operands, ValueKind::Number);
  CHECK_FALSE(code.is_constant());
  CHECK(code.instructions.size() == 3);
}

TEST_CASE("one unknown operand keeps the operation, constants among the others become instructions") {
  plan::PlanBuilder build;
  const Code operands[] = {load(0, ValueKind::Number), constant_code(Value::number(2))};
  const Code code = combine(build, {.op = Op::Multiply}, operands, ValueKind::Number);
  REQUIRE(code.instructions.size() == 3);
  CHECK(code.instructions[0].op == Op::Load);
  CHECK(code.instructions[1].op == Op::Constant);
  CHECK(code.instructions[2].op == Op::Multiply);
}

TEST_CASE("neighbouring texts of a string are joined") {
  plan::PlanBuilder build;
  const Code parts[] = {constant_code(Value::string("a")), constant_code(Value::ratio(0.05)),
                        load(0, ValueKind::String), constant_code(Value::string("b"))};
  const Code code = concatenate(build, parts, plan::kNone);
  REQUIRE(code.instructions.size() == 4);
  CHECK(build.plan().constants[code.instructions[0].b] == Value::string("a5%"));
  CHECK(code.instructions.back().b == 3);
  const Code known = concatenate(build, std::span(parts).first(2), plan::kNone);
  CHECK(*known.constant == Value::string("a5%"));
}

TEST_CASE("a text of many parts needs few values at a time") {
  plan::PlanBuilder build;
  std::vector<Code> parts;
  for (std::uint32_t i = 0; i < 1000; ++i)
    parts.push_back(load(build.variable("x", ValueKind::String), ValueKind::String));
  const Code code = concatenate(build, parts, plan::kNone);
  build.begin_routine();
  for (const Instruction& one : code.instructions) build.push(one.op, one.b, one.a, one.c);
  const plan::RoutineId routine = build.end_routine(ValueKind::String);
  const std::vector<Value> variables(1000, Value::string("ab"));
  plan::Environment environment;
  environment.variables = variables;
  CHECK(plan::evaluate(build.plan(), routine, environment).as_string().size() == 2000);
}

TEST_CASE("a secret makes the text secret") {
  plan::PlanBuilder build;
  const Code parts[] = {constant_code(Value::string("Bearer ")), leaf_code({.op = Op::Secret}, ValueKind::Secret)};
  CHECK(concatenate(build, parts, plan::kNone).kind == ValueKind::Secret);
  const Code alone[] = {leaf_code({.op = Op::Secret}, ValueKind::Secret)};
  CHECK(concatenate(build, alone, plan::kNone).kind == ValueKind::Secret);
}

TEST_CASE("lists, maps and fields of constants are constants, of any length") {
  plan::PlanBuilder build;
  std::vector<Code> elements;
  for (int i = 0; i < 200; ++i) elements.push_back(constant_code(Value::number(i)));
  CHECK(make_list(build, elements, plan::kNone).constant->as_list().size() == 200);
  const std::string keys[] = {"host", "port"};
  const Code values[] = {constant_code(Value::string("db")), constant_code(Value::number(5432))};
  const Code record = make_map(build, keys, values, plan::kNone);
  CHECK(*field(build, record, "port", plan::kNone).constant == Value::number(5432));
  CHECK_FALSE(field(build, record, "nothing", plan::kNone).is_constant());
}
