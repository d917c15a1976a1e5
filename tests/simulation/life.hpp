// One life of the runtime: the real engine with the real journal, on a simulated clock, disk and world, until it dies.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/engine/action_queue.hpp"
#include "runtime/engine/engine.hpp"
#include "runtime/journal/journal.hpp"
#include "tests/simulation/storage.hpp"
#include "tests/simulation/world.hpp"

namespace rollout::simulation {

// How the runtime dies, and what of the disk and of its processes outlives it.
enum class Flavour : std::uint8_t {
  BeforeWrite,    // killed before it writes
  UnsyncedKept,   // killed after writing, before the sync: the system has it all
  UnsyncedLost,   // power cut after writing: nothing of it is stored
  Torn,           // power cut in the middle of storing
  Reordered,      // power cut, stored in any order, rubbish among it
  SyncedUntold,   // power cut when all is stored, before anything is started
  Acknowledged,   // killed when the write has come back, before anything is started
  EffectBegun,    // killed right after it started something
  BetweenEvents,  // killed while it waits
  PowerBetween,   // power cut while it waits
  Frozen,         // stopped while it waits, and goes on when another has taken its run over
};
inline constexpr std::size_t kFlavours = 11;
std::string_view flavour_name(Flavour flavour);
bool cuts_power(Flavour flavour);
Loss loss_of(Flavour flavour);

// When a life ends: at its n-th write, the n-th thing that it starts, or an instant.
struct Doom {
  Flavour flavour{};
  std::uint64_t count = 0;
  Nanoseconds at = kNotEver;
};

// Thrown through the engine where its process dies.
struct Died {};

// The clock as a process sees it: the world's, off by a little; what waits on it is gone with the process.
class SimulatedClock final : public engine::Scheduler {
 public:
  SimulatedClock(const World& world, Nanoseconds offset) : world_(world), offset_(offset) {}
  Nanoseconds now() const override { return world_.now + offset_; }
  engine::TimerId at(Nanoseconds due, std::function<void()> action) override {
    return queue_.add(due, std::move(action));
  }
  void cancel(engine::TimerId timer) override { queue_.cancel(timer); }
  // In the world's time; nothing where nothing waits.
  std::optional<Nanoseconds> next_due();
  bool run_one();

 private:
  const World& world_;
  Nanoseconds offset_;
  engine::ActionQueue queue_;
};

struct LifeOptions {
  int number = 1;
  Nanoseconds clock_offset = 0;
  std::optional<Doom> doom;
};

class Life {
 public:
  // Opens the journal; `error` says why it could not be opened. May throw Died.
  Life(World& world, Storage& storage, const LifeOptions& options);
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  engine::Engine& engine() { return *engine_; }
  journal::Journal& journal();
  SimulatedClock& clock() { return clock_; }
  int number() const { return options_.number; }
  const std::optional<Doom>& doom() const { return options_.doom; }
  std::uint64_t writes() const { return writes_; }
  // An ended call of this life, as an event of its loop.
  void deliver(const Call& call);

  // The state as the journal took it last, and as it was being written: after a death it is one of the two.
  std::string acknowledged, attempted;
  std::string error;              // the journal could not be opened, or a write failed
  std::vector<std::string> told;  // records as an observer was told of them
  // For the grid: around each write, with the number of its entries.
  std::function<void(std::size_t entries)> before_write = {}, after_write = {};

 private:
  class GuardedJournal;
  class Processes;
  class Http;
  class Mails;
  friend class GuardedJournal;

  engine::Outside outside();
  void started_something();

  World& world_;
  Storage& storage_;
  LifeOptions options_;
  SimulatedClock clock_;
  std::unique_ptr<journal::Journal> journal_;
  std::map<std::uint64_t, std::function<void(const Call&)>> waiting_;
  std::uint64_t writes_ = 0, starts_ = 0;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace rollout::simulation
