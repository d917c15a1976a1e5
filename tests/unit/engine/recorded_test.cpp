#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "runtime/plan/recorded_series.hpp"
#include "tests/unit/engine/folder.hpp"
#include "tests/unit/engine/metrics_world.hpp"

using namespace rollout;
using namespace rollout::metrics;
using Catch::Contains;
using plan::kMinute;
using plan::kSecond;
using plan::MetricProvider;
using plan::Value;
using plan::ValueKind;

// Metrics from CSV files and from the lines of a log.

namespace {

// 2026-01-05T02:00:00Z
constexpr Nanoseconds kTwo = 1'767'578'400 * kSecond;

Source file_source(const std::string& path) {
  return number_source(MetricProvider::File, {{"path", Value::string(path)}});
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

Source log_source(const std::string& script, const std::string& pattern) {
  return number_source(MetricProvider::LogCount,
                       {{"command", Value::list({Value::string("sh"), Value::string("-c"), Value::string(script)})},
                        {"matching", Value::string(pattern)}});
}

}  // namespace

TEST_CASE("a file answers as of each slot, with the time of its row") {
  MetricsWorld world;
  Folder folder;
  const std::string path = folder.file("metrics.csv");
  write(path,
        "time,value\n2026-01-05T02:00:00Z,1\n2026-01-05T03:01:00+01:00,250ms\n2026-01-05T02:02:00Z,\n"
        "2026-01-05T02:03:00Z,error\n2026-01-05T02:04:00Z,4");
  const auto samples = world.read(file_source(path), {kTwo - 1, kTwo, kTwo + 59 * kSecond, kTwo + kMinute,
                                                      kTwo + 2 * kMinute, kTwo + 3 * kMinute, kTwo + 9 * kMinute});
  CHECK(samples.at(kTwo - 1).status == ReadingStatus::NoData);
  CHECK(samples.at(kTwo).text == "1");
  CHECK(samples.at(kTwo + 59 * kSecond).text == "1");
  CHECK(samples.at(kTwo + 59 * kSecond).sampled_at == kTwo);
  CHECK(samples.at(kTwo + kMinute).text == "250ms");
  CHECK(samples.at(kTwo + 2 * kMinute).status == ReadingStatus::NoData);
  CHECK(samples.at(kTwo + 3 * kMinute).status == ReadingStatus::Error);
  // The last line has no end yet: it may be half of what is being written.
  CHECK(samples.at(kTwo + 9 * kMinute).status == ReadingStatus::Error);
}

TEST_CASE("a value in a file is a bare number in the metric's unit, or has its own") {
  plan::Metric metric;
  metric.kind = ValueKind::Duration;
  metric.scale = 1e6;  // unit ms
  const auto value = [&](const std::string& text) { return to_reading(0, metric, Sample::of_text(text)).value; };
  CHECK(value("250") == Value::duration(250 * plan::kMillisecond));
  CHECK(value("1m30s") == Value::duration(90 * kSecond));
  CHECK(value("5%").is_missing());
}

TEST_CASE("a file that cannot be measured from says where and why") {
  MetricsWorld world;
  Folder folder;
  const auto error_of = [&](const std::string& path) {
    const auto sample = world.read(file_source(path), {kTwo}).at(kTwo);
    CHECK(sample.status == ReadingStatus::Error);
    return sample.error;
  };
  const std::string path = folder.file("metrics.csv");
  CHECK_THAT(error_of(path), Contains(path) && Contains("No such file"));
  CHECK_THAT(error_of("nowhere.csv"),
             Contains("`nowhere.csv` in " + std::filesystem::current_path().string()) && Contains("No such file"));
  CHECK_THAT(error_of(folder.file("")), Contains("not a regular file"));
  CHECK_THAT(error_of("/dev/null"), Contains("not a regular file"));
  write(path, "when,what\n");
  CHECK_THAT(error_of(path), Contains("line 1: the header must be `time,value`"));
  write(path, "time,value\n2026-01-05T02:00:00Z,1\nnoon,2\n");
  CHECK_THAT(error_of(path), Contains("line 3: the time must be"));
  write(path, "time,value\n5m,2\n");
  CHECK_THAT(error_of(path), Contains("line 2: the time is a duration"));
  write(path, "");
  CHECK_THAT(error_of(path), Contains("the file is empty"));
}

TEST_CASE("any bytes give rows in order or problems, never both silently wrong") {
  std::mt19937 random(11);
  const std::vector<std::string> parts{"time,value\n",
                                       "2026-01-05T02:00:00Z",
                                       ",",
                                       "\n",
                                       "\r\n",
                                       "1",
                                       "5m",
                                       "error",
                                       "\"",
                                       "\xff",
                                       "\xef\xbb\xbf",
                                       " ",
                                       "-3",
                                       "nan",
                                       "9999999999w",
                                       "0000-00-00T00:00Z"};
  for (int round = 0; round < 3'000; ++round) {
    std::string text = random() % 2 == 0 ? "time,value\n" : "";
    const auto count = random() % 40;
    for (std::uint32_t part = 0; part < count; ++part) text += parts[random() % parts.size()];
    const auto series = plan::read_recorded_series(text);
    REQUIRE(series.problems.size() <= 10);
    REQUIRE(std::is_sorted(series.rows.begin(), series.rows.end(),
                           [](const auto& left, const auto& right) { return left.time < right.time; }));
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const auto& row : series.rows) REQUIRE((row.line >= 1 && row.line <= lines));
  }
}

TEST_CASE("the lines of a log that match are counted") {
  MetricsWorld world;
  const auto count = [&](const std::string& script, const std::string& pattern) {
    const auto slot = world.now();
    return world.read(log_source(script, pattern), {slot}).at(slot);
  };
  const std::string log = R"(printf 'INFO start\nERROR one\r\nWARN x\nERROR two')";
  CHECK(count(log, "ERROR").number == 2);
  CHECK(count(log, "^ERROR (one|two)$").number == 2);
  CHECK(count(log, "^one").number == 0);
  CHECK(count("true", "ERROR").number == 0);
  CHECK_THAT(count("echo no access >&2; exit 3", "ERROR").error, Contains("exit status 3: no access"));
  CHECK_THAT(count("yes ERROR | head -c 9000000", "ERROR").error, Contains("cannot be counted"));
  CHECK_THAT(count(log, "(").error, Contains("not a regular expression"));
}

TEST_CASE("counting lines has no past") {
  MetricsWorld world;
  const auto now = world.now();
  CHECK(world.read(log_source("echo ERROR", "ERROR"), {now - kMinute}).at(now - kMinute).status ==
        ReadingStatus::NoPast);
}
