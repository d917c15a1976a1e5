// JSON-RPC 2.0 as the language server protocol uses it: one message a frame, no batches.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace rollout::language_server::protocol {

namespace json = boost::json;

enum class ErrorCode : int {
  ParseError = -32700,
  InvalidRequest = -32600,
  MethodNotFound = -32601,
  InvalidParams = -32602,
  InternalError = -32603,
  ServerNotInitialized = -32002,
  RequestFailed = -32803,
  RequestCancelled = -32800,
};

// What answers a request in place of a result.
struct Failure {
  ErrorCode code{};
  std::string message;  // for people
};

enum class MessageKind { Request, Notification, Response };

struct Message {
  MessageKind kind{};
  json::value id;  // a number or a string; null for a notification
  std::string method;
  json::value params;  // an object or an array; null where there are none
};

// A message that is none: its id as far as it could be read.
struct BadMessage {
  json::value id;
  Failure failure;
};

std::variant<Message, BadMessage> read_message(std::string_view body);

std::string response_text(const json::value& id, json::value result);
std::string failure_text(const json::value& id, const Failure& failure);
std::string notification_text(std::string_view method, json::value params);
// A request of the server's own.
std::string request_text(std::int64_t id, std::string_view method, json::value params);

// Members of params, gently: what is missing or of another type gives the null value, the empty text, the fallback.
const json::value& member(const json::value& value, std::string_view name);
std::string_view text_member(const json::value& value, std::string_view name);
std::int64_t number_member(const json::value& value, std::string_view name, std::int64_t fallback = 0);
bool flag_member(const json::value& value, std::string_view name);
// One after the other: `at(params, "capabilities", "textDocument")`.
template <typename... Names>
const json::value& at(const json::value& value, Names... names) {
  const json::value* found = &value;
  ((found = &member(*found, names)), ...);
  return *found;
}

}  // namespace rollout::language_server::protocol
