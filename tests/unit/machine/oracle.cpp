#include "oracle.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace rollout::oracle {

namespace {

constexpr Time kNever = std::numeric_limits<Time>::max();

struct Decided {
  Time slot = 0;
  Three truth{};
};

// A usable sample, and from when on the runtime had it.
struct Seen {
  Time slot = 0;
  double value = 0;
  Time known_from = 0;
};

struct Reading {
  std::optional<double> value;
  Time ready = 0;  // answered, or given up
};

struct Watch {
  Time next = 0, every = 0;
  std::vector<Decided> history;
  std::size_t episode = 0;  // where in the history the present episode begins
  bool fired = false, missing_answered = false;
  Time fired_at = 0;
};

void sources_of(const Condition& condition, std::set<std::size_t>& into) {
  if (condition.parts.empty()) into.insert(condition.source);
  for (const Condition& part : condition.parts) sources_of(part, into);
}

Three either(bool yes) {
  return yes ? Three::Yes : Three::No;
}

class Evaluation {
 public:
  explicit Evaluation(const Trial& trial) : trial_(trial), seen_(trial.sources.size()) {
    for (const Guard& guard : trial.guards) {
      std::set<std::size_t> read;
      sources_of(guard.condition, read);
      Watch watch;
      watch.next = trial.warmup;
      watch.every = kNever;
      for (const std::size_t source : read) watch.every = std::min(watch.every, trial.sources[source].every);
      watches_.push_back(watch);
      reads_.push_back(read);
    }
    look_before_the_start();
  }

  std::vector<Happening> run() {
    std::size_t resumed = 0;
    while (!ended_) {
      Time slot = kNever, missing = kNever;
      for (const Watch& watch : watches_) slot = std::min(slot, watch.next);
      for (std::size_t i = 0; i < watches_.size(); ++i) missing = std::min(missing, missing_due(i));
      const Time person = resumed < trial_.resumed.size() ? trial_.resumed[resumed] : kNever;
      // At one instant: people, guards, time limits.
      if (std::min({person, slot, missing}) > trial_.end) break;
      if (person <= slot && person <= missing) {
        resume();
        ++resumed;
      } else if (slot <= missing) {
        decide(slot);
      } else {
        answer_missing(missing);
      }
    }
    return std::move(happened_);
  }

 private:
  // -- samples
  const Down* down_at(Time instant) const {
    for (const Down& down : trial_.downs) {
      if (down.from <= instant && instant < down.to) return &down;
    }
    return nullptr;
  }
  const Down* dies_within(Time after, Time until) const {
    for (const Down& down : trial_.downs) {
      if (down.from > after && down.from <= until) return &down;
    }
    return nullptr;
  }

  std::optional<double> usable(const Source& source, const Answer& answer) const {
    if (answer.kind == Answer::Kind::Nothing) return source.absent;
    if (answer.kind != Answer::Kind::Value) return std::nullopt;
    if (answer.age && (*answer.age > source.stale_after || *answer.age < -source.every)) return std::nullopt;
    return answer.value;
  }

  Reading read(std::size_t number, Time slot) {
    const Source& source = trial_.sources[number];
    Time asked = slot;
    if (const Down* down = down_at(slot)) asked = down->to;
    while (true) {
      const bool live = asked == slot;
      if (!live && !source.has_past) return {std::nullopt, asked};
      const Answer answer = source.recorded(slot);
      const Time delay = live ? answer.delay : 0;
      if (const Down* down = dies_within(asked, asked + std::min(delay, source.patience))) {
        asked = down->to;
        continue;
      }
      const std::optional<double> value = usable(source, answer);
      if (delay < source.patience) {
        if (value) seen_[number].push_back({slot, *value, asked + delay});
        return {value, asked + delay};
      }
      // Too late for its own slot: it counts for later ones, where the runtime lives to hear it.
      const bool heard = !dies_within(asked, asked + delay);
      if (value && heard) seen_[number].push_back({slot, *value, asked + delay});
      return {std::nullopt, asked + source.patience};
    }
  }

