#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/executors/http_client.hpp"

namespace rollout::engine::test {

// Answers when it is told to.
class FakeHttp final : public executors::HttpClient {
 public:
  Id start(executors::HttpRequest request, Done done) override {
    requests.push_back(std::move(request));
    waiting.push_back(std::move(done));
    return requests.size();
  }
  void cancel(Id) override {}
  void answer(int status, const std::string& body) {
    executors::HttpResult result;
    result.end = executors::HttpEnd::Answered;
    result.status = status;
    result.body = body;
    const Done done = std::move(waiting.front());
    waiting.erase(waiting.begin());
    done(result);
  }
  std::vector<executors::HttpRequest> requests;
  std::vector<Done> waiting;
};

}  // namespace rollout::engine::test
