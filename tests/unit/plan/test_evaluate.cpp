#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <limits>

#include "runtime/plan/builder.hpp"
#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/opcodes.hpp"
#include "sample_plan.hpp"

namespace rollout::plan {

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
const double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

Value n(double value) {
  return Value::number(value);
}
Value r(double value) {
  return Value::ratio(value);
}
Value d(Nanoseconds value) {
  return Value::duration(value);
}
Value s(std::int64_t value) {
  return Value::size(value);
}
Value yes() {
  return Value::boolean(true);
}
Value no() {
  return Value::boolean(false);
}
Value unknown() {
  return Value::missing("unknown");
}

struct Case {
  Op op;
  Value left, right, result;
};

// A result that should be missing is written as one, whatever its reason.
void check(const Case& row) {
  const Value result = binary(row.op, row.left, row.right);
  INFO(to_literal(row.left) << " " << op_text(row.op) << " " << to_literal(row.right) << " gave " << to_literal(result)
                            << " " << result.as_string());
  if (row.result.is_missing()) {
    CHECK(result.is_missing());
    CHECK_FALSE(result.as_string().empty());
  } else {
    CHECK(result == row.result);
  }
}

// One value of each kind that values have.
std::vector<Value> one_of_each() {
  return {Value(),
          yes(),
          n(3),
          r(0.5),
          d(kHour),
          s(1024),
          Value::rate(ValueKind::NumberRate, 2),
          Value::rate(ValueKind::RatioRate, 0.1),
          Value::rate(ValueKind::SizeRate, 10),
          Value::time_of_day(kHour),
          Value::instant(kHour),
          Value::string("x"),
          Value::label("x", 0),
          Value::list({n(1)}),
          Value::map({{"a", n(1)}}),
          Value::secret({{"x", std::nullopt}})};
}

std::vector<Op> binary_ops() {
  return {Op::Add,  Op::Subtract,  Op::Multiply, Op::Divide,       Op::Above,  Op::Below, Op::Equal, Op::NotEqual,
          Op::Less, Op::LessEqual, Op::Greater,  Op::GreaterEqual, Op::InList, Op::And,   Op::Or};
}

}  // namespace

TEST_CASE("arithmetic is dimensional") {
  const Value per_second = Value::rate(ValueKind::NumberRate, 15), ratio_rate = Value::rate(ValueKind::RatioRate, 0.01);
  const Value size_rate = Value::rate(ValueKind::SizeRate, 10e6);
  const Case cases[] = {
      {Op::Add, n(1), n(2), n(3)},
      {Op::Add, r(0.25), r(0.5), r(0.75)},
      {Op::Add, d(kHour), d(kMinute), d(61 * kMinute)},
      {Op::Add, s(1), s(2), s(3)},
      {Op::Subtract, d(kMinute), d(kHour), d(-59 * kMinute)},
      {Op::Subtract, size_rate, size_rate, Value::rate(ValueKind::SizeRate, 0)},
      {Op::Add, Value::instant(kDay), d(kHour), Value::instant(25 * kHour)},
      {Op::Add, d(kHour), Value::instant(kDay), Value::instant(25 * kHour)},
      {Op::Subtract, Value::instant(kDay), d(kHour), Value::instant(23 * kHour)},
      {Op::Subtract, Value::instant(kDay), Value::instant(kHour), d(23 * kHour)},
      {Op::Multiply, n(3), d(kHour), d(3 * kHour)},
      {Op::Multiply, d(kHour), n(0.5), d(30 * kMinute)},
      {Op::Multiply, r(0.1), s(1000), s(100)},
      {Op::Multiply, s(1000), r(0.1), s(100)},
      {Op::Multiply, n(2), r(0.25), r(0.5)},
      {Op::Multiply, r(0.5), r(0.5), r(0.25)},
      {Op::Multiply, n(3), d(200 * kDay + 1), d(600 * kDay + 3)},
      {Op::Multiply, per_second, d(2 * kMinute), n(1800)},
      {Op::Multiply, d(2 * kMinute), per_second, n(1800)},
      {Op::Multiply, ratio_rate, d(10 * kSecond), r(0.1)},
      {Op::Multiply, size_rate, d(3 * kSecond), s(30'000'000)},
      {Op::Divide, d(kHour), n(4), d(15 * kMinute)},
      {Op::Divide, d(kHour), d(kMinute), n(60)},
      {Op::Divide, r(0.05), r(0.01), n(5)},
      {Op::Divide, s(1000), n(3), s(333)},
      {Op::Divide, n(30), d(2 * kSecond), per_second},
      {Op::Divide, r(0.1), d(10 * kSecond), ratio_rate},
      {Op::Divide, s(30'000'000), d(3 * kSecond), size_rate},
      {Op::Divide, size_rate, size_rate, n(1)},
      {Op::Above, r(0.2), d(100 * kMillisecond), d(120 * kMillisecond)},
      {Op::Below, r(0.2), d(100 * kMillisecond), d(80 * kMillisecond)},
      {Op::Above, r(0.5), r(0.02), r(0.03)},
      {Op::Above, d(kHour), r(0.2), unknown()},
      {Op::Add, d(kHour), n(1), unknown()},
      {Op::Add, d(kHour), s(1), unknown()},
      {Op::Add, n(1), r(0.1), unknown()},
      {Op::Multiply, d(kHour), d(kHour), unknown()},
      {Op::Multiply, s(1), d(kHour), unknown()},
      {Op::Divide, n(1), d(0), unknown()},
      {Op::Divide, d(kHour), r(0.5), unknown()},
      {Op::Add, Value::instant(1), Value::instant(1), unknown()},
      {Op::Add, Value::time_of_day(kHour), d(kHour), unknown()},
      {Op::Add, Value::string("a"), Value::string("b"), unknown()},
  };
  for (const Case& row : cases) check(row);
}

