#include "runtime/command/session.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <filesystem>
#include <optional>
#include <set>
#include <vector>

#include "runtime/command/display.hpp"
#include "runtime/command/environment.hpp"
#include "runtime/command/names.hpp"
#include "runtime/command/output.hpp"
#include "runtime/console/text.hpp"
#include "runtime/engine/control.hpp"
#include "runtime/engine/exclusive.hpp"
#include "runtime/engine/log.hpp"
#include "runtime/executors/environment.hpp"
#include "runtime/plan/passed_variables.hpp"

namespace rollout::command {

namespace {

using machine::RunState;
using plan::Nanoseconds;

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kRefreshEvery = kSecond / 4;
constexpr Nanoseconds kSecondInterruptWithin = 5 * kSecond;
constexpr Nanoseconds kLookForNewerEvery = 5 * kSecond;

class Session {
 public:
  Session(const StateDirectory& state, std::string run_id, const plan::VerifiedPlan& plan,
          const SessionOptions& options, journal::Journal& journal)
      : run_id_(std::move(run_id)),
        scheduler_(engine::make_real_scheduler(io_)),
        engine_(outside(io_, *scheduler_, options, *plan), *scheduler_, journal,
                engine_options(options, state, run_id_, *plan)),
        display_(options.format, run_id_, plan->rollout.name),
        signals_(io_, SIGINT, SIGTERM, SIGHUP),
        socket_(state.socket_of(run_id_)) {}

  // Gives the key back when the run is over, and from then on looks for a newer run that has it.
  void hold(std::vector<engine::ExclusiveKey> keys) { keys_ = std::move(keys); }
  void follow(std::string state_directory, std::string exclusive) {
    state_directory_ = std::move(state_directory);
    exclusive_ = std::move(exclusive);
  }

  Exit drive(const Begin& begin) {
    engine_.set_observer({.record = [this](const machine::Record& record) { display_.record(record); },
                          .changed = [this](const machine::Machine& machine) { changed(machine); },
                          .broken = [this](const std::string&, const std::string& error) { broken(error); }});
    if (auto begun = begin(engine_); !begun) return complain(begun.error().message);
    const auto answers = [this](const machine::PersonSaid& said, const engine::Speaker& speaker) {
      return answer(said, speaker);
    };
    auto control = engine::ControlServer::open(io_, socket_, answers);
    if (!control) return complain(control.error().message);
    if (display_.is_live() && !ended_) refresh();
    if (!exclusive_.empty() && !ended_) look_for_newer();
    wait_for_signal();
    while (!ended_ && !stopped_) {
      if (io_.run_one() == 0) break;
    }
    display_.leave();
    return exit();
  }

 private:
  // Besides what they inherit: those with values, over those that are passed on.
  static executors::EnvironmentVariables variables_of_commands(const plan::Plan& plan) {
    executors::EnvironmentVariables variables = passed_on(plan);
    for (const auto& [name, value] : plan.environment.variables) {
      if (!plan::passed_pattern(name)) variables.emplace_back(name, value);
    }
    return variables;
  }

  static executors::EnvironmentVariables passed_on(const plan::Plan& plan) {
    executors::EnvironmentVariables variables;
    for (const auto& [name, value] : plan.environment.variables) {
      const auto pattern = plan::passed_pattern(name);
      if (!pattern) continue;
      for (auto& one : executors::variables_passed_by(*pattern)) variables.push_back(std::move(one));
    }
    return variables;
  }

  static engine::Outside outside(boost::asio::io_context& io, engine::Scheduler& scheduler,
                                 const SessionOptions& options, const plan::Plan& plan) {
    engine::Outside outside = engine::real_outside(io, scheduler, variables_of_commands(plan));
    outside.plugins = std::make_unique<plugins::Host>(io, scheduler, options.plugins);
    return outside;
  }

  static engine::EngineOptions engine_options(const SessionOptions& options, const StateDirectory& state,
                                              const std::string& run_id, const plan::Plan& plan) {
    engine::EngineOptions engine;
    if (!options.prometheus_url.empty()) engine.prometheus_url = options.prometheus_url;
    for (const plugins::Program& one : options.plugins)
      engine.plugins.push_back({one.plugin.name, one.plugin.version, one.path, one.plugin.executable});
    for (const auto& [name, value] : passed_on(plan)) {
      if (plan::looks_like_credential(name)) engine.masked.push_back(value);
    }
    engine.succeeded_run = [state, run_id](const std::string& rollout) {
      return command::succeeded_run(state, rollout, run_id);
    };
    if (is_production(plan)) {
      engine.refused_name = [state](const std::string& who, const engine::Speaker& speaker) {
        return command::refused_name(state, who, speaker);
      };
    }
    return engine;
  }

  void changed(const machine::Machine& machine) {
    state_ = machine.state();
    if (machine::is_final(state_) || state_ == RunState::FollowingUp) keys_.clear();
    if (machine.finished() || state_ == RunState::RollbackIncomplete) ended_ = true;
    display_.refresh(machine.view(), scheduler_->now());
  }

  void broken(const std::string& error) {
    broken_ = error;
    stopped_ = true;
  }

  engine::ControlAnswer answer(const machine::PersonSaid& said, const engine::Speaker& speaker) {
    auto result = engine_.say(run_id_, said, speaker);
    if (!result) return {.accepted = false, .message = result.error().message};
    return {.accepted = true, .message = *result};
  }

  // Holds and guards' clocks move while nothing happens.
  void refresh() {
    if (const machine::Machine* machine = engine_.find(run_id_)) display_.refresh(machine->view(), scheduler_->now());
    scheduler_->at(scheduler_->now() + kRefreshEvery, [this] { refresh(); });
  }

