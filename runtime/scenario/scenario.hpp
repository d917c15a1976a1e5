#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/plan/plan.hpp"

// A scenario as data: the world, the people and the expectations of one test of a rollout. Lowered by the compiler
// beside the plan (it is no part of the plan file), played by player.hpp on the virtual clock.

namespace rollout::scenario {

using plan::Nanoseconds;
using plan::Value;

// A moment: a duration from the start (the first step or gate), or a stage's entry or end, plus a duration.
struct Point {
  enum class Base : std::uint8_t { Start, StageEntry, StageEnd } base{};
  std::string stage;
  std::uint32_t occurrence = 1;  // `graduated[2]`: the second entry
  Nanoseconds offset = 0;
  bool operator==(const Point&) const = default;
};

// One slot of a `slots(...)` list, repeated `times`.
struct Slot {
  enum class Kind : std::uint8_t { Value, NoData, Error } kind{};
  Value value;
  std::uint32_t times = 1;
};

// What a signal's metric answers while it holds.
struct SignalValue {
  enum class Kind : std::uint8_t { Constant, Missing, Error, Ramp, Noise, Slots, File, Nan, Old, Late, Future } kind{};
  Value first, second;  // Constant: first. Ramp: from, to. Noise: value, radius. Old, Late: value, by. Future: value
  Nanoseconds interval = 0;  // Slots
  std::vector<Slot> slots;
  std::string path;  // File: CSV `time,value`, relative to the scenario's file
};

// A pattern for callables' and metrics' arguments: nothing matches any (`_`).
using ArgumentPattern = std::vector<std::optional<Value>>;

// Later signals win over earlier ones.
struct Signal {
  std::string metric;                        // declared name, as plan::Metric::declaration
  std::optional<ArgumentPattern> arguments;  // nothing: every instance
  std::vector<std::string> series;           // one series of a grouped metric
  SignalValue value;
  std::optional<Point> from, to;  // from included, to excluded
  plan::Spot spot;
};

// What the world does when it is called: an action, a channel, a check, or a command by its text (with `*`).
struct WorldRule {
  std::string callable;  // "kubernetes.set_image"; empty: `command` decides
  std::string command;   // glob over the command's text
  std::optional<ArgumentPattern> arguments;
  enum class Answer : std::uint8_t { Succeeds, Fails, Hangs, Returns } answer{};
  Nanoseconds after = 0;      // succeeds in D
  std::string why;            // fails "why"
  std::uint32_t times = 0;    // fails ... N times; 0: always
  std::vector<Value> values;  // returns V then V; the last stays
  std::optional<Point> from, to;
  plan::Spot spot;
};

enum class PersonKind : std::uint8_t { ApproveAll, Approve, Reject, Answer, TickAll, Tick, Acknowledge };
// People answer what is asked, `after` it was asked.
struct Person {
  PersonKind kind{};
  std::string gate, text, who;  // who empty: any member of the role
  Nanoseconds after = 0;
  plan::Spot spot;
};

enum class ConsoleVerb : std::uint8_t { Rollback, Pause, Resume, Promote, Abort, Retry };
struct Console {
  Point at;
  ConsoleVerb verb{};
  std::string reason, who;
  plan::Spot spot;
};

struct Crash {
  Point at;
  Nanoseconds down_for = 0;  // the runtime is started again after it
  plan::Spot spot;
};

enum class Comparison : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };
struct Timing {
  std::optional<Point> at;
  std::optional<Nanoseconds> within, after;  // from the start
};
enum class ExpectKind : std::uint8_t {
  End,
  Reached,
  Called,
  Notified,
  Before,
  Because,
  Blind,
  Traffic,
  EndWithin,
};
enum class ExpectedEnd : std::uint8_t { Succeeded, RolledBack, RollbackIncomplete, Paused, Aborted, Failed };
struct Expectation {
  ExpectKind kind{};
  bool negated = false;
  ExpectedEnd end{};              // End
  std::string stage;              // End during, Reached
  std::string callable, command;  // Called; Before: first
  std::optional<ArgumentPattern> arguments;
  std::string second;                  // Before: second
  std::string channel, text;           // Notified; Because: text
  std::optional<std::uint32_t> times;  // Called, Notified
  Comparison comparison{};             // Traffic
  Value share;
  std::string rollout;      // Traffic: of this child; empty: of all rollouts of the run
  std::optional<Point> at;  // Traffic
  Nanoseconds within = 0;   // EndWithin
  Timing timing;            // End, Reached
  std::string source;       // the line as written, for the report
  plan::Spot spot;
};

struct Scenario {
  std::string name, rollout;
  std::vector<std::pair<std::string, Value>> parameters;  // `with`
  std::optional<Nanoseconds> starts;  // an instant; nothing: the first opening of the window, from a fixed Monday
  std::vector<Signal> signals;
  std::vector<WorldRule> world;
  std::vector<Person> people;
  std::vector<Console> console;
  std::vector<Crash> crashes;
  std::vector<Expectation> expectations;
  plan::Spot spot;
};

}  // namespace rollout::scenario
