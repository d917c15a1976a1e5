#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/read.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "runtime/executors/http_client.hpp"
#include "runtime/executors/http_effect.hpp"
#include "tests/unit/engine/http_server.hpp"

using namespace rollout::executors;
using Catch::Matchers::Contains;
using rollout::machine::EffectStatus;
using rollout::plan::Value;

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

HttpResult exchange(const HttpServer::Handler& handler, HttpRequest request, const std::string& path = "/",
                    Nanoseconds cancel_after = 0) {
  boost::asio::io_context io;
  const auto scheduler = rollout::engine::make_real_scheduler(io);
  HttpServer server(io, handler);
  CurlHttpClient client(io, *scheduler);
  std::optional<HttpResult> result;
  if (request.url.empty()) request.url = server.url(path);
  const auto id = client.start(std::move(request), [&](HttpResult ended) {
    result = std::move(ended);
    server.stop();
  });
  CHECK_FALSE(result);
  if (cancel_after > 0) scheduler->at(scheduler->now() + cancel_after, [&] { client.cancel(id); });
  io.run_for(std::chrono::seconds(10));
  REQUIRE(result);
  return std::move(*result);
}

HttpServer::Handler always(const std::string& answer) {
  return [answer](const std::string&, const std::string&) { return answer; };
}

rollout::machine::EffectDone outcome(const HttpResult& result, const std::string& method = "GET") {
  rollout::machine::StartEffect effect;
  effect.arguments = {{"method", Value::string(method)}};
  return http_outcome(effect, result, Masker{});
}

}  // namespace

TEST_CASE("a get gives status, headers, text, json and elapsed") {
  const auto result = exchange(always(HttpServer::answer("200 OK", "{\"ok\": true}", "X-One: a\r\nX-One: b\r\n")), {});
  CHECK(result.end == HttpEnd::Answered);
  const auto done = outcome(result);
  CHECK(done.status == EffectStatus::Succeeded);
  CHECK(done.result.find("status")->as_double() == 200);
  CHECK(done.result.find("headers")->find("x-one")->as_string() == "a, b");
  CHECK(done.result.find("text")->as_string() == "{\"ok\": true}");
  CHECK(done.result.find("json")->find("ok")->as_bool());
  CHECK(done.result.find("elapsed")->as_integer() > 0);
}

TEST_CASE("a status of 400 and above is judged by who reads, and fails who changes") {
  const auto result = exchange(always(HttpServer::answer("503 Busy", "try\x1b[2J later")), {});
  CHECK(outcome(result).status == EffectStatus::Succeeded);
  CHECK(outcome(result).result.find("status")->as_double() == 503);
  const auto post = outcome(result, "post");
  CHECK(post.status == EffectStatus::Failed);
  CHECK(post.error == "answered 503: try\\x1b[2J later");
  CHECK(post.result.find("text")->as_string() == "try\x1b[2J later");
}

TEST_CASE("method, headers, key and body arrive as they were given") {
  std::string head, body;
  HttpRequest request;
  request.method = "PATCH";
  request.headers = {{"Idempotency-Key", "r1/canary/1"}, {"X-Empty", ""}, {"Content-Type", "application/json"}};
  request.body = "{\"replicas\": 3}";
  const auto result = exchange(
      [&](const std::string& h, const std::string& b) {
        head = h;
        body = b;
        return HttpServer::answer("204 No Content", "");
      },
      request, "/scale?n=3");
  CHECK(result.status == 204);
  CHECK_THAT(head, Contains("PATCH /scale?n=3 HTTP/1.1") && Contains("Idempotency-Key: r1/canary/1\r\n") &&
                       Contains("X-Empty:") && Contains("User-Agent: rollout/") && !Contains("Expect"));
  CHECK(body == request.body);
}

TEST_CASE("who refuses the connection got nothing") {
  HttpRequest request;
  request.url = "http://user:hidden@127.0.0.1:1/path?token=hidden";
  const auto result = exchange(always(""), request);
  CHECK(result.end == HttpEnd::NotSent);
  CHECK_THAT(result.error, Contains("cannot reach `http://127.0.0.1:1/path`") && !Contains("hidden"));
  CHECK(outcome(result).status == EffectStatus::NotStarted);
  request.secret_url = true;
  CHECK(exchange(always(""), request).error == "cannot reach `***`: Couldn't connect to server");
}

TEST_CASE("only http and https, and no smuggled lines") {
  const auto error_of = [](const std::string& url, const std::string& header) {
    HttpRequest request;
    request.url = url;
    if (!header.empty()) request.headers = {{"X-A", header}};
    const auto result = exchange(always(""), request);
    CHECK(result.end == HttpEnd::NotSent);
    return result.error;
  };
  CHECK_THAT(error_of("file:///etc/passwd", ""), Contains("not an http or https address"));
  CHECK_THAT(error_of("http://127.0.0.1/\r\nX: y", ""), Contains("line break"));
  CHECK_THAT(error_of("http://127.0.0.1/", "a\r\nX-B: c"), Contains("header `X-A` holds a line break"));
}

TEST_CASE("redirects are answers, not followed") {
  const auto result = exchange(always(HttpServer::answer("302 Found", "", "Location: http://127.0.0.1:1/\r\n")), {});
  CHECK(result.status == 302);
}

TEST_CASE("an answer that does not come in time is a time-out") {
  HttpRequest request;
  request.timeout = kSecond / 5;
  const auto result = exchange(always(""), request);
  CHECK(result.end == HttpEnd::TimedOut);
  CHECK_THAT(result.error, Contains("within 200ms"));
  CHECK(outcome(result).status == EffectStatus::TimedOut);
}

TEST_CASE("a request can be cancelled") {
  CHECK(exchange(always(""), {}, "/", kSecond / 10).end == HttpEnd::Cancelled);
}

TEST_CASE("a broken answer is a failure, not a request that was never sent") {
  const auto result = exchange(always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), {});
  HttpRequest cut;
  CHECK((result.end == HttpEnd::Failed || result.end == HttpEnd::TimedOut));
}

TEST_CASE("a body beyond the limit is cut, and says so") {
  HttpRequest request;
  request.body_limit = 1'000;
  const auto result = exchange(always(HttpServer::answer("200 OK", std::string(50'000, 'x'))), request);
  CHECK(result.body.size() == 1'000);
  CHECK(result.dropped == 49'000);
  const auto done = outcome(result);
  CHECK_THAT(done.result.find("text")->as_string(), Contains("[... 49000 bytes dropped ...]"));
  CHECK(done.result.find("json")->is_missing());
}

TEST_CASE("many at once, and a client that goes while some are under way") {
  boost::asio::io_context io;
  const auto scheduler = rollout::engine::make_real_scheduler(io);
  HttpServer server(io, always(HttpServer::answer("200 OK", "ok")));
  HttpServer silent(io, always(""));
  int answered = 0;
  {
    CurlHttpClient client(io, *scheduler);
    for (int index = 0; index < 200; ++index) {
      HttpRequest request;
      request.url = server.url();
      client.start(request, [&](const HttpResult& result) {
        answered += result.status == 200 ? 1 : 0;
        if (answered == 200) io.stop();
      });
    }
    HttpRequest forever;
    forever.url = silent.url();
    client.start(forever, [&](const HttpResult&) { FAIL("nobody answers"); });
    io.run_for(std::chrono::seconds(20));
    CHECK(answered == 200);
  }
  server.stop();
  silent.stop();
  io.restart();
  io.run_for(std::chrono::milliseconds(50));
}
