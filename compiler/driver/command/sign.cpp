#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "compiler/driver/command/commands.hpp"
#include "compiler/driver/command/output.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/signing/minisign.hpp"
#include "runtime/signing/plan_signature.hpp"

namespace rollout::command {
namespace {

constexpr std::size_t kMostPlanBytes = 64u << 20, kMostKeyBytes = 64u << 10;

std::string default_key() {
  const char* const home = std::getenv("HOME");
  return std::string(home == nullptr ? "" : home) + "/.minisign/minisign.key";
}

// A line of the terminal, without showing it.
std::string asked_password() {
  termios shown{};
  const bool terminal = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &shown) == 0;
  if (terminal) {
    fmt::print(stderr, "password of the key: ");
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string password;
  std::getline(std::cin, password);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fmt::print(stderr, "\n");
  }
  return password;
}

// Its first line; nothing after a complaint.
std::optional<std::string> read_password(const std::string& path) {
  auto bytes = driver::read_bytes(path, kMostKeyBytes);
  if (bytes) return bytes->substr(0, bytes->find_first_of("\r\n"));
  complain(bytes.error().message);
  return std::nullopt;
}

std::optional<signing::SecretKey> read_key(const SignArguments& arguments) {
  const std::string path = arguments.key.empty() ? default_key() : arguments.key;
  const auto text = driver::read_bytes(path, kMostKeyBytes);
  if (!text) {
    complain(fmt::format("{}; make a pair of keys with `minisign -G`", text.error().message));
    return std::nullopt;
  }
  std::optional<std::string> password = std::string();
  if (signing::needs_password(*text)) {
    password = arguments.password_file.empty() ? asked_password() : read_password(arguments.password_file);
  }
  if (!password) return std::nullopt;
  auto key = signing::read_secret_key(*text, *password);
  if (key) return std::move(*key);
  complain(fmt::format("{}: {}", path, key.error()));
  return std::nullopt;
}

plan::Nanoseconds now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

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
      std::filesystem::path(arguments.file).filename().string(), arguments.environment, now(), {}};
  if (!arguments.expires.empty()) {
    const auto instant = plan::parse_literal(arguments.expires, plan::ValueKind::Instant);
    if (!instant || instant->as_integer() <= now()) {
      complain(fmt::format("`--expires {}` is {}; write for example --expires 2027-01-31T00:00Z", arguments.expires,
                           instant ? "in the past" : "no instant"));
      return Exit::Usage;
    }
    claims.expires = instant->as_integer();
  }
  const auto key = read_key(arguments);
  if (!key) return Exit::Usage;
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
