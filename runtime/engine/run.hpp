#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/engine/engine.hpp"
#include "runtime/engine/entries.hpp"
#include "runtime/executors/secret_store.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/metrics/reader.hpp"

namespace rollout::engine {

// What all runs of an engine share; outlives them.
struct Surroundings {
  Scheduler& scheduler;
  journal::Journal& journal;
  const EngineOptions& options;
  const Observer& observer;
  Outside& outside;
  metrics::MetricReader& metrics;
  std::shared_ptr<executors::Masker> masker;
  executors::SecretStore& secrets;
  std::function<void()> appended;                        // after each append, for tidying up
  std::function<void(const std::string& run_id)> ended;  // nothing will happen to this run any more
};

// One machine, its claim on the journal, and what it has under way. Everything passes `feed`: apply, make durable,
// show, carry out; in this order, so that no effect starts before its intent is stored and no outcome is used before it
// is.
class Run : public std::enable_shared_from_this<Run> {
 public:
  // `created`: when the run was, also in a life before this one.
  Run(Surroundings& surroundings, std::shared_ptr<const plan::VerifiedPlan> plan, machine::Machine machine,
      Nanoseconds created);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Stores the new run with what its first moment brought, then carries that out.
  journal::Expected<bool> create(const std::string& owner);
  // Goes on with a restored machine under this claim: ends what outlived the runtime before, then tells the machine.
  journal::Expected<bool> take_up(journal::Claim claim, const std::vector<ProcessNote>& journalled);
  // Applies the event. The records, or nothing where the run stands still because the journal failed or it was stopped.
  // `notes` are stored with what it brings, before it.
  std::optional<std::vector<machine::Record>> feed(const machine::Event& event,
                                                   std::vector<journal::NewEntry> notes = {});
  // Stores notes that no event belongs to. False where nothing can be stored any more.
  bool note(const std::vector<journal::NewEntry>& notes);
  void stop(bool cancel);

  const machine::Machine& machine() const { return machine_; }
  bool is_broken() const { return broken_; }

 private:
  struct SlotAnswers;
  enum class Means : std::uint8_t { Secrets, Process, Http, Mail, Plugin };
  struct UnderWay {
    Means means{};
    std::uint64_t id =
        0;  // of a process, a request, a mail; of secrets that are being fetched: the timer of their limit
  };

  journal::Expected<bool> store(const std::vector<journal::NewEntry>& entries);
  void publish(const machine::Reaction& reaction);
  void break_with(const std::string& error);
  void arm();
  void watch_requirements(Nanoseconds after);
  void look_at_requirements();

  void dispatch(const std::vector<machine::Request>& requests);
  std::string outside_key(const std::string& key) const;
  void start(const machine::StartEffect& effect);
  void fetch_then_start(const machine::StartEffect& effect);
  void start_with_secrets(const machine::StartEffect& effect);
  void store_notes();
  void start_process(const machine::StartEffect& effect);
  void start_http(const machine::StartEffect& effect);
  void start_mail(const machine::StartEffect& effect);
  void start_plugin(const machine::StartEffect& effect);
  void refuse(const machine::StartEffect& effect, const std::string& why);
  void cancel(const machine::CancelEffect& request);
  void finish(machine::EffectDone done);
  void poll(const std::vector<machine::Poll>& polls);
  void deliver(const std::shared_ptr<SlotAnswers>& answers);
  const metrics::Source& source(plan::MetricId metric);

  Surroundings& around_;
  std::shared_ptr<const plan::VerifiedPlan> plan_;
  machine::Machine machine_;
  Nanoseconds created_;
  executors::Secrets secrets_;
  journal::Claim claim_;
  std::string snapshot_;                         // as it is stored
  std::map<std::uint64_t, UnderWay> under_way_;  // by effect
  std::vector<journal::NewEntry> notes_;         // of processes started by the dispatch that is going on
  std::map<plan::MetricId, metrics::Source> sources_;
  TimerId wake_ = 0, requirement_ = 0;
  int idle_wakes_ = 0;  // in a row that brought nothing
  bool feeding_ = false, broken_ = false, stopped_ = false, ended_ = false;
};

}  // namespace rollout::engine
