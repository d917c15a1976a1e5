#pragma once

#include <string_view>

#include "runtime/executors/secret_store.hpp"

// What each provider of secrets is asked, and how its answer is read. No I/O but the environment.

namespace rollout::executors {

// "Vault", for messages.
std::string_view provider_name(plan::SecretProvider provider);

// What the provider is asked over HTTP; a token that the plan does not give comes from the environment, and the masker
// learns it. AWS's keys have to be in the question. Fails where something is missing, or where a credential would go
// over the network in the clear.
plan::Expected<HttpRequest> secret_request(const SecretQuestion& question, Masker& masker);
// The value in the provider's answer.
plan::Expected<std::string> secret_in(const SecretQuestion& question, const HttpResult& result, const Masker& masker);
// Whether asking again may bring another answer.
bool is_passing(const HttpResult& result);

// The command that decrypts the value; the environment of this process is passed on where it says where keys are.
plan::Expected<ProcessRequest> sops_command(const SecretQuestion& question);
plan::Expected<std::string> secret_in(const ProcessResult& result, const Masker& masker);

}  // namespace rollout::executors
