#include <fmt/format.h>

#include <filesystem>

#include "compiler/driver/clock.hpp"
#include "compiler/driver/command/commands.hpp"
#include "compiler/driver/command/output.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/signing/key_file.hpp"
#include "runtime/signing/plan_signature.hpp"

namespace rollout::command {
namespace {

constexpr std::size_t kMostPlanBytes = 64u << 20;

}  // namespace

Exit sign(const SignArguments& arguments) {
  const auto bytes = driver::read_bytes(arguments.file, kMostPlanBytes);
  if (!bytes) {
    complain(bytes.error().message);
    return Exit::Usage;
  }
  // Nobody should vouch for what no runtime would take.
  auto plan = plan::read_plan(*bytes);
  const auto verified = plan ? plan::verify(std::move(*plan)) : plan.error();
  if (!verified) {
    complain(
        fmt::format("{}: {}; sign a plan that `rolloutc build` has made", arguments.file, verified.error().message));
    return Exit::Errors;
  }
  signing::PlanClaims claims{
      std::filesystem::path(arguments.file).filename().string(), arguments.environment, driver::wall_clock(), {}};
  if (!arguments.expires.empty()) {
    const auto instant = plan::parse_literal(arguments.expires, plan::ValueKind::Instant);
    if (!instant || instant->as_integer() <= driver::wall_clock()) {
      complain(fmt::format("`--expires {}` is {}; write for example --expires 2027-01-31T00:00Z", arguments.expires,
                           instant ? "in the past" : "no instant"));
      return Exit::Usage;
    }
    claims.expires = instant->as_integer();
  }
  const auto key = signing::read_key_file({arguments.key, arguments.password_file});
  if (!key) {
    complain(key.error());
    return Exit::Usage;
  }
  const std::string path = arguments.output.empty() ? arguments.file + ".minisig" : arguments.output;
  const std::string text = signing::signature_of(*key, *bytes, signing::trusted_comment_of(claims));
  if (const std::string error = driver::write_bytes(path, text); !error.empty()) {
    complain(error);
    return Exit::Usage;
  }
  std::string terms = claims.environment.empty() ? "" : " for " + claims.environment;
  if (claims.expires) terms += ", until " + plan::to_text(plan::Value::instant(*claims.expires));
  return put(fmt::format("{}: signed with the key {}{}\n", path, key->public_key().id(), terms), Exit::Clean);
}

}  // namespace rollout::command
