#include "editor-support/language-server/protocol/json_rpc.hpp"

#include <boost/json.hpp>

namespace rollout::language_server::protocol {
namespace {

constexpr std::size_t kMostDepth = 128;

bool is_id(const json::value& value) {
  return value.is_string() || value.is_int64() || value.is_uint64() || value.is_double();
}

std::string text_of(const json::object& message) {
  return json::serialize(message);
}

}  // namespace

std::variant<Message, BadMessage> read_message(std::string_view body) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kMostDepth;
  const json::value value = json::parse(body, error, {}, options);
  if (error) return BadMessage{nullptr, {ErrorCode::ParseError, "this is no JSON: " + error.message()}};
  const json::value& id = member(value, "id");
  const auto bad = [&](std::string message) {
    return BadMessage{is_id(id) ? id : json::value(), {ErrorCode::InvalidRequest, std::move(message)}};
  };
  if (!value.is_object()) return bad("a message is an object; batches are not part of the protocol");
  if (text_member(value, "jsonrpc") != "2.0") return bad("a message says `\"jsonrpc\": \"2.0\"`");
  const json::object& object = value.as_object();
  const json::value& params = member(value, "params");
  if (!object.contains("method")) {
    if (!object.contains("result") && !object.contains("error")) return bad("a request has a `method`");
    return Message{MessageKind::Response, id, {}, {}};
  }
  if (!member(value, "method").is_string()) return bad("`method` is a text");
  if (!params.is_null() && !params.is_object() && !params.is_array()) return bad("`params` is an object or an array");
  if (object.contains("id") && !is_id(id)) return bad("`id` is a number or a text");
  return Message{object.contains("id") ? MessageKind::Request : MessageKind::Notification, id,
                 std::string(text_member(value, "method")), params};
}

std::string response_text(const json::value& id, json::value result) {
  return text_of({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

std::string failure_text(const json::value& id, const Failure& failure) {
  json::object error{{"code", static_cast<int>(failure.code)}, {"message", failure.message}};
  return text_of({{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(error)}});
}

std::string notification_text(std::string_view method, json::value params) {
  return text_of({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

std::string request_text(std::int64_t id, std::string_view method, json::value params) {
  return text_of({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
}

const json::value& member(const json::value& value, std::string_view name) {
  static const json::value kNull;
  const json::object* object = value.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? kNull : *found;
}

std::string_view text_member(const json::value& value, std::string_view name) {
  const json::string* text = member(value, name).if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::int64_t number_member(const json::value& value, std::string_view name, std::int64_t fallback) {
  json::error_code error;
  const json::value& found = member(value, name);
  if (!found.is_number()) return fallback;
  const auto number = found.to_number<std::int64_t>(error);
  return error ? fallback : number;
}

bool flag_member(const json::value& value, std::string_view name) {
  const bool* flag = member(value, name).if_bool();
  return flag != nullptr && *flag;
}

}  // namespace rollout::language_server::protocol
