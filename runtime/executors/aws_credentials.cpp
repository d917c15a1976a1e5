#include "runtime/executors/aws_credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <vector>

#include "runtime/executors/failure.hpp"
#include "runtime/executors/mail_sender.hpp"
#include "runtime/executors/secret_providers.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

using plan::Value;
using plan::ValueKind;

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kBeforeExpiry = 300 * kSecond;
constexpr Nanoseconds kAnswerWithin = 5 * kSecond;
// Before the second and the third try.
constexpr Nanoseconds kWaits[] = {kSecond / 2, 2 * kSecond};
constexpr std::size_t kMostFileBytes = 1 << 20;
constexpr std::size_t kMostTokenBytes = 64 << 10;
// Where ECS and EKS have roles' credentials: addresses of the machine itself, so that no encryption is needed.
constexpr std::string_view kEcs = "http://169.254.170.2";
constexpr std::string_view kLinkLocal[] = {"http://169.254.170.2", "http://169.254.170.23", "http://[fd00:ec2::23]"};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

// Nothing where it cannot be read.
std::optional<std::string> read_file(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(most, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

using Section = std::map<std::string, std::string, std::less<>>;

// The section of an INI file; nothing where it has none of that name.
std::optional<Section> section_of(std::string_view text, std::string_view wanted) {
  std::optional<Section> section;
  bool inside = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      inside = trimmed(line.substr(1, line.size() - 2)) == wanted;
      if (inside && !section) section.emplace();
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    section->insert_or_assign(std::string(trimmed(line.substr(0, equals))),
                              std::string(trimmed(line.substr(equals + 1))));
  }
  return section;
}

std::string text_in(const Value& document, std::string_view name) {
  const Value* found = document.find(name);
  return found == nullptr || found->kind() != ValueKind::String ? std::string{} : found->as_string();
}

bool is_allowed(std::string_view address) {
  if (address.starts_with("https://")) return true;
  const auto at_host = [&](std::string_view host) {
    return address.starts_with(host) && (address.size() == host.size() || address[host.size()] == '/');
  };
  if (std::ranges::any_of(kLinkLocal, at_host)) return true;
  return address.starts_with("http://") && is_loopback(std::string(address));
}

}  // namespace

