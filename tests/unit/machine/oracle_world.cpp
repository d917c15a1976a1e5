#include "oracle_world.hpp"

#include <fmt/format.h>

#include <cmath>

#include "driver.hpp"

namespace rollout::oracle {

namespace {

using machine::Reading;
using machine::ReadingStatus;
using machine::Record;
using machine::RecordKind;
using machine::test::kStart;
using machine::test::TestPlan;
using plan::kDay;
using plan::kMillisecond;
using plan::kMinute;
using plan::kSecond;
using plan::Op;
using plan::Value;

// ---------------------------------------------------------------- random trials

std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(mixed(seed)) {}
  std::uint64_t below(std::uint64_t limit) { return (state_ = mixed(state_)) % limit; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <typename T, std::size_t N>
  T of(const T (&choices)[N]) {
    return choices[below(N)];
  }

 private:
  std::uint64_t state_;
};

// Runs of good and of bad answers, with single ones that differ.
Answer recorded(std::uint64_t seed, Time every, Time run, Time calm_from, Time slot) {
  Dice stretch(seed ^ mixed(static_cast<std::uint64_t>((slot + 1000 * kDay) / run)));
  const double level = static_cast<double>(stretch.below(11));
  const bool bad_stretch = stretch.one_in(6);
  const auto bad_kind = stretch.below(6);
  Dice single(seed * 31 ^ mixed(static_cast<std::uint64_t>(slot)));
  Answer answer;
  answer.value = single.one_in(8) ? static_cast<double>(single.below(11)) : level;
  if (!single.one_in(3)) answer.age = static_cast<Time>(single.below(5)) * kSecond;
  const bool bad = bad_stretch ? !single.one_in(10) : single.one_in(20);
  const auto kind = bad_stretch ? bad_kind : single.below(6);
  const Time odd = 1 + static_cast<Time>(single.below(999'983));
  if (!bad) {
    if (single.one_in(4)) answer.delay = every * static_cast<Time>(1 + single.below(50)) / 100 + odd;
  } else if (kind == 0) {
    answer.kind = Answer::Kind::NotANumber;
  } else if (kind == 1) {
    answer.kind = Answer::Kind::Nothing;
  } else if (kind == 2) {
    answer.kind = Answer::Kind::Error;
  } else if (kind == 3) {
    answer.age = kMinute * static_cast<Time>(1 + single.below(20)) + odd;
  } else if (kind == 4) {
    answer.age = -(every * static_cast<Time>(50 + single.below(200)) / 100 + odd);
  } else {
    answer.delay = every * static_cast<Time>(120 + single.below(300)) / 100 + odd;
  }
  if (slot >= calm_from) answer.delay = 0;
  return answer;
}

Condition make_condition(Dice& dice, const Trial& trial, int depth) {
  using Kind = Condition::Kind;
  Condition condition;
  condition.kind = dice.of({Kind::Above, Kind::Above, Kind::Below, Kind::Above, Kind::Missing, Kind::Average,
                            Kind::Most, Kind::And, Kind::Or, Kind::Not});
  if (depth == 0 && condition.kind >= Kind::And) condition.kind = Kind::Above;
  condition.source = dice.below(trial.sources.size());
  condition.threshold = static_cast<double>(2 + dice.below(7));
  condition.window =
      trial.sources[condition.source].every * static_cast<Time>(1 + dice.below(12)) + (dice.one_in(3) ? kSecond : 0);
  if (condition.kind < Kind::And) return condition;
  condition.parts.push_back(make_condition(dice, trial, depth - 1));
  if (condition.kind != Kind::Not) condition.parts.push_back(make_condition(dice, trial, depth - 1));
  return condition;
}

Guard make_guard(Dice& dice, const Trial& trial, Time unit) {
  Guard guard;
  guard.condition = make_condition(dice, trial, 2);
  switch (dice.below(4)) {
    case 0: break;
    case 1:
      guard.of_n = 1 + dice.below(7);
      guard.of_m = 1 + dice.below(guard.of_n);
      break;
    default: guard.needed = unit * static_cast<Time>(1 + dice.below(10)) + (dice.one_in(4) ? 1700 * kMillisecond : 0);
  }
  guard.response = dice.of(
      {Outcome::Tell, Outcome::Tell, Outcome::Tell, Outcome::Pause, Outcome::Pause, Outcome::Rollback, Outcome::Abort});
  if (guard.response == Outcome::Tell && dice.one_in(2)) guard.repeat = unit * static_cast<Time>(1 + dice.below(9));
  if (dice.one_in(4)) guard.blind = dice.of({Outcome::Continue, Outcome::Pause, Outcome::Rollback, Outcome::Tell});
  return guard;
}

// ---------------------------------------------------------------- the trial as a plan

void push_condition(TestPlan& plan, const Condition& condition) {
  using Kind = Condition::Kind;
  const auto source = static_cast<plan::MetricId>(condition.source);
  for (const Condition& part : condition.parts) push_condition(plan, part);
  switch (condition.kind) {
    case Kind::And: plan.build.push(Op::And); return;
    case Kind::Or: plan.build.push(Op::Or); return;
    case Kind::Not: plan.build.push(Op::Not); return;
    case Kind::Missing: plan.build.push(Op::MetricMissing, source); return;
    case Kind::Above:
    case Kind::Below: plan.build.push(Op::Metric, source); break;
    case Kind::Average:
    case Kind::Most: {
      const auto kind = condition.kind == Kind::Average ? plan::Aggregate::Average : plan::Aggregate::Maximum;
      plan.build.push_constant(Value::duration(condition.window));
      plan.build.push(Op::Window, source, static_cast<std::uint16_t>(kind));
    }
  }
  plan.build.push_constant(Value::number(condition.threshold));
  plan.build.push(condition.kind == Kind::Below ? Op::Less : Op::Greater);
}

void sources_of(const Condition& condition, std::vector<plan::MetricId>& into) {
  if (condition.parts.empty()) into.push_back(static_cast<plan::MetricId>(condition.source));
  for (const Condition& part : condition.parts) sources_of(part, into);
}

plan::OutcomeKind outcome_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Tell: return plan::OutcomeKind::None;
    case Outcome::Continue: return plan::OutcomeKind::Continue;
    case Outcome::Pause: return plan::OutcomeKind::Pause;
    case Outcome::Rollback: return plan::OutcomeKind::Rollback;
    case Outcome::Abort: break;
  }
  return plan::OutcomeKind::Abort;
}

plan::GuardId add_guard(TestPlan& plan, const Guard& guard, std::size_t number) {
  plan::Guard row;
  row.text = fmt::format("g{}", number);
  plan.build.begin_routine(row.text);
  push_condition(plan, guard.condition);
  row.condition = plan.build.end_routine(plan::ValueKind::Bool);
  if (guard.needed > 0) row.for_duration = plan.build.duration_routine(guard.needed);
  row.of_m = static_cast<std::uint32_t>(guard.of_m);
  row.of_n = static_cast<std::uint32_t>(guard.of_n);
  row.response = plan.response(outcome_of(guard.response));
  if (guard.blind) row.blind = plan.response(outcome_of(*guard.blind));
  if (guard.repeat > 0) row.repeat_every = plan.build.duration_routine(guard.repeat);
  sources_of(guard.condition, row.metrics);
  std::ranges::sort(row.metrics);
  row.metrics.erase(std::ranges::unique(row.metrics).begin(), row.metrics.end());
  return plan.build.add(std::move(row));
}

std::shared_ptr<const plan::VerifiedPlan> plan_of(const Trial& trial) {
  TestPlan plan;
  for (std::size_t i = 0; i < trial.sources.size(); ++i) {
    const Source& source = trial.sources[i];
    const plan::MetricId metric = plan.metric(fmt::format("m{}", i), plan::ValueKind::Number, source.every);
    plan::Metric& row = plan.build.plan().metrics[metric];
    row.stale_after = plan.build.duration_routine(source.stale_after);
    if (source.absent) row.absent = plan.build.constant(Value::number(*source.absent));
  }
  std::vector<plan::GuardId> guards;
  for (std::size_t i = 0; i < trial.guards.size(); ++i) guards.push_back(add_guard(plan, trial.guards[i], i));
  plan.build.rollout().missing_for = plan.build.duration_routine(trial.missing_for);
  plan.build.rollout().on_missing = plan.response(outcome_of(trial.on_missing));
  const plan::BlockId stage = plan.begin_stage("one");
  plan.build.block(stage).guards = guards;
  plan.build.block(stage).warmup = plan.build.duration_routine(trial.warmup);
  plan.hold(1000 * kDay);
  plan.end_stage();
  return machine::test::Driver::verified(plan.finish());
}

// ---------------------------------------------------------------- the machine's life

class Life {
 public:
  explicit Life(Trial& trial) : trial_(trial), plan_(plan_of(trial)) {
    auto created = machine::Machine::create(plan_, {.run_id = "r", .parameters = {}}, kStart);
    if (created) machine_.emplace(std::move(*created));
  }

