#include "tests/simulation/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/people.hpp"
#include "tests/simulation/sometimes.hpp"

namespace rollout::simulation {

namespace {

constexpr Nanoseconds kStart = 1'767'571'200 * kSecond;  // 2026-01-05T00:00Z
constexpr Nanoseconds kNoise = 50 * kMinute;             // so long things go wrong
constexpr Nanoseconds kPatience = 6 * 60 * kMinute;      // and so long the run may take to end after that
constexpr std::uint64_t kEventsAtMost = 60'000;
constexpr const char* kRun = "r1";

Weather weather_of(Random& random) {
  Weather weather;
  // One seed in four has a calm day: then what is left is the runtime's own deaths.
  const double roughness = static_cast<double>(random.below(4)) / 3;
  const auto some = [&](double most) { return random.chance(0.5) ? roughness * most : 0.0; };
  weather.fails = some(0.25);
  weather.hangs = some(0.1);
  weather.lags = some(0.3);
  weather.does_not_start = some(0.1);
  weather.ignores_term = some(0.5);
  weather.bad_metrics = some(0.3);
  weather.gaps = some(0.25);
  weather.failed_polls = some(0.15);
  weather.late_answers = some(0.15);
  return weather;
}

class Simulation {
 public:
  Simulation(const Story& story, std::uint64_t seed)
      : story_(story), dice_(mixed(seed) ^ 0x51), world_(seed, weather_of(dice_), kStart) {
    storage_.random = Random(mixed(seed) ^ 0xD15C);
    eventful_ = dice_.chance(0.7);
    talkative_ = dice_.chance(0.6);
    deadly_ = dice_.chance(0.85);
    next_word_ = world_.now + 20 * kSecond;
    use_storage(&storage_);
    next_run();
  }

  Chronicle run();
  World& world() { return world_; }

 private:
  bool noisy() const { return world_.now < kStart + kNoise; }
  std::optional<Doom> draw_doom();
  void be_born();
  void begin_or_resume();
  void fall(const std::string& how, bool power, Loss loss);
  void step();
  void wait_for_birth();
  void somebody_speaks();
  void say(const machine::PersonSaid& said);
  bool is_over();
  void read_the_end();

