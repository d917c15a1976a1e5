#include "runtime/executors/http_effect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

using plan::PlanError;
using plan::Value;
using plan::ValueKind;

PlanError failure(std::string message) {
  return {std::move(message), 0};
}

std::string method_of(const std::vector<std::pair<std::string, Value>>& arguments) {
  const Value* method = find_argument(arguments, "method");
  if (method == nullptr || method->as_string().empty()) return "GET";
  std::string text = method->as_string();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 'a' + 'A') : byte; });
  return text;
}

bool has_header(const Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return std::equal(header.first.begin(), header.first.end(), name.begin(), name.end(),
                      [](char left, char right) { return (left | 0x20) == (right | 0x20); });
  });
}

std::optional<PlanError> add_headers(const std::vector<std::pair<std::string, Value>>& arguments,
                                     const Secrets& secrets, HttpRequest& request) {
  if (const Value* headers = find_argument(arguments, "headers")) {
    for (const auto& [name, value] : headers->as_map()) {
      const auto text = secrets.text_of(value);
      if (!text)
        return failure(fmt::format("the header `{}` cannot be set: {}", printable(name, 80), text.error().message));
      request.headers.emplace_back(name, *text);
    }
  }
  if (const Value* bearer = find_argument(arguments, "bearer")) {
    const auto text = secrets.text_of(*bearer);
    if (!text) return failure(fmt::format("the bearer token cannot be set: {}", text.error().message));
    request.headers.emplace_back("Authorization", "Bearer " + *text);
  }
  return std::nullopt;
}

std::optional<PlanError> add_body(const std::vector<std::pair<std::string, Value>>& arguments, const Secrets& secrets,
                                  HttpRequest& request) {
  if (const Value* json = find_argument(arguments, "json")) {
    request.body = plan::to_json(*json);
    if (!has_header(request.headers, "Content-Type")) request.headers.emplace_back("Content-Type", "application/json");
  } else if (const Value* body = find_argument(arguments, "body")) {
    const auto text = secrets.text_of(*body);
    if (!text) return failure(fmt::format("the body cannot be sent: {}", text.error().message));
    request.body = *text;
    if (!has_header(request.headers, "Content-Type"))
      request.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  }
  return std::nullopt;
}

Value result_value(const HttpResult& result, const std::string& text, const Masker& masker) {
  plan::Map headers;
  for (const auto& [name, value] : result.headers) {
    const auto same =
        std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
    if (same == headers.end()) {
      headers.emplace_back(name, Value::string(masker.apply(value)));
    } else {
      same->second = Value::string(same->second.as_string() + ", " + masker.apply(value));
    }
  }
  std::optional<Value> json;
  if (result.dropped == 0) json = plan::from_json(trimmed(text));
  plan::Map map;
  map.emplace_back("status", Value::number(result.status));
  map.emplace_back("headers", Value::map(std::move(headers)));
  map.emplace_back("text", Value::string(text));
  map.emplace_back("json", json.value_or(Value::missing("the answer is not JSON")));
  map.emplace_back("elapsed", Value::duration(result.elapsed));
  return Value::map(std::move(map));
}

std::string body_text(const HttpResult& result, const Masker& masker) {
  if (result.dropped == 0) return masker.apply(valid_utf8(result.body));
  return fmt::format("{}\n[... {} bytes dropped ...]", masker.apply_before_cut(valid_utf8(result.body)),
                     result.dropped);
}

}  // namespace

plan::Expected<HttpRequest> http_request(const std::vector<std::pair<std::string, Value>>& arguments,
                                         const std::string& key, const Secrets& secrets) {
  HttpRequest request;
  request.method = method_of(arguments);
  const Value* url = find_argument(arguments, "url");
  if (url == nullptr || url->is_missing()) return failure("the address (`url`) has no value");
  const auto address = secrets.text_of(*url);
  if (!address) return failure(fmt::format("the address (`url`) cannot be used: {}", address.error().message));
  request.url = *address;
  request.secret_url = url->kind() == ValueKind::Secret;
  if (auto wrong = add_headers(arguments, secrets, request)) return *wrong;
  if (auto wrong = add_body(arguments, secrets, request)) return *wrong;
  if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
  return request;
}

machine::EffectDone http_outcome(const machine::StartEffect& effect, const HttpResult& result, const Masker& masker) {
  machine::EffectDone done;
  done.effect = effect.effect;
  done.error = masker.apply(result.error);
  switch (result.end) {
    case HttpEnd::Answered: {
      const std::string text = body_text(result, masker);
      done.result = result_value(result, text, masker);
      const std::string method = method_of(effect.arguments);
      const bool reads = method == "GET" || method == "HEAD";
      done.status = reads || result.status < 400 ? machine::EffectStatus::Succeeded : machine::EffectStatus::Failed;
      if (done.status == machine::EffectStatus::Failed) {
        const std::string words = printable(trimmed(text), 200);
        done.error = words.empty() ? fmt::format("answered {}", result.status)
                                   : fmt::format("answered {}: {}", result.status, words);
      }
      break;
    }
    case HttpEnd::NotSent: done.status = machine::EffectStatus::NotStarted; break;
    case HttpEnd::Failed: done.status = machine::EffectStatus::Failed; break;
    case HttpEnd::TimedOut: done.status = machine::EffectStatus::TimedOut; break;
    case HttpEnd::Cancelled: done.status = machine::EffectStatus::Cancelled; break;
  }
  return done;
}

}  // namespace rollout::executors
