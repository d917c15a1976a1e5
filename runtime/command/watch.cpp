#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "compiler/driver/clock.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/display.hpp"
#include "runtime/command/output.hpp"
#include "runtime/command/reading.hpp"
#include "runtime/command/session.hpp"
#include "runtime/command/state_directory.hpp"

// The live view of a run that another process drives, read from its journal.

namespace rollout::command {

namespace {

using machine::RunState;

constexpr std::chrono::milliseconds kLookEvery{250};
// How much of what happened before is shown first, so that nobody starts from nothing.
constexpr std::int64_t kEntriesBefore = 10;
// A process that ends writes its last entry before it closes its socket; one that has just begun has none yet.
constexpr int kLooksUndriven = 8;

class Watch {
 public:
  Watch(const StateDirectory& state, std::string run_id, const StoredRun& stored, journal::Journal& journal,
        Format format)
      : state_(state),
        run_id_(std::move(run_id)),
        plan_(stored.plan),
        journal_(journal),
        display_(format, run_id_, stored.row.rollout),
        after_(std::max<std::int64_t>(0, stored.row.sequence - kEntriesBefore)) {}

  Exit follow() {
    for (int undriven = 0;;) {
      const auto over = look();
      if (!over) return leave(complain(over.error().message));
      if (*over) return leave(exit_of(machine_->state()));
      undriven = is_driven(state_, run_id_) ? 0 : undriven + 1;
      if (undriven > kLooksUndriven) {
        display_.leave();
        fmt::print(stderr, "rollout: no process drives `{}` any more; `rollout resume {}` takes it up again\n", run_id_,
                   run_id_);
        return Exit::Unfinished;
      }
      std::this_thread::sleep_for(kLookEvery);
    }
  }

 private:
  // Shows what is new; whether nothing more will come.
  plan::Expected<bool> look() {
    const auto row = journal_.run(run_id_);
    if (!row) return plan::PlanError{row.error().message};
    const auto entries = journal_.entries(run_id_, after_, 0);
    if (!entries) return plan::PlanError{entries.error().message};
    for (const journal::Entry& entry : *entries) {
      if (const auto record = record_of(entry)) display_.record(*record);
      after_ = entry.sequence;
    }
    if (!machine_ || seen_ != row->updated || !entries->empty()) {
      seen_ = row->updated;
      const auto snapshot = journal_.snapshot(run_id_);
      if (!snapshot) return plan::PlanError{snapshot.error().message};
      auto machine = machine::Machine::restore(plan_, *snapshot);
      if (!machine) return machine.error();
      machine_.emplace(std::move(*machine));
    }
    const bool over = machine_->finished() || machine_->state() == RunState::RollbackIncomplete;
    display_.refresh(machine_->view(), over ? row->updated : driver::wall_clock());
    return over;
  }

  Exit leave(Exit exit) {
    display_.leave();
    return exit;
  }

  const StateDirectory& state_;
  std::string run_id_;
  std::shared_ptr<const plan::VerifiedPlan> plan_;
  journal::Journal& journal_;
  Display display_;
  std::int64_t after_ = 0;
  plan::Nanoseconds seen_ = 0;
  std::optional<machine::Machine> machine_;
};

}  // namespace

Exit watch(const Common& arguments, const std::string& run) {
  const auto state = open_state_directory(arguments.state);
  if (!state) return complain(state.error().message);
  const auto run_id = find_run(*state, run);
  if (!run_id) return complain(run_id.error().message);
  const auto stored = read_stored(*state, *run_id);
  if (!stored) return complain(stored.error().message);
  const auto journal = journal::open_sqlite(state->journal_of(*run_id), journal::OpenMode::ReadOnly);
  if (!journal) return complain(journal.error().message);
  return Watch(*state, *run_id, *stored, **journal, arguments.format).follow();
}

}  // namespace rollout::command
