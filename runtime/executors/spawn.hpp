#pragma once

#include <optional>
#include <string>

#include "runtime/executors/process.hpp"

// Starting one child: the system calls, without any waiting.

namespace rollout::executors {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  int get() const { return value_; }
  int release();

 private:
  int value_ = -1;
};

// Whether the process behind the pidfd has ended, or ends within that time. Asked before a reactor's word for it is
// believed: what it had still to say of a descriptor that was closed can reach the one that took its place.
bool has_ended(int pidfd, int within_milliseconds = 0);

struct Spawned {
  ProcessIdentity identity;
  Descriptor output, errors;  // the reading ends
  Descriptor exited;          // readable once the process has ended
};

// The child is the leader of a new process group, with default signal handling and no descriptors but its three
// streams. Fails, with the reason for people, where it certainly never ran.
// It gets the variables `around` it besides what is inherited; the request's own come before them.
plan::Expected<Spawned, std::string> spawn(const ProcessRequest& request, const EnvironmentVariables& around = {});

// Why a command could not start that program, for people; nothing where it could.
std::optional<std::string> missing_program(const std::string& name);

}  // namespace rollout::executors