TEST_CASE("what is too large or undefined is missing, never a wrap") {
  const Case cases[] = {
      {Op::Add, d(kMost), d(1), unknown()},
      {Op::Subtract, d(kLeast), d(1), unknown()},
      {Op::Add, s(kMost), s(kMost), unknown()},
      {Op::Add, Value::instant(kMost), d(1), unknown()},
      {Op::Subtract, Value::instant(kLeast), Value::instant(kMost), unknown()},
      {Op::Multiply, n(2), d(kMost), unknown()},
      {Op::Multiply, n(1e300), d(kMost), unknown()},
      {Op::Multiply, n(1.5), s(kMost), unknown()},
      {Op::Multiply, n(-1), d(kLeast), unknown()},
      {Op::Divide, d(kLeast), n(-1), unknown()},
      {Op::Divide, d(kMost), n(0.5), unknown()},
      {Op::Multiply, Value::rate(ValueKind::SizeRate, 1e300), d(kMost), unknown()},
      {Op::Above, r(1), d(kMost), unknown()},
      {Op::Add, n(1.7e308), n(1.7e308), unknown()},
      {Op::Multiply, n(1e200), n(1e200), unknown()},
      {Op::Divide, n(1), n(0), unknown()},
      {Op::Divide, n(0), n(0), unknown()},
      {Op::Divide, d(0), d(0), unknown()},
      {Op::Divide, n(1e300), n(1e-300), unknown()},
      {Op::Add, n(kInfinity), n(1), n(kInfinity)},
      {Op::Subtract, n(kInfinity), n(kInfinity), unknown()},
      {Op::Multiply, n(kInfinity), d(kHour), unknown()},
      {Op::Add, n(kNan), n(1), unknown()},
      {Op::Less, n(kNan), n(1), unknown()},
      {Op::Equal, n(kNan), n(kNan), unknown()},
      {Op::Greater, n(kInfinity), n(5), yes()},
  };
  for (const Case& row : cases) check(row);
  CHECK(negate(d(kLeast)).is_missing());
  CHECK(negate(d(kHour)) == d(-kHour));
  CHECK(negate(r(0.5)) == r(-0.5));
  CHECK(negate(Value::instant(5)).is_missing());
  CHECK(negate(Value::string("x")).is_missing());
}

