#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/read.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/engine/http_server.hpp"
#include "tests/unit/engine/metrics_world.hpp"

// Against a real Prometheus on a loopback port, where one is installed.

using namespace rollout::metrics;
using namespace rollout::executors;
using Catch::Matchers::Contains;
using rollout::plan::kSecond;
using rollout::plan::MetricProvider;
using rollout::plan::Nanoseconds;
using rollout::plan::Value;

namespace {

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

int free_port(boost::asio::io_context& io) {
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  return acceptor.local_endpoint().port();
}

// A server with a folder of its own, ended with the test.
class PrometheusServer {
 public:
  PrometheusServer(MetricsWorld& world, const std::string& scrape_configs, const std::string& samples) : world_(world) {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollout-prometheus-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::ofstream(folder_ / "prometheus.yml")
        << "global: {scrape_interval: 1s}\nscrape_configs: [" << scrape_configs << "]\n";
    if (!samples.empty()) {
      std::ofstream(folder_ / "samples.txt") << samples;
      const std::string command = "promtool tsdb create-blocks-from openmetrics " + (folder_ / "samples.txt").string() +
                                  " " + (folder_ / "data").string() + " >/dev/null";
      REQUIRE(std::system(command.c_str()) == 0);
    }
    port_ = free_port(world.io);
    start();
  }
  ~PrometheusServer() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void stop() {
    world_.processes.cancel(process_);
    while (world_.processes.running() > 0 && world_.io.run_one() > 0) continue;
    world_.io.restart();
  }

 private:
  void start() {
    ProcessRequest request;
    request.command = {"prometheus", "--config.file=" + (folder_ / "prometheus.yml").string(),
                       "--storage.tsdb.path=" + (folder_ / "data").string(),
                       "--web.listen-address=127.0.0.1:" + std::to_string(port_), "--log.level=warn"};
    request.timeout = 60 * kSecond;
    request.grace = kSecond;
    process_ = world_.processes.start(request, [](const ProcessResult&) {}).id;
    for (int attempt = 0; attempt < 100; ++attempt) {
      bool ready = false, done = false;
      HttpRequest question;
      question.url = url() + "/-/ready";
      world_.http.start(question, [&](const HttpResult& result) {
        ready = result.status == 200;
        done = true;
      });
      while (!done) world_.io.run_one();
      if (ready) return;
      world_.io.run_for(std::chrono::milliseconds(50));
    }
    FAIL("prometheus did not start");
  }

  MetricsWorld& world_;
  std::filesystem::path folder_;
  int port_ = 0;
  ProcessRunner::Id process_ = 0;
};

Source query(const PrometheusServer& server, const std::string& text) {
  return number_source(MetricProvider::Prometheus,
                       {{"query", Value::string(text)}, {"url", Value::string(server.url())}});
}

// An hour of `load` (the sample's index, each 15 s, none in the second half hour but the last five minutes), and of two
// pods.
std::string an_hour_of_samples(std::int64_t start) {
  std::string text = "# TYPE load gauge\n";
  for (int index = 0; index < 240; ++index) {
    if (index < 120 || index >= 220)
      text += "load " + std::to_string(index) + " " + std::to_string(start + index * 15) + "\n";
  }
  text += "# TYPE pods gauge\n";
  for (const char* pod : {"a", "b"}) {
    for (int index = 0; index < 240; ++index) {
      text += std::string("pods{pod=\"") + pod + "\"} 1 " + std::to_string(start + index * 15) + "\n";
    }
  }
  return text + "# EOF\n";
}

}  // namespace

