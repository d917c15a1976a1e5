#include "runtime/scenario/player.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>
#include <variant>

#include "runtime/plan/evaluate.hpp"
#include "runtime/scenario/checks.hpp"
#include "runtime/scenario/expectations.hpp"
#include "runtime/scenario/ledger.hpp"
#include "runtime/scenario/patience.hpp"
#include "runtime/scenario/people.hpp"
#include "runtime/scenario/signals.hpp"
#include "runtime/scenario/world.hpp"
#include "runtime/zones/zones.hpp"

namespace rollout::scenario {

namespace {

using machine::EffectDone;
using machine::EffectStatus;
using machine::Machine;
using machine::PersonSaid;
using machine::Record;
using machine::RecordKind;

struct Dies {
  Nanoseconds down_for = 0;
};
struct StartsAgain {};
// `start` tells which start of the effect: an effect that was under way when the runtime died is started again.
struct Finishes {
  EffectDone done;
  std::uint64_t start = 0;
};
struct Speaks {
  PersonSaid said;
  bool by_name = true;
  bool at_console = false;
};

// The order within one instant; the machine's own wake-ups come after all of them.
enum class Order : std::uint8_t { World, Effect, Person, Sample };

struct Due {
  Nanoseconds at = 0;
  Order order{};
  std::uint64_t sequence = 0;
  std::variant<Dies, StartsAgain, machine::RequirementMet, Finishes, Speaks, machine::Samples> what;

  // For a heap whose top is the earliest.
  bool operator<(const Due& other) const {
    if (at != other.at) return at > other.at;
    if (order != other.order) return order > other.order;
    return sequence > other.sequence;
  }
};

// Records that a guard may write for ever while the run stands still.
bool only_watches(RecordKind kind) {
  return kind == RecordKind::GuardPending || kind == RecordKind::GuardReset || kind == RecordKind::GuardUnknown ||
         kind == RecordKind::GuardSeesAgain || kind == RecordKind::SampleLate || kind == RecordKind::SeriesChanged ||
         kind == RecordKind::GuardCadence || kind == RecordKind::ClockSkew;
}

// The sample of a grouped metric.
Value series_of(const machine::Reading& reading) {
  plan::Map series;
  for (const machine::SeriesReading& one : reading.series) series.emplace_back(one.name, one.value);
  return Value::map(std::move(series));
}

class Player {
 public:
  Player(std::shared_ptr<const plan::VerifiedPlan> plan, const Scenario& scenario, const PlayOptions& options)
      : verified_(std::move(plan)),
        plan_(**verified_),
        scenario_(scenario),
        options_(options),
        signals_(plan_, scenario, options.directory),
        world_(scenario),
        checks_(plan_, scenario),
        ledger_(result_),
        patience_(plan_) {}

  Result play();

 private:
  bool begin();
  void run();
  bool step();
  bool within_bounds();
  bool nothing_will_change();

  void feed(const machine::Event& event);
  void take(machine::Reaction reaction, std::vector<machine::Poll>& polls);
  void note(const Record& record);
  void points_moved();
  void carry_out(const machine::StartEffect& effect);
  void answer(const machine::Poll& poll);
  machine::Samples immediate_answer(std::vector<machine::Poll>& polls);
  SignalAnswer read(plan::MetricId metric, Nanoseconds slot);
  std::optional<bool> check_passes(const plan::Metric& check, Nanoseconds slot);
  Value usable(plan::MetricId metric, Nanoseconds slot);
  void keep_if_it_mattered(const machine::Samples& samples, const machine::Reaction& reaction);

  void happen(const Due& due);
  void happen(const Dies& dies);
  void happen(const StartsAgain&);
  void happen(const machine::RequirementMet& met);
  void happen(const Finishes& finishes);
  void happen(const Speaks& speaks);
  void happen(const machine::Samples& samples);

