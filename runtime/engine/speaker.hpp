#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

// Who speaks to a run, as the kernel knows him: what he calls himself is another matter.

namespace rollout::engine {

struct Speaker {
  std::string user;   // the Unix user of the process that speaks; "uid 1000" where it has no name
  std::string login;  // who logged in, which `sudo` and `su` do not change; empty where the kernel does not know

  // The name that is proven: who logged in, else the user.
  const std::string& name() const { return login.empty() ? user : login; }
  // "unix user deploy, logged in as ana"
  std::string text() const;
};

// The one at the other end of a Unix socket; nothing where the kernel does not say.
std::optional<Speaker> speaker_at(int socket);
// The user of this process.
Speaker own_speaker();

// What `/proc/PID/loginuid` means: nothing for a process that nobody logged in for.
std::optional<uid_t> login_in(const std::string& text);

}  // namespace rollout::engine
