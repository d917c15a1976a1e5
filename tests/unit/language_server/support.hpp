// What the language server's tests share: a client that is a value, and texts with a mark for the cursor.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "editor-support/language-server/server.hpp"
#include "tests/support/golden.hpp"

namespace rollout::language_server::test {

using rollout::test::read_text;

namespace json = boost::json;

// A text and the offset of the first `|` in it, which is taken out.
struct Marked {
  std::string text;
  std::uint32_t offset = 0;
};
inline Marked marked(std::string text) {
  const auto at = text.find('|');
  text.erase(at, 1);
  return {std::move(text), static_cast<std::uint32_t>(at)};
}

// A server that has been told what a modern editor can do, without a folder for pages.
class Client {
 public:
  explicit Client(std::string_view encoding = "utf-16", bool pulls = false) : server_("") {
    json::object published{{"relatedInformation", true}, {"dataSupport", true}, {"versionSupport", true}};
    published["tagSupport"] = {{"valueSet", json::array{1}}};
    json::object document{{"publishDiagnostics", std::move(published)}};
    if (pulls) document["diagnostic"] = json::object();
    json::object capabilities{{"textDocument", std::move(document)}};
    capabilities["general"] = {{"positionEncodings", json::array{json::value(encoding)}}};
    request("initialize", json::object{{"capabilities", std::move(capabilities)}});
    notify("initialized", json::object());
  }

  Server& server() { return server_; }

  json::value request(std::string_view method, json::value params) {
    const int id = next_id_++;
    server_.receive(protocol::request_text(id, method, std::move(params)));
    while (server_.has_work()) server_.work();
    json::value answer;
    for (const std::string& text : server_.take_output()) {
      json::value message = json::parse(text);
      if (message.as_object().contains("id") && message.at("id") == id) answer = std::move(message);
    }
    return answer;
  }
  // The result; null where the answer is an error.
  json::value result(std::string_view method, json::value params) {
    return protocol::member(request(method, std::move(params)), "result");
  }
  void notify(std::string_view method, json::value params) {
    server_.receive(protocol::notification_text(method, std::move(params)));
    while (server_.has_work()) server_.work();
  }
  void open(const std::string& path, const std::string& text, int version = 1) {
    json::object document{{"uri", "file://" + path}, {"languageId", "rollout"}, {"version", version}, {"text", text}};
    notify("textDocument/didOpen", json::object{{"textDocument", std::move(document)}});
  }
  void change(const std::string& path, int version, json::array changes) {
    json::object document{{"uri", "file://" + path}, {"version", version}};
    notify("textDocument/didChange",
           json::object{{"textDocument", std::move(document)}, {"contentChanges", std::move(changes)}});
  }
  // The messages that publish diagnostics now.
  std::vector<json::value> published() {
    server_.publish_diagnostics();
    std::vector<json::value> messages;
    for (const std::string& text : server_.take_output()) {
      json::value message = json::parse(text);
      if (protocol::text_member(message, "method") == "textDocument/publishDiagnostics") {
        messages.push_back(message.at("params"));
      }
    }
    return messages;
  }

 private:
  Server server_;
  int next_id_ = 1;
};

inline json::object about(const std::string& path) {
  return {{"textDocument", {{"uri", "file://" + path}}}};
}
inline json::object about(const std::string& path, std::uint32_t line, std::uint32_t character) {
  json::object params = about(path);
  params["position"] = {{"line", line}, {"character", character}};
  return params;
}

}  // namespace rollout::language_server::test
