#include "tests/simulation/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/people.hpp"
#include "tests/simulation/sometimes.hpp"

namespace rollout::simulation {

namespace {

constexpr Nanoseconds kNoise = 50 * kMinute;         // so long things go wrong
constexpr Nanoseconds kPatience = 6 * 60 * kMinute;  // and so long the run may take to end after that
constexpr std::uint64_t kEventsAtMost = 60'000;
constexpr int kLivesAtMost = 150;  // more only a runtime needs that does not come up any more
constexpr int kRollbacksAtMost = 6;
constexpr const char* kRun = "r1";

Weather weather_of(Random& random) {
  Weather weather;
  // One seed in four has a calm day: then what is left is the runtime's own deaths.
  const double roughness = static_cast<double>(random.below(4)) / 3;
  const auto some = [&](double most) { return random.chance(0.5) ? roughness * most : 0.0; };
  weather.fails = random.chance(0.15) ? 0.7 : some(0.3);
  weather.hangs = some(0.1);
  weather.lags = some(0.3);
  weather.does_not_start = some(0.2);
  weather.ignores_term = some(0.5);
  weather.bad_metrics = some(0.4);
  weather.gaps = some(0.25);
  weather.failed_polls = some(0.15);
  weather.late_answers = some(0.15);
  return weather;
}

}  // namespace

Simulation::Simulation(const Story& story, std::uint64_t seed, SimulationOptions options)
    : story_(story),
      options_(options),
      dice_(mixed(seed) ^ 0x51),
      world_(seed, options.calm ? Weather{} : weather_of(dice_), kStart),
      born_at_(kStart) {
  storage_.random = Random(mixed(seed) ^ 0xD15C);
  talkative_ = dice_.chance(0.6);
  sleepy_ = dice_.chance(0.25);
  deadly_ = !options.calm && dice_.chance(0.85);
  next_word_ = world_.now + 20 * kSecond;
  if (!options.calm && dice_.chance(0.3))
    disk_trouble_ = world_.now + static_cast<Nanoseconds>(dice_.below(25 * 60)) * kSecond;
  if (options.stops_after != kNotEver) stops_at_ = world_.now + options.stops_after;
  storage_before_ = use_storage(&storage_);
  next_run();
}

Simulation::Simulation(const Story& story, Scene scene, SimulationOptions options)
    : story_(story),
      options_(options),
      dice_(scene.dice),
      world_(std::move(scene.world)),
      chronicle_(std::move(scene.chronicle)),
      acknowledged_(std::move(scene.acknowledged)),
      attempted_(std::move(scene.attempted)),
      lives_(scene.lives),
      tries_(scene.tries),
      rollbacks_(scene.rollbacks),
      next_word_(scene.next_word) {
  storage_.disk = std::move(scene.disk);
  if (options.stops_after != kNotEver) stops_at_ = world_.now + options.stops_after;
  storage_before_ = use_storage(&storage_);
}

Simulation::~Simulation() {
  life_.reset();
  frozen_.reset();
  use_storage(storage_before_);
}

Scene Simulation::scene() const {
  Scene scene{world_, storage_.disk, chronicle_, acknowledged_, attempted_,
              dice_,  lives_,        tries_,     rollbacks_,    next_word_};
  if (!life_) return scene;
  scene.chronicle.told.insert(scene.chronicle.told.end(), life_->told.begin(), life_->told.end());
  if (!life_->acknowledged.empty()) scene.acknowledged = life_->acknowledged;
  if (!life_->attempted.empty()) scene.attempted = life_->attempted;
  return scene;
}

bool Simulation::noisy() const {
  return !options_.calm && world_.now < kStart + kNoise;
}

bool Simulation::is_late() const {
  if (options_.calm) return false;
  return world_.now > kStart + kNoise + kPatience || chronicle_.events > kEventsAtMost || lives_ > kLivesAtMost;
}

void Simulation::be_born() {
  ++lives_;
  LifeOptions options;
  options.number = lives_;
  options.doom = options_.next_doom ? std::exchange(options_.next_doom, std::nullopt) : draw_doom();
  storage_.process = lives_;
  try {
    life_ = std::make_unique<Life>(world_, storage_, options);
    life_->before_write = before_write;
    life_->after_write = after_write;
    storage_.before_log_sync = life_->error.empty() ? before_sync : nullptr;
    if (life_->error.empty()) begin_or_resume();
  } catch (const Died&) {
    if (lives_ > 1) sometimes("the runtime dies while it recovers");
    fall_by(options.doom->flavour);
    return;
  }
  if (!life_->error.empty()) fall("stopped: " + life_->error, false, Loss::None);
}

// After a death the journal holds the state that it took last, or the one that was being written.
void Simulation::check_state() {
  const auto stored = life_->journal().snapshot(kRun);
  const bool begun = !acknowledged_.empty();
  if (!stored && !begun) return;
  if (!stored) {
    breach("I5 the state is the last one that was stored: " + stored.error().message);
  } else if (begun && *stored != acknowledged_ && *stored != attempted_) {
    breach("I5 the state is the last one that was stored: it is another");
  } else if (*stored != acknowledged_) {
    sometimes("a state is there that nobody was told of");
  }
  // What was read is acted upon, so it has to stay.
  if (stored) acknowledged_ = *stored;
}

void Simulation::begin_or_resume() {
  check_state();
  const auto known = life_->journal().run(kRun);
  if (!known) {
    machine::RunOptions options;
    options.run_id = kRun;
    options.parameters = story_.parameters;
    options.zones = story_.zones;
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

// What is kept of a life that is over.
void Simulation::retire(Life& life) {
  chronicle_.told.insert(chronicle_.told.end(), life.told.begin(), life.told.end());
  if (!life.acknowledged.empty()) acknowledged_ = life.acknowledged;
  if (!life.attempted.empty()) attempted_ = life.attempted;
}

// Nobody is there: the world goes on alone.
void Simulation::wait_for_birth() {
  while (const auto next = world_.next_event()) {
    if (*next > born_at_) break;
    world_.now = std::max(world_.now, *next);
    deliver();
  }
  world_.now = std::max(world_.now, born_at_);
  while (disk_trouble_ <= world_.now) trouble_the_disk();
  if (!options_.calm && !frozen_ && dice_.chance(0.05)) {
    sometimes("the clock is set back while the runtime is down");
    chronicle_.clock_went_back = true;
    world_.step_clock(-static_cast<Nanoseconds>(1 + dice_.below(300)) * kSecond);
  }
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
    // Even on quiet days somebody answers what is asked, unless nobody looks.
    machine::View seen = view;
    if (sleepy_) seen.gates.clear();
    if (talkative_ || !seen.gates.empty()) say(anything(seen, story_, dice_));
    return;
  }
  if (const auto said = sensible(view, story_, tries_, dice_)) {
    ++tries_;
    if (said->verb == machine::Verb::Rollback) ++rollbacks_;
    say(*said);
  }
}

bool Simulation::is_over() {
  if (over_) return true;
  const machine::Machine* machine = life_ ? life_->engine().find(kRun) : nullptr;
  if (machine == nullptr) return false;
  // What stays incomplete however often people try is an end as well.
  if (machine->state() == machine::RunState::RollbackIncomplete) return !noisy() && rollbacks_ >= kRollbacksAtMost;
  return machine->finished();
}

void Simulation::deliver() {
  for (const std::uint64_t call : world_.pass_time()) {
    for (Life* life : {life_.get(), frozen_.get()}) {
      if (life != nullptr && world_.ledger[call].life == life->number()) life->deliver(world_.ledger[call]);
    }
  }
}

void Simulation::step() {
  const auto doom = life_->doom();
  Nanoseconds next = std::min({next_word_, doom ? doom->at : kNotEver, thaws_at_, disk_trouble_});
  if (const auto outside = world_.next_event()) next = std::min(next, *outside);
  if (const auto due = life_->clock().next_due()) next = std::min(next, *due);
  world_.now = std::max(world_.now, next);
  if (doom && doom->at <= world_.now) return fall_by(doom->flavour);
  if (disk_trouble_ <= world_.now) trouble_the_disk();
  deliver();
  if (thaws_at_ <= world_.now && frozen_) thaw();
  try {
    if (next_word_ <= world_.now) {
      somebody_speaks();
    } else {
      life_->clock().run_one();
    }
  } catch (const Died&) {
    return fall_by(doom->flavour);
  }
  if (!life_->error.empty()) fall("stopped: " + life_->error, false, Loss::None);
}

void Simulation::give_up() {
  const machine::Machine* machine = life_ ? life_->engine().find(kRun) : nullptr;
  std::string open = chronicle_.falls.empty() ? "dead" : "dead: " + chronicle_.falls.back().how;
  if (machine != nullptr) {
    const machine::View view = machine->view();
    open = fmt::format("{}, {}; {} effects, {} gates, {} acknowledgements open", machine::state_name(machine->state()),
                       view.reason, view.effects.size(), view.gates.size(), view.acknowledgements.size());
    for (const std::string& step : view.steps) open += ", `" + step + "` runs";
  }
  breach(fmt::format("I8 every run ends: not after {} and {} events, long after all faults; it is {}",
                     plan::duration_text(world_.now - kStart), chronicle_.events, open));
}

void Simulation::go_on() {
  bool calm = false;
  while (!is_over() && world_.now < stops_at_) {
    if (!noisy() && !calm) {
      calm = true;
      world_.calm_down();
      storage_.full = storage_.fails_next_sync = false;
      disk_trouble_ = kNotEver;
    }
    ++chronicle_.events;
    if (is_late()) {
      give_up();
      break;
    }
    if (life_) {
      step();
    } else {
      wait_for_birth();
    }
  }
  read_the_end();
}

Chronicle Simulation::run() {
  be_born();
  go_on();
  return std::move(chronicle_);
}

Chronicle Simulation::run_after(Flavour flavour) {
  fall_by(flavour);
  go_on();
  return std::move(chronicle_);
}

void Simulation::read_the_end() {
  frozen_.reset();
  if (life_) {
    retire(*life_);
    if (const machine::Machine* machine = life_->engine().find(kRun)) {
      chronicle_.state = machine->state();
      chronicle_.ended = machine->finished();
    }
  }
  life_.reset();
  storage_.start_again();
  storage_.full = storage_.fails_next_sync = false;
  Life reader(world_, storage_, {lives_ + 1, 0, std::nullopt});
  const auto complain = [&](const std::string& why) { breach("I5 the journal can be read: " + why); };
  if (!reader.error.empty()) return complain(reader.error);
  const auto entries = reader.journal().entries(kRun, 0, 0);
  if (!entries) return complain(entries.error().message);
  const auto row = reader.journal().run(kRun);
  if (!row) return complain(row.error().message);
  chronicle_.entries = *entries;
  if (!over_) return;
  chronicle_.ended = true;
  for (int state = 0; state <= static_cast<int>(machine::RunState::Failed); ++state) {
    if (machine::state_name(static_cast<machine::RunState>(state)) == row->state)
      chronicle_.state = static_cast<machine::RunState>(state);
  }
}

namespace {

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
  Simulation simulation(story, seed, {});
  Report report{seed, story.name, simulation.run(), simulation.world(), 0};
  report.digest = digest_of(report.chronicle, report.world);
  check_invariants(story, report.world, report.chronicle);
  return report;
}

}  // namespace rollout::simulation