TEST_CASE("a real Prometheus answers for now and for the past") {
  if (!installed("prometheus") || !installed("promtool")) {
    WARN("prometheus is not installed");
    return;
  }
  MetricsWorld world;
  const std::int64_t start = (world.now() / kSecond - 3 * 3'600) / 3'600 * 3'600;
  const auto at = [&](int index) { return (start + index * 15) * kSecond; };
  PrometheusServer server(world, "", an_hour_of_samples(start));
  const auto one = [&](const std::string& text, Nanoseconds slot) {
    return world.read(query(server, text), {slot}).at(slot);
  };

  const auto past = one("load", at(7) + 5 * kSecond);
  CHECK(*past.number == 7);
  CHECK(past.sampled_at == at(7));
  CHECK(*one("load * 2", at(7)).number == 14);
  CHECK_FALSE(one("load * 2", at(7)).sampled_at);
  CHECK(one("load", at(500)).status == ReadingStatus::NoData);
  CHECK(one("nonsense", at(7)).status == ReadingStatus::NoData);
  CHECK(*one("scalar(load)", at(7)).number == 7);
  CHECK(std::isnan(*one("load / 0 * 0", at(7)).number));

  const auto several = one("pods", at(7));
  CHECK(several.status == ReadingStatus::Error);
  CHECK_THAT(several.error, Contains("2 series") && Contains("pod=\"a\""));
  CHECK(*one("sum(pods)", at(7)).number == 2);

  Source grouped = query(server, "pods");
  grouped.by = {"pod"};
  const auto pods = world.read(grouped, {at(7) + 5 * kSecond}).at(at(7) + 5 * kSecond);
  REQUIRE(pods.series.size() == 2);
  CHECK(pods.series[0] == rollout::metrics::SeriesSample{"a", 1, at(7)});
  CHECK(pods.series[1].name == "b");
  std::vector<Nanoseconds> hour;
  for (int index = 0; index < 200; ++index) hour.push_back(at(index));
  for (const auto& [slot, sample] : world.read(grouped, hour)) CHECK(sample.series.size() == 2);

  const auto bad = one("load{", at(7));
  CHECK(bad.status == ReadingStatus::Error);
  CHECK_THAT(bad.error, Contains("bad_data") && Contains("parse error"));
  CHECK_THAT(one("load[5m]", at(7)).error, Contains("range of samples"));

  std::vector<Nanoseconds> slots;
  for (int index = 60; index < 180; ++index) slots.push_back(at(index));
  for (const std::string text : {"load", "load + 0"}) {
    const auto many = world.read(query(server, text), slots);
    for (int index = 60; index < 120; ++index) CHECK(*many.at(at(index)).number == index);
    CHECK(many.at(at(179)).status == ReadingStatus::NoData);
    // Looked back at by the server, up to its five minutes: the sample's own time tells that it is old.
    if (text == "load") CHECK(many.at(at(130)).sampled_at == at(119));
  }
  server.stop();
  CHECK(one("load", at(7)).status == ReadingStatus::Error);
}

TEST_CASE("a crashed target is no data for its series and zero for `up`") {
  if (!installed("prometheus")) {
    WARN("prometheus is not installed");
    return;
  }
  MetricsWorld world;
  HttpServer exporter(world.io, [](const std::string&, const std::string&) {
    return HttpServer::answer("200 OK", "# TYPE errors gauge\nerrors 0.5\n",
                              "Content-Type: text/plain; version=0.0.4\r\n");
  });
  const std::string target = exporter.url("").substr(7);
  PrometheusServer server(world, "{job_name: service, static_configs: [{targets: ['" + target + "']}]}", "");
  const auto now = [&](const std::string& text) {
    const auto slot = world.now();
    return world.read(query(server, text), {slot}).at(slot);
  };
  const auto wait_for = [&](const auto& reached) {
    for (int attempt = 0; attempt < 80 && !reached(); ++attempt)
      world.io.run_for(std::chrono::milliseconds(200)), world.io.restart();
    CHECK(reached());
  };
  wait_for([&] { return now("errors").number == 0.5; });
  const auto sample = now("errors");
  REQUIRE(sample.sampled_at);
  CHECK(std::abs(world.now() - *sample.sampled_at) < 5 * kSecond);
  exporter.stop();
  wait_for([&] { return now("up").number == 0.0; });
  wait_for([&] { return now("errors").status == ReadingStatus::NoData; });
}
