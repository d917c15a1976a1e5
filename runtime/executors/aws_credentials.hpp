#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/engine/scheduler.hpp"
#include "runtime/executors/http_client.hpp"
#include "runtime/plan/plan.hpp"

// The credentials of AWS that this process has, where a plan gives none: those of the environment, of a profile in the
// shared credentials file, or of the container's role.

namespace rollout::executors {

class Masker;

struct AwsCredentials {
  std::string access_key, secret_key;
  std::string session_token;  // empty: they are not temporary
};
// Credentials, nothing where this place has none, or why those that it should have cannot be used.
using MaybeAwsCredentials = plan::Expected<std::optional<AwsCredentials>>;

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
MaybeAwsCredentials aws_credentials_of_environment();
// The profile in the text of a credentials file; `path` is for messages.
MaybeAwsCredentials aws_credentials_in(std::string_view text, std::string_view profile, const std::string& path);
// AWS_PROFILE, else `default`, in AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials. That a profile which was named
// is not there is an error.
MaybeAwsCredentials aws_credentials_of_profile();
// What the container's role is asked for: AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, with the token of
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN; nothing where no such variable is set.
plan::Expected<std::optional<HttpRequest>> aws_container_request(Masker& masker);

struct ExpiringAwsCredentials {
  AwsCredentials credentials;
  Nanoseconds expires = 0;  // an instant
};
plan::Expected<ExpiringAwsCredentials> aws_credentials_in(const HttpResult& result, const Masker& masker);

// Looks in these places, in this order. What the environment and the file say is read each time; a role's credentials
// are kept until five minutes before they expire, in memory alone.
class AwsCredentialSource {
 public:
  using Answer = std::function<void(plan::Expected<AwsCredentials>)>;

  // All outlive it, but for the masker, which learns every key and token.
  AwsCredentialSource(HttpClient& http, engine::Scheduler& scheduler, std::shared_ptr<Masker> masker);
  ~AwsCredentialSource();
  AwsCredentialSource(const AwsCredentialSource&) = delete;
  AwsCredentialSource& operator=(const AwsCredentialSource&) = delete;

  // Answers once: at once where nobody has to be asked, else from the loop; never any more when this is gone.
  void ask(Answer answer);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollout::executors