  std::vector<Happening> run() {
    const std::vector<Time> wishes = std::exchange(trial_.resumed, {});
    std::size_t wish = 0, death = 0;
    feed(machine::Wake{});
    while (!machine_->finished()) {
      const auto wake = machine_->next_wakeup();
      const Time woken = wake ? std::max(*wake - kStart, now_) : std::numeric_limits<Time>::max();
      const Time answered = answers_.empty() ? std::numeric_limits<Time>::max() : answers_.begin()->first;
      const Time dies = death < trial_.downs.size() ? trial_.downs[death].from : std::numeric_limits<Time>::max();
      const Time person = wish < wishes.size() ? wishes[wish] : std::numeric_limits<Time>::max();
      const Time next = std::min({woken, answered, dies, person});
      if (next > trial_.end) break;
      now_ = std::max(now_, next);
      if (dies == next) {
        die(trial_.downs[death++].to);
      } else if (answered == next) {
        const machine::Samples samples = std::move(answers_.begin()->second);
        answers_.erase(answers_.begin());
        feed(samples);
      } else if (person == next) {
        ++wish;
        speak(person);
      } else {
        feed(machine::Wake{});
      }
    }
    return std::move(happened_);
  }

 private:
  // Somebody who looks at the run: while it is behind, nobody can tell what they saw.
  void speak(Time at) {
    if (at <= back_since_ || !answers_.empty() || machine_->state() != machine::RunState::Paused) return;
    trial_.resumed.push_back(at);
    feed(machine::PersonSaid{machine::Verb::Resume, "dana", "", ""});
  }

