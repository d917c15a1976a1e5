// snapshot: any bytes as a run's stored state are refused with a reason, or are a run that goes on within bounds
#include "compiler/driver/compile.hpp"
#include "tests/fuzz/drive.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

constexpr int kEvents = 100;
constexpr plan::Nanoseconds kCreated = 1'800'000'000'000'000'000;

// The first rollout of the first example that compiles; null where none does.
std::shared_ptr<const plan::VerifiedPlan> make_plan() {
  for (const std::string& source : example_sources()) {
    const driver::CompiledFile file = driver::compile_source({"seed.rollout", source});
    if (file.has_errors || driver::rollout_names(file.module).empty()) continue;
    auto plan = driver::plan_of(file, driver::rollout_names(file.module).front());
    if (!plan) continue;
    if (auto verified = plan::verify(std::move(*plan))) return *verified;
  }
  return nullptr;
}

const std::shared_ptr<const plan::VerifiedPlan>& example_plan() {
  static const auto plan = make_plan();
  return plan;
}

}  // namespace

void test_one(std::string_view bytes) {
  if (example_plan() == nullptr) return;
  auto machine = machine::Machine::restore(example_plan(), bytes);
  if (!machine) {
    if (machine.error().message.empty()) broken("a snapshot was refused without a reason");
    return;
  }
  drive(example_plan(), *machine, machine::Restarted{}, kCreated, bytes.substr(bytes.size() / 2), kEvents);
}

// The states that a run goes through.
std::vector<std::string> built_in_seeds() {
  std::vector<std::string> seeds;
  if (example_plan() == nullptr) return seeds;
  for (const int events : {1, 4, 16, 40, 80}) {
    auto machine = machine::Machine::create(example_plan(), options_for(**example_plan()), kCreated);
    if (!machine) break;
    drive(example_plan(), *machine, machine::Wake{}, kCreated, std::string_view("\0\0\0\1", 4), events);
    seeds.push_back(machine->snapshot());
  }
  return seeds;
}

}  // namespace rollout::fuzz
