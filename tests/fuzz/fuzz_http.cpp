// http: any bytes that a server may answer, through libcurl: one outcome, bounded, without the secret, fit for the
// journal
#include "runtime/executors/http_effect.hpp"
#include "runtime/plan/value.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/engine/http_server.hpp"

namespace rollout::fuzz {
namespace {

constexpr std::size_t kKept = 4'096;
constexpr plan::Nanoseconds kPatience = 200'000'000;
constexpr std::string_view kSecret = "correct-horse-battery";

// A server and a client on one loop, for all inputs.
class Place {
 public:
  Place()
      : scheduler_(engine::make_real_scheduler(io_)),
        server_(io_, [this](const std::string&, const std::string&) { return answer_; }),
        client_(io_, *scheduler_) {}

  executors::HttpResult ask(std::string_view answer) {
    answer_ = std::string(answer);
    executors::HttpRequest request;
    request.url = server_.url();
    request.timeout = kPatience;
    request.body_limit = kKept;
    int outcomes = 0;
    executors::HttpResult result;
    client_.start(request, [&](executors::HttpResult done) {
      result = std::move(done);
      ++outcomes;
    });
    while (outcomes == 0) io_.run_one();
    io_.poll();
    if (outcomes != 1) broken("a request has several outcomes");
    return result;
  }

 private:
  boost::asio::io_context io_;
  std::unique_ptr<engine::Scheduler> scheduler_;
  std::string answer_;
  HttpServer server_;
  executors::CurlHttpClient client_;
};

}  // namespace

void test_one(std::string_view bytes) {
  if (bytes.empty()) return;
  static Place place;
  const executors::HttpResult result = place.ask(bytes);
  if (result.body.size() > kKept) broken("more of the body is kept than the limit allows");
  if (result.end == executors::HttpEnd::NotSent) broken("a request that was answered counts as never sent");
  executors::Masker masker;
  masker.add(kSecret);
  for (const char* method : {"GET", "POST"}) {
    machine::StartEffect effect;
    effect.arguments = {{"method", plan::Value::string(method)}};
    const machine::EffectDone done = executors::http_outcome(effect, result, masker);
    const std::string stored = plan::to_json(done.result);
    if (!done.result.is_missing() && !plan::from_json(stored)) broken("what is stored cannot be read: " + stored);
    if ((stored + done.error).find(kSecret) != std::string::npos) broken("the secret shows");
    for (const char byte : done.error) {
      if (static_cast<unsigned char>(byte) < 0x20 && byte != '\n') broken("a control character shows: " + done.error);
    }
  }
}

std::vector<std::string> built_in_seeds() {
  return {
      "HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Type: application/json\r\n\r\n{\"name\": [1.5]}",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\nX-Last: 1\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.0 500 Oops\r\nX-A: one\r\nX-A: two\r\n\r\ncorrect-horse-battery\x1b[2J",
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; path=/\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nshort",
  };
}

}  // namespace rollout::fuzz
