#include "runtime/executors/secret_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "runtime/executors/secret_providers.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/plan/format.hpp"

namespace rollout::executors {

namespace {

constexpr Nanoseconds kKept = 60'000'000'000;
// Before the second and the third try.
constexpr Nanoseconds kWaits[] = {500'000'000, 2'000'000'000};

// What tells questions apart. It holds no token as it is: keys of maps end up in dumps.
std::string key_of(const SecretQuestion& question) {
  std::string text = fmt::format("{}", static_cast<int>(question.provider));
  for (const auto& [name, value] : question.arguments) text += fmt::format(";{}={}:{}", name, value.size(), value);
  return plan::sha256_hex(text);
}

bool is_given(const SecretQuestion& question, std::string_view name) {
  return std::ranges::any_of(question.arguments,
                             [&](const auto& one) { return one.first == name && !one.second.empty(); });
}

}  // namespace

struct SecretStore::Impl : std::enable_shared_from_this<Impl> {
  Impl(HttpClient& client, ProcessRunner& runner, engine::Scheduler& clock, std::shared_ptr<Masker> mask)
      : http(client), processes(runner), scheduler(clock), masker(mask), aws(client, clock, mask) {}

  struct Kept {
    std::string value;
    Nanoseconds until = 0;
  };

  void begin(const SecretQuestion& question, const std::string& key) {
    if (question.provider == plan::SecretProvider::Sops) return decrypt(question, key);
    const bool keyless = question.provider == plan::SecretProvider::AwsSecrets && !is_given(question, "access_key");
    if (keyless) return ask_with_credentials(question, key);
    ask_again(question, key, 0);
  }

  // With those that this process has.
  void ask_with_credentials(const SecretQuestion& question, const std::string& key) {
    aws.ask([weak = weak_from_this(), question, key](const plan::Expected<AwsCredentials>& credentials) {
      const auto self = weak.lock();
      if (!self) return;
      if (!credentials) return self->finish(key, credentials.error());
      SecretQuestion signed_question = question;
      std::erase_if(signed_question.arguments, [](const auto& one) { return one.second.empty(); });
      signed_question.arguments.emplace_back("access_key", credentials->access_key);
      signed_question.arguments.emplace_back("secret_key", credentials->secret_key);
      signed_question.arguments.emplace_back("session_token", credentials->session_token);
      self->ask_again(signed_question, key, 0);
    });
  }

  void ask_again(const SecretQuestion& question, const std::string& key, std::size_t tries) {
    auto request = secret_request(question, *masker);
    if (!request) return finish(key, request.error());
    http.start(std::move(*request), [weak = weak_from_this(), question, key, tries](const HttpResult& result) {
      const auto self = weak.lock();
      if (!self) return;
      if (!is_passing(result) || tries >= std::size(kWaits))
        return self->finish(key, secret_in(question, result, *self->masker));
      self->scheduler.at(self->scheduler.now() + kWaits[tries], [weak, question, key, tries] {
        if (const auto later = weak.lock()) later->ask_again(question, key, tries + 1);
      });
    });
  }

  void decrypt(const SecretQuestion& question, const std::string& key) {
    const auto request = sops_command(question);
    if (!request) return finish(key, request.error());
    processes.start(*request, [weak = weak_from_this(), key](const ProcessResult& result) {
      if (const auto self = weak.lock()) self->finish(key, secret_in(result, *self->masker));
    });
  }

  void finish(const std::string& key, const plan::Expected<std::string>& value) {
    if (value) {
      masker->add(*value);
      kept[key] = {*value, scheduler.now() + kKept};
    }
    const auto answers = std::exchange(waiting[key], {});
    waiting.erase(key);
    for (const Answer& answer : answers) answer(value);
  }

  HttpClient& http;
  ProcessRunner& processes;
  engine::Scheduler& scheduler;
  std::shared_ptr<Masker> masker;
  AwsCredentialSource aws;
  std::map<std::string, Kept> kept;
  std::map<std::string, std::vector<Answer>> waiting;  // one question at a time is asked for all of them
};

SecretStore::SecretStore(HttpClient& http, ProcessRunner& processes, engine::Scheduler& scheduler,
                         std::shared_ptr<Masker> masker)
    : impl_(std::make_shared<Impl>(http, processes, scheduler, std::move(masker))) {}

SecretStore::~SecretStore() = default;

void SecretStore::ask(const SecretQuestion& question, Answer answer) {
  const std::string key = key_of(question);
  std::erase_if(impl_->kept, [&](const auto& one) { return one.second.until <= impl_->scheduler.now(); });
  if (const auto known = impl_->kept.find(key); known != impl_->kept.end()) return answer(known->second.value);
  auto& waiting = impl_->waiting[key];
  waiting.push_back(std::move(answer));
  if (waiting.size() == 1) impl_->begin(question, key);
}

void SecretStore::ask_aws(AwsCredentialSource::Answer answer) {
  impl_->aws.ask(std::move(answer));
}

}  // namespace rollout::executors
