#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/read.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "runtime/metrics/prometheus_answer.hpp"
#include "runtime/metrics/reader.hpp"
#include "runtime/plan/builder.hpp"
#include "tests/unit/engine/http_server.hpp"
#include "tests/unit/engine/metrics_world.hpp"

using namespace rollout::metrics;
using namespace rollout::plan;
using namespace rollout::executors;
using Catch::Matchers::Contains;
using rollout::machine::Reading;

namespace {

Reading reading(const Metric& metric, const Sample& sample) {
  return to_reading(3, metric, sample);
}

HttpResult answered(const std::string& body, int status = 200) {
  HttpResult result;
  result.status = status;
  result.body = body;
  return result;
}

std::string success(const std::string& type, const std::string& result) {
  return R"({"status":"success","data":{"resultType":")" + type + R"(","result":)" + result + "}}";
}

}  // namespace

TEST_CASE("a number becomes a value of the metric's kind") {
  Metric metric;
  metric.name = "p95";
  const auto value = [&](ValueKind kind, double scale, double number) {
    metric.kind = kind;
    metric.scale = scale;
    return reading(metric, Sample::of_number(number)).value;
  };
  CHECK(value(ValueKind::Duration, 1e9, 0.25) == Value::duration(250 * kMillisecond));
  CHECK(value(ValueKind::Duration, 1e6, 180) == Value::duration(180 * kMillisecond));
  CHECK(value(ValueKind::Ratio, 0.01, 99.5) == Value::ratio(0.995));
  CHECK(value(ValueKind::Size, 1024, 2) == Value::size(2048));
  CHECK(value(ValueKind::NumberRate, 1, 7) == Value::rate(ValueKind::NumberRate, 7));
  CHECK(value(ValueKind::Bool, 1, 1) == Value::boolean(true));
  CHECK(value(ValueKind::Duration, 1e9, std::numeric_limits<double>::infinity()).as_integer() ==
        std::numeric_limits<std::int64_t>::max());
  const Value nan = value(ValueKind::Duration, 1e9, std::nan(""));
  CHECK(nan.kind() == ValueKind::Number);
  CHECK(std::isnan(nan.as_double()));
  metric.kind = ValueKind::Duration;
  const auto wrong = reading(metric, Sample::of_text("soon"));
  CHECK(wrong.status == ReadingStatus::Error);
  CHECK_THAT(wrong.error, Contains("\"soon\", which is not a duration"));
}

TEST_CASE("an enum's labels are found by number or by text") {
  Metric metric;
  metric.name = "breaker";
  metric.kind = ValueKind::Enum;
  metric.labels = {"closed", "half_open", "open"};
  metric.label_values = {Value::number(0), Value::string("half"), Value::number(2)};
  CHECK(reading(metric, Sample::of_number(2)).value == Value::label("open", 2));
  CHECK(reading(metric, Sample::of_text("half")).value == Value::label("half_open", 1));
  CHECK(reading(metric, Sample::of_text("0")).value == Value::label("closed", 0));
  const auto unknown = reading(metric, Sample::of_number(7));
  CHECK(unknown.status == ReadingStatus::Error);
  CHECK_THAT(unknown.error, Contains("7") && Contains("none of the labels of `breaker`"));
}

TEST_CASE("exactly one series, and nothing is never a number") {
  const auto one =
      read_prometheus_answer(answered(success("vector", R"([{"metric":{},"value":[1700000000.5,"0.25"]}])")), false);
  REQUIRE(one.samples.size() == 1);
  CHECK(one.samples[0].first == 1'700'000'000'500 * kMillisecond);
  CHECK(*one.samples[0].second.number == 0.25);
  CHECK(read_prometheus_answer(answered(success("vector", "[]")), false).samples.empty());
  const auto two = read_prometheus_answer(
      answered(success("vector", R"([{"metric":{"pod":"b"},"value":[1,"1"]},{"metric":{"pod":"a"},"value":[1,"2"]}])")),
      false);
  REQUIRE(two.samples.size() == 1);
  CHECK(two.samples[0].second.status == ReadingStatus::Error);
  CHECK_THAT(two.samples[0].second.error, Contains("2 series") && Contains("{pod=\"a\"}, {pod=\"b\"}"));
  CHECK(*read_prometheus_answer(answered(success("scalar", R"([1,"3"])")), false).samples[0].second.number == 3);
  CHECK(
      std::isnan(*read_prometheus_answer(answered(success("scalar", R"([1,"NaN"])")), false).samples[0].second.number));
  CHECK(std::isinf(
      *read_prometheus_answer(answered(success("scalar", R"([1,"+Inf"])")), false).samples[0].second.number));
}

