#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/simulation.hpp"
#include "tests/simulation/sometimes.hpp"

// How runtimes die in a run, and what else befalls them.

namespace rollout::simulation {

std::optional<Doom> Simulation::draw_doom() {
  if (!deadly_ || !noisy() || lives_ > 6 || !dice_.chance(lives_ <= 1 ? 0.95 : 0.5)) return std::nullopt;
  Doom doom;
  // What is under way makes a death worth while: a quarter of them come right after something began.
  doom.flavour = dice_.chance(0.2) ? Flavour::EffectBegun : static_cast<Flavour>(dice_.below(kFlavours));
  const bool waits = doom.flavour == Flavour::BetweenEvents || doom.flavour == Flavour::PowerBetween ||
                     doom.flavour == Flavour::Frozen;
  if (waits) {
    static constexpr std::uint64_t kSoon[] = {20'000, 120'000, 1'200'000};
    doom.at = world_.now + static_cast<Nanoseconds>(dice_.below(kSoon[dice_.below(3)])) * kMillisecond;
    return doom;
  }
  // As often early as late, and often while it recovers.
  static constexpr std::uint64_t kReach[] = {3, 8, 30, 120};
  const std::uint64_t reach = kReach[dice_.below(4)];
  doom.count = 1 + dice_.below(doom.flavour == Flavour::EffectBegun ? 12 : reach);
  return doom;
}

void Simulation::fall_by(Flavour flavour) {
  if (flavour == Flavour::Frozen) return freeze();
  sometimes(flavour_name(flavour));
  fall(std::string(flavour_name(flavour)), cuts_power(flavour), loss_of(flavour));
}

void Simulation::fall(const std::string& how, bool power, Loss loss) {
  if (life_) retire(*life_);
  // A frozen process lives through another's death, and through no power cut.
  if (power) {
    frozen_.reset();
    thaws_at_ = kNotEver;
  }
  storage_.dead = true;
  life_.reset();
  if (frozen_) {
    storage_.process_died(lives_);
  } else {
    storage_.start_again();
  }
  storage_.disk.lose(loss, storage_.random);
  if (power) world_.lose_power();
  static constexpr Nanoseconds kLongest[] = {1, 5, 60, 600, 2'400};
  const Nanoseconds longest = kLongest[dice_.below(5)];
  const Nanoseconds down =
      static_cast<Nanoseconds>(dice_.below(static_cast<std::uint64_t>(longest * 1'000))) * kMillisecond;
  born_at_ = world_.now + (noisy() ? down : kSecond);
  chronicle_.falls.push_back({world_.now, born_at_, lives_, how});
}

// It holds the journal open and everything that it waited for; another takes its run over.
void Simulation::freeze() {
  if (frozen_) return fall(std::string(flavour_name(Flavour::BetweenEvents)), false, Loss::None);
  retire(*life_);
  frozen_ = std::move(life_);
  born_at_ = world_.now + static_cast<Nanoseconds>(dice_.below(60'000)) * kMillisecond;
  thaws_at_ = born_at_ + static_cast<Nanoseconds>(1 + dice_.below(300'000)) * kMillisecond;
  chronicle_.falls.push_back({world_.now, born_at_, lives_, "frozen"});
}

// Everything that it waited for has become due long ago; the first thing that it wants to write tells it to stop.
void Simulation::thaw() {
  thaws_at_ = kNotEver;
  const std::size_t told = frozen_->told.size();
  while (frozen_->error.empty() && frozen_->clock().run_one()) continue;
  if (!frozen_->error.empty()) sometimes("a runtime that was taken over is fenced");
  if (frozen_->told.size() > told) breach("I3 who was fenced starts nothing: it told of what it could not store");
  frozen_.reset();
}

void Simulation::trouble_the_disk() {
  if (storage_.full) {
    storage_.full = false;
    disk_trouble_ = kNotEver;
  } else if (!noisy()) {
    disk_trouble_ = kNotEver;
  } else if (dice_.chance(0.5)) {
    storage_.full = true;
    disk_trouble_ = world_.now + static_cast<Nanoseconds>(1 + dice_.below(600)) * kSecond;
    sometimes("the disk is full");
  } else {
    storage_.fails_next_sync = true;
    disk_trouble_ = world_.now + static_cast<Nanoseconds>(60 + dice_.below(600)) * kSecond;
    sometimes("a sync fails");
  }
}

}  // namespace rollout::simulation
