#include "runtime/machine/series.hpp"

#include "driver.hpp"
#include "runtime/machine/guard_clock.hpp"

// What windows make of samples, by the kind of the samples.

using namespace rollout::machine;
using namespace rollout::machine::test;
using rollout::plan::Aggregate;

namespace {

std::vector<Sample> samples(const std::vector<Value>& values) {
  std::vector<Sample> all;
  for (const Value& value : values) all.push_back({static_cast<Nanoseconds>(all.size()) * kSecond, value});
  return all;
}

std::string told(const Value& value) {
  return value.is_missing() ? value.as_string() : rollout::plan::to_text(value);
}

// Over all of them, at the slot of the last.
std::string over(const std::vector<Value>& values, Aggregate kind, double fraction = 0) {
  const auto all = samples(values);
  return told(aggregate_samples(all, {kind, kHour, fraction}, all.back().slot, 0));
}

Value size(std::int64_t bytes) {
  return Value::size(bytes);
}

}  // namespace

TEST_CASE("a window's sum, mean and extremes are of its samples' kind") {
  CHECK(over({size(1024), size(3072)}, Aggregate::Average) == "2KiB");
  CHECK(over({size(1024), size(3072)}, Aggregate::Sum) == "4KiB");
  CHECK(over({Value::duration(kSecond), Value::duration(3 * kSecond)}, Aggregate::Maximum) == "3s");
  CHECK(over({Value::ratio(0.1), Value::ratio(0.3)}, Aggregate::Average) == "20%");
  CHECK(over({Value::number(2), Value::number(5)}, Aggregate::Minimum) == "2");
  CHECK(over({Value::boolean(true), Value::boolean(false)}, Aggregate::Average) == "0.5");
  CHECK(over({Value::boolean(true), Value::boolean(false)}, Aggregate::Count) == "2");
  for (const ValueKind kind : {ValueKind::NumberRate, ValueKind::RatioRate, ValueKind::SizeRate}) {
    const auto all = samples({Value::rate(kind, 1), Value::rate(kind, 3)});
    const Value mean = aggregate_samples(all, {Aggregate::Average, kHour, 0}, kSecond, 0);
    CHECK(mean.kind() == kind);
    CHECK(mean.as_double() == 2);
  }
}

TEST_CASE("a sum that no duration and no size can hold is unknown") {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  CHECK_THAT(over({Value::duration(kMost), Value::duration(kMost)}, Aggregate::Sum), Catch::Contains("out of range"));
  CHECK_THAT(over({size(kMost), size(kMost)}, Aggregate::Sum), Catch::Contains("out of range"));
}

TEST_CASE("a rate is a change in its time, of the kind that goes with the samples") {
  CHECK(over({Value::ratio(0.25), Value::ratio(0.5)}, Aggregate::Rate) == "25%/s");
  CHECK(over({size(0), size(2048)}, Aggregate::Rate) == "2KiB/s");
  CHECK(over({Value::number(1), Value::number(4)}, Aggregate::Rate) == "3/s");
  // Seconds a second.
  CHECK(over({Value::duration(0), Value::duration(kSecond / 2)}, Aggregate::Rate) == "0.5");
  CHECK_THAT(over({Value::number(1)}, Aggregate::Rate), Catch::Contains("needs two samples"));
}

TEST_CASE("a quantile is one of the samples, and only a share can be asked for") {
  const std::vector<Value> values = {Value::number(4), Value::number(1), Value::number(3), Value::number(2)};
  CHECK(over(values, Aggregate::Quantile, 0) == "1");
  CHECK(over(values, Aggregate::Quantile, 0.5) == "2");
  CHECK(over(values, Aggregate::Quantile, 1) == "4");
  CHECK(over({size(1024)}, Aggregate::Quantile, 0.5) == "1KiB");
  for (const double wrong : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(over(values, Aggregate::Quantile, wrong), Catch::Contains("between 0% and 100%"));
}

TEST_CASE("a window ends at its slot, whatever came after it") {
  const auto all = samples({Value::number(1), Value::number(2), Value::number(30)});
  CHECK(told(aggregate_samples(all, {Aggregate::Sum, kHour, 0}, kSecond, 0)) == "3");
  CHECK_THAT(told(aggregate_samples(all, {Aggregate::Sum, kHour, 0}, -kSecond, 0)), Catch::Contains("no sample"));
}

TEST_CASE("instants do not wrap around at either end of time") {
  constexpr auto kFirst = std::numeric_limits<Nanoseconds>::min();
  CHECK(later(kNever, 1) == kNever);
  CHECK(later(kFirst, -1) == kFirst);
  CHECK(between(kFirst, kNever) == kNever);
  CHECK(between(kNever, kFirst) == kFirst);
  CHECK(between(1, 3) == 2);
}
