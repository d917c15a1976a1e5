#include "tests/simulation/planted_bugs.hpp"

#include <fmt/format.h>

#include <functional>
#include <vector>

#include "runtime/plan/planted.hpp"
#include "tests/simulation/simulation.hpp"
#include "tests/simulation/workers.hpp"

namespace rollout::simulation {

#ifdef ROLLOUT_PLANTED_BUGS

namespace {

struct Planted {
  plan::Bug bug;
  const char* name;
  const char* text;
};

constexpr Planted kBugs[] = {
#define BUG(name, text) {plan::Bug::name, #name, text},
#include "runtime/plan/planted_bugs.def"
#undef BUG
};

// "SEED the first invariant that broke", or nothing.
std::string hunt(const Planted& planted, std::uint64_t seeds) {
  plan::planted_bug = planted.bug;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Report report = simulate(made_up_story(seed), seed);
    if (report.chronicle.breaches.empty()) continue;
    const std::string& breach = report.chronicle.breaches.front();
    return fmt::format("{:>6}  {}", seed, breach.substr(0, breach.find(':')));
  }
  return {};
}

}  // namespace

bool catch_planted_bugs(std::uint64_t seeds, std::size_t at_once, const std::string& only) {
  std::vector<std::function<std::string()>> tasks;
  std::vector<const Planted*> planted;
  for (const Planted& bug : kBugs) {
    if (!only.empty() && only != bug.name) continue;
    planted.push_back(&bug);
    tasks.emplace_back([&bug, seeds] { return hunt(bug, seeds); });
  }
  const std::vector<std::string> found = in_processes(at_once, tasks);
  std::size_t caught = 0;
  fmt::print("  {:<24} {:>6}  {}\n", "planted bug", "seed", "what breaks");
  for (std::size_t index = 0; index < planted.size(); ++index) {
    if (!found[index].empty()) ++caught;
    fmt::print("  {:<24} {}\n", planted[index]->name,
               found[index].empty() ? fmt::format("{:>6}  NOT CAUGHT: {}", "-", planted[index]->text) : found[index]);
  }
  fmt::print("{} of {} planted bugs caught within {} seeds\n", caught, planted.size(), seeds);
  return caught == planted.size();
}

#else

bool catch_planted_bugs(std::uint64_t, std::size_t, const std::string&) {
  fmt::print("this build has no planted bugs in it: configure with -DROLLOUT_PLANTED_BUGS=ON\n");
  return false;
}

#endif

}  // namespace rollout::simulation