  void die(Time until) {
    auto restored = machine::Machine::restore(plan_, machine_->snapshot());
    if (!restored) throw std::runtime_error(restored.error().message);
    machine_.emplace(std::move(*restored));
    answers_.clear();
    now_ = back_since_ = until;
    feed(machine::Restarted{});
  }

  void feed(const machine::Event& event) {
    const machine::Reaction reaction = machine_->apply(event, kStart + now_);
    for (const Record& record : reaction.records) note(record);
    for (const machine::Request& request : reaction.requests) {
      if (const auto* poll = std::get_if<machine::Poll>(&request)) answer(*poll);
    }
  }

  void answer(const machine::Poll& poll) {
    const Time slot = poll.slot - kStart;
    for (const plan::MetricId metric : poll.metrics) {
      const Source& source = trial_.sources[metric];
      const bool live = slot == now_;
      const Answer answer = source.recorded(slot);
      Reading reading{metric, ReadingStatus::Value, Value::number(answer.value), {}, {}};
      if (answer.age) reading.sampled_at = poll.slot - *answer.age;
      if (answer.kind == Answer::Kind::NotANumber) reading.value = Value::number(std::nan(""));
      if (answer.kind == Answer::Kind::Nothing) reading.status = ReadingStatus::NoData;
      if (answer.kind == Answer::Kind::Error) reading.status = ReadingStatus::Error;
      if (!live && !source.has_past) reading.status = ReadingStatus::NoPast;
      answers_.emplace(now_ + (live ? answer.delay : 0), machine::Samples{poll.slot, {std::move(reading)}});
    }
  }

