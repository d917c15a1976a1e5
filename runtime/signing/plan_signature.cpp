#include "runtime/signing/plan_signature.hpp"

#include <fmt/format.h>

#include <charconv>

namespace rollout::signing {
namespace {

constexpr plan::Nanoseconds kSecond = 1'000'000'000;

std::optional<plan::Nanoseconds> seconds_from(std::string_view text) {
  std::int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t kMost = 9'000'000'000;
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || seconds < 0 || seconds > kMost)
    return std::nullopt;
  return seconds * kSecond;
}

}  // namespace

std::string trusted_comment_of(const PlanClaims& claims) {
  std::string comment;
  if (claims.signed_at) comment += fmt::format("timestamp:{}\t", *claims.signed_at / kSecond);
  comment += "file:" + claims.file + "\thashed";
  if (!claims.environment.empty()) comment += "\tenvironment:" + claims.environment;
  if (claims.expires) comment += "\texpires:" + plan::to_text(plan::Value::instant(*claims.expires));
  return comment;
}

PlanClaims claims_in(std::string_view comment) {
  PlanClaims claims;
  while (!comment.empty()) {
    const auto end = comment.find('\t');
    const std::string_view field = comment.substr(0, end);
    comment.remove_prefix(end == std::string_view::npos ? comment.size() : end + 1);
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = field.substr(0, colon), value = field.substr(colon + 1);
    if (name == "timestamp") claims.signed_at = seconds_from(value);
    if (name == "file") claims.file = value;
    if (name == "environment") claims.environment = value;
    if (name == "expires") {
      const auto instant = plan::parse_literal(std::string(value), plan::ValueKind::Instant);
      // A date that nobody can read is one that has passed.
      claims.expires = instant ? instant->as_integer() : 0;
    }
  }
  return claims;
}

std::string claims_problem(const PlanClaims& claims, std::string_view environment, plan::Nanoseconds now) {
  if (!claims.environment.empty() && claims.environment != environment) {
    return fmt::format("it is signed for the environment `{}`, not for `{}`", claims.environment,
                       environment.empty() ? "(none)" : environment);
  }
  if (claims.expires && now >= *claims.expires) {
    return fmt::format("its signature is valid until {} only: have it signed anew",
                       plan::to_text(plan::Value::instant(*claims.expires)));
  }
  return {};
}

}  // namespace rollout::signing