TEST_CASE("comparisons need equal dimensions") {
  const Value open = Value::label("open", 2);
  const Case cases[] = {
      {Op::Less, d(kMinute), d(kHour), yes()},
      {Op::LessEqual, d(kHour), d(kHour), yes()},
      {Op::Greater, r(0.06), r(0.05), yes()},
      {Op::GreaterEqual, s(1), s(2), no()},
      {Op::Equal, n(0.5), n(0.5), yes()},
      {Op::NotEqual, n(0.5), n(0.5), no()},
      {Op::Less, Value::instant(1), Value::instant(2), yes()},
      {Op::Less, Value::time_of_day(1), Value::time_of_day(2), yes()},
      {Op::Equal, yes(), no(), no()},
      {Op::Equal, Value::string("a"), Value::string("a"), yes()},
      {Op::Equal, open, Value::label("open", 0), yes()},
      {Op::NotEqual, open, Value::label("closed", 2), yes()},
      {Op::Equal, open, Value::string("open"), unknown()},
      {Op::Less, Value::string("a"), Value::string("b"), unknown()},
      {Op::Less, open, open, unknown()},
      {Op::Greater, r(0.06), n(5), unknown()},
      {Op::Equal, d(1), n(1), unknown()},
      {Op::NotEqual, d(1), n(1), unknown()},
      {Op::Equal, Value::list({n(1), n(2)}), Value::list({n(1), n(2)}), yes()},
      {Op::Equal, Value::list({n(1)}), Value::list({n(1), n(2)}), no()},
      {Op::Equal, Value::list({n(1), unknown()}), Value::list({n(2), n(2)}), no()},
      {Op::Equal, Value::list({n(1), unknown()}), Value::list({n(1), n(2)}), unknown()},
      {Op::Equal, Value::map({{"a", n(1)}, {"b", n(2)}}), Value::map({{"b", n(2)}, {"a", n(1)}}), yes()},
      {Op::Equal, Value::map({{"a", n(1)}}), Value::map({{"b", n(1)}}), no()},
      {Op::Equal, Value::secret({}), Value::secret({}), unknown()},
      {Op::InList, n(2), Value::list({n(1), n(2)}), yes()},
      {Op::InList, n(3), Value::list({n(1), n(2)}), no()},
      {Op::InList, n(3), Value::list({n(1), unknown()}), unknown()},
      {Op::InList, n(1), Value::list({n(1), unknown()}), yes()},
      {Op::InList, n(1), n(1), unknown()},
  };
  for (const Case& row : cases) check(row);
}

TEST_CASE("logic has three values") {
  const Value values[] = {yes(), no(), unknown()};
  const int both[3][3] = {{0, 1, 2}, {1, 1, 1}, {2, 1, 2}}, either[3][3] = {{0, 0, 0}, {0, 1, 2}, {0, 2, 2}};
  for (int left = 0; left < 3; ++left) {
    for (int right = 0; right < 3; ++right) {
      check({Op::And, values[left], values[right], values[both[left][right]]});
      check({Op::Or, values[left], values[right], values[either[left][right]]});
    }
  }
  CHECK(logical_not(yes()) == no());
  CHECK(logical_not(unknown()).as_string() == "unknown");
  CHECK(logical_not(n(1)).is_missing());
  check({Op::And, yes(), n(1), unknown()});
  check({Op::And, no(), n(1), no()});
}

TEST_CASE("ranges are closed, times of day half-open and over midnight") {
  CHECK(in_range(n(1), n(1), n(5)) == yes());
  CHECK(in_range(n(5), n(1), n(5)) == yes());
  CHECK(in_range(n(6), n(1), n(5)) == no());
  CHECK(in_range(n(6), unknown(), n(5)) == no());
  CHECK(in_range(n(4), unknown(), n(5)).is_missing());
  CHECK(in_range(n(4), d(1), n(5)).is_missing());
  const auto at = [](int hour) { return Value::time_of_day(hour * kHour); };
  CHECK(in_range(at(2), at(2), at(4)) == yes());
  CHECK(in_range(at(4), at(2), at(4)) == no());
  CHECK(in_range(at(23), at(22), at(4)) == yes());
  CHECK(in_range(at(3), at(22), at(4)) == yes());
  CHECK(in_range(at(12), at(22), at(4)) == no());
  CHECK(in_range(at(12), at(22), unknown()).is_missing());
}

