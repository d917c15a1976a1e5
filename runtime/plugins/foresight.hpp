#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "runtime/plan/known_values.hpp"
#include "runtime/plan/plan.hpp"
#include "runtime/plugins/host.hpp"

// What plugins say of a plan's calls before any of them is made: whether their arguments can be used, and what they
// would do. Asked of plugins that answer `validate` and `plan`; nothing takes effect.

namespace rollout::plugins {

// A call as it is known before the run.
struct PlannedCall {
  std::string plugin, operation;  // a metric's name where `measures`
  bool measures = false;
  bool changes = false;              // on the way forward, and not only reading
  boost::json::object arguments;     // those that are known
  std::vector<std::string> unknown;  // names of those that only the run knows, and of the secrets
  plan::SpotId spot = plan::kNone;   // where the program calls it
};

// The calls of plugins in the plan, each that differs once; not those of whose arguments nothing can be known.
std::vector<PlannedCall> planned_calls(const plan::Plan& plan, const plan::KnownValues& values);

struct CallNote {
  PlannedCall call;
  bool error = false;  // else a warning
  std::string text;    // for people, printable
};
struct CallPlan {
  PlannedCall call;
  std::vector<std::string> lines;  // what it would do, printable
};

// What one plugin said.
struct Foresight {
  std::string plugin;
  std::string problem;     // why it could not be asked, goes on after its name; empty: it was
  bool validates = false;  // it looked at the arguments
  std::size_t calls = 0;   // of them
  std::vector<CallNote> notes;
  std::vector<CallPlan> plans;
};

// Starts the plugin, asks it about its calls among these (`with_plans`: also what those that change something would
// do), and ends it. It blocks: for seconds where a plugin is slow.
Foresight foresee(const Program& program, const std::vector<PlannedCall>& calls, bool with_plans);

}  // namespace rollout::plugins
