#include "runtime/engine/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/engine/log.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plan/planted.hpp"

// A run's life: storing, showing, waking. What it carries out is in run_effects.cpp and run_metrics.cpp.

namespace rollout::engine {

namespace {

// A machine that asks to be woken at once again and again without doing anything must not keep the processor busy.
constexpr int kIdleWakesAllowed = 3;
constexpr Nanoseconds kIdlePause = 10'000'000;
constexpr Nanoseconds kLookAgain = 5'000'000'000;  // whether what the run requires has succeeded

std::vector<journal::NewEntry> entries_of(const machine::Reaction& reaction) {
  std::vector<journal::NewEntry> entries;
  entries.reserve(reaction.records.size());
  for (const machine::Record& record : reaction.records) entries.push_back(entry_of(record));
  return entries;
}

}  // namespace

Run::Run(Surroundings& surroundings, std::shared_ptr<const plan::VerifiedPlan> plan, machine::Machine machine,
         Nanoseconds created)
    : around_(surroundings),
      plan_(std::move(plan)),
      machine_(std::move(machine)),
      created_(created),
      secrets_(
          plan_, [this](plan::RoutineId routine) { return machine_.compute(routine); }, surroundings.masker,
          &surroundings.secrets) {}

journal::Expected<bool> Run::create(const std::string& owner) {
  const machine::Reaction reaction = machine_.apply(machine::Wake{}, created_);
  snapshot_ = machine_.snapshot();
  journal::RunRow row;
  row.run_id = machine_.run_id();
  row.rollout = (*plan_)->rollout.name;
  row.plan_id = plan::plan_id(**plan_);
  row.state = std::string(machine::state_name(machine_.state()));
  row.owner = owner;
  row.created = row.updated = created_;
  row.wake_at = machine_.next_wakeup();
  std::vector<journal::NewEntry> entries;
  for (const PluginNote& plugin : around_.options.plugins) entries.push_back(plugin_found_entry(plugin, created_));
  std::ranges::move(entries_of(reaction), std::back_inserter(entries));
  auto claim = around_.journal.create(row, plan::write_plan(**plan_), snapshot_, entries);
  if (!claim) return claim.error();
  claim_ = *claim;
  log(LogLevel::Info, fmt::format("run {} of {} begins", row.run_id, row.rollout));
  feeding_ = true;
  publish(reaction);
  feeding_ = false;
  return true;
}

journal::Expected<bool> Run::take_up(journal::Claim claim, const std::vector<ProcessNote>& journalled) {
  claim_ = std::move(claim);
  snapshot_ = machine_.snapshot();
  std::vector<std::pair<std::uint64_t, std::string>> doubtful;
  for (const machine::EffectView& effect : machine_.view().effects)
    doubtful.emplace_back(effect.effect, outside_key(effect.key));
  if (planted(plan::Bug::OrphansLive)) doubtful.clear();
  log(LogLevel::Info, fmt::format("run {} is taken up again, {} effects in doubt", claim_.run_id, doubtful.size()));
  std::vector<journal::NewEntry> entries;
  for (const OrphanEnd& end : around_.outside.end_orphans(journalled, doubtful, around_.options.kill_grace)) {
    log(LogLevel::Warning, fmt::format("process {} of effect {} outlived the runtime: {}", end.orphan.process.pid,
                                       end.orphan.key, end.how));
    entries.push_back(orphan_ended_entry(end.orphan, end.how, around_.scheduler.now()));
  }
  if (!entries.empty()) {
    if (auto stored = store(entries); !stored) return stored;
  }
  if (!feed(machine::Restarted{}))
    return journal::JournalError{journal::JournalError::Kind::Io, "the journal cannot be written"};
  return true;
}

journal::Expected<bool> Run::store(const std::vector<journal::NewEntry>& entries) {
  auto stored = around_.journal.append(claim_, entries, snapshot_, std::string(machine::state_name(machine_.state())),
                                       machine_.next_wakeup());
  if (stored) around_.appended();
  return stored;
}

std::optional<std::vector<machine::Record>> Run::feed(const machine::Event& event,
                                                      std::vector<journal::NewEntry> notes) {
  if (broken_ || stopped_ || feeding_) return std::nullopt;
  feeding_ = true;
  machine::Reaction reaction = machine_.apply(event, around_.scheduler.now());
  std::string snapshot = machine_.snapshot();
  const bool changed =
      !notes.empty() || !reaction.records.empty() || !reaction.requests.empty() || snapshot != snapshot_;
  idle_wakes_ = changed ? 0 : idle_wakes_ + 1;
  if (planted(plan::Bug::EffectBeforeIntent)) dispatch(std::exchange(reaction.requests, {}));
  if (changed && !(planted(plan::Bug::OutcomeNotStored) && std::holds_alternative<machine::EffectDone>(event))) {
    snapshot_ = std::move(snapshot);
    std::ranges::move(entries_of(reaction), std::back_inserter(notes));
    if (auto stored = store(notes); !stored && !planted(plan::Bug::FailedWriteIgnored)) {
      feeding_ = false;
      break_with(stored.error().message);
      return std::nullopt;
    }
  }
  publish(reaction);
  feeding_ = false;
  return reaction.records;
}

bool Run::note(const std::vector<journal::NewEntry>& notes) {
  if (broken_ || stopped_ || feeding_) return false;
  const auto stored = store(notes);
  if (!stored) break_with(stored.error().message);
  return static_cast<bool>(stored);
}

void Run::publish(const machine::Reaction& reaction) {
  if (around_.observer.record) {
    for (const machine::Record& record : reaction.records) around_.observer.record(record);
  }
  if (around_.observer.changed) around_.observer.changed(machine_);
  dispatch(reaction.requests);
  if (broken_ || stopped_) return;
  arm();
  watch_requirements(0);
  if (machine_.finished() && !std::exchange(ended_, true)) {
    log(LogLevel::Info, fmt::format("run {} ended: {}", machine_.run_id(), machine::state_name(machine_.state())));
    around_.ended(machine_.run_id());
  }
}

void Run::break_with(const std::string& error) {
  broken_ = true;
  around_.scheduler.cancel(wake_);
  around_.scheduler.cancel(requirement_);
  log(LogLevel::Error, fmt::format("run {} stands still: {}", machine_.run_id(), error));
  if (around_.observer.broken) around_.observer.broken(machine_.run_id(), error);
}

void Run::arm() {
  around_.scheduler.cancel(wake_);
  wake_ = 0;
  auto next = machine_.next_wakeup();
  if (!next) return;
  if (idle_wakes_ > kIdleWakesAllowed) next = std::max(*next, around_.scheduler.now() + kIdlePause);
  wake_ = around_.scheduler.at(*next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->feed(machine::Wake{});
  });
}

void Run::watch_requirements(Nanoseconds after) {
  if (requirement_ != 0 || machine_.open_requirements().empty() || !around_.options.succeeded_run) return;
  requirement_ = around_.scheduler.at(around_.scheduler.now() + after, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_at_requirements();
  });
}

void Run::look_at_requirements() {
  requirement_ = 0;
  if (broken_ || stopped_) return;
  const std::vector<std::string> open = machine_.open_requirements();
  for (const std::string& rollout : open) {
    if (const auto run = around_.options.succeeded_run(rollout)) feed(machine::RequirementMet{rollout, *run});
  }
  watch_requirements(kLookAgain);
}

void Run::stop(bool cancel) {
  stopped_ = true;
  around_.scheduler.cancel(wake_);
  around_.scheduler.cancel(requirement_);
  if (!cancel) return;
  for (const auto& [effect, started] : under_way_) {
    if (started.means == Means::Process) around_.outside.processes->cancel(started.id);
    if (started.means == Means::Http) around_.outside.http->cancel(started.id);
  }
}

}  // namespace rollout::engine
