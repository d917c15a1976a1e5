// A run from its beginning to its end through all deaths of the runtime, as one seed has it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/machine.hpp"
#include "tests/simulation/life.hpp"
#include "tests/simulation/story.hpp"
#include "tests/simulation/world.hpp"

namespace rollout::simulation {

inline constexpr Nanoseconds kStart = 1'767'571'200 * kSecond;  // of each run: 2026-01-05T00:00Z

// What somebody said to the run, and what they were told.
struct Saying {
  Nanoseconds at = 0;
  machine::PersonSaid said;
  bool accepted = false;
  std::string answer;
};

struct Fall {
  Nanoseconds at = 0, until = 0;  // of being dead
  int life = 0;
  std::string how;
};

// Everything that is known of a run when it is over, for the invariants.
struct Chronicle {
  std::vector<Saying> sayings;
  std::vector<Fall> falls;
  std::vector<std::string> told;  // records, in the order in which they were told as durable
  std::vector<journal::Entry> entries;
  machine::RunState state{};
  bool ended = false, interrupted = false;
  bool clock_went_back = false;       // instants tell no order then
  std::vector<std::string> breaches;  // what broke, each beginning with the invariant's name
  std::uint64_t events = 0;
};

struct Report {
  std::uint64_t seed = 0;
  std::string story;
  Chronicle chronicle;
  World world;
  std::uint64_t digest = 0;  // of the ledger and the journal: equal for equal seeds
};

struct SimulationOptions {
  bool calm = false;                   // nothing goes wrong but what is asked for
  Nanoseconds stops_after = kNotEver;  // of its time, wherever it stands then
  std::optional<Doom> next_doom = {};  // how the first life dies that begins; later ones live as the seed has it
};

// A moment of a run, as values.
struct Scene {
  World world;
  Disk disk;
  Chronicle chronicle;
  std::string acknowledged, attempted;
  Random dice;
  int lives = 0, tries = 0, rollbacks = 0;
  Nanoseconds next_word = 0;
};

// One run. Its parts are public for the grid of crashes, which looks into runs and takes them apart.
class Simulation {
 public:
  Simulation(const Story& story, std::uint64_t seed, SimulationOptions options);
  // From a moment of another run on, in which the runtime dies that way.
  Simulation(const Story& story, Scene scene, SimulationOptions options);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Chronicle run();
  // The rest of the run after the runtime has died that way.
  Chronicle run_after(Flavour flavour);
  const World& world() const { return world_; }
  // This very moment, as a runtime that dies in it leaves it.
  Scene scene() const;
  // Called around each write of the first life, with the number of its entries; and before its log is synced.
  std::function<void(std::size_t entries)> before_write = {}, after_write = {};
  std::function<void()> before_sync = {};

 private:
  bool noisy() const;
  bool is_late() const;
  std::optional<Doom> draw_doom();
  void be_born();
  void begin_or_resume();
  void check_state();
  void fall_by(Flavour flavour);
  void fall(const std::string& how, bool power, Loss loss);
  void freeze();
  void thaw();
  void retire(Life& life);
  void step();
  void deliver();
  void trouble_the_disk();
  void wait_for_birth();
  void somebody_speaks();
  void say(const machine::PersonSaid& said);
  bool is_over();
  void breach(const std::string& what) { chronicle_.breaches.push_back(what); }
  void give_up();
  void go_on();
  void read_the_end();

  const Story& story_;
  SimulationOptions options_;
  Random dice_;
  World world_;
  Storage storage_;
  Storage* storage_before_ = nullptr;
  std::unique_ptr<Life> life_, frozen_;
  Chronicle chronicle_;
  std::string acknowledged_, attempted_;  // see Life
  int lives_ = 0, tries_ = 0, rollbacks_ = 0;
  bool talkative_ = false, sleepy_ = false, deadly_ = false, over_ = false;
  Nanoseconds born_at_ = 0, next_word_ = 0, thaws_at_ = kNotEver, disk_trouble_ = kNotEver, stops_at_ = kNotEver;
};

Report simulate(const Story& story, std::uint64_t seed);
// The run's events in the order of time, for people: the last `most` of them.
std::string timeline(const Report& report, std::size_t most);

}  // namespace rollout::simulation