  static std::size_t guard_in(const std::string& text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] == 'g' && text[i + 1] >= '0' && text[i + 1] <= '9')
        return static_cast<std::size_t>(text[i + 1] - '0');
    }
    return 99;
  }
  static std::size_t guard_of(const Record& record, const char* field) {
    const Value* value = record.find(field);
    return value == nullptr ? 99 : guard_in(value->as_string());
  }

  void note(const Record& record) {
    using Kind = Happening::Kind;
    const Value* slot = record.find("slot");
    const Time at = slot == nullptr ? 0 : slot->as_integer() - kStart;
    switch (record.kind) {
      case RecordKind::GuardBlind: happened_.push_back({Kind::Blind, guard_of(record, "guard"), at}); break;
      case RecordKind::GuardSeesAgain: happened_.push_back({Kind::SeesAgain, guard_of(record, "guard"), at}); break;
      case RecordKind::GuardFired: happened_.push_back({Kind::Fired, guard_of(record, "guard"), at}); break;
      case RecordKind::GuardOutranked: happened_.push_back({Kind::Outranked, guard_of(record, "guard"), 0}); break;
      case RecordKind::StateChanged: {
        const std::string to = record.find("to")->as_string();
        const std::size_t guard = guard_of(record, "reason");
        if (to == "paused") happened_.push_back({Kind::Paused, guard, 0});
        if (to == "rolling back") happened_.push_back({Kind::RolledBack, guard, 0});
        if (to == "aborted") happened_.push_back({Kind::Aborted, guard, 0});
        break;
      }
      default: break;
    }
  }

  Trial& trial_;
  std::shared_ptr<const plan::VerifiedPlan> plan_;
  std::optional<machine::Machine> machine_;
  std::multimap<Time, machine::Samples> answers_;
  Time now_ = 0, back_since_ = 0;
  std::vector<Happening> happened_;
};

std::string text_of(const Condition& condition) {
  using Kind = Condition::Kind;
  const std::string metric = fmt::format("m{}", condition.source);
  switch (condition.kind) {
    case Kind::Above: return fmt::format("{} > {}", metric, condition.threshold);
    case Kind::Below: return fmt::format("{} < {}", metric, condition.threshold);
    case Kind::Missing: return metric + " is missing";
    case Kind::Average:
      return fmt::format("avg({}, {}) > {}", metric, plan::duration_text(condition.window), condition.threshold);
    case Kind::Most:
      return fmt::format("max({}, {}) > {}", metric, plan::duration_text(condition.window), condition.threshold);
    case Kind::Not: return "not (" + text_of(condition.parts[0]) + ")";
    case Kind::And: return "(" + text_of(condition.parts[0]) + " and " + text_of(condition.parts[1]) + ")";
    case Kind::Or: break;
  }
  return "(" + text_of(condition.parts[0]) + " or " + text_of(condition.parts[1]) + ")";
}

const char* text_of(Outcome outcome) {
  static constexpr const char* kNames[] = {"tell", "continue", "pause", "rollback", "abort"};
  return kNames[static_cast<std::size_t>(outcome)];
}

}  // namespace

