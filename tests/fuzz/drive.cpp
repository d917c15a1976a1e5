#include "tests/fuzz/drive.hpp"

#include <deque>

#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

using plan::Value;
using plan::ValueKind;

Value some_value(ValueKind kind) {
  switch (kind) {
    case ValueKind::Bool: return Value::boolean(true);
    case ValueKind::Number: return Value::number(3);
    case ValueKind::Ratio: return Value::ratio(0.5);
    case ValueKind::Duration: return Value::duration(60'000'000'000);
    case ValueKind::Size: return Value::size(1024);
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return Value::rate(kind, 1);
    case ValueKind::TimeOfDay: return Value::time_of_day(0);
    case ValueKind::Instant: return Value::instant(0);
    case ValueKind::String: return Value::string("x");
    case ValueKind::Enum: return Value::label("x", 0);
    case ValueKind::List: return Value::list({});
    case ValueKind::Map: return Value::map({});
    case ValueKind::Missing:
    case ValueKind::Secret:
    case ValueKind::Any: return Value::missing();
  }
  return Value::missing();
}

class Answers {
 public:
  Answers(const plan::Plan& plan, std::string_view choices) : plan_(plan), choices_(choices) {}

  machine::Event to(const machine::StartEffect& effect) {
    constexpr machine::EffectStatus kStatuses[] = {machine::EffectStatus::Succeeded, machine::EffectStatus::Succeeded,
                                                   machine::EffectStatus::Failed, machine::EffectStatus::TimedOut,
                                                   machine::EffectStatus::NotStarted};
    return machine::EffectDone{effect.effect, kStatuses[choice() % std::size(kStatuses)], Value::map({}), "as chosen"};
  }
  machine::Event to(const machine::Poll& poll) {
    machine::Samples samples{poll.slot, {}};
    for (const plan::MetricId metric : poll.metrics) {
      const auto status = static_cast<machine::ReadingStatus>(choice() % 4);
      if (metric >= plan_.metrics.size()) broken("a poll of a metric that the plan does not have");
      Value value = some_value(plan_.metrics[metric].kind);
      samples.readings.push_back(
          {metric, status, std::move(value), poll.slot, "as chosen", series_of(metric, poll.slot)});
    }
    return samples;
  }
  machine::Event to(const machine::CancelEffect& cancel) {
    return machine::EffectDone{cancel.effect, machine::EffectStatus::Cancelled, Value::missing(), "cancelled"};
  }
  // Now and then a person says something, wanted or not.
  std::optional<machine::Event> from_people() {
    if (choice() % 4 != 0) return std::nullopt;
    return machine::PersonSaid{static_cast<machine::Verb>(choice() % 11), "fuzz", choice() % 2 == 0 ? "*" : "", "x"};
  }

 private:
  // Up to three of them, in any order, some twice.
  std::vector<machine::SeriesReading> series_of(plan::MetricId metric, plan::Nanoseconds slot) {
    std::vector<machine::SeriesReading> series;
    for (unsigned left = plan_.metrics[metric].by.empty() ? 0 : choice() % 4; left > 0; --left) {
      series.push_back(
          {std::string(1, static_cast<char>('a' + choice() % 3)), some_value(plan_.metrics[metric].kind), slot});
    }
    return series;
  }

  unsigned choice() {
    if (choices_.empty()) return 0;
    const auto result = static_cast<unsigned char>(choices_[at_]);
    at_ = (at_ + 1) % choices_.size();
    return result;
  }

  const plan::Plan& plan_;
  std::string_view choices_;
  std::size_t at_ = 0;
};

void check_snapshot(const std::shared_ptr<const plan::VerifiedPlan>& plan, const machine::Machine& machine) {
  const std::string snapshot = machine.snapshot();
  const auto restored = machine::Machine::restore(plan, snapshot);
  if (!restored) broken("the machine's own snapshot was refused: " + restored.error().message);
  if (restored->snapshot() != snapshot) broken("a restored machine gives another snapshot");
}

}  // namespace

machine::RunOptions options_for(const plan::Plan& plan) {
  machine::RunOptions options;
  options.run_id = "fuzz";
  options.scripted_world = true;
  for (const plan::Parameter& parameter : plan.parameters) {
    if (parameter.default_value == plan::kNone)
      options.parameters.emplace_back(parameter.name, some_value(parameter.kind));
  }
  return options;
}

void drive(const std::shared_ptr<const plan::VerifiedPlan>& plan, machine::Machine& machine, machine::Event first,
           plan::Nanoseconds now, std::string_view choices, int events) {
  Answers answers(**plan, choices);
  std::deque<machine::Event> waiting = {std::move(first)};
  for (int i = 0; i < events; ++i) {
    if (waiting.empty()) {
      if (auto said = answers.from_people()) {
        waiting.push_back(std::move(*said));
      } else if (const auto wakeup = machine.next_wakeup()) {
        now = std::max(now, *wakeup);
        waiting.emplace_back(machine::Wake{});
      } else {
        break;
      }
    }
    const machine::Reaction reaction = machine.apply(waiting.front(), now);
    waiting.pop_front();
    for (const machine::Request& request : reaction.requests) {
      waiting.push_back(std::visit([&](const auto& asked) { return answers.to(asked); }, request));
    }
    if (i % 16 == 0) check_snapshot(plan, machine);
  }
  static_cast<void>(machine.view());
}

}  // namespace rollout::fuzz
