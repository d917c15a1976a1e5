#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/plan/plan.hpp"

// What goes into the machine (events) and what comes out (requests to carry out, records to journal). Plain values.

namespace rollout::machine {

using plan::Nanoseconds;
using plan::Value;

// ---------------------------------------------------------------- into the machine

// One answer of a metric source for one slot: exactly four outcomes, none of them silently a pass or a fail.
enum class ReadingStatus : std::uint8_t { Value, NoData, Error, NoPast };
// One series of a grouped metric in an answer.
struct SeriesReading {
  std::string name;  // as plan::series_name makes it
  Value value;       // of the metric's kind, NaN, or missing with the reason
  std::optional<Nanoseconds> sampled_at;
  bool operator==(const SeriesReading&) const = default;
  template <typename Archive>
  void fields(Archive& archive) {
    archive(name, value, sampled_at);
  }
};

struct Reading {
  plan::MetricId metric = plan::kNone;
  ReadingStatus status{};
  Value value;                             // of the metric's kind; NaN is a Number that the machine treats as unknown
  std::optional<Nanoseconds> sampled_at;   // the sample's own time, where the source tells; freshness is judged by it
  std::string error;                       // for Error: what happened, without secrets
  std::vector<SeriesReading> series = {};  // of a grouped metric, instead of `value`: those that the source has now
  bool operator==(const Reading&) const = default;
};

// Time has come: a wake-up that `next_wakeup` asked for, or any time later.
struct Wake {
  bool operator==(const Wake&) const = default;
};

// The answer to a Poll. Several may answer one poll; what is missing when the poll's deadline passes is unknown.
struct Samples {
  Nanoseconds slot = 0;
  std::vector<Reading> readings;
  bool operator==(const Samples&) const = default;
};

// NotStarted: the effect certainly never began (the program does not exist, the connection was refused before a byte
// left). InDoubt: it was started, and nobody knows whether it took effect (a plugin died over it). Descend (scripted
// worlds only, for a Call): nothing is known of the call as a whole, carry out its body.
enum class EffectStatus : std::uint8_t { Succeeded, Failed, NotStarted, TimedOut, Cancelled, Descend, InDoubt };
struct EffectDone {
  std::uint64_t effect = 0;  // as in StartEffect
  EffectStatus status{};
  Value result;       // { exit, stdout, stderr, json, elapsed } or { status, headers, text, json, elapsed }
  std::string error;  // why it failed, for people; without secrets
  bool operator==(const EffectDone&) const = default;
};

enum class Verb : std::uint8_t {
  Approve,
  Reject,
  Tick,
  Answer,
  Pause,
  Resume,
  Promote,
  Abort,
  Rollback,
  Retry,
  Acknowledge
};
// What a person said at the console. `gate` empty: the only open one (or all, where Tick/Approve says so with `*`).
struct PersonSaid {
  Verb verb{};
  std::string who;
  std::string gate;  // the approval's, checklist's or question's text; a channel's name
  std::string text;  // the item, the answer, the reason
  bool operator==(const PersonSaid&) const = default;
};

// The newest run of a rollout that this one `requires` has succeeded.
struct RequirementMet {
  std::string rollout;
  std::string run;  // which run it was
  bool operator==(const RequirementMet&) const = default;
};

// The runtime was started again on a stored state. Effects that were under way and have no outcome are in doubt.
struct Restarted {
  bool operator==(const Restarted&) const = default;
};

// A newer run has the exclusive key of this one, which is over but for its schedules: only those that are `always`
// stay.
struct Superseded {
  std::string by;  // the newer run
  bool operator==(const Superseded&) const = default;
};

using Event = std::variant<Wake, Samples, EffectDone, PersonSaid, Restarted, RequirementMet, Superseded>;

// ---------------------------------------------------------------- out of the machine

// What kind of outside call a StartEffect is. Call and Check exist in scripted worlds only: the world answers for an
// action, channel or external check as a whole.
enum class RequestKind : std::uint8_t { Process, Shell, Http, Call, Check, Mail, Plugin };

// Carry this out, once its intent is durable. Arguments by name as in plan::Effect, computed, secrets as templates.
struct StartEffect {
  std::uint64_t effect = 0;  // unique within the run
  std::string key;           // run/step path/attempt; stable over restarts
  RequestKind kind{};
  plan::EffectClass effect_class{};
  std::string callable;  // kubernetes.set_image, health_ok; for Process and Shell the command's text
  std::vector<std::pair<std::string, Value>> arguments;
  Nanoseconds timeout = 0;
  bool again = false;  // started before a crash and started again now, under the same key
  // Plugin: it is only asked what became of the call of this key. The answer is an outcome, or InDoubt.
  bool ask = false;
  bool operator==(const StartEffect&) const = default;
};

// Stop it: TERM, after a grace KILL. Its EffectDone still comes.
struct CancelEffect {
  std::uint64_t effect = 0;
  bool operator==(const CancelEffect&) const = default;
};

// Ask the sources for the value of these metrics as of `slot` (which may lie in the past), until `deadline`.
struct Poll {
  Nanoseconds slot = 0;
  Nanoseconds deadline = 0;
  std::vector<plan::MetricId> metrics;
  bool operator==(const Poll&) const = default;
};

using Request = std::variant<StartEffect, CancelEffect, Poll>;

enum class RecordKind : std::uint8_t {
#define RECORD(name, text, doc) name,
#include "runtime/machine/records.def"
#undef RECORD
};
// "guard fired": the name in journals, logs and `--format json`.
std::string_view record_name(RecordKind kind);

// One line of the journal: what happened, with its details by name (documented in records.def).
struct Record {
  RecordKind kind{};
  Nanoseconds at = 0;
  std::vector<std::pair<std::string, Value>> fields;
  const Value* find(std::string_view name) const;
  bool operator==(const Record&) const = default;
};

// What the machine did with one event. The feeder makes records and snapshot durable before it carries out a request.
struct Reaction {
  std::vector<Record> records;
  std::vector<Request> requests;
};

}  // namespace rollout::machine
