#include "runtime/signing/key_file.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>

namespace rollout::signing {
namespace {

constexpr std::size_t kMostBytes = 64u << 10;

std::string default_path() {
  const char* const home = std::getenv("HOME");
  return std::string(home == nullptr ? "" : home) + "/.minisign/minisign.key";
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(kMostBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
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

}  // namespace

Expected<SecretKey> read_key_file(const KeyFile& file) {
  const std::string path = file.path.empty() ? default_path() : file.path;
  const auto text = read_file(path);
  if (!text) return fmt::format("the key `{}` cannot be read; make a pair of keys with `minisign -G`", path);
  std::string password;
  if (needs_password(*text)) {
    const auto stored = file.password_file.empty() ? asked_password() : read_file(file.password_file);
    if (!stored) return fmt::format("the password file `{}` cannot be read", file.password_file);
    password = stored->substr(0, stored->find_first_of("\r\n"));
  }
  auto key = read_secret_key(*text, password);
  if (!key) return fmt::format("{}: {}", path, key.error());
  return std::move(*key);
}

}  // namespace rollout::signing