  // What comes long after a rollout is about what it brought out: a newer run of the same thing makes it pointless.
  void look_for_newer() {
    if (machine::is_final(state_) || state_ == RunState::FollowingUp) {
      const std::string latest = engine::latest_run(state_directory_, exclusive_);
      if (!latest.empty() && latest != run_id_) return engine_.superseded(run_id_, latest);
    }
    scheduler_->at(scheduler_->now() + kLookForNewerEvery, [this] { look_for_newer(); });
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      interrupted(signal);
      wait_for_signal();
    });
  }

  // One Ctrl-C may be a slip: a rollout that stands still half-way is worse than one more key press.
  void interrupted(int signal) {
    const Nanoseconds now = scheduler_->now();
    const bool again = interrupted_at_ && now - *interrupted_at_ <= kSecondInterruptWithin;
    if (signal == SIGINT && display_.is_live() && !again) {
      interrupted_at_ = now;
      display_.say(
          fmt::format("Ctrl-C: press it again within 5 s to stop this process (`rollout resume {0}` goes on later); "
                      "to go back, `rollout rollback {0}`",
                      run_id_));
      return;
    }
    stopped_ = true;
    engine_.stop(false);
  }

  Exit exit() const {
    if (broken_) {
      return (complain(fmt::format(
                  "the journal failed, so nothing more is started: {}; mend it, then `rollout resume {}` goes "
                  "on from the last stored state",
                  console::escaped(*broken_), run_id_)),
              Exit::Unfinished);
    }
    if (ended_) return exit_of(state_);
    fmt::print(stderr, "rollout: stopped before the end; `rollout resume {}` goes on\n", run_id_);
    return Exit::Unfinished;
  }

  std::string run_id_;
  boost::asio::io_context io_{1};
  std::unique_ptr<engine::Scheduler> scheduler_;
  engine::Engine engine_;
  Display display_;
  boost::asio::signal_set signals_;
  std::string socket_, state_directory_, exclusive_;
  std::vector<engine::ExclusiveKey> keys_;
  RunState state_{};
  bool ended_ = false, stopped_ = false;
  std::optional<std::string> broken_;
  std::optional<Nanoseconds> interrupted_at_;
};

// Nothing is left of a run that was never stored; a stored one is not touched.
Exit discarding(const StateDirectory& state, const std::string& run_id, Exit exit) {
  const std::string path = state.journal_of(run_id);
  std::error_code error;
  if (std::filesystem::file_size(path, error) != 0 || error) {
    auto journal = journal::open_sqlite(path, journal::OpenMode::ReadOnly);
    if (!journal || (*journal)->run(run_id)) return exit;
  }
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + suffix, error);
  return exit;
}

// Whether the stored run is over but for its schedules: then it needs no key any more.
bool is_over(const StateDirectory& state, const std::string& run_id) {
  const std::string path = state.journal_of(run_id);
  std::error_code error;
  if (std::filesystem::file_size(path, error) == 0 || error) return false;
  auto journal = journal::open_sqlite(path, journal::OpenMode::ReadOnly);
  if (!journal) return false;
  const auto row = (*journal)->run(run_id);
  const auto over = [&](RunState one) { return row->state == machine::state_name(one); };
  return row && (over(RunState::FollowingUp) || over(RunState::RolledBack) || over(RunState::Failed));
}

// Secrets pass through this process: no core file of it is written, and no other process of the user reads its memory.
// The commands that it starts are not concerned.
void keep_memory_private() {
  ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

Exit exit_of(RunState state) {
  switch (state) {
    case RunState::Succeeded:
    case RunState::FollowingUp: return Exit::Ok;
    case RunState::RolledBack: return Exit::RolledBack;
    case RunState::RollbackIncomplete: return Exit::RollbackIncomplete;
    case RunState::Aborted: return Exit::Aborted;
    case RunState::Failed: return Exit::Failed;
    case RunState::Waiting:
    case RunState::Running:
    case RunState::Paused:
    case RunState::RollingBack: return Exit::Unfinished;
  }
  return Exit::Unfinished;
}

Exit drive(const StateDirectory& state, const std::string& run_id, const plan::VerifiedPlan& plan,
           const SessionOptions& options, const Begin& begin) {
  keep_memory_private();
  if (!options.log_file.empty()) {
    if (const auto problem = engine::log_to_file(options.log_file)) return complain(*problem);
  }
  // Those of the children too, from the start: no child waits half-way for a key that another run has.
  std::set<std::string> wanted;
  for (plan::RolloutId id = 0; id < plan::rollout_count(*plan); ++id) {
    wanted.insert(plan::rollout_row(*plan, id).exclusive);
  }
  std::vector<engine::ExclusiveKey> keys;
  for (const std::string& key : wanted) {
    if (key.empty() || is_over(state, run_id)) continue;
    auto acquired = engine::acquire_exclusive(state.path, key, run_id);
    if (!acquired) return discarding(state, run_id, complain(acquired.error().message));
    keys.push_back(std::move(*acquired));
  }
  auto journal = journal::open_sqlite(state.journal_of(run_id), journal::OpenMode::ReadWrite);
  if (!journal) {
    return discarding(state, run_id,
                      complain(fmt::format("the journal of `{}` cannot be used: {}", run_id, journal.error().message)));
  }
  Session session(state, run_id, plan, options, **journal);
  session.hold(std::move(keys));
  session.follow(state.path, plan->rollout.exclusive);
  const Exit exit = session.drive(begin);
  journal->reset();
  return discarding(state, run_id, exit);
}

}  // namespace rollout::command
