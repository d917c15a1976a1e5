#pragma once

#include <string>
#include <string_view>

#include "runtime/command/commands.hpp"

namespace rollout::command {

// Which plans may run: those that somebody trusted has signed, for this environment, and not too long ago.
struct SignaturePolicy {
  bool required = false;
  std::vector<std::string> keys;  // files of public keys; none: every .pub in the folder of trusted keys
  std::string environment;        // empty: the plan's own
};

// Checks the signature beside the plan's file, over exactly these bytes. What is wrong, for people; empty where the
// plan may run.
std::string signature_problem(const SignaturePolicy& policy, const std::string& path, std::string_view bytes,
                              const std::string& own_environment);

}  // namespace rollout::command