  const Story& story_;
  Random dice_;
  World world_;
  Storage storage_;
  std::unique_ptr<Life> life_;
  Chronicle chronicle_;
  int lives_ = 0, tries_ = 0;
  bool eventful_ = false, talkative_ = false, deadly_ = false;
  Nanoseconds born_at_ = kStart, next_word_ = 0;
  bool over_ = false;
};

std::optional<Doom> Simulation::draw_doom() {
  if (!deadly_ || !noisy() || lives_ > 6 || !dice_.chance(lives_ <= 1 ? 0.95 : 0.5)) return std::nullopt;
  Doom doom;
  doom.flavour = static_cast<Flavour>(dice_.below(kFlavours));
  if (doom.flavour == Flavour::BetweenEvents || doom.flavour == Flavour::PowerBetween) {
    doom.at = world_.now + static_cast<Nanoseconds>(dice_.below(20 * 60)) * kSecond;
    return doom;
  }
  // As often early as late, and often while it recovers.
  static constexpr std::uint64_t kReach[] = {3, 8, 30, 120};
  doom.count = 1 + dice_.below(doom.flavour == Flavour::EffectBegun ? 12 : kReach[dice_.below(4)]);
  return doom;
}

void Simulation::be_born() {
  storage_.start_again();
  ++lives_;
  LifeOptions options;
  options.number = lives_;
  options.doom = draw_doom();
  life_.reset();
  try {
    life_ = std::make_unique<Life>(world_, storage_, options);
    if (life_->error.empty()) begin_or_resume();
  } catch (const Died&) {
    const Flavour flavour = options.doom->flavour;
    if (lives_ > 1) sometimes("the runtime dies while it recovers");
    fall(std::string(flavour_name(flavour)), cuts_power(flavour), loss_of(flavour));
    return;
  }
  if (!life_->error.empty()) fall("stopped: " + life_->error, false, Loss::None);
}

void Simulation::begin_or_resume() {
  const auto known = life_->journal().run(kRun);
  if (!known) {
    machine::RunOptions options;
    options.run_id = kRun;
    options.parameters = story_.parameters;
    if (const auto begun = life_->engine().start(story_.plan, options); !begun) life_->error = begun.error().message;
    return;
  }
  const auto resumed = life_->engine().resume(kRun);
  if (!resumed && resumed.error().message.find("nothing left to do") != std::string::npos) {
    over_ = true;
  } else if (!resumed) {
    life_->error = resumed.error().message;
  }
}

void Simulation::fall(const std::string& how, bool power, Loss loss) {
  chronicle_.told.insert(chronicle_.told.end(), life_ ? life_->told.begin() : chronicle_.told.end(),
                         life_ ? life_->told.end() : chronicle_.told.end());
  storage_.dead = true;
  life_.reset();
  storage_.start_again();
  storage_.disk.lose(loss, storage_.random);
  if (power) world_.lose_power();
  static constexpr Nanoseconds kLongest[] = {1, 5, 60, 600, 2'400};
  const Nanoseconds down =
      static_cast<Nanoseconds>(dice_.below(static_cast<std::uint64_t>(kLongest[dice_.below(5)] * 1'000))) *
      kMillisecond;
  born_at_ = world_.now + (noisy() ? down : kSecond);
  chronicle_.falls.push_back({world_.now, born_at_, lives_, how});
}

// Nobody is there: the world goes on alone.
void Simulation::wait_for_birth() {
  while (const auto next = world_.next_event()) {
    if (*next > born_at_) break;
    world_.now = std::max(world_.now, *next);
    world_.pass_time();
  }
  world_.now = std::max(world_.now, born_at_);
  be_born();
}

void Simulation::say(const machine::PersonSaid& said) {
  chronicle_.sayings.push_back({world_.now, said, false, "(no answer: the runtime died)"});
  const auto answer = life_->engine().say(kRun, said);
  chronicle_.sayings.back().accepted = static_cast<bool>(answer);
  chronicle_.sayings.back().answer = answer ? *answer : answer.error().message;
}

void Simulation::somebody_speaks() {
  const machine::Machine* machine = life_->engine().find(kRun);
  next_word_ = world_.now + (noisy() ? static_cast<Nanoseconds>(10 + dice_.below(150)) : 20) * kSecond;
  if (machine == nullptr) return;
  const machine::View view = machine->view();
  if (noisy()) {
    // Even on quiet days somebody answers what is asked.
    if (talkative_ || !view.gates.empty()) say(anything(view, story_, dice_));
    return;
  }
  if (const auto said = sensible(view, story_, tries_, dice_)) {
    ++tries_;
    say(*said);
  }
}

bool Simulation::is_over() {
  if (over_) return true;
  const machine::Machine* machine = life_ ? life_->engine().find(kRun) : nullptr;
  if (machine == nullptr || !machine->finished()) return false;
  // People still have something to say to what is incomplete.
  return machine->state() != machine::RunState::RollbackIncomplete ||
         (!noisy() && !sensible(machine->view(), story_, tries_, dice_));
}

void Simulation::step() {
  const auto& doom = life_->doom();
  Nanoseconds next = std::min(next_word_, doom ? doom->at : kNotEver);
  if (const auto outside = world_.next_event()) next = std::min(next, *outside);
  if (const auto due = life_->clock().next_due()) next = std::min(next, *due);
  world_.now = std::max(world_.now, next);
  if (doom && doom->at <= world_.now) {
    fall(std::string(flavour_name(doom->flavour)), cuts_power(doom->flavour), loss_of(doom->flavour));
    return;
  }
  for (const std::uint64_t call : world_.pass_time()) {
    if (world_.ledger[call].life == life_->number()) life_->deliver(world_.ledger[call]);
  }
  try {
    if (next_word_ <= world_.now) {
      somebody_speaks();
    } else {
      life_->clock().run_one();
    }
  } catch (const Died&) {
    fall(std::string(flavour_name(doom->flavour)), cuts_power(doom->flavour), loss_of(doom->flavour));
    return;
  }
  if (!life_->error.empty()) fall("stopped: " + life_->error, false, Loss::None);
}

Chronicle Simulation::run() {
  bool calm = false;
  be_born();
  while (!is_over()) {
    if (!noisy() && !calm) {
      calm = true;
      world_.calm_down();
      storage_.full = false;
    }
    const bool too_long = world_.now > kStart + kNoise + kPatience || ++chronicle_.events > kEventsAtMost;
    if (too_long) {
      const machine::Machine* machine = life_ ? life_->engine().find(kRun) : nullptr;
      chronicle_.breaches.push_back(
          fmt::format("I8 every run ends: {} after {} events, long after all faults; state {}, {}",
                      plan::duration_text(world_.now - kStart), chronicle_.events,
                      machine ? machine::state_name(machine->state()) : "dead", machine ? machine->view().reason : ""));
      break;
    }
    if (life_) {
      step();
    } else {
      wait_for_birth();
    }
  }
  read_the_end();
  return std::move(chronicle_);
}

void Simulation::read_the_end() {
  if (life_) {
    chronicle_.told.insert(chronicle_.told.end(), life_->told.begin(), life_->told.end());
    if (const machine::Machine* machine = life_->engine().find(kRun)) {
      chronicle_.state = machine->state();
      chronicle_.ended = machine->finished();
    }
  }
  life_.reset();
  storage_.start_again();
  Life reader(world_, storage_, {lives_ + 1, 0, std::nullopt});
  if (!reader.error.empty()) {
    chronicle_.breaches.push_back("I5 the journal can be read: " + reader.error);
    return;
  }
  const auto entries = reader.journal().entries(kRun, 0, 0);
  if (!entries) {
    chronicle_.breaches.push_back("I5 the journal can be read: " + entries.error().message);
    return;
  }
  chronicle_.entries = *entries;
  const auto row = reader.journal().run(kRun);
  if (row && over_) {
    chronicle_.ended = true;
    for (int state = 0; state <= static_cast<int>(machine::RunState::Failed); ++state) {
      if (machine::state_name(static_cast<machine::RunState>(state)) == row->state)
        chronicle_.state = static_cast<machine::RunState>(state);
    }
  }
}

std::uint64_t digest_of(const Chronicle& chronicle, const World& world) {
  std::uint64_t state = 0;
  const auto add = [&](std::string_view text, std::uint64_t number) { state = mixed(state ^ lot(number, text)); };
  for (const Call& call : world.ledger) add(call.text + call.key, static_cast<std::uint64_t>(call.started));
  for (const journal::Entry& entry : chronicle.entries)
    add(entry.kind + entry.body, static_cast<std::uint64_t>(entry.at));
  return state;
}

}  // namespace

Report simulate(const Story& story, std::uint64_t seed) {
  Simulation simulation(story, seed);
  Report report{seed, story.name, simulation.run(), simulation.world(), 0};
  report.digest = digest_of(report.chronicle, report.world);
  check_invariants(story, report.world, report.chronicle);
  return report;
}

}  // namespace rollout::simulation