  // Windows look back on the time before the block, where the source can tell.
  void look_before_the_start() {
    for (std::size_t number = 0; number < trial_.sources.size(); ++number) {
      const Source& source = trial_.sources[number];
      for (Time back = source.every; source.has_past && back < 60 * source.every; back += source.every) {
        if (const auto value = usable(source, source.recorded(-back))) seen_[number].push_back({-back, *value, 0});
      }
    }
  }

  // -- conditions
  Three truth(const Condition& condition, Time slot) const {
    using Kind = Condition::Kind;
    switch (condition.kind) {
      case Kind::Not: {
        const Three inner = truth(condition.parts[0], slot);
        return inner == Three::Unknown ? inner : either(inner == Three::No);
      }
      case Kind::And:
      case Kind::Or: {
        const Three decisive = either(condition.kind == Kind::Or);
        const Three left = truth(condition.parts[0], slot), right = truth(condition.parts[1], slot);
        if (left == decisive || right == decisive) return decisive;
        return left == Three::Unknown ? left : right;
      }
      default: break;
    }
    const std::optional<double> sample = samples_.at(condition.source).value;
    if (condition.kind == Kind::Missing) return either(!sample);
    if (!sample) return Three::Unknown;
    if (condition.kind == Kind::Above) return either(*sample > condition.threshold);
    if (condition.kind == Kind::Below) return either(*sample < condition.threshold);
    // One sample each cadence, counted back from the slot: those between were asked for the slots of others.
    std::map<Time, double, std::greater<>> known;
    for (const Seen& seen : seen_[condition.source]) {
      const bool within = seen.slot <= slot && seen.slot > slot - condition.window;
      if (within && seen.known_from <= decided_at_) known[seen.slot] = seen.value;
    }
    double sum = 0, most = -1e300;
    int count = 0;
    std::optional<Time> newer;
    for (const auto& [at, value] : known) {
      if (newer && *newer - at < trial_.sources[condition.source].every) continue;
      newer = at;
      sum += value;
      most = std::max(most, value);
      ++count;
    }
    return either((condition.kind == Kind::Average ? sum / count : most) > condition.threshold);
  }

  // -- one slot
  void decide(Time slot) {
    samples_.clear();
    for (std::size_t i = 0; i < watches_.size(); ++i) {
      if (watches_[i].next != slot) continue;
      for (const std::size_t source : reads_[i]) {
        if (!samples_.contains(source)) samples_[source] = read(source, slot);
        decided_at_ = std::max(decided_at_, samples_[source].ready);
      }
    }
    std::vector<std::pair<std::size_t, Outcome>> answers;
    for (std::size_t i = 0; i < watches_.size(); ++i) {
      if (watches_[i].next == slot) decide(i, slot, answers);
    }
    act(answers);
  }

  void decide(std::size_t number, Time slot, std::vector<std::pair<std::size_t, Outcome>>& answers) {
    Watch& watch = watches_[number];
    const Guard& guard = trial_.guards[number];
    const std::size_t limit = blind_limit(number);
    const std::size_t unknown_before = unknown_in_a_row(watch);
    watch.next += watch.every;
    watch.history.push_back({slot, truth(guard.condition, slot)});
    const Three now = watch.history.back().truth;
    if (now == Three::Unknown) {
      if (unknown_before != limit) return;
      happened_.push_back({Happening::Kind::Blind, number, slot});
      if (guard.blind) answers.emplace_back(number, *guard.blind);
      return;
    }
    watch.missing_answered = false;
    if (unknown_before > limit) happened_.push_back({Happening::Kind::SeesAgain, number, slot});
    const bool tells = guard.response == Outcome::Tell;
    if (tells && now == Three::No) watch.fired = false;
    if (now == Three::No || !stands(number, slot)) return;
    if (watch.fired && (!tells || guard.repeat == 0 || slot - watch.fired_at < guard.repeat)) return;
    watch.fired = true;
    watch.fired_at = slot;
    happened_.push_back({Happening::Kind::Fired, number, slot});
    answers.emplace_back(number, guard.response);
  }

