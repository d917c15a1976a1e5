#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/journal/journal.hpp"

// Where runs live: a directory of the user, mode 0700, with a journal (RUN.journal) and, while a process drives the
// run, a control socket (RUN.sock) for each run.

namespace rollout::command {

using plan::Expected;

struct StateDirectory {
  std::string path;
  std::string journal_of(const std::string& run_id) const { return path + "/" + run_id + ".journal"; }
  std::string socket_of(const std::string& run_id) const { return path + "/" + run_id + ".sock"; }
};

// `given` (--state), else $ROLLOUT_STATE, else $XDG_STATE_HOME/rollout, else ~/.local/state/rollout. Created where it
// is missing; refused where it belongs to somebody else or others may write to it.
Expected<StateDirectory> open_state_directory(const std::string& given);

// A fresh name for a run: the rollout's name and the next free number, "portal_api-7". Unique in the directory: the
// file is created exclusively, so two processes cannot take the same one.
Expected<std::string> reserve_run_id(const StateDirectory& state, const std::string& rollout);

// All runs of the directory, newest first; files that cannot be read are named in `problems`.
std::vector<journal::RunRow> all_runs(const StateDirectory& state, std::vector<std::string>& problems);

// The newest run of the rollout, but for `self`, where that one has succeeded; nothing where it has not, or there is
// none.
std::optional<std::string> succeeded_run(const StateDirectory& state, const std::string& rollout,
                                         const std::string& self);

// The run a person means: a whole id, a unique beginning of one, or (empty) the only unfinished run. The error lists
// what there is.
Expected<std::string> find_run(const StateDirectory& state, const std::string& given);

// Whether the run has not come to its end.
bool is_unfinished(const journal::RunRow& run);
// Whether a process drives the run now (holds its journal's lock).
bool is_driven(const StateDirectory& state, const std::string& run_id);

}  // namespace rollout::command
