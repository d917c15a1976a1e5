#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// What guards do, evaluated by brute force from the language's text alone: a page of plain code over recorded samples
// that shares nothing with the machine. Times are nanoseconds since the guards' block began.

namespace rollout::oracle {

using Time = std::int64_t;

enum class Three : std::uint8_t { No, Yes, Unknown };

// What a source would say as of a slot. `age`: how much older than the slot the sample is, negative: from the future.
struct Answer {
  enum class Kind : std::uint8_t { Value, NotANumber, Nothing, Error } kind{};
  double value = 0;
  std::optional<Time> age;
  Time delay = 0;  // of the answer, where it is asked at its slot; one for a slot gone by comes at once
};

struct Source {
  Time every = 0, stale_after = 0;
  Time patience = 0;  // an answer that takes longer is none
  std::optional<double> absent;
  bool has_past = true;
  std::function<Answer(Time slot)> recorded;
};

struct Condition {
  enum class Kind : std::uint8_t { Above, Below, Missing, Average, Most, And, Or, Not } kind{};
  std::size_t source = 0;
  double threshold = 0;
  Time window = 0;
  std::vector<Condition> parts;
};

// Ascending: the stronger wins.
enum class Outcome : std::uint8_t { Tell, Continue, Pause, Rollback, Abort };

struct Guard {
  Condition condition;
  Time needed = 0;                 // `for D`
  std::size_t of_m = 0, of_n = 0;  // `for M of N samples`
  Outcome response{};
  Time repeat = 0;  // 0: once an episode
  std::optional<Outcome> blind;
};

struct Down {
  Time from = 0, to = 0;
};

struct Trial {
  std::vector<Source> sources;
  std::vector<Guard> guards;
  Time warmup = 0;
  Time missing_for = 0;
  Outcome on_missing{};
  std::vector<Down> downs;    // when the runtime is dead: ascending, apart
  std::vector<Time> resumed;  // when people resumed a paused run
  Time end = 0;               // the last instant that is looked at
};

// One thing that happens, in order. `at` is the slot of what guards do, and 0 for what follows from it.
struct Happening {
  enum class Kind : std::uint8_t { Blind, SeesAgain, Fired, Outranked, Paused, RolledBack, Aborted } kind{};
  std::size_t guard = 0;
  Time at = 0;
  bool operator==(const Happening&) const = default;
};

std::vector<Happening> evaluate(const Trial& trial);

}  // namespace rollout::oracle