TEST_CASE("the series of a grouped metric are told apart by its labels") {
  const std::vector<std::string> by = {"region", "pod"};
  const auto both = read_prometheus_answer(
      answered(success("vector", R"([{"metric":{"pod":"b","region":"eu","job":"x"},"value":[1,"1"]},
                                     {"metric":{"pod":"a","region":"us"},"value":[1,"NaN"]}])")),
      false, by);
  REQUIRE(both.samples.size() == 1);
  const Sample& sample = both.samples[0].second;
  CHECK(sample.status == ReadingStatus::Value);
  REQUIRE(sample.series.size() == 2);
  CHECK(sample.series[0].name == "eu,b");
  CHECK(sample.series[0].number == 1);
  CHECK(sample.series[1].name == "us,a");
  CHECK(read_prometheus_answer(answered(success("vector", "[]")), false, by).samples.empty());

  const auto lacking =
      read_prometheus_answer(answered(success("vector", R"([{"metric":{"pod":"b"},"value":[1,"1"]}])")), false, by);
  CHECK_THAT(lacking.error, Contains("the series {pod=\"b\"} has no label `region`"));
  const auto same =
      read_prometheus_answer(answered(success("vector", R"([{"metric":{"pod":"b","job":"x"},"value":[1,"1"]},
                                     {"metric":{"pod":"b","job":"y"},"value":[1,"2"]}])")),
                             false, {"pod"});
  REQUIRE(same.samples.size() == 1);
  CHECK_THAT(same.samples[0].second.error, Contains("{pod=\"b\",job=\"x\"} and {pod=\"b\",job=\"y\"}"));
  CHECK_THAT(read_prometheus_answer(answered(success("scalar", R"([1,"3"])")), false, by).error, Contains("no labels"));

  const auto range =
      read_prometheus_answer(answered(success("matrix", R"([{"metric":{"pod":"a"},"values":[[1,"1"],[2,"2"]]},
                                     {"metric":{"pod":"b"},"values":[[2,"3"]]}])")),
                             true, {"pod"});
  REQUIRE(range.samples.size() == 2);
  CHECK(range.samples[0].second.series.size() == 1);
  CHECK(range.samples[1].second.series.size() == 2);
}

TEST_CASE("each series becomes a value of the metric's kind") {
  Metric metric;
  metric.name = "latency";
  metric.kind = ValueKind::Duration;
  metric.scale = 1e9;
  metric.by = {"pod"};
  Sample sample;
  sample.status = ReadingStatus::Value;
  sample.series = {{"a", 0.25, {}}, {"b", std::nan(""), {}}};
  const auto read = reading(metric, sample);
  REQUIRE(read.series.size() == 2);
  CHECK(read.series[0].value == Value::duration(250'000'000));
  CHECK(std::isnan(read.series[1].value.as_double()));
  metric.kind = ValueKind::Enum;
  metric.labels = {"closed"};
  metric.label_values = {Value::number(0)};
  CHECK_THAT(reading(metric, sample).series[0].value.as_string(), Contains("none of the labels"));
}