TEST_CASE("every operator on every pair of kinds does as the table of kinds says") {
  for (const Op op : binary_ops()) {
    for (const Value& left : one_of_each()) {
      for (const Value& right : one_of_each()) {
        const auto kind = binary_kind(op, left.kind(), right.kind());
        const Value result = binary(op, left, right);
        INFO(to_literal(left) << " " << op_text(op) << " " << to_literal(right) << ": " << to_literal(result));
        if (left.is_missing() || right.is_missing()) continue;
        if (!kind) {
          CHECK((result.is_missing() || op == Op::And || op == Op::Or));
        } else if (!result.is_missing()) {
          CHECK(result.kind() == *kind);
        } else {
          CHECK(op == Op::InList);
        }
      }
    }
  }
}

TEST_CASE("a kind known only at run time fits everywhere but with secrets") {
  for (const Value& value : one_of_each()) {
    const bool secret = value.kind() == ValueKind::Secret;
    INFO(kind_name(value.kind()));
    CHECK(binary_kind(Op::Add, ValueKind::Any, value.kind()) ==
          (secret ? std::nullopt : std::optional(ValueKind::Any)));
    CHECK(binary_kind(Op::Less, value.kind(), ValueKind::Any) ==
          (secret ? std::nullopt : std::optional(ValueKind::Bool)));
  }
  CHECK(binary_kind(Op::And, ValueKind::Bool, ValueKind::Any) == ValueKind::Bool);
  CHECK_FALSE(binary_kind(Op::And, ValueKind::Number, ValueKind::Any));
  CHECK(rate_of(ValueKind::Size) == ValueKind::SizeRate);
  CHECK(amount_of(ValueKind::RatioRate) == ValueKind::Ratio);
  CHECK_FALSE(rate_of(ValueKind::Duration));
}

TEST_CASE("reasons say what did not fit") {
  CHECK(binary(Op::Greater, r(0.05), n(5)).as_string() == "`>` does not apply to a ratio and a number");
  CHECK(binary(Op::Add, d(kMost), d(1)).as_string() == "the result of `+` is too large");
  CHECK(binary(Op::Divide, n(1), n(0)).as_string() == "division by zero");
  CHECK(binary(Op::Greater, unknown(), n(5)).as_string() == "unknown");
}