Trial make_trial(std::uint64_t seed) {
  Dice dice(seed);
  Trial trial;
  const Time unit = dice.of({5 * kSecond, 15 * kSecond, kMinute});
  const Time length = unit * static_cast<Time>(30 + dice.below(120));
  const Time calm = 20 * unit;
  trial.end = length + calm;
  for (std::uint64_t i = 1 + dice.below(3); i > 0; --i) {
    Source source;
    source.every = unit * dice.of({2, 2, 4, 6, 3}) / 2;
    source.stale_after = dice.one_in(2) ? std::max(3 * source.every, kMinute) : 2 * source.every;
    source.patience = source.every - source.every / 64;
    if (dice.one_in(4)) source.absent = static_cast<double>(dice.below(2) * 10);
    source.has_past = !dice.one_in(3);
    const std::uint64_t own = mixed(seed * 8 + i);
    const Time run = source.every * dice.of({1, 3, 8, 15});
    source.recorded = [=, every = source.every](Time slot) { return recorded(own, every, run, length, slot); };
    trial.sources.push_back(std::move(source));
  }
  for (std::uint64_t i = 1 + dice.below(4); i > 0; --i) trial.guards.push_back(make_guard(dice, trial, unit));
  if (dice.one_in(3)) trial.warmup = kSecond * static_cast<Time>(dice.below(300));
  trial.missing_for = unit * static_cast<Time>(2 + dice.below(20)) + (dice.one_in(3) ? kSecond : 0);
  trial.on_missing = dice.of({Outcome::Pause, Outcome::Pause, Outcome::Continue, Outcome::Rollback, Outcome::Abort});
  Time at = 0;
  for (std::uint64_t i = dice.one_in(2) ? 0 : 1 + dice.below(3); i > 0; --i) {
    const Time from = at + 1 + static_cast<Time>(dice.below(static_cast<std::uint64_t>(length) / 2));
    const Time to = from + static_cast<Time>(dice.below(static_cast<std::uint64_t>(unit) * dice.of({2UL, 10UL, 60UL})));
    if (to >= length) break;
    // Now and then exactly with a slot.
    trial.downs.push_back(dice.one_in(4) ? Down{from - from % unit + unit, to - to % unit + 2 * unit} : Down{from, to});
    at = trial.downs.back().to;
  }
  for (std::uint64_t i = dice.below(4); i > 0; --i) {
    trial.resumed.push_back(static_cast<Time>(dice.below(static_cast<std::uint64_t>(length))));
    if (dice.one_in(3)) trial.resumed.back() -= trial.resumed.back() % unit;
  }
  std::ranges::sort(trial.resumed);
  trial.resumed.erase(std::ranges::unique(trial.resumed).begin(), trial.resumed.end());
  return trial;
}

std::vector<Happening> run_machine(Trial& trial) {
  return Life(trial).run();
}

std::string describe(const Trial& trial) {
  std::string text;
  for (std::size_t i = 0; i < trial.sources.size(); ++i) {
    const Source& source = trial.sources[i];
    text += fmt::format("m{} every {} stale after {}{}{}\n", i, plan::duration_text(source.every),
                        plan::duration_text(source.stale_after),
                        source.absent ? fmt::format(" absent is {}", *source.absent) : "",
                        source.has_past ? "" : ", without a past");
  }
  for (std::size_t i = 0; i < trial.guards.size(); ++i) {
    const Guard& guard = trial.guards[i];
    text += fmt::format("g{}: when {}", i, text_of(guard.condition));
    if (guard.needed > 0) text += " for " + plan::duration_text(guard.needed);
    if (guard.of_n > 0) text += fmt::format(" for {} of {} samples", guard.of_m, guard.of_n);
    if (guard.blind) text += fmt::format(" blind {}", text_of(*guard.blind));
    text += fmt::format(" then {}", text_of(guard.response));
    text += guard.repeat > 0 ? " repeat every " + plan::duration_text(guard.repeat) + "\n" : "\n";
  }
  text += fmt::format("warmup {}, on missing for {} {}\n", plan::duration_text(trial.warmup),
                      plan::duration_text(trial.missing_for), text_of(trial.on_missing));
  for (const Down& down : trial.downs) {
    text += fmt::format("down from {} to {}\n", plan::duration_text(down.from), plan::duration_text(down.to));
  }
  for (const Time at : trial.resumed) text += fmt::format("resumed at {}\n", plan::duration_text(at));
  return text;
}

std::string describe(const std::vector<Happening>& happenings) {
  static constexpr const char* kNames[] = {"blind",          "sees again", "fired", "outranked",
                                           "pauses the run", "rolls back", "aborts"};
  std::string text;
  for (const Happening& one : happenings) {
    text += fmt::format("  g{} {} {}\n", one.guard, kNames[static_cast<std::size_t>(one.kind)],
                        one.at == 0 ? "" : plan::duration_text(one.at));
  }
  return text.empty() ? "  nothing\n" : text;
}

}  // namespace rollout::oracle