TEST_CASE("what the server complains about is passed on, made fit to be shown") {
  const auto bad = read_prometheus_answer(
      answered(R"({"status":"error","errorType":"bad_data","error":"1:4: parse error:\n unexpected \u001b[2J"})", 400),
      false);
  CHECK(bad.error == "bad_data: 1:4: parse error:\\n unexpected \\x1b[2J");
  CHECK_THAT(read_prometheus_answer(answered("<html>Bad Gateway</html>", 502), false).error, Contains("answered 502"));
  CHECK_THAT(read_prometheus_answer(answered("{\"a\":1}"), false).error, Contains("not that of a Prometheus server"));
  CHECK_THAT(read_prometheus_answer(answered(success("matrix", R"([{"metric":{},"values":[[1,"1"]]}])")), false).error,
             Contains("range of samples"));
  CHECK_THAT(read_prometheus_answer(answered(success("string", R"([1,"x"])")), false).error,
             Contains("a string, not a number"));
  const auto warned = read_prometheus_answer(
      answered(R"({"status":"success","warnings":["slow remote"],"data":{"resultType":"vector","result":[]}})"), false);
  CHECK(warned.warnings == std::vector<std::string>{"slow remote"});
}

TEST_CASE("no answer of a server, however broken, is taken for a number") {
  const std::string whole = success("vector", R"([{"metric":{"pod":"b"},"value":[1700000000.5,"0.25"]}])");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto cut = read_prometheus_answer(answered(whole.substr(0, length)), false);
    CHECK_FALSE(cut.error.empty());
    CHECK(cut.samples.empty());
  }
  for (const char* result : {"7", "[7]", "[[1]]", R"([{"value":7}])", R"([{"value":[1]}])", R"([{"value":[1,2]}])",
                             R"([{"value":[1,"x"]}])"}) {
    const auto odd = read_prometheus_answer(answered(success("vector", result)), false);
    CHECK(odd.samples.empty());
  }
}

TEST_CASE("plain selectors are told from expressions") {
  for (const char* plain : {"up", "up{}", " job:errors:ratio ", "up{job=\"a}b\",x='{'}", "{__name__=\"up\"}"})
    CHECK(is_plain_selector(plain));
  for (const char* other : {"", "rate(up[5m])", "up offset 5m", "up > 1", "1", "up[5m]", "up{a=\"b\"} + up{c=\"d\"}",
                            "sum(up)", "up @ 5"}) {
    INFO(other);
    CHECK_FALSE(is_plain_selector(other));
  }
}

TEST_CASE("a question to Prometheus names time, look-back and time limit") {
  CHECK(prometheus_form({"a+b", 1'500 * kMillisecond, 1'500 * kMillisecond, 0, 60 * kSecond, 5 * kSecond}) ==
        "query=a%2Bb&time=1.500&timeout=5.000&lookback_delta=60.000");
  CHECK(prometheus_form({"up", kSecond, 3 * kSecond, kSecond, 0, 0}) == "query=up&start=1.000&end=3.000&step=1.000");
}

TEST_CASE("a number is found in JSON by its pointer, or stands alone") {
  CHECK(*number_in(R"({"a":{"b/c":[1,2.5]}})", "/a/b~1c/1").number == 2.5);
  CHECK(number_in(R"({"a":"7"})", "/a").text == "7");
  CHECK(*number_in(R"([{"d~e":3}])", "/0/d~0e").number == 3);
  CHECK(*number_in(R"({"a":true})", "/a").number == 1);
  CHECK(*number_in(" 42\n", "").number == 42);
  CHECK(std::isnan(*number_in("NaN", "").number));
  CHECK(number_in("degraded", "").text == "degraded");
  CHECK(number_in("", "").status == ReadingStatus::NoData);
  CHECK(number_in(R"({"a":null})", "/a").status == ReadingStatus::NoData);
  CHECK(number_in(R"({"a":1})", "/b/c").status == ReadingStatus::NoData);
  CHECK(number_in(R"({"a":[]})", "/a").status == ReadingStatus::Error);
  CHECK(number_in("text", "/a").status == ReadingStatus::Error);
  CHECK(number_in("{}", "a").status == ReadingStatus::Error);
  CHECK(number_in("first\nsecond", "").status == ReadingStatus::Error);
}

