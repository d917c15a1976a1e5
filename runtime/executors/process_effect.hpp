#pragma once

#include <string>
#include <variant>

#include "runtime/executors/process.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/machine/events.hpp"

// Between the machine's words and child processes: `run` and `shell` of the language.

namespace rollout::executors {

struct ProcessDefaults {
  Nanoseconds grace = 10'000'000'000;
  std::size_t output_limit = 1 << 20;
};

// The named arguments command (list), script, env (map), stdin and cwd as a process to start. A script runs as
// `/bin/sh -e -c SCRIPT`; data reaches it through env alone. Fails where the effect must not be started: an argument
// without a value, a secret in the command, a secret without a value.
plan::Expected<ProcessRequest> process_request(const std::vector<std::pair<std::string, plan::Value>>& arguments,
                                               const Secrets& secrets, const ProcessDefaults& defaults);

// What the effect came to: { exit, stdout, stderr, json, elapsed }, and where it failed why.
machine::EffectDone process_outcome(const machine::StartEffect& effect, const ProcessResult& result,
                                    const Masker& masker);

// Why a result is a failure, in one line: "exit status 3: last line of stderr"; empty where it ended with an accepted
// status.
std::string process_failure(const ProcessResult& result, const std::vector<int>& accepted, const Masker& masker,
                            Nanoseconds timeout);

}  // namespace rollout::executors
