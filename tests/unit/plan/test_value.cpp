#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "runtime/plan/builder.hpp"
#include "runtime/plan/rate_text.hpp"
#include "runtime/plan/value.hpp"

namespace rollout::plan {

namespace {

struct Case {
  Value value;
  const char* literal;
};

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Value parsed(std::string_view text, ValueKind kind) {
  return parse_literal(text, kind).value_or(Value::missing("refused"));
}

}  // namespace

TEST_CASE("values print as the language writes them") {
  const Case cases[] = {
      {Value(), "missing"},
      {Value::boolean(true), "true"},
      {Value::number(3), "3"},
      {Value::number(-0.25), "-0.25"},
      {Value::number(0.1 + 0.2), "0.30000000000000004"},
      {Value::number(1e21), "1000000000000000000000"},
      {Value::number(0.0000001), "0.0000001"},
      {Value::ratio(0.05), "5%"},
      {Value::ratio(0.07), "7%"},
      {Value::ratio(0.0005), "0.05%"},
      {Value::ratio(0.999), "99.9%"},
      {Value::ratio(1), "100%"},
      {Value::ratio(-0.2), "-20%"},
      {Value::duration(0), "0s"},
      {Value::duration(250 * kMillisecond), "250ms"},
      {Value::duration(90 * kMinute), "1h30m"},
      {Value::duration(kMinute + 1500 * kMillisecond), "1m1.5s"},
      {Value::duration(1500), "1.5us"},
      {Value::duration(7), "7ns"},
      {Value::duration(36 * kHour), "1d12h"},
      {Value::duration(10 * kDay), "10d"},
      {Value::duration(14 * kDay), "2w"},
      {Value::duration(-2 * kHour), "-2h"},
      {Value::size(512 << 20), "512MiB"},
      {Value::size(4'000'000'000), "4GB"},
      {Value::size(1025), "1025B"},
      {Value::size(0), "0B"},
      {Value::size(-2048), "-2KiB"},
      {Value::rate(ValueKind::NumberRate, 15), "15/s"},
      {Value::rate(ValueKind::NumberRate, 100.0 / 60), "100/m"},
      {Value::rate(ValueKind::NumberRate, 0.5), "0.5/s"},
      {Value::rate(ValueKind::RatioRate, 0.02 / 3600), "2%/h"},
      {Value::rate(ValueKind::SizeRate, 10e6), "10MB/s"},
      {Value::rate(ValueKind::SizeRate, 100e6 / 60), "100MB/m"},
      {Value::rate(ValueKind::SizeRate, 1536), "1.5KiB/s"},
      {Value::rate(ValueKind::SizeRate, 0), "0B/s"},
      {Value::time_of_day(2 * kHour), "02:00"},
      {Value::time_of_day(14 * kHour + 30 * kMinute + 5 * kSecond), "14:30:05"},
      {Value::instant(0), "1970-01-01T00:00:00Z"},
      {Value::instant(1'796'090'400 * kSecond), "2026-12-01T02:00:00Z"},
      {Value::instant(-kMillisecond), "1969-12-31T23:59:59.999Z"},
      {Value::string("a \"b\"\n\\ ${x} $5"), R"("a \"b\"\n\\ \${x} $5")"},
      {Value::string(std::string("\x1b[2J")), R"("\u{1b}[2J")"},
      {Value::label("half_open", 1), "half_open"},
      {Value::list({Value::number(1), Value::string("x")}), R"([1, "x"])"},
      {Value::list({}), "[]"},
      {Value::map({{"a b", Value::ratio(0.5)}}), R"({ "a b": 50% })"},
      {Value::map({}), "{}"},
      {Value::secret({{"Bearer ", std::nullopt}, {"", 0}}), "***"},
      {Value::number(std::nan("")), "nan"},
  };
  for (const Case& row : cases) {
    INFO(row.literal);
    CHECK(to_literal(row.value) == row.literal);
  }
}

TEST_CASE("texts in strings are bare, all else prints as its literal") {
  CHECK(to_text(Value::string("a\"b")) == "a\"b");
  CHECK(to_text(Value::ratio(0.05)) == "5%");
  CHECK(to_text(Value::list({Value::string("a")})) == "[\"a\"]");
}

TEST_CASE("durations for people have two units or three digits") {
  const std::pair<Nanoseconds, const char*> cases[] = {
      {0, "0s"},
      {kMinute + 5 * kSecond, "1m5s"},
      {2 * kMinute + 5 * kSecond + 400 * kMillisecond, "2m5s"},
      {kDay + 12 * kHour + 30 * kMinute, "1d12h"},
      {kDay + 30 * kMinute, "1d"},
      {10 * kDay, "10d"},
      {1'234'567'891, "1.23s"},
      {312'456'789, "312ms"},
      {31'245'678, "31.2ms"},
      {-90 * kSecond, "-1m30s"},
  };
  for (const auto& [value, text] : cases) CHECK(duration_text(value, DurationForm::Short) == text);
}

TEST_CASE("rates for people have the unit of what they are compared with") {
  const auto ratio = [](double per_second) { return Value::rate(ValueKind::RatioRate, per_second); };
  const auto number = [](double per_second) { return Value::rate(ValueKind::NumberRate, per_second); };
  const auto size = [](double per_second) { return Value::rate(ValueKind::SizeRate, per_second); };
  CHECK(rate_text_like(ratio(0.366 / 3600), ratio(0.02 / 3600)) == "36.6%/h");
  CHECK(rate_text_like(ratio(-1.0 / 3 / 3600), ratio(0.02 / 3600)) == "-33.3333%/h");
  CHECK(rate_text_like(number(90), number(15)) == "90/s");
  CHECK(rate_text_like(number(0.5), number(100.0 / 60)) == "30/m");
  CHECK(rate_text_like(size(1'234'567), size(10e6)) == "1.23457MB/s");
  CHECK(rate_text_like(number(0), number(100.0 / 60)) == "0/m");
  CHECK_FALSE(rate_text_like(number(1), ratio(1)));
  CHECK_FALSE(rate_text_like(number(1), Value::missing()));
  CHECK_FALSE(rate_text_like(Value::number(1), Value::number(1)));
  CHECK_FALSE(rate_text_like(number(std::numeric_limits<double>::infinity()), number(15)));
}

TEST_CASE("literals are read") {
  CHECK(parsed("1_000.5", ValueKind::Number) == Value::number(1000.5));
  CHECK(parsed("5%", ValueKind::Ratio) == Value::ratio(0.05));
  CHECK(parsed("-0.05%", ValueKind::Ratio) == Value::ratio(-0.0005));
  CHECK(parsed("1.5h", ValueKind::Duration) == Value::duration(90 * kMinute));
  CHECK(parsed("1w2d3h4m5s6ms7us8ns", ValueKind::Duration) ==
        Value::duration(9 * kDay + 3 * kHour + 4 * kMinute + 5 * kSecond + 6'007'008));
  CHECK(parsed("1.5KiB", ValueKind::Size) == Value::size(1536));
  CHECK(parsed("10MB/s", ValueKind::SizeRate) == Value::rate(ValueKind::SizeRate, 10e6));
  CHECK(parsed("02:00", ValueKind::TimeOfDay) == Value::time_of_day(2 * kHour));
  CHECK(parsed("24:00", ValueKind::TimeOfDay) == Value::time_of_day(kDay));
  CHECK(parsed("2026-12-01T02:00Z", ValueKind::Instant) == Value::instant(1'796'090'400 * kSecond));
  CHECK(parsed("2026-12-01T03:30:00.5+01:30", ValueKind::Instant) ==
        Value::instant(1'796'090'400 * kSecond + kSecond / 2));
  CHECK(parsed("portal \"x\"", ValueKind::String) == Value::string("portal \"x\""));
  CHECK(parsed("open", ValueKind::Enum) == Value::label("open", 0));
  CHECK(parsed(R"( ["a", 5%, { "k": [1h, missing] }] )", ValueKind::List) ==
        Value::list({Value::string("a"), Value::ratio(0.05),
                     Value::map({{"k", Value::list({Value::duration(kHour), Value()})}})}));
  CHECK(parsed("250ms", ValueKind::Any) == Value::duration(250 * kMillisecond));
}

TEST_CASE("what is no literal of the kind is refused") {
  const std::pair<const char*, ValueKind> cases[] = {
      {"", ValueKind::Number},
      {"x", ValueKind::Number},
      {"1e5", ValueKind::Number},
      {"1.", ValueKind::Number},
      {".5", ValueKind::Number},
      {"_1", ValueKind::Number},
      {"1__0", ValueKind::Number},
      {"1_", ValueKind::Number},
      {"nan", ValueKind::Number},
      {"inf", ValueKind::Number},
      {"--1", ValueKind::Number},
      {"5", ValueKind::Ratio},
      {"5 %", ValueKind::Ratio},
      {"5", ValueKind::Duration},
      {"5min", ValueKind::Duration},
      {"30m1h", ValueKind::Duration},
      {"1h1h", ValueKind::Duration},
      {"", ValueKind::Duration},
      {"99999999w", ValueKind::Duration},
      {"5M", ValueKind::Size},
      {"9999999999999999999B", ValueKind::Size},
      {"15", ValueKind::NumberRate},
      {"15/x", ValueKind::NumberRate},
      {"15%/s", ValueKind::NumberRate},
      {"25:00", ValueKind::TimeOfDay},
      {"24:01", ValueKind::TimeOfDay},
      {"2:00", ValueKind::TimeOfDay},
      {"02:60", ValueKind::TimeOfDay},
      {"2026-12-01", ValueKind::Instant},
      {"2026-02-30T00:00Z", ValueKind::Instant},
      {"2026-12-01T02:00", ValueKind::Instant},
      {"2300-01-01T00:00Z", ValueKind::Instant},
      {"TRUE", ValueKind::Bool},
      {"1", ValueKind::Bool},
      {"5x", ValueKind::Enum},
      {"", ValueKind::Enum},
      {"[1, 2", ValueKind::List},
      {"[1 2]", ValueKind::List},
      {"[,]", ValueKind::List},
      {"{1: 2}", ValueKind::Map},
      {"1", ValueKind::List},
      {"\"${x}\"", ValueKind::Any},
      {"***", ValueKind::Secret},
  };
  for (const auto& [text, kind] : cases) {
    INFO(text << " as " << kind_name(kind));
    CHECK_FALSE(parse_literal(text, kind));
  }
  CHECK_FALSE(parse_literal(std::string(100'000, '['), ValueKind::Any));
}

TEST_CASE("a printed value is read as the same value") {
  std::mt19937_64 random(1);
  const auto bits = [&] { return std::bit_cast<double>(random()); };
  const auto decimal = [&] {
    return static_cast<double>(random() % 1'000'000) / std::pow(10.0, static_cast<double>(random() % 7));
  };
  const auto integer = [&] { return static_cast<std::int64_t>(random()) >> (random() % 63); };
  constexpr ValueKind kDoubles[] = {ValueKind::Number, ValueKind::Ratio, ValueKind::NumberRate, ValueKind::RatioRate,
                                    ValueKind::SizeRate};
  for (int round = 0; round < 3000; ++round) {
    for (const ValueKind kind : kDoubles) {
      const double number = round % 2 == 0 ? bits() : decimal();
      if (!std::isfinite(number)) continue;
      const Value value = Value::rate(kind, number);
      INFO(to_literal(value));
      REQUIRE(parsed(to_literal(value), kind) == value);
    }
    const std::int64_t number = std::max(integer(), -kMost);
    for (const Value& value : {Value::duration(number), Value::size(number), Value::instant(number)}) {
      INFO(to_literal(value));
      REQUIRE(parsed(to_literal(value), value.kind()) == value);
    }
    const Value time = Value::time_of_day(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kDay)));
    REQUIRE(parsed(to_literal(time), ValueKind::TimeOfDay) == time);
    std::string text;
    for (std::uint64_t length = random() % 12; length != 0; --length) text += static_cast<char>(random() % 128);
    const Value list = Value::list({Value::string(text), Value::map({{text, Value::ratio(decimal())}})});
    REQUIRE(parsed(to_literal(list), ValueKind::List) == list);
    REQUIRE(parsed(to_text(Value::string(text)), ValueKind::String) == Value::string(text));
  }
}

TEST_CASE("JSON out is valid and JSON in is a value") {
  CHECK(to_json(Value::map({{"a", Value::list({Value::number(1.5), Value(), Value::boolean(true)})},
                            {"d", Value::duration(90 * kMinute)},
                            {"s", Value::size(512 << 20)},
                            {"r", Value::ratio(0.05)},
                            {"e", Value::label("open", 2)},
                            {"x", Value::secret({{"p", 0}})}})) ==
        R"({"a":[1.5,null,true],"d":"1h30m","s":"512MiB","r":"5%","e":"open","x":"***"})");
  CHECK(to_json(Value::string("a\"\\\n\x01\xff\xc3\xa9")) == "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xc3\xa9\"");
  CHECK(to_json(Value::number(std::nan(""))) == "\"NaN\"");
  const auto value = from_json(R"( {"b": [1, 2.5, -3e2, "x\u00e9\n", null, true], "a": {}, "n": 0.1} )");
  REQUIRE(value);
  CHECK(*value == Value::map({{"b", Value::list({Value::number(1), Value::number(2.5), Value::number(-300),
                                                 Value::string("x\xc3\xa9\n"), Value(), Value::boolean(true)})},
                              {"a", Value::map({})},
                              {"n", Value::number(0.1)}}));
  for (const char* text : {"", "{", "[1,]", "tru", "1 2", "nan", "{\"a\" 1}", "'x'"}) CHECK_FALSE(from_json(text));
  CHECK(from_json(std::string(60, '[') + std::string(60, ']')));
  CHECK_FALSE(from_json(std::string(70, '[') + std::string(70, ']')));
  CHECK_FALSE(from_json(std::string(100'000, '[')));
}

TEST_CASE("numbers in JSON are read to the nearest double") {
  std::mt19937_64 random(2);
  for (int round = 0; round < 5000; ++round) {
    const double number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    const auto again = from_json(to_json(Value::number(number)));
    REQUIRE(again);
    REQUIRE(*again == Value::number(number));
  }
}

TEST_CASE("no value is deeper or larger than a walk can bear") {
  Value value = Value::number(1);
  for (int depth = 0; depth < 200; ++depth) value = Value::list({value});
  CHECK(value.depth() <= kMaxValueDepth);
  Value shared = Value::string(std::string(1000, 'x'));
  for (int depth = 0; depth < 60; ++depth) shared = Value::list({shared, shared});
  CHECK(shared.weight() <= kMaxValueWeight + 1);
  CHECK(Value::string(std::string(kMaxValueWeight + 1, 'x')).is_missing());
}

TEST_CASE("accessors answer something neutral for another kind") {
  const Value number = Value::number(5);
  CHECK_FALSE(number.as_bool());
  CHECK(number.as_string().empty());
  CHECK(number.as_list().empty());
  CHECK(number.as_map().empty());
  CHECK(number.as_secret().empty());
  CHECK(number.find("x") == nullptr);
  CHECK(Value::missing("why").as_string() == "why");
  CHECK(sizeof(Value) <= 40);
}

TEST_CASE("raw numbers become quantities by a unit") {
  const auto in = [](double number, std::string_view unit) {
    const auto scale = unit_scale(unit);
    return scale ? quantity(scale->first, number * scale->second) : Value::missing("no unit");
  };
  CHECK(in(1.5, "s") == Value::duration(1500 * kMillisecond));
  CHECK(in(2, "MiB") == Value::size(2 << 20));
  CHECK(in(50, "%") == Value::ratio(0.5));
  CHECK(in(15, "/s") == Value::rate(ValueKind::NumberRate, 15));
  CHECK(in(3, "MB/s") == Value::rate(ValueKind::SizeRate, 3e6));
  CHECK(in(1, "parsec").is_missing());
  CHECK(quantity(ValueKind::Duration, std::nan("")).is_missing());
  CHECK(quantity(ValueKind::Duration, 1e19).is_missing());
  CHECK(quantity(ValueKind::Duration, -9223372036854775808.0) ==
        Value::duration(std::numeric_limits<std::int64_t>::min()));
  CHECK(quantity(ValueKind::Number, std::nan("")).is_missing());
  CHECK(quantity(ValueKind::String, 1).is_missing());
}

}  // namespace rollout::plan
