// How many guards the machine evaluates a second on the virtual clock: twenty guards, a slot every 15 s, for days.
// Seconds are this process's own, so that what else runs on the computer counts for little.
#include <fmt/format.h>

#include <ctime>
#include <deque>

#include "compiler/driver/compile.hpp"
#include "runtime/machine/machine.hpp"

namespace {

using namespace rollout;

constexpr int kGuards = 20;
constexpr int kDays = 10;
constexpr double kGoalPerSecond = 1'000'000;
constexpr plan::Nanoseconds kEvery = 15'000'000'000;
constexpr plan::Nanoseconds kCreated = 1'800'000'000'000'000'000;

std::string source() {
  std::string text;
  for (int i = 0; i < kGuards; ++i) {
    text += fmt::format("metric latency_{}: duration = command.number(`x`) unit ms every 15s\n", i);
  }
  text += "rollout bench {\n  stage only {\n";
  for (int i = 0; i < kGuards; ++i) {
    text += fmt::format("    when latency_{} > {}ms for 5m then rollback\n", i, 300 + i);
  }
  return text + fmt::format("    hold {}d\n  }}\n}}\n", kDays);
}

// Every metric has a value below its threshold, and one in ten is above it now and then, so that clocks start and stop.
machine::Samples samples_for(const machine::Poll& poll) {
  const plan::Nanoseconds slot = (poll.slot - kCreated) / kEvery;
  machine::Samples samples{poll.slot, {}};
  samples.readings.reserve(poll.metrics.size());
  for (const plan::MetricId metric : poll.metrics) {
    const plan::Nanoseconds value = (slot + metric) % 10 == 0 ? 400'000'000 : 200'000'000;
    samples.readings.push_back({metric, machine::ReadingStatus::Value, plan::Value::duration(value), poll.slot, ""});
  }
  return samples;
}

// The slots that were decided until the machine had nothing more to do.
std::uint64_t play(machine::Machine& machine) {
  std::uint64_t slots = 0;
  plan::Nanoseconds newest = 0;
  plan::Nanoseconds now = kCreated;
  std::deque<machine::Event> waiting = {machine::Wake{}};
  while (true) {
    if (waiting.empty()) {
      const auto wakeup = machine.next_wakeup();
      if (!wakeup) return slots;
      now = std::max(now, *wakeup);
      waiting.emplace_back(machine::Wake{});
    }
    const machine::Reaction reaction = machine.apply(waiting.front(), now);
    waiting.pop_front();
    for (const machine::Request& request : reaction.requests) {
      const auto* poll = std::get_if<machine::Poll>(&request);
      if (poll == nullptr) continue;
      if (poll->slot > newest) ++slots;
      newest = std::max(newest, poll->slot);
      waiting.emplace_back(samples_for(*poll));
    }
  }
}

std::shared_ptr<const plan::VerifiedPlan> make_plan() {
  const driver::CompiledFile file = driver::compile_source({"bench.rollout", source()});
  if (file.has_errors) {
    fmt::print(stderr, "{}", driver::render(file, diagnostics::Format::Text, {}));
    return nullptr;
  }
  auto plan = driver::plan_of(file, "bench");
  if (!plan) return nullptr;
  auto verified = plan::verify(std::move(*plan));
  return verified ? *verified : nullptr;
}

}  // namespace

int main() {
  const auto plan = make_plan();
  if (plan == nullptr) return 1;
  auto machine =
      machine::Machine::create(plan, {.run_id = "bench", .parameters = {}, .scripted_world = true}, kCreated);
  if (!machine) return 1;
  const std::clock_t begin = std::clock();
  const std::uint64_t slots = play(*machine);
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  const double rate = static_cast<double>(slots * kGuards) / seconds;
  const bool whole = slots >= std::uint64_t{kDays} * 86'400 / 15;
  const bool reached = whole && rate >= kGoalPerSecond;
  fmt::print(
      "guard evaluations         {:>12.0f} /s     goal at least {:>9.0f} /s     {}   ({} slots of {} guards in {:.2f} "
      "s{})\n",
      rate, kGoalPerSecond, reached ? "reached" : "MISSED", slots, kGuards, seconds,
      whole ? "" : fmt::format(", but the run ended too early: {}", machine->view().reason));
  return reached ? 0 : 1;
}
