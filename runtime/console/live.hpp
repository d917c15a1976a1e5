#pragma once

#include <string>
#include <vector>

#include "runtime/console/phrase.hpp"
#include "runtime/machine/machine.hpp"

// What a terminal shows while a run goes on, and what stands for it where there is no terminal. Pure functions: the
// caller knows the clock, the width and whether colours are wanted.

namespace rollout::console {

struct LiveOptions {
  plan::Nanoseconds now = 0;
  std::size_t width = 100;
  bool colour = false;
  std::string rollout;  // its name
  std::string run_id;   // for the commands that answer gates
};

// The whole picture, a screen line an element: state, stage, traffic, holds, guards, open gates, effects under way.
std::vector<std::string> live_view(const machine::View& view, const LiveOptions& options);

// One record as a plain line: "02:15:00  canary  ! p95 > 1s: true now (1.2s)". Details too, since this is a log.
std::string record_line(const machine::Record& record, bool colour);
// One record as one line of JSON: "at", "event", then its fields.
std::string record_json(const machine::Record& record);

}  // namespace rollout::console