TEST_CASE("builtins on texts for other services") {
  const auto call = [](Builtin builtin, const List& arguments) { return call_builtin(builtin, arguments); };
  const auto text = [](const char* value) { return Value::string(value); };
  CHECK(call(Builtin::UrlEncode, {text("a b/\xc3\xa9~")}) == text("a%20b%2F%C3%A9~"));
  CHECK(call(Builtin::Sha256, {text("abc")}) ==
        text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK(call(Builtin::CountMatching, {text("ERROR a\nfine\nno ERROR\n"), text("^ERROR")}) == n(1));
  CHECK(call(Builtin::CountMatching, {text("x"), text("(")}).is_missing());
  CHECK(call(Builtin::Shorten, {text("h\xc3\xa9llo"), n(5)}) == text("h\xc3\xa9llo"));
  CHECK(call(Builtin::Shorten, {text("h\xc3\xa9llo"), n(3)}) == text("h\xc3\xa9\xe2\x80\xa6"));
  CHECK(call(Builtin::Shorten, {text("abc"), n(1)}) == text("\xe2\x80\xa6"));
  CHECK(call(Builtin::Shorten, {text("abc"), n(0)}).is_missing());
}

TEST_CASE("a number is rounded to the nearest whole one") {
  const auto rounded = [](double value) { return call_builtin(Builtin::Round, List{n(value)}); };
  CHECK(rounded(1'764'154'000'123.46) == n(1'764'154'000'123));
  CHECK(rounded(2.5) == n(3));
  CHECK(rounded(-2.5) == n(-3));
  CHECK(call_builtin(Builtin::Round, List{r(0.5)}).is_missing());
}

TEST_CASE("builtins on JSON") {
  const auto call = [](Builtin builtin, const List& arguments) { return call_builtin(builtin, arguments); };
  const auto text = [](const char* value) { return Value::string(value); };
  const Value document = *from_json(R"({"a/b": [{"s": "ok"}, {"s": "bad"}, {"t": 1}], "rows": [[1, "x"], [2]]})");
  CHECK(call(Builtin::JsonAt, {document, text("/a~1b/1/s")}) == text("bad"));
  CHECK(call(Builtin::JsonAt, {document, text("")}) == document);
  CHECK(call(Builtin::JsonAt, {document, text("/a~1b/7")}).as_string() == "there is no `/a~1b/7` in it");
  CHECK(call(Builtin::JsonAt, {document, text("a")}).is_missing());
  const Value states = call(Builtin::Column, {*document.find("a/b"), text("s")});
  REQUIRE(states.as_list().size() == 3);
  CHECK(states.as_list()[1] == text("bad"));
  CHECK(states.as_list()[2].is_missing());
  const Value second = call(Builtin::Column, {*document.find("rows"), n(1)});
  CHECK(second.as_list()[0] == text("x"));
  CHECK(second.as_list()[1].is_missing());
  CHECK(call(Builtin::Column, {*document.find("rows"), n(-1)}).as_list()[0].is_missing());
  CHECK(call(Builtin::Column, {n(1), n(1)}).is_missing());
}

TEST_CASE("points of a time series are laid on slots") {
  const auto slots = [](const List& times, const List& values, Nanoseconds from, Nanoseconds to, Nanoseconds step,
                        Nanoseconds look_back) {
    return call_builtin(Builtin::AtSlots,
                        List{Value::list(times), Value::list(values), d(kSecond), Value::instant(from * kSecond),
                             Value::instant(to * kSecond), d(step * kSecond), d(look_back * kSecond)});
  };
  const auto text = [](const char* value) { return Value::string(value); };
  const List times = {n(120), n(60), n(180), n(240)};
  const List values = {n(2), n(1), text("3.5"), Value::missing()};
  const Value laid = slots(times, values, 60, 360, 60, 90);
  REQUIRE(laid.as_list().size() == 6);
  CHECK(laid.as_list()[0] == n(1));
  CHECK(laid.as_list()[1] == n(2));
  CHECK(laid.as_list()[2] == n(3.5));
  CHECK(laid.as_list()[3] == n(3.5));  // 60 s old; what was no measurement hides nothing
  CHECK(laid.as_list()[4].is_missing());
  CHECK(slots(times, values, 90, 90, 60, 90).as_list() == List{n(1)});
  CHECK(slots(times, values, 59, 59, 60, 90).as_list().front().is_missing());
  CHECK(slots({}, {}, 60, 120, 60, 0).as_list().size() == 2);
  CHECK(slots(times, {n(1)}, 60, 120, 60, 0).as_string() == "there are not as many times as values");
  CHECK(slots(times, values, 120, 60, 60, 0).is_missing());
  CHECK(slots(times, values, 60, 120, 0, 0).is_missing());
  CHECK(slots(times, values, 0, 9'000'000'000, 1, 0).is_missing());
  CHECK(slots(times, values, -1, 5, 1, 0).is_missing());
  CHECK(slots({n(1e300), text("x")}, {n(1), n(2)}, 60, 60, 60, 60).as_list().front().is_missing());
}

TEST_CASE("builtins") {
  const auto call = [](Builtin builtin, const List& arguments) { return call_builtin(builtin, arguments); };
  const auto text = [](const char* value) { return Value::string(value); };
  const Value letters = Value::list({text("a"), text("b")});
  CHECK(call(Builtin::Trim, {text(" \t a b\n")}) == text("a b"));
  CHECK(call(Builtin::Trim, {text("  ")}) == text(""));
  CHECK(call(Builtin::Lines, {text("a\r\nb\n\nc\n")}) == Value::list({text("a"), text("b"), text(""), text("c")}));
  CHECK(call(Builtin::Lines, {text("")}) == Value::list({}));
  CHECK(call(Builtin::Number, {text(" 42.5\n")}) == n(42.5));
  CHECK(call(Builtin::Number, {text("+1e3")}) == n(1000));
  for (const char* bad : {"", "x", "1x", "nan", "inf", "1e999", "0x10", "+-1", "1 2"}) {
    CHECK(call(Builtin::Number, {text(bad)}).is_missing());
  }
  CHECK(call(Builtin::Length, {text("h\xc3\xa9llo")}) == n(5));
  CHECK(call(Builtin::Length, {letters}) == n(2));
  CHECK(call(Builtin::Length, {n(1)}).is_missing());
  CHECK(call(Builtin::Contains, {text("abc"), text("bc")}) == yes());
  CHECK(call(Builtin::Contains, {letters, text("c")}) == no());
  CHECK(call(Builtin::Join, {letters, text(", ")}) == text("a, b"));
  CHECK(call(Builtin::Join, {Value::list({Value::secret({{"", 0}}), text("b")}), text("-")}) ==
        Value::secret({{"", 0}, {"-b", std::nullopt}}));
  CHECK(call(Builtin::Replace, {text("a & b & c"), text("&"), text("&amp;")}) == text("a &amp; b &amp; c"));
  CHECK(call(Builtin::Replace, {text("aaa"), text("aa"), text("a")}) == text("aa"));
  CHECK(call(Builtin::Replace, {text("abc"), text(""), text("x")}).is_missing());
  CHECK(call(Builtin::Replace, {text("abc"), text("b"), n(1)}).is_missing());
  CHECK(call(Builtin::First, {letters}) == text("a"));
  CHECK(call(Builtin::Last, {letters}) == text("b"));
  CHECK(call(Builtin::First, {Value::list({})}).is_missing());
  CHECK(call(Builtin::JsonParse, {text("{\"a\": [1]}")}) == Value::map({{"a", Value::list({n(1)})}}));
  CHECK(call(Builtin::JsonParse, {text("{")}).as_string() == "the text is not JSON");
  CHECK(call(Builtin::Format, {d(90 * kMinute)}) == text("1h30m"));
  CHECK(call(Builtin::Quantity, {n(1.5), text("s")}) == d(1500 * kMillisecond));
  CHECK(call(Builtin::Quantity, {n(1.5), text("?")}).is_missing());
  CHECK(call(Builtin::Trim, {unknown()}).as_string() == "unknown");
  CHECK(call(Builtin::Trim, {Value::secret({})}).is_missing());
  CHECK(call(Builtin::Trim, {}).is_missing());
  CHECK(call(static_cast<Builtin>(200), {n(1)}).is_missing());
  const Value many = text(std::string(200'000, '\n').c_str());
  CHECK(call(Builtin::Lines, {many}).as_string() == "the text has more than 100000 lines");
}

TEST_CASE("regular expressions are bounded in time and space") {
  const auto matches = [](std::string text, std::string pattern) {
    return call_builtin(Builtin::Matches, List{Value::string(std::move(text)), Value::string(std::move(pattern))});
  };
  CHECK(matches("v1.2.3", "^v[0-9]+(\\.[0-9]+)*$") == yes());
  CHECK(matches("a v1", "v1") == yes());
  CHECK(matches("v1\nrm -rf", "^v[0-9]$") == no());
  CHECK(matches("a\nb", "a.b") == no());
  CHECK(matches("x", "(").as_string().starts_with("`(` is not a regular expression: "));
  CHECK(matches("x", std::string(257, 'x')).is_missing());
  CHECK(matches(std::string(4097, 'x'), "x").is_missing());
  CHECK(matches(std::string(4096, 'a'), "(.*)error(.*)$") == no());
  const auto begin = std::chrono::steady_clock::now();
  for (const char* hostile : {"(a+)+$", "((a?){50}){50}b"}) {
    const Value answer = matches(std::string(4095, 'a') + "!", hostile);
    CHECK(answer.as_string() == "the regular expression `" + std::string(hostile) + "` takes too long on this text");
  }
  matches(std::string(4096, 'a'), std::string(120, '(') + "a" + std::string(120, ')'));
  const auto spent = std::chrono::steady_clock::now() - begin;
  CHECK(spent < std::chrono::seconds(20));
}

TEST_CASE("routines compute with what surrounds them") {
  PlanBuilder build;
  const VariableId name = build.variable("name"), token = build.variable("token");
  const MetricId p95 = build.add(Metric{.name = "p95",
                                        .declaration = "p95",
                                        .arguments = {},
                                        .provider = MetricProvider::None,
                                        .configuration = {},
                                        .kind = ValueKind::Duration,
                                        .labels = {},
                                        .label_values = {}});
  const RoutineId above = build.comparison_routine(p95, Op::Greater, d(600 * kMillisecond));
  build.begin_routine();
  build.push_constant(Value::string("hello "));
  build.push(Op::Load, name);
  build.push_constant(r(0.05));
  build.push(Op::Concatenate, 3);
  const RoutineId greeting = build.end_routine(ValueKind::String);
  build.begin_routine();
  build.push_constant(Value::string("Bearer "));
  build.push(Op::Load, token);
  build.push(Op::Concatenate, 2);
  const RoutineId bearer = build.end_routine(ValueKind::Secret);
  build.begin_routine();
  build.push_constant(d(5 * kMinute));
  build.push(Op::Window, p95, static_cast<std::uint16_t>(Aggregate::Maximum));
  build.push_constant(d(5 * kMinute));
  build.push(Op::Window, p95, static_cast<std::uint16_t>(Aggregate::Quantile), build.constant(r(0.9)));
  build.push(Op::Subtract);
  const RoutineId spread = build.end_routine(ValueKind::Duration);
  build.begin_routine();
  build.push_constant(Value::string("a"));
  build.push_constant(n(1));
  build.push(Op::MakeMap, 1);
  build.push(Op::Field, build.constant(Value::string("b")));
  build.push(Op::IsMissing);
  const RoutineId absent = build.end_routine(ValueKind::Bool);
  build.begin_routine();
  build.push(Op::MetricMissing, p95);
  const RoutineId blind = build.end_routine(ValueKind::Bool);
  build.begin_routine();
  build.push_constant(Value::list({n(10), n(20)}));
  build.push_constant(n(1));
  build.push(Op::Index);
  const RoutineId second = build.end_routine(ValueKind::Any);
  const Plan plan = build.finish();

  const Value variables[] = {Value::string("kim"), Value::secret({{"", 0}})};
  Environment environment;
  environment.variables = variables;
  Value sample = d(700 * kMillisecond);
  environment.metric = [&](MetricId) { return sample; };
  environment.window = [](MetricId, Aggregate aggregate, Nanoseconds length) {
    return aggregate == Aggregate::Maximum ? d(length) : Value();
  };
  environment.quantile = [](MetricId, double quantile, Nanoseconds length) {
    return d(static_cast<Nanoseconds>(quantile * static_cast<double>(length)));
  };
  CHECK(evaluate(plan, above, environment) == yes());
  CHECK(evaluate(plan, blind, environment) == no());
  CHECK(evaluate(plan, greeting, environment) == Value::string("hello kim5%"));
  CHECK(evaluate(plan, bearer, environment) == Value::secret({{"Bearer ", std::nullopt}, {"", 0}}));
  CHECK(evaluate(plan, spread, environment) == d(30 * kSecond));
  CHECK(evaluate(plan, absent, environment) == yes());
  CHECK(evaluate(plan, second, environment) == n(20));
  sample = Value::missing("no sample");
  CHECK(evaluate(plan, above, environment).as_string() == "no sample");
  CHECK(evaluate(plan, blind, environment) == yes());
  CHECK(evaluate(plan, above, Environment{}).is_missing());
  CHECK(evaluate(plan, greeting, Environment{}).is_missing());
  CHECK(evaluate(plan, 999, environment).is_missing());
}

TEST_CASE("an unverified routine does no harm") {
  Plan plan;
  for (std::size_t op = 0; op < op_table().size(); ++op) {
    plan.code = {{.op = static_cast<Op>(op), .a = 3, .b = 7, .c = 9}, {.op = Op::Return}};
    plan.routines = {{0, 2, ValueKind::Any, ""}};
    static_cast<void>(evaluate(plan, 0, Environment{}));
  }
  plan.code.assign(kNone >> 22, {.op = Op::Constant, .b = 7});
  plan.routines = {{0, static_cast<std::uint32_t>(plan.code.size()), ValueKind::Any, ""},
                   {5, 3, ValueKind::Any, ""},
                   {0, kNone, ValueKind::Any, ""}};
  CHECK(evaluate(plan, 0, Environment{}).as_string() == "the expression is too deep");
  CHECK(evaluate(plan, 1, Environment{}).is_missing());
  CHECK(evaluate(plan, 2, Environment{}).is_missing());
}

}  // namespace rollout::plan
