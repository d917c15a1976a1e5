// language_server: any bytes from a client are cut into frames, read and answered; what comes back is JSON
#include <fmt/format.h>

#include <boost/json.hpp>

#include "editor-support/language-server/protocol/frames.hpp"
#include "editor-support/language-server/server.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

using namespace language_server;

constexpr std::size_t kMostMessages = 20;
constexpr std::size_t kMostBytes = 1u << 16;

std::string request(std::string_view method, std::uint32_t line, std::uint32_t character) {
  boost::json::object params{{"textDocument", {{"uri", "file:///fuzz.rollout"}}}, {"newName", "other"}};
  params["position"] = {{"line", line}, {"character", character}};
  params["range"] = {{"start", {{"line", 0}, {"character", 0}}}, {"end", {{"line", line}, {"character", character}}}};
  return protocol::framed(protocol::request_text(2, method, std::move(params)));
}

}  // namespace

void test_one(std::string_view bytes) {
  protocol::FrameReader reader(kMostBytes);
  Server server("");
  reader.feed(bytes);
  for (std::size_t count = 0; count < kMostMessages; ++count) {
    const auto frame = reader.next();
    if (!frame) break;
    if (frame->error.empty()) {
      server.receive(frame->body);
    } else {
      server.receive_garbage(frame->error);
    }
  }
  while (server.has_work()) server.work();
  if (server.owes_diagnostics()) server.publish_diagnostics();
  for (const std::string& message : server.take_output()) {
    boost::json::error_code error;
    static_cast<void>(boost::json::parse(message, error));
    if (error) broken("an answer is no JSON: " + message);
  }
}

std::vector<std::string> built_in_seeds() {
  std::vector<std::string> seeds;
  const std::string text =
      "use std.prometheus\nmetric p95: duration = prometheus.query(\"x\") unit s\n"
      "rollout shop {\n  when p95 > 1s for 5m then rollback\n  hold 10m\n}\n";
  const std::string head = protocol::framed(protocol::request_text(1, "initialize", {{"capabilities", {{"a", 1}}}}));
  boost::json::object document{{"uri", "file:///fuzz.rollout"}, {"version", 1}, {"text", text}};
  const std::string open = protocol::framed(
      protocol::notification_text("textDocument/didOpen", boost::json::object{{"textDocument", std::move(document)}}));
  for (const std::string_view method : {"hover", "completion", "rename", "references", "codeAction", "rangeFormatting",
                                        "documentSymbol", "diagnostic"}) {
    seeds.push_back(head + open + request(fmt::format("textDocument/{}", method), 3, 8));
  }
  return seeds;
}

}  // namespace rollout::fuzz
