#include "runtime/engine/control_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/executors/text.hpp"

namespace rollout::engine {

namespace {

using executors::Descriptor;
using machine::Verb;
using plan::PlanError;
using plan::Value;

constexpr std::array<std::pair<Verb, std::string_view>, 11> kVerbs{{{Verb::Approve, "approve"},
                                                                    {Verb::Reject, "reject"},
                                                                    {Verb::Tick, "tick"},
                                                                    {Verb::Answer, "answer"},
                                                                    {Verb::Pause, "pause"},
                                                                    {Verb::Resume, "resume"},
                                                                    {Verb::Promote, "promote"},
                                                                    {Verb::Abort, "abort"},
                                                                    {Verb::Rollback, "rollback"},
                                                                    {Verb::Retry, "retry"},
                                                                    {Verb::Acknowledge, "acknowledge"}}};

// An address holds 107 bytes at most, a path may be longer: the folder is then named by a descriptor of ours.
struct Address {
  sockaddr_un name{};
  Descriptor folder;
};

std::optional<Address> address_of(const std::string& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::string text = path;
  if (text.size() >= sizeof address.name.sun_path) {
    const std::filesystem::path file(path);
    address.folder = Descriptor(::open(file.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (address.folder.get() < 0) return std::nullopt;
    text = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), file.filename().string());
  }
  if (text.size() >= sizeof address.name.sun_path) {
    errno = ENAMETOOLONG;
    return std::nullopt;
  }
  std::memcpy(address.name.sun_path, text.c_str(), text.size() + 1);
  return address;
}

Descriptor new_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

PlanError failure(const std::string& path, const char* what) {
  return {fmt::format("cannot {} the control socket `{}`: {}", what, path, std::strerror(errno)), 0};
}

std::string text_in(const Value& value, std::string_view name) {
  const Value* found = value.find(name);
  return found == nullptr ? std::string{} : found->as_string();
}

}  // namespace

std::string_view verb_word(Verb verb) {
  for (const auto& [known, word] : kVerbs) {
    if (known == verb) return word;
  }
  return {};
}

std::optional<Verb> verb_of(std::string_view word) {
  for (const auto& [verb, known] : kVerbs) {
    if (known == word) return verb;
  }
  return std::nullopt;
}

bool is_ours(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

plan::Expected<Descriptor> connect_to(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return failure(path, "name");
  Descriptor socket = new_socket();
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address->name), sizeof address->name) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) {
      return PlanError{
          fmt::format("no process listens at `{}`: the run is not driven at the moment; `rollout resume` takes it up",
                      path),
          0};
    }
    return failure(path, "connect to");
  }
  if (!is_ours(socket.get()))
    return PlanError{fmt::format("the process at `{}` belongs to another user; nothing was sent", path), 0};
  return socket;
}

plan::Expected<Descriptor> listen_at(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return PlanError{fmt::format("`{}` is in the way of the control socket; remove it", path), 0};
    if (connect_to(path)) return PlanError{fmt::format("another process listens at `{}` already", path), 0};
    ::unlink(path.c_str());
  }
  const auto address = address_of(path);
  if (!address) return failure(path, "name");
  Descriptor socket = new_socket();
  // Before it has a name, so that it never has one with a wider mode.
  ::fchmod(socket.get(), 0600);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address->name), sizeof address->name) != 0)
    return failure(path, "create");
  ::chmod(path.c_str(), 0600);
  if (::listen(socket.get(), 16) != 0) return failure(path, "listen at");
  return socket;
}

std::string request_line(const machine::PersonSaid& said) {
  return plan::to_json(Value::map({{"verb", Value::string(std::string(verb_word(said.verb)))},
                                   {"who", Value::string(said.who)},
                                   {"gate", Value::string(said.gate)},
                                   {"text", Value::string(said.text)}})) +
         "\n";
}

plan::Expected<machine::PersonSaid> read_request(std::string_view line) {
  const auto request = plan::from_json(line);
  if (!request || request->kind() != plan::ValueKind::Map) return PlanError{"the request is not a line of JSON", 0};
  const std::string word = text_in(*request, "verb");
  const auto verb = verb_of(word);
  if (!verb)
    return PlanError{fmt::format("`{}` is not a verb that this runtime knows", executors::printable(word, 40)), 0};
  return machine::PersonSaid{*verb, text_in(*request, "who"), text_in(*request, "gate"), text_in(*request, "text")};
}

std::string answer_line(const ControlAnswer& answer) {
  return plan::to_json(
             Value::map({{"ok", Value::boolean(answer.accepted)}, {"message", Value::string(answer.message)}})) +
         "\n";
}

std::optional<ControlAnswer> read_answer(std::string_view line) {
  const auto answer = plan::from_json(line);
  if (!answer || answer->find("ok") == nullptr) return std::nullopt;
  return ControlAnswer{answer->find("ok")->as_bool(), text_in(*answer, "message")};
}

}  // namespace rollout::engine
