#include "runtime/executors/http_effect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/aws_credentials.hpp"
#include "runtime/executors/failure.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plan/builtins.hpp"

namespace rollout::executors {

namespace {

using plan::PlanError;
using plan::Value;
using plan::ValueKind;
using Arguments = std::vector<std::pair<std::string, Value>>;

std::string method_of(const Arguments& arguments) {
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

// The text of an argument, empty where it is not given.
plan::Expected<std::string> text_argument(const Arguments& arguments, std::string_view name, const Secrets& secrets) {
  const Value* value = find_argument(arguments, name);
  if (value == nullptr) return std::string{};
  const auto text = secrets.text_of(*value);
  if (!text) return failure(fmt::format("`{}` cannot be sent: {}", name, text.error().message));
  return *text;
}

// name=value&name=value, encoded, as forms and addresses have it.
plan::Expected<std::string> form_text(const plan::Map& fields, const Secrets& secrets) {
  std::string form;
  for (const auto& [name, value] : fields) {
    const auto text = secrets.text_of(value);
    if (!text) return failure(fmt::format("`{}` cannot be sent: {}", printable(name, 80), text.error().message));
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", plan::url_encoded(name), plan::url_encoded(*text));
  }
  return form;
}

// The document with every secret's value in place of its reference.
plan::Expected<Value> with_secrets(const Value& document, const Secrets& secrets) {
  switch (document.kind()) {
    case ValueKind::Secret: {
      auto text = secrets.resolve(document.as_secret());
      if (!text) return text.error();
      return Value::string(std::move(*text));
    }
    case ValueKind::List: {
      plan::List list;
      for (const Value& element : document.as_list()) {
        auto value = with_secrets(element, secrets);
        if (!value) return value;
        list.push_back(std::move(*value));
      }
      return Value::list(std::move(list));
    }
    case ValueKind::Map: {
      plan::Map map;
      for (const auto& [name, element] : document.as_map()) {
        auto value = with_secrets(element, secrets);
        if (!value) return value;
        map.emplace_back(name, std::move(*value));
      }
      return Value::map(std::move(map));
    }
    default: return document;
  }
}

std::optional<PlanError> add_query(const Arguments& arguments, const Secrets& secrets, HttpRequest& request) {
  const Value* query = find_argument(arguments, "query");
  // Of a Prometheus metric `query` is its question, a text.
  if (query == nullptr || query->kind() != ValueKind::Map || query->as_map().empty()) return std::nullopt;
  const auto form = form_text(query->as_map(), secrets);
  if (!form) return form.error();
  request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + *form;
  return std::nullopt;
}

std::optional<PlanError> add_signature(const Value& how, const Secrets& secrets, HttpRequest& request) {
  const Arguments& parts = how.as_map();
  constexpr std::string_view kParts[] = {"region", "service", "access_key", "secret_key", "session_token"};
  std::vector<std::string> texts;
  for (const std::string_view part : kParts) {
    auto text = text_argument(parts, part, secrets);
    if (!text) return failure(fmt::format("the request cannot be signed for AWS: {}", text.error().message));
    texts.push_back(std::move(*text));
  }
  if (texts[2].empty() && texts[3].empty()) {
    const auto own = secrets.aws_credentials();
    if (!own) return failure(fmt::format("the request cannot be signed for AWS: {}", own.error().message));
    texts[2] = own->access_key;
    texts[3] = own->secret_key;
    if (texts[4].empty()) texts[4] = own->session_token;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    if (texts[i].empty())
      return failure(fmt::format("the request cannot be signed for AWS: `aws:` lacks `{}`", kParts[i]));
  }
  for (const auto& [name, value] : parts) {
    if (std::ranges::find(kParts, name) == std::end(kParts))
      return failure(
          fmt::format("`aws:` has no part `{}`: it takes region, service, access_key, secret_key and "
                      "session_token",
                      printable(name, 80)));
  }
  for (const std::string& name : {texts[0], texts[1]}) {
    if (name.find_first_of(std::string_view(":/ \r\n\0", 6)) != std::string::npos)
      return failure(fmt::format("`{}` is no region or service of AWS", printable(name, 80)));
  }
  request.signing = fmt::format("aws:amz:{}:{}", texts[0], texts[1]);
  request.user = texts[2];
  request.password = texts[3];
  if (!texts[4].empty()) request.headers.emplace_back("X-Amz-Security-Token", texts[4]);
  return std::nullopt;
}

std::optional<PlanError> add_authentication(const Arguments& arguments, const Secrets& secrets, HttpRequest& request) {
  const auto user = text_argument(arguments, "user", secrets);
  if (!user) return user.error();
  const auto password = text_argument(arguments, "password", secrets);
  if (!password) return password.error();
  const Value* aws = find_argument(arguments, "aws");
  const bool by_password = !user->empty() || !password->empty();
  if (find_argument(arguments, "bearer") != nullptr && (by_password || aws != nullptr))
    return failure("a request is authenticated in one way: by `bearer`, by `user` and `password`, or by `aws`");
  if (aws != nullptr && by_password)
    return failure("a request is authenticated in one way: by `user` and `password`, or by `aws`");
  if (by_password && user->find(':') != std::string::npos) return failure("a `user` holds no colon");
  request.user = *user;
  request.password = *password;
  return aws == nullptr ? std::nullopt : add_signature(*aws, secrets, request);
}

std::optional<PlanError> add_headers(const Arguments& arguments, const Secrets& secrets, HttpRequest& request) {
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
    // A module's `token: secret = ""` is none unless somebody gives one.
    if (!text->empty()) request.headers.emplace_back("Authorization", "Bearer " + *text);
  }
  return std::nullopt;
}

// The body and the type that goes with it; nothing where there is none.
plan::Expected<std::optional<std::pair<std::string, std::string_view>>> body_of(const Arguments& arguments,
                                                                                const Secrets& secrets) {
  using Body = std::optional<std::pair<std::string, std::string_view>>;
  const auto text_of = [](const PlanError& error) {
    return failure(fmt::format("the body cannot be sent: {}", error.message));
  };
  if (const Value* json = find_argument(arguments, "json")) {
    const auto document = with_secrets(*json, secrets);
    if (!document) return text_of(document.error());
    return Body({plan::to_json(*document), "application/json"});
  }
  if (const Value* form = find_argument(arguments, "form")) {
    auto text = form_text(form->as_map(), secrets);
    if (!text) return text.error();
    return Body({std::move(*text), "application/x-www-form-urlencoded"});
  }
  if (const Value* body = find_argument(arguments, "body")) {
    auto text = secrets.text_of(*body);
    if (!text) return text_of(text.error());
    return Body({std::move(*text), "text/plain; charset=utf-8"});
  }
  return Body();
}

std::optional<PlanError> add_body(const Arguments& arguments, const Secrets& secrets, HttpRequest& request) {
  const auto count = std::ranges::count_if(std::initializer_list<std::string_view>{"json", "form", "body"},
                                           [&](auto name) { return find_argument(arguments, name) != nullptr; });
  if (count > 1) return failure("a request has one body: `json`, `form` or `body`");
  auto body = body_of(arguments, secrets);
  if (!body) return body.error();
  if (!*body) return std::nullopt;
  request.body = std::move((*body)->first);
  if (!has_header(request.headers, "Content-Type"))
    request.headers.emplace_back("Content-Type", std::string((*body)->second));
  return std::nullopt;
}

Value result_value(const HttpResult& result, const std::string& text, const Masker& masker) {
  plan::Map headers;
  for (const auto& [sent, value] : result.headers) {
    // A server may repeat what it was sent anywhere, also as a name.
    std::string name = masker.apply(sent);
    const auto same =
        std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
    if (same == headers.end()) {
      headers.emplace_back(std::move(name), Value::string(masker.apply(value)));
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

plan::Expected<HttpRequest> http_request(const Arguments& arguments, const std::string& key, const Secrets& secrets) {
  HttpRequest request;
  request.method = method_of(arguments);
  const Value* url = find_argument(arguments, "url");
  if (url == nullptr || url->is_missing()) return failure("the address (`url`) has no value");
  const auto address = secrets.text_of(*url);
  if (!address) return failure(fmt::format("the address (`url`) cannot be used: {}", address.error().message));
  request.url = *address;
  request.secret_url = url->kind() == ValueKind::Secret;
  if (auto wrong = add_query(arguments, secrets, request)) return *wrong;
  if (auto wrong = add_headers(arguments, secrets, request)) return *wrong;
  if (auto wrong = add_authentication(arguments, secrets, request)) return *wrong;
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
