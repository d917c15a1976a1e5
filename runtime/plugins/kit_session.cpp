#include "runtime/plugins/kit_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "runtime/executors/text.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins::probes {

namespace json = boost::json;

Observed kept() {
  return {Verdict::Kept, {}};
}

Observed broken(std::string words) {
  return {Verdict::Broken, std::move(words)};
}

Observed skipped(std::string why) {
  return {Verdict::Skipped, std::move(why)};
}

Session::Session(Subject& subject) : subject_(subject) {
  auto opened = Client::open(subject.path, subject.access);
  if (opened) {
    client_ = std::move(*opened);
  } else {
    failure_ = opened.error();
  }
}

Session::~Session() {
  if (!client_) return;
  client_->listen(0);
  subject_.printed += client_->printed();
}

std::optional<Observed> Session::greet() {
  if (!client_) return broken(failure_);
  const auto answer = client_->hello({1});
  if (answer && error_of(answer) == nullptr) return std::nullopt;
  if (answer) return broken("answered `hello` with " + words_of(*answer));
  client_->ended_within(100);
  return broken("was asked for `hello` and " + client_->silence());
}

bool Session::is_alive() {
  const auto answer = client_->call("describe", {}, 2000);
  return answer && answer->if_contains("result") != nullptr;
}

const json::object* error_of(const std::optional<json::object>& message) {
  return message ? object_member(*message, "error") : nullptr;
}

std::string class_of(const json::object& error) {
  if (const auto* data = object_member(error, "data")) return text_member(*data, "class");
  return text_member(error, "class");
}

std::string words_of(const json::object& message) {
  if (const auto* error = object_member(message, "error")) {
    return fmt::format("an error: {}", executors::printable(text_member(*error, "message"), 120));
  }
  const json::value* result = message.if_contains("result");
  return result == nullptr ? "neither a result nor an error"
                           : fmt::format("the result {}", executors::printable(json::serialize(*result), 120));
}

json::object Example::start(const std::string& key, int deadline_milliseconds) const {
  return {{"op_key", key},     {"operation", operation->name},
          {"run_id", "kit"},   {"deadline_ms", deadline_milliseconds},
          {"args", arguments}, {"secrets", secrets}};
}

std::vector<Example> examples_of(const Subject& subject) {
  std::vector<Example> examples;
  const auto* object = subject.described.if_object();
  const auto* operations = object == nullptr ? nullptr : array_member(*object, "operations");
  if (operations == nullptr || !subject.schema) return examples;
  for (std::size_t index = 0; index < operations->size(); ++index) {
    const auto* shown = object_member((*operations)[index].get_object(), "example");
    if (shown == nullptr) continue;
    Example example{&subject.schema->operations[index], *shown, {}};
    for (const Parameter& parameter : example.operation->parameters) {
      if (parameter.type == "secret") example.secrets[parameter.name] = kSecret;
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

bool is_of_type(const json::value& value, const std::string& type) {
  if (type.empty() || type == "json") return true;
  if (type == "string") return value.is_string();
  if (type == "bool") return value.is_bool();
  return value.is_number();
}

}  // namespace rollout::plugins::probes