  void meet_requirements();
  void ask_people(const Record& record);
  void finish(Nanoseconds at, EffectDone done);
  void push(Nanoseconds at, Order order, decltype(Due::what) what);
  void fail(std::string observed);

  std::shared_ptr<const plan::VerifiedPlan> verified_;
  const plan::Plan& plan_;
  const Scenario& scenario_;
  const PlayOptions& options_;
  Result result_;
  Signals signals_;
  World world_;
  Checks checks_;
  Ledger ledger_;
  Patience patience_;
  std::optional<Machine> machine_;
  std::string stored_;  // the machine's state while it is down
  Nanoseconds now_ = 0, restarts_at_ = 0, last_progress_ = 0;
  std::priority_queue<Due> due_;
  std::uint64_t sequence_ = 0;
  std::map<std::uint64_t, std::uint64_t> under_way_;  // effects, and which start of them
  std::uint64_t starts_ = 0;
  std::vector<bool> console_scheduled_, crash_scheduled_;
  std::size_t console_waiting_ = 0;
  bool points_changed_ = true, broken_ = false;
};

void Player::push(Nanoseconds at, Order order, decltype(Due::what) what) {
  due_.push({std::max(at, now_), order, sequence_++, std::move(what)});
}

void Player::finish(Nanoseconds at, EffectDone done) {
  const std::uint64_t start = under_way_[done.effect];
  push(at, Order::Effect, Finishes{std::move(done), start});
}

void Player::fail(std::string observed) {
  result_.failures.push_back({{}, std::move(observed), scenario_.spot});
  broken_ = true;
}

Result Player::play() {
  result_.scenario = scenario_.name;
  result_.rollout = scenario_.rollout;
  result_.spot = scenario_.spot;
  for (const std::string& problem : signals_.problems()) fail(problem);
  if (!broken_ && begin()) run();
  result_.last = now_;
  if (!broken_) {
    auto unmet = unmet_expectations(scenario_, result_, ledger_.points());
    std::move(unmet.begin(), unmet.end(), std::back_inserter(result_.failures));
  }
  result_.passed = result_.failures.empty();
  return std::move(result_);
}

bool Player::begin() {
  now_ = result_.created = creation_instant(plan_, scenario_);
  console_scheduled_.resize(scenario_.console.size());
  crash_scheduled_.resize(scenario_.crashes.size());
  machine::RunOptions run;
  run.run_id = "scenario";
  run.parameters = scenario_.parameters;
  run.scripted_world = true;
  auto zones = zones::read_zones(plan_, now_);
  if (!zones) {
    fail(zones.error().message);
    return false;
  }
  run.zones = std::move(*zones);
  auto created = Machine::create(verified_, std::move(run), now_);
  if (!created) {
    fail("the run could not be created: " + created.error().message);
    return false;
  }
  machine_.emplace(std::move(*created));
  feed(machine::Wake{});
  meet_requirements();
  return true;
}

void Player::run() {
  while (!broken_ && within_bounds() && step()) {
  }
  if (machine_) result_.state = machine_->state();
}

// Goes to the next instant at which something is due and lets it happen; false at the end of the play.
bool Player::step() {
  if (machine_ && machine_->finished() && console_waiting_ == 0) return false;
  const auto wake = machine_ ? machine_->next_wakeup() : std::nullopt;
  if (!due_.empty() && (!wake || due_.top().at <= std::max(*wake, now_))) {
    const Due due = due_.top();
    due_.pop();
    happen(due);
    return true;
  }
  if (!wake || nothing_will_change()) return false;
  now_ = std::max(now_, *wake);
  feed(machine::Wake{});
  return true;
}

bool Player::within_bounds() {
  if (result_.events > options_.most_events) {
    fail(fmt::format("the run had not ended after {} events, {} after its creation; the play was stopped",
                     options_.most_events, plan::duration_text(now_ - result_.created)));
  } else if (now_ - result_.created > options_.most_time) {
    fail(fmt::format("the run had not ended {} after its creation; the play was stopped",
                     plan::duration_text(options_.most_time)));
  }
  return !broken_;
}

// Guards are asked for ever while a run waits for a person who never answers. Once nothing in the world can change any
// more and every guard has had its time, the state is what it is.
bool Player::nothing_will_change() {
  if (!due_.empty() || !patience_.is_due(now_)) return false;
  const Nanoseconds changed = std::max(signals_.last_change(), world_.last_change());
  // In a pause only companions and repeated notifications still write records, for ever; they move nothing.
  const bool stands = result_.state == machine::RunState::Paused && result_.state_since;
  const Nanoseconds quiet_since = std::max(changed, stands ? *result_.state_since : last_progress_);
  return changed <= now_ && patience_.is_over(machine_->view(), quiet_since, now_);
}

void Player::feed(const machine::Event& event) {
  std::vector<machine::Poll> polls;
  ++result_.events;
  take(machine_->apply(event, now_), polls);
  // Sources answer within the same instant, before anything that the polls' reactions start.
  while (!polls.empty() && result_.events <= options_.most_events) {
    const machine::Samples samples = immediate_answer(polls);
    if (samples.readings.empty()) continue;
    ++result_.events;
    machine::Reaction reaction = machine_->apply(samples, now_);
    keep_if_it_mattered(samples, reaction);
    take(std::move(reaction), polls);
  }
}

void Player::take(machine::Reaction reaction, std::vector<machine::Poll>& polls) {
  for (const Record& record : reaction.records) note(record);
  if (points_changed_) points_moved();
  for (machine::Request& request : reaction.requests) {
    if (auto* effect = std::get_if<machine::StartEffect>(&request)) carry_out(*effect);
    if (auto* poll = std::get_if<machine::Poll>(&request)) polls.push_back(std::move(*poll));
    if (auto* cancel = std::get_if<machine::CancelEffect>(&request); cancel && under_way_.contains(cancel->effect))
      finish(now_, EffectDone{cancel->effect, EffectStatus::Cancelled, Value::missing("cancelled"), "cancelled"});
  }
}

void Player::note(const Record& record) {
  const bool had_start = result_.start.has_value();
  ledger_.note(record);
  if (!only_watches(record.kind)) last_progress_ = record.at;
  points_changed_ = points_changed_ || had_start != result_.start.has_value() ||
                    record.kind == RecordKind::StageEntered || record.kind == RecordKind::StageDone;
  if (record.kind == RecordKind::GateOpened || record.kind == RecordKind::Notified) ask_people(record);
}

void Player::points_moved() {
  points_changed_ = false;
  const Points& points = ledger_.points();
  signals_.resolve(points);
  world_.resolve(points);
  for (std::size_t i = 0; i < scenario_.console.size(); ++i) {
    const auto at = points.resolve(scenario_.console[i].at);
    if (!at || console_scheduled_[i]) continue;
    console_scheduled_[i] = true;
    ++console_waiting_;
    push(*at, Order::Person, Speaks{console_saying(scenario_.console[i]), true, true});
  }
  for (std::size_t i = 0; i < scenario_.crashes.size(); ++i) {
    const auto at = points.resolve(scenario_.crashes[i].at);
    if (!at || crash_scheduled_[i]) continue;
    crash_scheduled_[i] = true;
    push(*at, Order::World, Dies{std::max<Nanoseconds>(0, scenario_.crashes[i].down_for)});
  }
}

// What the rollout requires has succeeded, unless the scenario says otherwise.
void Player::meet_requirements() {
  for (const std::string& rollout : std::vector<std::string>(machine_->open_requirements())) {
    const auto after = world_.requirement_met_after(rollout);
    if (after) push(now_ + *after, Order::World, machine::RequirementMet{rollout, {}});
  }
}

void Player::ask_people(const Record& record) {
  if (record.kind == RecordKind::Notified) {
    const std::string channel = field_text(record, "channel");
    for (const Person& person : scenario_.people) {
      if (person.kind != PersonKind::Acknowledge || person.gate != channel) continue;
      const PersonSaid said{machine::Verb::Acknowledge, person.who.empty() ? "somebody" : person.who, channel, {}};
      push(now_ + person.after, Order::Person, Speaks{said, false, false});
    }
    return;
  }
  const std::string text = field_text(record, "gate");
  for (const machine::GateView& gate : machine_->view().gates) {
    if (gate.text != text) continue;
    for (Saying& saying : answers_to(scenario_, gate))
      push(now_ + saying.after, Order::Person, Speaks{std::move(saying.said), saying.by_name, false});
    return;
  }
}

void Player::carry_out(const machine::StartEffect& effect) {
  ledger_.note(effect, now_);
  under_way_[effect.effect] = ++starts_;
  WorldAnswer answer = world_.answer(effect, now_);
  const bool too_long = !answer.after || *answer.after > effect.timeout;
  if (too_long && effect.timeout > 0) {
    const std::string error = "no answer within " + plan::duration_text(effect.timeout);
    finish(now_ + effect.timeout, EffectDone{effect.effect, EffectStatus::TimedOut, Value::missing(error), error});
    return;
  }
  if (!answer.after) return;
  if (Value* result = &answer.result; result->find("elapsed")) {
    plan::Map fields = result->as_map();
    for (auto& [name, value] : fields) {
      if (name == "elapsed") value = Value::duration(*answer.after);
    }
    *result = Value::map(std::move(fields));
  }
  finish(now_ + *answer.after,
         EffectDone{effect.effect, answer.status, std::move(answer.result), std::move(answer.error)});
}

// Takes the first slot's polls from the list and answers them together, with what is known now; late samples come as
// events of their own.
machine::Samples Player::immediate_answer(std::vector<machine::Poll>& polls) {
  machine::Samples samples{polls.front().slot, {}};
  for (const machine::Poll& poll : polls) {
    if (poll.slot != samples.slot) continue;
    for (const plan::MetricId metric : poll.metrics) {
      SignalAnswer answer = read(metric, poll.slot);
      if (poll.slot + answer.delay > now_) {
        push(poll.slot + answer.delay, Order::Sample, machine::Samples{poll.slot, {std::move(answer.reading)}});
      } else {
        samples.readings.push_back(std::move(answer.reading));
      }
    }
  }
  std::erase_if(polls, [&](const machine::Poll& poll) { return poll.slot == samples.slot; });
  return samples;
}

// A check on metrics alone follows from the signals; what else a check calls belongs to the world.
std::optional<bool> Player::check_passes(const plan::Metric& check, Nanoseconds slot) {
  if (!checks_.decided_by_signals(check.check)) return world_.check_passes(check.declaration, check.arguments, slot);
  const auto sample = [&](plan::MetricId metric, Nanoseconds at) { return usable(metric, at); };
  return checks_.passes({check.check, slot, ledger_.points().started(), sample});
}

// What an expression may rely on of the metric at that slot: its value (of a grouped one that of each series), or
// missing.
Value Player::usable(plan::MetricId metric, Nanoseconds slot) {
  const SignalAnswer answer = read(metric, slot);
  const machine::Reading& reading = answer.reading;
  const plan::Metric& row = plan_.metrics[metric];
  const bool has_absent = row.absent < plan_.constants.size();
  const bool known = answer.delay == 0 && reading.status == machine::ReadingStatus::Value;
  if (known && !row.by.empty() && (!reading.series.empty() || !has_absent)) return series_of(reading);
  if (has_absent && (reading.status == machine::ReadingStatus::NoData || !row.by.empty())) {
    return plan_.constants[row.absent];
  }
  if (!known) return Value::missing("no data");
  if (std::isnan(reading.value.as_double())) return Value::missing("the source answered NaN");
  const Nanoseconds age = slot - reading.sampled_at.value_or(slot);
  if (age > checks_.stale_after(metric)) return Value::missing("the newest sample is too old");
  if (age < -checks_.cadence(metric)) return Value::missing("the newest sample is ahead of the clock");
  return reading.value;
}

// The signals' word; a check that no signal is about is answered by the world.
SignalAnswer Player::read(plan::MetricId metric, Nanoseconds slot) {
  if (auto answer = signals_.read(metric, slot)) return std::move(*answer);
  SignalAnswer answer;
  answer.reading.metric = metric;
  answer.reading.status = machine::ReadingStatus::NoData;
  const plan::Metric& row = plan_.metrics[metric];
  if (row.provider != plan::MetricProvider::Check) return answer;
  const auto passes = check_passes(row, slot);
  if (!passes) return answer;
  answer.reading.status = machine::ReadingStatus::Value;
  answer.reading.value = Value::boolean(*passes);
  answer.reading.sampled_at = slot;
  return answer;
}

void Player::keep_if_it_mattered(const machine::Samples& samples, const machine::Reaction& reaction) {
  const auto decides = [](const Record& record) {
    return record.kind == RecordKind::GuardPending || record.kind == RecordKind::GuardReset ||
           record.kind == RecordKind::GuardUnknown || record.kind == RecordKind::GuardBlind ||
           record.kind == RecordKind::GuardSeesAgain || record.kind == RecordKind::GuardFired ||
           record.kind == RecordKind::HoldEnded;
  };
  if (std::none_of(reaction.records.begin(), reaction.records.end(), decides)) return;
  for (const machine::Reading& reading : samples.readings)
    result_.samples.push_back({samples.slot, reading.metric, reading.status, reading.value});
}

void Player::happen(const Due& due) {
  now_ = std::max(now_, due.at);
  std::visit([&](const auto& what) { happen(what); }, due.what);
}

void Player::happen(const Dies& dies) {
  if (!machine_ || machine_->finished()) return;
  // The feeder makes the state durable after each event, so that what is lost is only what was under way.
  stored_ = machine_->snapshot();
  machine_.reset();
  under_way_.clear();
  restarts_at_ = now_ + dies.down_for;
  push(restarts_at_, Order::World, StartsAgain{});
}

void Player::happen(const StartsAgain&) {
  auto restored = Machine::restore(verified_, stored_);
  if (!restored) {
    fail("the stored state could not be taken up again: " + restored.error().message);
    return;
  }
  machine_.emplace(std::move(*restored));
  feed(machine::Restarted{});
}

void Player::happen(const machine::RequirementMet& met) {
  if (machine_) {
    feed(met);
  } else {
    push(restarts_at_, Order::World, met);
  }
}

void Player::happen(const Finishes& finishes) {
  const auto found = under_way_.find(finishes.done.effect);
  if (!machine_ || found == under_way_.end() || found->second != finishes.start) return;
  under_way_.erase(found);
  feed(finishes.done);
}

void Player::happen(const Speaks& speaks) {
  if (!machine_) {  // nobody listens; they try again when the runtime is back
    push(restarts_at_, Order::Person, speaks);
    return;
  }
  if (speaks.at_console) --console_waiting_;
  if (!speaks.by_name && !speaks.said.gate.empty() && speaks.said.verb != machine::Verb::Acknowledge) {
    const auto gates = machine_->view().gates;
    const auto open = [&](const machine::GateView& gate) { return gate.text == speaks.said.gate; };
    if (std::none_of(gates.begin(), gates.end(), open)) return;
  }
  feed(speaks.said);
}

void Player::happen(const machine::Samples& samples) {
  if (machine_) feed(samples);
}

}  // namespace

Result play(std::shared_ptr<const plan::VerifiedPlan> plan, const Scenario& scenario, const PlayOptions& options) {
  return Player(std::move(plan), scenario, options).play();
}

}  // namespace rollout::scenario
