#include "runtime/executors/secret_providers.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "runtime/executors/failure.hpp"
#include "runtime/executors/mail_sender.hpp"
#include "runtime/executors/process_effect.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plan/builtins.hpp"

namespace rollout::executors {

namespace {

using plan::PlanError;
using plan::SecretProvider;
using plan::Value;
using plan::ValueKind;

constexpr Nanoseconds kAnswerWithin = 5'000'000'000;
constexpr Nanoseconds kDecryptWithin = 20'000'000'000;
// What the answer of a server may say about a failure, shown to people.
constexpr std::size_t kWordsShown = 160;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

// The question's argument, or where it has none the environment variable; empty where that is not set either.
std::string given(const SecretQuestion& question, std::string_view name, const char* variable = nullptr) {
  const auto found = std::ranges::find(question.arguments, name, &std::pair<std::string, std::string>::first);
  if (found != question.arguments.end() && !found->second.empty()) return found->second;
  return variable == nullptr ? std::string{} : from_environment(variable);
}

// "prod/orders/db" with each part encoded.
std::string encoded_path(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    const auto slash = path.find('/');
    text += (text.empty() ? "" : "/") + plan::url_encoded(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return text;
}

// Why the address cannot be asked; nothing where it can.
std::optional<PlanError> check_address(std::string_view address, std::string_view provider, std::string_view how) {
  if (address.empty()) return failure(fmt::format("the address of {} is not known: {}", provider, how));
  if (address.starts_with("https://")) return std::nullopt;
  if (address.starts_with("http://") && is_loopback(std::string(address))) return std::nullopt;
  return failure(fmt::format("{} is asked over https:// only (or on this machine), since credentials go there: `{}`",
                             provider, printable(address.substr(0, address.find('@')), 80)));
}

std::string without_slash(std::string address) {
  while (address.ends_with('/')) address.pop_back();
  return address;
}

plan::Expected<HttpRequest> vault_request(const SecretQuestion& question, Masker& masker) {
  const std::string address = without_slash(given(question, "address", "VAULT_ADDR"));
  const std::string token = given(question, "token", "VAULT_TOKEN");
  masker.add(token);
  if (auto wrong = check_address(address, "Vault", "give `address:`, or set VAULT_ADDR where rollout runs"))
    return *wrong;
  if (token.empty()) return failure("Vault needs a token: give `token:`, or set VAULT_TOKEN where rollout runs");
  const std::string mount = given(question, "mount");
  HttpRequest request;
  request.url = fmt::format("{}/v1/{}/data/{}", address, encoded_path(mount.empty() ? "secret" : mount),
                            encoded_path(given(question, "argument")));
  request.headers = {{"X-Vault-Token", token}, {"X-Vault-Request", "true"}};
  const std::string name_space = given(question, "namespace", "VAULT_NAMESPACE");
  if (!name_space.empty()) request.headers.emplace_back("X-Vault-Namespace", name_space);
  return request;
}

plan::Expected<HttpRequest> aws_request(const SecretQuestion& question, Masker& masker) {
  std::string region = given(question, "region", "AWS_REGION");
  if (region.empty()) region = from_environment("AWS_DEFAULT_REGION");
  HttpRequest request;
  request.user = given(question, "access_key");
  request.password = given(question, "secret_key");
  const std::string session = given(question, "session_token");
  masker.add(request.password);
  masker.add(session);
  if (region.empty() || region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    return failure("AWS needs a region such as `eu-west-1`: give `region:`, or set AWS_REGION where rollout runs");
  if (request.user.empty() || request.password.empty()) {
    return failure("`access_key:` and `secret_key:` belong together: give both or none");
  }
  std::string address = given(question, "address");
  if (address.empty()) address = fmt::format("https://secretsmanager.{}.amazonaws.com", region);
  if (auto wrong = check_address(address, "AWS Secrets Manager", "give `address:`")) return *wrong;
  request.method = "POST";
  request.url = without_slash(address) + "/";
  request.signing = fmt::format("aws:amz:{}:secretsmanager", region);
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "secretsmanager.GetSecretValue"}};
  if (!session.empty()) request.headers.emplace_back("X-Amz-Security-Token", session);
  request.body = plan::to_json(Value::map({{"SecretId", Value::string(given(question, "argument"))}}));
  return request;
}

// The part that `key` names, with `/` between the levels; the whole where it is empty.
plan::Expected<std::string> part_of(const Value& document, std::string_view key) {
  const Value* found = &document;
  while (!key.empty() && found != nullptr) {
    const auto slash = key.find('/');
    found = found->kind() == ValueKind::Map ? found->find(key.substr(0, slash)) : nullptr;
    key.remove_prefix(slash == std::string_view::npos ? key.size() : slash + 1);
  }
  if (found == nullptr || found->is_missing()) return failure("it has no such `key`");
  if (found->kind() != ValueKind::String && found->kind() != ValueKind::Number)
    return failure("what its `key` names is no text");
  std::string text = plan::to_text(*found);
  if (text.empty()) return failure("its value is empty");
  return text;
}

// What an answer says of its failure: Vault's `errors`, AWS's `__type` and message.
std::string words_of(const std::optional<Value>& answer) {
  if (!answer) return {};
  if (const Value* errors = answer->find("errors"); errors != nullptr && !errors->as_list().empty())
    return errors->as_list().front().as_string();
  const Value* type = answer->find("__type");
  const Value* message = answer->find("Message");
  if (message == nullptr) message = answer->find("message");
  std::string words = type == nullptr ? std::string{} : type->as_string();
  if (message != nullptr) words += (words.empty() ? "" : ": ") + message->as_string();
  return words;
}

plan::Expected<std::string> value_in(SecretProvider provider, const Value& answer, std::string_view key) {
  if (provider == SecretProvider::Vault) {
    const Value* outer = answer.find("data");
    const Value* data = outer == nullptr ? nullptr : outer->find("data");
    if (data == nullptr) return failure("the answer is not that of a key-value store, version 2; is `mount:` right?");
    return part_of(*data, key);
  }
  const Value* text = answer.find("SecretString");
  if (text == nullptr || text->kind() != ValueKind::String) return failure("it holds no text");
  if (key.empty()) return part_of(*text, key);
  const auto document = plan::from_json(text->as_string());
  if (!document) return failure("it is no JSON, so it has no `key`");
  return part_of(*document, key);
}

}  // namespace

std::string_view provider_name(SecretProvider provider) {
  constexpr std::string_view kNames[] = {"environment", "file", "Vault", "AWS Secrets Manager", "SOPS"};
  return kNames[static_cast<std::size_t>(provider)];
}

plan::Expected<HttpRequest> secret_request(const SecretQuestion& question, Masker& masker) {
  if (given(question, "argument").empty()) return failure("the name of the secret is empty");
  auto request =
      question.provider == SecretProvider::Vault ? vault_request(question, masker) : aws_request(question, masker);
  if (request) request->timeout = kAnswerWithin;
  return request;
}

plan::Expected<std::string> secret_in(const SecretQuestion& question, const HttpResult& result, const Masker& masker) {
  if (result.end != HttpEnd::Answered) return failure(masker.apply(result.error));
  if (result.dropped > 0) return failure("the answer is larger than 1 MiB");
  const auto answer = plan::from_json(trimmed(result.body));
  if (result.status != 200) {
    const std::string words = printable(masker.apply(words_of(answer)), kWordsShown);
    return failure(fmt::format("the answer is {}{}{}", result.status, words.empty() ? "" : ": ", words));
  }
  if (!answer) return failure("the answer is not JSON");
  return value_in(question.provider, *answer, given(question, "key"));
}

bool is_passing(const HttpResult& result) {
  if (result.end == HttpEnd::Cancelled) return false;
  return result.end != HttpEnd::Answered || result.status == 429 || result.status >= 500;
}

plan::Expected<ProcessRequest> sops_command(const SecretQuestion& question) {
  std::string path = given(question, "argument");
  if (path.empty()) return failure("the path of the file is empty");
  if (path.starts_with('-')) path.insert(0, "./");
  std::string extract;
  const std::string whole = given(question, "key");
  for (std::string_view key = whole; !key.empty();) {
    const auto slash = key.find('/');
    extract += fmt::format("[{}]", plan::to_json(Value::string(std::string(key.substr(0, slash)))));
    key.remove_prefix(slash == std::string_view::npos ? key.size() : slash + 1);
  }
  if (extract.empty()) return failure("`key` is empty");
  ProcessRequest request;
  request.command = {"sops", "--decrypt", "--extract", extract, path};
  request.timeout = kDecryptWithin;
  // SOPS finds its keys by them: age, GPG, Vault and the clouds' key services.
  constexpr std::string_view kPassed[] = {"SOPS_", "AWS_", "VAULT_", "AZURE_", "GOOGLE_", "GNUPGHOME", "GPG_"};
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const auto equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    if (std::ranges::any_of(kPassed, [&](std::string_view prefix) { return variable.starts_with(prefix); }))
      request.environment.emplace_back(std::string(variable.substr(0, equals)),
                                       std::string(variable.substr(equals + 1)));
  }
  return request;
}

plan::Expected<std::string> secret_in(const ProcessResult& result, const Masker& masker) {
  const std::string error = process_failure(result, {0}, masker, kDecryptWithin);
  if (!error.empty()) {
    // What it printed before it failed may be a part of the secret.
    return failure(result.end == ProcessEnd::Exited ? fmt::format("`sops` ended with exit status {}: {}", result.status,
                                                                  printable(last_line(result.errors.text(masker))))
                                                    : "`sops`: " + error);
  }
  if (result.output.dropped() > 0) return failure("its value is larger than 1 MiB");
  // Not masked: it may well be known from a minute ago.
  std::string value = result.output.text(Masker());
  if (value.ends_with('\n')) value.pop_back();
  if (value.empty()) return failure("its value is empty");
  return value;
}

}  // namespace rollout::executors