MaybeAwsCredentials aws_credentials_of_environment() {
  AwsCredentials found{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"), variable("AWS_SESSION_TOKEN")};
  if (found.access_key.empty() && found.secret_key.empty()) return std::optional<AwsCredentials>();
  if (found.access_key.empty() || found.secret_key.empty()) {
    return failure("of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY one is set and the other is not: set both or none");
  }
  return std::optional(std::move(found));
}

MaybeAwsCredentials aws_credentials_in(std::string_view text, std::string_view profile, const std::string& path) {
  const auto section = section_of(text, profile);
  if (!section) return std::optional<AwsCredentials>();
  const auto member = [&](std::string_view name) {
    const auto found = section->find(name);
    return found == section->end() ? std::string{} : found->second;
  };
  AwsCredentials found{member("aws_access_key_id"), member("aws_secret_access_key"), member("aws_session_token")};
  if (found.access_key.empty() || found.secret_key.empty()) {
    return failure(
        fmt::format("the profile `{}` in `{}` has no `aws_access_key_id` with an `aws_secret_access_key`; roles and "
                    "commands of profiles are not looked up: export their credentials before the run",
                    printable(profile, 80), printable(path, 200)));
  }
  return std::optional(std::move(found));
}

MaybeAwsCredentials aws_credentials_of_profile() {
  const std::string named = variable("AWS_PROFILE");
  const std::string home = variable("HOME");
  std::string path = variable("AWS_SHARED_CREDENTIALS_FILE");
  if (path.starts_with("~/")) path.replace(0, 1, home);
  if (path.empty() && !home.empty()) path = home + "/.aws/credentials";
  const auto text = path.empty() ? std::nullopt : read_file(path, kMostFileBytes);
  auto found = text ? aws_credentials_in(*text, named.empty() ? "default" : named, path)
                    : MaybeAwsCredentials(std::optional<AwsCredentials>());
  if (!found || *found || named.empty()) return found;
  return failure(fmt::format("AWS_PROFILE is `{}`, and `{}` {}", printable(named, 80), printable(path, 200),
                             text ? "has no such profile" : "cannot be read"));
}

plan::Expected<std::optional<HttpRequest>> aws_container_request(Masker& masker) {
  const std::string relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return std::optional<HttpRequest>();
  HttpRequest request;
  request.url = relative.empty() ? full : std::string(kEcs) + relative;
  request.timeout = kAnswerWithin;
  if (!is_allowed(request.url) || (!relative.empty() && !relative.starts_with('/'))) {
    return failure(
        "the address of the container's role is neither of https:// nor of this machine: look at "
        "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  }
  std::string token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string path = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !path.empty()) {
    const auto text = read_file(path, kMostTokenBytes);
    if (!text) return failure("the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read");
    token = std::string(trimmed(*text));
  }
  if (token.find_first_of("\r\n") != std::string::npos)
    return failure("the token of the container's role has more than one line");
  masker.add(token);
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  return std::optional(std::move(request));
}

plan::Expected<ExpiringAwsCredentials> aws_credentials_in(const HttpResult& result, const Masker& masker) {
  if (result.end != HttpEnd::Answered) return failure("the container's role: " + masker.apply(result.error));
  if (result.status != 200) return failure(fmt::format("the container's role: the answer is {}", result.status));
  const auto document = plan::from_json(result.body);
  if (!document) return failure("the container's role: the answer is not JSON");
  ExpiringAwsCredentials found{
      {text_in(*document, "AccessKeyId"), text_in(*document, "SecretAccessKey"), text_in(*document, "Token")}, 0};
  const auto expires = plan::parse_literal(text_in(*document, "Expiration"), ValueKind::Instant);
  if (found.credentials.access_key.empty() || found.credentials.secret_key.empty() || !expires)
    return failure("the container's role: the answer lacks `AccessKeyId`, `SecretAccessKey` or `Expiration`");
  found.expires = expires->as_integer();
  return found;
}

struct AwsCredentialSource::Impl : std::enable_shared_from_this<Impl> {
  Impl(HttpClient& client, engine::Scheduler& clock, std::shared_ptr<Masker> mask)
      : http(client), scheduler(clock), masker(std::move(mask)) {}

  void answer(const Answer& one, const MaybeAwsCredentials& found) {
    if (!found) return one(found.error());
    masker->add((*found)->secret_key);
    masker->add((*found)->session_token);
    one(**found);
  }

  void look(const Answer& one) {
    for (const auto place : {aws_credentials_of_environment, aws_credentials_of_profile}) {
      const MaybeAwsCredentials found = place();
      if (!found || *found) return answer(one, found);
    }
    if (kept && scheduler.now() < kept->expires - kBeforeExpiry) return one(kept->credentials);
    auto request = aws_container_request(*masker);
    if (!request) return one(request.error());
    if (!*request) {
      return one(failure(
          "AWS needs a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where rollout runs, or AWS_PROFILE, or let "
          "it run in a container that has a role; or give them in the plan"));
    }
    waiting.push_back(one);
    if (waiting.size() == 1) ask_role(std::move(**request), 0);
  }

  void ask_role(HttpRequest request, std::size_t tries) {
    http.start(request, [weak = weak_from_this(), request, tries](const HttpResult& result) {
      const auto self = weak.lock();
      if (!self) return;
      if (!is_passing(result) || tries >= std::size(kWaits))
        return self->told(aws_credentials_in(result, *self->masker));
      self->scheduler.at(self->scheduler.now() + kWaits[tries], [weak, request, tries] {
        if (const auto later = weak.lock()) later->ask_role(request, tries + 1);
      });
    });
  }

  void told(const plan::Expected<ExpiringAwsCredentials>& found) {
    if (found) {
      masker->add(found->credentials.secret_key);
      masker->add(found->credentials.session_token);
      kept = *found;
    }
    // Those from before may still be good for some minutes.
    const bool good = kept && scheduler.now() < kept->expires;
    for (const Answer& one : std::exchange(waiting, {})) {
      if (good) {
        one(kept->credentials);
      } else {
        one(found ? failure("the container's role: its credentials have expired") : found.error());
      }
    }
  }

  HttpClient& http;
  engine::Scheduler& scheduler;
  std::shared_ptr<Masker> masker;
  std::optional<ExpiringAwsCredentials> kept;
  std::vector<Answer> waiting;  // for the role's: it is asked once for all of them
};

AwsCredentialSource::AwsCredentialSource(HttpClient& http, engine::Scheduler& scheduler, std::shared_ptr<Masker> masker)
    : impl_(std::make_shared<Impl>(http, scheduler, std::move(masker))) {}

AwsCredentialSource::~AwsCredentialSource() = default;

void AwsCredentialSource::ask(Answer answer) {
  impl_->look(answer);
}

}  // namespace rollout::executors
