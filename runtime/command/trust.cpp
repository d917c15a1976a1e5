#include "runtime/command/trust.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "compiler/driver/clock.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/signing/minisign.hpp"
#include "runtime/signing/plan_signature.hpp"

namespace rollout::command {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostKeyBytes = 64u << 10;

// $XDG_CONFIG_HOME/rollout/trusted, else ~/.config/rollout/trusted.
std::string trusted_folder() {
  const char* const config = std::getenv("XDG_CONFIG_HOME");
  const char* const home = std::getenv("HOME");
  if (config != nullptr && *config != '\0') return std::string(config) + "/rollout/trusted";
  return (home == nullptr ? std::string("/etc") : std::string(home) + "/.config") + "/rollout/trusted";
}

std::vector<std::string> trusted_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".pub") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::string signature_problem(const SignaturePolicy& policy, const std::string& path, std::string_view bytes,
                              const std::string& own_environment) {
  const std::string folder = trusted_folder();
  const std::vector<std::string> files = policy.keys.empty() ? trusted_files(folder) : policy.keys;
  if (files.empty()) {
    return fmt::format("no key is trusted: name one with --trust KEY.pub, or put it into `{}`", folder);
  }
  std::vector<signing::PublicKey> keys;
  for (const std::string& file : files) {
    const auto text = driver::read_bytes(file, kMostKeyBytes);
    if (!text) return text.error().message;
    const auto key = signing::read_public_key(*text);
    if (!key) return fmt::format("{}: {}", file, key.error());
    keys.push_back(*key);
  }
  const std::string signature_path = path + ".minisig";
  const auto signature = driver::read_bytes(signature_path, kMostKeyBytes);
  if (!signature) {
    return fmt::format("{}: a signature is required, and there is none beside it: `rolloutc sign {}` makes one", path,
                       path);
  }
  const auto verified = signing::verify_signature(bytes, *signature, keys);
  if (!verified) return fmt::format("{}: {}", signature_path, verified.error());
  const std::string environment = policy.environment.empty() ? own_environment : policy.environment;
  const std::string problem =
      signing::claims_problem(signing::claims_in(verified->trusted_comment), environment, driver::wall_clock());
  return problem.empty() ? problem : fmt::format("{}: {}", path, problem);
}

}  // namespace rollout::command