  // What `for` asks is so at this true slot.
  bool stands(std::size_t number, Time slot) const {
    const Watch& watch = watches_[number];
    const Guard& guard = trial_.guards[number];
    if (guard.of_n > 0) {
      std::size_t known = 0, yes = 0;
      for (std::size_t i = watch.history.size(); i > watch.episode && known < guard.of_n; --i) {
        const Decided& decided = watch.history[i - 1];
        if (decided.slot <= slot - 2 * static_cast<Time>(guard.of_n) * watch.every) break;
        if (decided.truth == Three::Unknown) continue;
        ++known;
        if (decided.truth == Three::Yes) ++yes;
      }
      return yes >= guard.of_m;
    }
    Time held = 0;
    for (std::size_t i = watch.history.size(); i > watch.episode + 1; --i) {
      const Decided& later = watch.history[i - 1];
      const Decided& earlier = watch.history[i - 2];
      if (earlier.truth == Three::No) break;
      if (later.truth == Three::Yes && earlier.truth == Three::Yes) held += later.slot - earlier.slot;
    }
    return held >= guard.needed;
  }

  std::size_t blind_limit(std::size_t number) const {
    const Guard& guard = trial_.guards[number];
    const Time every = watches_[number].every;
    const Time needed = guard.of_n > 0 ? static_cast<Time>(guard.of_n - 1) * every : guard.needed;
    std::size_t limit = 0;
    while (static_cast<Time>(limit) * 2 * every < needed) ++limit;
    return std::max<std::size_t>(2, limit);
  }

  static std::size_t unknown_in_a_row(const Watch& watch) {
    std::size_t count = 0;
    while (count < watch.history.size() && watch.history[watch.history.size() - 1 - count].truth == Three::Unknown) {
      ++count;
    }
    return count;
  }

  // -- what follows
  void act(const std::vector<std::pair<std::size_t, Outcome>>& answers) {
    if (answers.empty()) return;
    auto best = answers.front();
    for (const auto& answer : answers) {
      if (strength(answer.second) > strength(best.second)) best = answer;
    }
    for (const auto& answer : answers) {
      if (answer == best || strength(answer.second) == 0) continue;
      happened_.push_back({Happening::Kind::Outranked, answer.first, 0});
    }
    take(best.first, best.second);
  }

  // `continue` of a guard that is blind lifts the freeze, and competes with nothing.
  static int strength(Outcome outcome) { return outcome <= Outcome::Continue ? 0 : static_cast<int>(outcome); }

  void take(std::size_t guard, Outcome outcome) {
    if (outcome == Outcome::Pause && !paused_) happened_.push_back({Happening::Kind::Paused, guard, 0});
    if (outcome == Outcome::Pause) paused_ = true;
    if (outcome == Outcome::Rollback) happened_.push_back({Happening::Kind::RolledBack, guard, 0});
    if (outcome == Outcome::Abort) happened_.push_back({Happening::Kind::Aborted, guard, 0});
    ended_ = outcome == Outcome::Rollback || outcome == Outcome::Abort;
  }

  void resume() {
    if (!paused_) return;
    paused_ = false;
    for (Watch& watch : watches_) {
      if (!watch.fired) continue;
      watch.fired = false;
      watch.episode = watch.history.size();
    }
  }

  // When the present streak of unknown slots has lasted so long that the run answers for the guard.
  Time missing_due(std::size_t number) const {
    const Watch& watch = watches_[number];
    const std::size_t unknown = unknown_in_a_row(watch);
    if (unknown == 0 || watch.missing_answered || trial_.guards[number].blind) return kNever;
    return watch.history[watch.history.size() - unknown].slot + std::max(trial_.missing_for, watch.every);
  }

  void answer_missing(Time due) {
    for (std::size_t i = 0; i < watches_.size(); ++i) {
      if (missing_due(i) != due) continue;
      watches_[i].missing_answered = true;
      take(i, trial_.on_missing);
      return;
    }
  }

  const Trial& trial_;
  std::vector<Watch> watches_;
  std::vector<std::set<std::size_t>> reads_;  // by guard
  std::vector<std::vector<Seen>> seen_;       // by source
  std::map<std::size_t, Reading> samples_;    // of the slot that is decided
  Time decided_at_ = 0;
  std::vector<Happening> happened_;
  bool paused_ = false, ended_ = false;
};

}  // namespace

std::vector<Happening> evaluate(const Trial& trial) {
  return Evaluation(trial).run();
}

}  // namespace rollout::oracle
