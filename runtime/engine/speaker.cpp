#include "runtime/engine/speaker.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>

namespace rollout::engine {

namespace {

std::string name_of(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  const bool known = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return known ? std::string(entry.pw_name) : fmt::format("uid {}", user);
}

// The kernel sets it at the login and lets nobody change it afterwards, so it tells who is behind a shared account.
std::string login_name(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/loginuid", process));
  std::string text;
  std::getline(file, text);
  const auto user = login_in(text);
  return user ? name_of(*user) : std::string{};
}

}  // namespace

std::string Speaker::text() const {
  return login.empty() || login == user ? "unix user " + user
                                        : fmt::format("unix user {}, logged in as {}", user, login);
}

std::optional<uid_t> login_in(const std::string& text) {
  uid_t user = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), user);
  const bool read = error == std::errc{} && end == text.data() + text.size();
  if (!read || user == static_cast<uid_t>(-1)) return std::nullopt;
  return user;
}

std::optional<Speaker> speaker_at(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return Speaker{name_of(peer.uid), login_name(peer.pid)};
}

Speaker own_speaker() {
  return {name_of(::geteuid()), login_name(::getpid())};
}

}  // namespace rollout::engine