TEST_CASE("identical questions share one poll") {
  MetricsWorld world;
  HttpServer server(
      world.io, [](const std::string&, const std::string&) { return HttpServer::answer("200 OK", "{\"load\": 0.5}"); });
  const auto source =
      number_source(MetricProvider::HttpNumber, {{"url", Value::string(server.url())}, {"at", Value::string("/load")}});
  const auto slot = world.now();
  const auto samples = world.read(source, {slot}, 3);
  CHECK(*samples.at(slot).number == 0.5);
  CHECK(server.requests() == 1);
  server.stop();
}

TEST_CASE("a source without a past says so") {
  MetricsWorld world;
  const auto now = world.now();
  const auto source = number_source(MetricProvider::CommandNumber,
                                    {{"command", Value::list({Value::string("echo"), Value::string("7")})}});
  const auto samples = world.read(source, {now - 100 * kSecond, now - 16 * kSecond, now});
  CHECK(samples.at(now - 100 * kSecond).status == ReadingStatus::NoPast);
  CHECK(samples.at(now - 16 * kSecond).status == ReadingStatus::NoPast);
  CHECK(*samples.at(now).number == 7);
}

TEST_CASE("a source that fails says how") {
  MetricsWorld world;
  HttpServer server(world.io,
                    [](const std::string&, const std::string&) { return HttpServer::answer("503 Busy", "7"); });
  const auto error_of = [&](const Source& source) {
    const auto slot = world.now();
    const auto sample = world.read(source, {slot}, 1, kSecond / 4).at(slot);
    CHECK(sample.status == ReadingStatus::Error);
    return sample.error;
  };
  const auto command = [](const std::string& script) {
    return number_source(MetricProvider::CommandNumber,
                         {{"command", Value::list({Value::string("sh"), Value::string("-c"), Value::string(script)})}});
  };
  CHECK(error_of(number_source(MetricProvider::HttpNumber, {{"url", Value::string(server.url())}})) ==
        "the server answered 503");
  CHECK_THAT(error_of(number_source(MetricProvider::Prometheus, {{"query", Value::string("up")}})),
             Contains("cannot reach `http://127.0.0.1:1/api/v1/query`"));
  CHECK(error_of(command("echo 7; echo broken >&2; exit 2")) == "the command failed: exit status 2: broken");
  CHECK_THAT(error_of(command("sleep 5")), Contains("not finished within"));
  CHECK_THAT(error_of(number_source(MetricProvider::None, {})), Contains("no source"));
  server.stop();
}

TEST_CASE("many missed slots in even steps are one range query, few are single ones") {
  MetricsWorld world;
  std::vector<std::string> paths;
  HttpServer server(world.io, [&](const std::string& head, const std::string&) {
    paths.push_back(head.substr(0, head.find(" HTTP")));
    return HttpServer::answer("200 OK", paths.back().find("range") != std::string::npos
                                            ? success("matrix", R"([{"metric":{},"values":[[1000,"1"],[1030,"3"]]}])")
                                            : success("vector", R"([{"metric":{},"value":[1000,"1"]}])"));
  });
  const auto source = number_source(MetricProvider::Prometheus,
                                    {{"query", Value::string("rate(x[1m])")}, {"url", Value::string(server.url())}});
  std::vector<Nanoseconds> slots;
  slots.reserve(30);
  for (int index = 0; index < 30; ++index) slots.push_back((1'000 + index * 15) * kSecond + 7);
  const auto samples = world.read(source, slots);
  CHECK(paths == std::vector<std::string>{"POST /api/v1/query_range"});
  CHECK(*samples.at(slots[0]).number == 1);
  CHECK(samples.at(slots[1]).status == ReadingStatus::NoData);
  CHECK(*samples.at(slots[2]).number == 3);
  paths.clear();
  world.read(source, {slots[0], slots[1]});
  CHECK(paths == std::vector<std::string>{"POST /api/v1/query", "POST /api/v1/query"});
  server.stop();
}
