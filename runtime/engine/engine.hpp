#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/engine/entries.hpp"
#include "runtime/engine/outside.hpp"
#include "runtime/engine/scheduler.hpp"
#include "runtime/engine/speaker.hpp"
#include "runtime/journal/journal.hpp"
#include "runtime/machine/machine.hpp"

// Feeds machines with events and carries out their requests. One thread, completion handlers, no coroutines. What it
// meets outside of itself is given to it: the clock, the journal, and whatever carries out effects.

namespace rollout::engine {

using plan::Nanoseconds;

struct EngineOptions {
  std::string prometheus_url = "http://127.0.0.1:9090";  // where a metric's `url` does not say; from PROMETHEUS_URL
  std::size_t output_limit = 1 << 20;                    // bytes kept of a command's stdout and of its stderr each
  Nanoseconds kill_grace = 10'000'000'000;               // between TERM and KILL
  // Where the programs of the plan's plugins were found, for the journal.
  std::vector<PluginNote> plugins = {};
  // Credentials that commands get from the environment: what is printed of them is masked.
  std::vector<std::string> masked = {};
  // The newest run of a rollout, where it has succeeded: for `requires`. Asked every few seconds while a run waits.
  std::function<std::optional<std::string>(const std::string& rollout)> succeeded_run = {};
  // Why this speaker may not call himself `who`, nothing where he may. Everybody may where there is no such function.
  std::function<std::optional<std::string>(const std::string& who, const Speaker& speaker)> refused_name = {};
};

// What an observer (the console, `--format json`, the control socket) learns, after it is durable.
struct Observer {
  std::function<void(const machine::Record&)> record;
  std::function<void(const machine::Machine&)> changed;  // after each event
  std::function<void(const std::string& run_id, const std::string& error)>
      broken;  // the journal failed: the run stands still
};

class Engine {
 public:
  // With this machine and its network for the outside.
  Engine(boost::asio::io_context& io, Scheduler& scheduler, journal::Journal& journal, EngineOptions options);
  Engine(Outside outside, Scheduler& scheduler, journal::Journal& journal, EngineOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void set_observer(Observer observer);

  // Creates the run durably and begins it. Fails (nothing stored) where parameters do not fit or the journal cannot be
  // written.
  plan::Expected<std::string> start(std::shared_ptr<const plan::VerifiedPlan> plan, machine::RunOptions options);
  // Takes a stored run up again: claims it, settles what is in doubt, goes on.
  plan::Expected<std::string> resume(const std::string& run_id);
  // What a person says; the answer is for that person ("approved by dana (1 of 2)", or why it was refused), after it is
  // durable. The journal holds the speaker beside the name; without one nobody is known to have spoken.
  plan::Expected<std::string> say(const std::string& run_id, const machine::PersonSaid& said,
                                  const std::optional<Speaker>& speaker = std::nullopt);
  // A newer run has the exclusive key of a run that is over but for its schedules.
  void superseded(const std::string& run_id, const std::string& by);
  const machine::Machine* find(const std::string& run_id) const;
  // Stops feeding without ending anything: children are left in the state that a crash would leave them in, or, with
  // `cancel`, ended first.
  void stop(bool cancel);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollout::engine
