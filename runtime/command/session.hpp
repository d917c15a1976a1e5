#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/command/commands.hpp"
#include "runtime/command/state_directory.hpp"
#include "runtime/engine/engine.hpp"
#include "runtime/plugins/host.hpp"

// One process that drives one run: the loop, the journal's only writer, the control socket, signals and the display.

namespace rollout::command {

struct SessionOptions {
  Format format = Format::Text;
  std::string prometheus_url;
  std::string log_file;
  std::vector<plugins::Program> plugins = {};  // of the plan
};

// Begins (starts or resumes) the run on the engine; its error is for people, and nothing goes on then.
using Begin = std::function<plan::Expected<std::string>(engine::Engine&)>;

// Drives the run until it ends, a signal stops this process, or its journal fails. Exit::Unfinished for the last two.
// Holds the rollout's `exclusive` key for as long. Where the run could not even be stored, nothing of it is left
// behind.
Exit drive(const StateDirectory& state, const std::string& run_id, const plan::VerifiedPlan& plan,
           const SessionOptions& options, const Begin& begin);

// The exit status that a run in that state gives.
Exit exit_of(machine::RunState state);

}  // namespace rollout::command
