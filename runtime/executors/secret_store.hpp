#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/scheduler.hpp"
#include "runtime/executors/aws_credentials.hpp"
#include "runtime/executors/http_client.hpp"
#include "runtime/executors/process.hpp"

// Secrets that others keep: HashiCorp Vault (key-value, version 2), AWS Secrets Manager, files that SOPS has encrypted.

namespace rollout::executors {

class Masker;

// One secret as its provider is asked for it.
struct SecretQuestion {
  std::string name;  // as the plan declares it, for messages
  plan::SecretProvider provider{};
  // By the names of the provider's parameters, `argument` for its first: path, key, mount, address, token, ...
  std::vector<std::pair<std::string, std::string>> arguments;
};

// Asks the providers, without holding up the loop. Values are kept for a minute, in memory alone.
class SecretStore {
 public:
  using Answer = std::function<void(plan::Expected<std::string>)>;

  // All outlive the store, but for the masker, which learns every value.
  SecretStore(HttpClient& http, ProcessRunner& processes, engine::Scheduler& scheduler, std::shared_ptr<Masker> masker);
  ~SecretStore();
  SecretStore(const SecretStore&) = delete;
  SecretStore& operator=(const SecretStore&) = delete;

  // Answers once: at once where the value is known, else from the loop, after three tries (within about 20 s) at the
  // latest; never any more when the store is gone. Errors name the secret and the provider, never a value.
  void ask(const SecretQuestion& question, Answer answer);
  // The credentials of AWS that this process has: see AwsCredentialSource.
  void ask_aws(AwsCredentialSource::Answer answer);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollout::executors
