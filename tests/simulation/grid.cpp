#include "tests/simulation/grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <sstream>
#include <vector>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/simulation.hpp"
#include "tests/simulation/workers.hpp"

namespace rollout::simulation {

namespace {

constexpr Nanoseconds kOfAnExample = 3 * 60 * kMinute;  // that the run without a crash lasts, at most
constexpr Nanoseconds kAfterTheCrash = 3 * kMinute;
constexpr std::uint64_t kSilentWrites = 16;
constexpr std::uint64_t kParts = 4;
constexpr std::uint64_t kRecoveryWrites = 4;  // among the first of them the second crash comes

class Grid {
 public:
  Grid(const Story& story, std::uint64_t seed, std::uint64_t part, std::uint64_t parts, bool twice)
      : story_(story),
        part_(part),
        parts_(parts),
        twice_(twice),
        run_(story, seed, {.calm = true, .stops_after = story.made_up ? kNotEver : kOfAnExample}) {}

  GridCount run() {
    run_.before_write = [this](std::size_t entries) {
      const std::uint64_t write = ++count_.writes;
      chosen_ = (entries > 0 || write % kSilentWrites == 0) && ++chosen_writes_ % parts_ == part_;
      if (chosen_) crash(Flavour::BeforeWrite);
    };
    run_.before_sync = [this] {
      if (!chosen_) return;
      crash(Flavour::UnsyncedLost);
      crash(Flavour::Torn);
      crash(Flavour::Reordered);
    };
    run_.after_write = [this](std::size_t) {
      if (std::exchange(chosen_, false)) crash(Flavour::SyncedUntold);
    };
    run_.run();
    return count_;
  }

 private:
  void crash(Flavour flavour) {
    Scene scene = run_.scene();
    // The write has come back, or may have: see Life.
    if (flavour == Flavour::SyncedUntold) scene.acknowledged = scene.attempted;
    if (!twice_) return go_on(std::move(scene), flavour, std::nullopt);
    go_on(scene, flavour, std::nullopt);
    static constexpr Flavour kSecond[] = {Flavour::BeforeWrite, Flavour::UnsyncedLost, Flavour::Torn,
                                          Flavour::Reordered,   Flavour::SyncedUntold, Flavour::Acknowledged};
    const std::uint64_t turn = seconds_++;
    go_on(std::move(scene), flavour,
          Doom{kSecond[turn % std::size(kSecond)], 1 + turn / std::size(kSecond) % kRecoveryWrites});
  }

  void go_on(Scene scene, Flavour flavour, const std::optional<Doom>& second) {
    const Nanoseconds since_start = scene.world.now - kStart;
    Simulation rest(story_, std::move(scene),
                    {.calm = true, .stops_after = story_.made_up ? kNotEver : kAfterTheCrash, .next_doom = second});
    Chronicle chronicle = rest.run_after(flavour);
    check_invariants(story_, rest.world(), chronicle);
    ++count_.crashes;
    if (chronicle.ended) ++count_.ended;
    if (chronicle.breaches.empty() || !count_.broken.empty()) return;
    const std::string again =
        second ? fmt::format(", then {} at write {} of its recovery", flavour_name(second->flavour), second->count)
               : "";
    count_.broken = fmt::format("{}, {} at write {} ({} after the start){}: {}", story_.name, flavour_name(flavour),
                                count_.writes, plan::duration_text(since_start), again, chronicle.breaches.front());
  }

  const Story& story_;
  std::uint64_t part_, parts_, chosen_writes_ = 0, seconds_ = 0;
  bool twice_, chosen_ = false;
  GridCount count_;
  Simulation run_;
};

}  // namespace

GridCount crash_everywhere(const Story& story, std::uint64_t seed, std::uint64_t part, std::uint64_t parts,
                           bool twice) {
  return Grid(story, seed, part, parts, twice).run();
}

bool run_grid(const std::string& examples, std::uint64_t made_up, bool twice, std::size_t jobs) {
  const auto begun = std::chrono::steady_clock::now();
  std::vector<Story> stories = examples.empty() ? std::vector<Story>{} : example_stories(examples);
  for (std::uint64_t seed = 1; seed <= made_up; ++seed) stories.push_back(made_up_story(seed));
  std::vector<std::function<std::string()>> tasks;
  for (const Story& story : stories) {
    for (std::uint64_t part = 0; part < kParts; ++part) {
      tasks.emplace_back([&story, part, twice] {
        const GridCount count = crash_everywhere(story, 1, part, kParts, twice);
        return fmt::format("{} {} {} {}", count.writes, count.crashes, count.ended, count.broken);
      });
    }
  }
  const std::vector<std::string> results = in_processes(jobs, tasks);
  std::uint64_t all = 0, broken = 0;
  fmt::print("  {:>7} {:>8} {:>8}  plan\n", "writes", "crashes", "to an end");
  for (std::size_t index = 0; index < stories.size(); ++index) {
    std::uint64_t writes = 0, crashes = 0, ended = 0;
    for (std::uint64_t part = 0; part < kParts; ++part) {
      const std::string& result = results[index * kParts + part];
      std::istringstream words(result);
      std::uint64_t done = 0, to_the_end = 0;
      std::string breach;
      words >> writes >> done >> to_the_end;
      std::getline(words, breach);
      crashes += done;
      ended += to_the_end;
      if (words.bad() || result.starts_with("died")) breach = result;
      if (breach.size() <= 1) continue;
      ++broken;
      fmt::print("BROKEN {}\n", breach);
    }
    all += crashes;
    fmt::print("  {:>7} {:>8} {:>8}  {}\n", writes, crashes, ended, stories[index].name);
  }
  if (all == 0) {
    fmt::print(
        "nothing was crashed: there is no plan; name a folder of them with --examples, or make some up with --plans\n");
    return false;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  fmt::print("{} crashes in {:.0f} s, {}\n", all, seconds, broken == 0 ? "no invariant broken" : "INVARIANTS BROKEN");
  return broken == 0;
}

}  // namespace rollout::simulation
