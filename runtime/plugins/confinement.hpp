#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/executors/spawn.hpp"
#include "runtime/plan/plan.hpp"

// What keeps a plugin to what its schema says that it touches: Landlock, by which a process gives up rights for itself
// and for all that it starts (Linux, Documentation/userspace-api/landlock.rst).

namespace rollout::plugins {

// What the kernel at hand can keep a plugin from.
struct Confines {
  int version = 0;  // of Landlock; 0: there is none
  bool files() const { return version >= 1; }
  bool truncation() const { return version >= 3; }
  bool connections() const { return version >= 4; }
  bool signals() const { return version >= 6; }
  bool everything() const { return signals(); }  // a version does what those before it do
};
Confines confines();
// Which of them it can, and which it cannot, for people: "files and connections, not signals".
std::string confines_text(const Confines& confines);

// The rights of a plugin with that access: its own folder and what every program reads are among them. An empty
// descriptor where the kernel has no Landlock; the error is for people. What is not there is left out.
plan::Expected<executors::Descriptor, std::string> make_ruleset(const plan::PluginAccess& access,
                                                                const std::string& program);

// Leaves the calling process with these rights. May be called between fork and exec; needs PR_SET_NO_NEW_PRIVS. 0, or
// the error's number.
int enter_ruleset(int ruleset);

// Of the folders of a PATH those that such a plugin may read. A program further on in PATH is found only where those
// before it are not there at all: an interpreter looks for its library beside the first.
std::string readable_folders(std::string_view path, const plan::PluginAccess& access, const std::string& program);

// The paths of the access that are not there now: a right to them cannot be given.
std::vector<std::string> missing_paths(const plan::PluginAccess& access, const std::string& program);

}  // namespace rollout::plugins
