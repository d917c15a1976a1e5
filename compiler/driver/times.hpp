// How long what a file declares takes, by the places where it is written: for an editor, beside the text.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/driver/compile.hpp"
#include "runtime/plan/time_span.hpp"

namespace rollout::driver {

using plan::Nanoseconds;

// What is written once may run at several places, by templates, loops and children: least and most are over all of
// them.
struct StageTimes {
  diagnostics::Location name;  // in its declaration
  plan::TimeRange takes;
  plan::Most undo = 0;  // what taking back everything that may have been done by its end takes at most
};

struct GuardTimes {
  diagnostics::Location guard;         // from `when` to its end
  std::optional<Nanoseconds> cadence;  // between two looks; nothing: it changes, or only a run knows
  Nanoseconds held = 0;                // for how long its condition has to hold
  Nanoseconds window = 0;              // how far its condition looks back
  Nanoseconds earliest = 0;            // it fires no earlier than that after its block is entered
  bool exact = false;                  // and it may fire then

  // How many looks in a row its condition has to hold in, the first among them; nothing where that is not known.
  std::optional<std::uint64_t> slots() const;
};

struct RolloutTimes {
  diagnostics::Location name;
  plan::TimeRange takes;
  plan::Most undo = 0;                          // of the undo steps, wherever it turns back
  std::optional<diagnostics::Location> within;  // the limit of its `rollback within`
};

struct Times {
  std::vector<StageTimes> stages;
  std::vector<GuardTimes> guards;
  std::vector<RolloutTimes> rollouts;
};

// Whether two spans are the same one of the same file.
inline bool is_same_place(const diagnostics::Location& one, const diagnostics::Location& other) {
  return one.file == other.file && one.span == other.span;
}

// Of the user's own files, with the defaults of parameters. Empty where the file has errors.
Times times_of(const CompiledFile& file);

}  // namespace rollout::driver
