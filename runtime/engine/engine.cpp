#include "runtime/engine/engine.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <utility>

#include "runtime/engine/answers.hpp"
#include "runtime/engine/entries.hpp"
#include "runtime/engine/log.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/plan/format.hpp"

namespace rollout::engine {

namespace {

// How many ended runs can still be looked at with `find`.
constexpr std::size_t kEndedRunsKept = 64;
// Without an append for so long it is a quiet moment.
constexpr Nanoseconds kQuietAfter = 1'000'000'000;

std::string owner_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}:{}", host.data(), ::getpid());
}

plan::PlanError error_of(const journal::JournalError& error) {
  return {error.message, 0};
}

}  // namespace

struct Engine::Impl {
  Impl(Outside world, Scheduler& clock, journal::Journal& store, EngineOptions given)
      : scheduler(clock),
        journal(store),
        options(std::move(given)),
        outside(std::move(world)),
        metrics({clock, *outside.http, *outside.processes, options.prometheus_url,
                 [](const std::string& warning) { log(LogLevel::Warning, "a metric server warns: " + warning); }}),
        secrets(*outside.http, *outside.processes, clock, masker),
        around{clock,
               store,
               options,
               observer,
               outside,
               metrics,
               masker,
               secrets,
               [this] { tidy_later(); },
               [this](const std::string& run_id) { forget_later(run_id); }} {
    for (const std::string& credential : options.masked) masker->add(credential);
    set_log_masker(masker);
  }
  ~Impl() { scheduler.cancel(tidying); }

  void tidy_later() {
    scheduler.cancel(tidying);
    tidying = scheduler.at(scheduler.now() + kQuietAfter, [this] {
      tidying = 0;
      if (auto tidied = journal.tidy(); !tidied) log(LogLevel::Warning, tidied.error().message);
    });
  }

  void forget_later(const std::string& run_id) {
    ended.push_back(run_id);
    if (ended.size() <= kEndedRunsKept) return;
    // The run that is being fed must not go under its own feet.
    scheduler.at(scheduler.now(), [keep = runs[ended.front()]] {});
    runs.erase(ended.front());
    ended.pop_front();
  }

  Scheduler& scheduler;
  journal::Journal& journal;
  EngineOptions options;
  Observer observer;
  std::shared_ptr<executors::Masker> masker = std::make_shared<executors::Masker>();
  Outside outside;
  metrics::MetricReader metrics;
  executors::SecretStore secrets;
  Surroundings around;
  std::map<std::string, std::shared_ptr<Run>> runs;
  std::deque<std::string> ended;  // oldest first
  TimerId tidying = 0;
};

Engine::Engine(boost::asio::io_context& io, Scheduler& scheduler, journal::Journal& journal, EngineOptions options)
    : Engine(real_outside(io, scheduler), scheduler, journal, std::move(options)) {}
Engine::Engine(Outside outside, Scheduler& scheduler, journal::Journal& journal, EngineOptions options)
    : impl_(std::make_unique<Impl>(std::move(outside), scheduler, journal, std::move(options))) {}
Engine::~Engine() = default;

void Engine::set_observer(Observer observer) {
  impl_->observer = std::move(observer);
}

plan::Expected<std::string> Engine::start(std::shared_ptr<const plan::VerifiedPlan> plan, machine::RunOptions options) {
  const std::string run_id = options.run_id;
  if (impl_->runs.contains(run_id)) return plan::PlanError{fmt::format("there is already a run `{}`", run_id), 0};
  const Nanoseconds created = impl_->scheduler.now();
  auto machine = machine::Machine::create(plan, std::move(options), created);
  if (!machine) return machine.error();
  const auto run = std::make_shared<Run>(impl_->around, std::move(plan), std::move(*machine), created);
  impl_->runs[run_id] = run;
  if (auto stored = run->create(owner_name()); !stored) {
    impl_->runs.erase(run_id);
    return error_of(stored.error());
  }
  return run_id;
}

plan::Expected<std::string> Engine::resume(const std::string& run_id) {
  journal::Journal& journal = impl_->journal;
  const auto row = journal.run(run_id);
  if (!row) return error_of(row.error());
  const auto bytes = journal.plan(row->plan_id);
  if (!bytes) return error_of(bytes.error());
  auto plan = plan::read_plan(*bytes);
  if (!plan) return plan.error();
  auto verified = plan::verify(std::move(*plan));
  if (!verified) return verified.error();
  const auto snapshot = journal.snapshot(run_id);
  if (!snapshot) return error_of(snapshot.error());
  auto machine = machine::Machine::restore(*verified, *snapshot);
  if (!machine) return machine.error();
  if (machine->finished() && machine->state() != machine::RunState::RollbackIncomplete) {
    return plan::PlanError{fmt::format("run `{}` has ended ({}), there is nothing left to do", run_id,
                                       machine::state_name(machine->state())),
                           0};
  }
  const auto entries = journal.entries(run_id, 0, 0);
  if (!entries) return error_of(entries.error());
  auto claim = journal.claim(run_id, owner_name());
  if (!claim) return error_of(claim.error());
  const auto run = std::make_shared<Run>(impl_->around, *verified, std::move(*machine), row->created);
  impl_->runs[run_id] = run;
  if (auto taken = run->take_up(std::move(*claim), process_notes(*entries)); !taken) {
    impl_->runs.erase(run_id);
    return error_of(taken.error());
  }
  return run_id;
}

plan::Expected<std::string> Engine::say(const std::string& run_id, const machine::PersonSaid& said,
                                        const std::optional<Speaker>& speaker) {
  const auto found = impl_->runs.find(run_id);
  if (found == impl_->runs.end()) return plan::PlanError{fmt::format("there is no run `{}` here", run_id), 0};
  const auto run = found->second;
  const auto stands_still = [&] {
    return plan::PlanError{fmt::format("run `{}` stands still{}, so nothing can be said to it", run_id,
                                       run->is_broken() ? " because its journal failed" : ""),
                           0};
  };
  std::vector<journal::NewEntry> notes;
  if (speaker) {
    const auto refused =
        impl_->options.refused_name ? impl_->options.refused_name(said.who, *speaker) : std::optional<std::string>();
    notes.push_back(person_spoke_entry(said, *speaker, refused.value_or(""), impl_->scheduler.now()));
    if (refused && !run->note(notes)) return stands_still();
    if (refused) return plan::PlanError{*refused, 0};
  }
  const machine::View before = run->machine().view();
  const auto records = run->feed(said, std::move(notes));
  if (!records) return stands_still();
  return answer_to(said, before, *records, run->machine().state());
}

void Engine::superseded(const std::string& run_id, const std::string& by) {
  const auto found = impl_->runs.find(run_id);
  if (found == impl_->runs.end()) return;
  const auto run = found->second;
  run->feed(machine::Superseded{by});
}

const machine::Machine* Engine::find(const std::string& run_id) const {
  const auto found = impl_->runs.find(run_id);
  return found == impl_->runs.end() ? nullptr : &found->second->machine();
}

void Engine::stop(bool cancel) {
  for (const auto& [run_id, run] : impl_->runs) run->stop(cancel);
  impl_->scheduler.cancel(impl_->tidying);
}

}  // namespace rollout::engine
