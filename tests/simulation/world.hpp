// The world outside of the runtime: commands, servers, metrics and the state that they change, with a ledger of all
// that reached it. It knows nothing of the runtime's own state, and draws its lots by the names of things, so that it
// is the same world whatever the runtime does.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/executors/http_client.hpp"
#include "runtime/executors/mail_sender.hpp"
#include "runtime/executors/process.hpp"
#include "tests/simulation/random.hpp"

namespace rollout::simulation {

using plan::Nanoseconds;

// Part of the only secret in this world.
inline constexpr std::string_view kCanary = "canary-6f1d2c7e9b";

inline constexpr Nanoseconds kMillisecond = 1'000'000;
inline constexpr Nanoseconds kSecond = 1'000 * kMillisecond;
inline constexpr Nanoseconds kMinute = 60 * kSecond;
inline constexpr Nanoseconds kNotEver = std::numeric_limits<Nanoseconds>::max();

// How often things go wrong: probabilities for each call, each sample.
struct Weather {
  double fails = 0, hangs = 0, lags = 0, does_not_start = 0, ignores_term = 0;
  double bad_metrics = 0, gaps = 0, failed_polls = 0, late_answers = 0;
  double probe_lies = 0;  // never in a sound world
};

enum class Means : std::uint8_t { Process, Http, Mail };
enum class CallEnd : std::uint8_t { Open, Returned, NotStarted, TimedOut, Cancelled, Killed };

// Something that the runtime started outside, as the outside saw it.
struct Call {
  std::uint64_t number = 0;
  Means means{};
  std::string key, text;  // its idempotency key; the command's words, or method and address
  std::string body;
  int life = 0;  // which process of the runtime started it
  Nanoseconds started = 0, applies = kNotEver, ends = kNotEver, limit = kNotEver, grace = 0;
  bool ignores_term = false;
  int status = 0;  // exit status, or HTTP status
  std::string output;
  CallEnd end = CallEnd::Open;
  CallEnd ending = CallEnd::Returned;  // how it will end
  Nanoseconds applied_at = kNotEver, ended_at = kNotEver;
  bool measures = false;  // a metric source's question
};

// What one name in the world went through.
struct Cell {
  bool there = false;
  std::uint64_t put_by = 0;  // the call
  std::uint32_t puts = 0;
};

// What a source was told about one slot.
struct Served {
  enum class Kind : std::uint8_t { Value, NoData, Failed, Late } kind{};
  double value = 0;
  Nanoseconds asked = 0;
};

class World {
 public:
  World(std::uint64_t seed, Weather weather, Nanoseconds start) : now(start), seed_(seed), weather_(weather) {}

  Nanoseconds now;
  std::vector<Call> ledger;
  std::map<std::string, Cell> cells;
  std::vector<std::pair<Nanoseconds, int>> weights;  // of traffic, as they took effect, in percent
  std::map<std::pair<std::string, Nanoseconds>, std::vector<Served>> served;
  std::vector<std::string> broken;  // what the ledger cannot accept, as it happens

  std::uint64_t start_process(const executors::ProcessRequest& request, int life);
  std::uint64_t start_http(const executors::HttpRequest& request, int life);
  std::uint64_t start_mail(const executors::MailRequest& request, int life);
  void cancel(std::uint64_t call);
  // When something happens next by itself.
  std::optional<Nanoseconds> next_event() const;
  // Everything that happens up to now; the calls that ended.
  std::vector<std::uint64_t> pass_time();
  // The system has lost power: no process is left.
  void lose_power();
  // Ends processes of earlier lives that carry one of these keys; which.
  std::vector<std::uint64_t> end_orphans(const std::vector<std::string>& keys, int before_life);
  // The wall clock is set, while nothing of ours runs: what is under way takes as long as before.
  void step_clock(Nanoseconds by);
  void calm_down() { weather_ = Weather{}; }

  // The value of a metric at an instant, nothing where there is none.
  std::optional<double> metric_at(const std::string& name, Nanoseconds slot) const;
  static double threshold() { return 50; }

 private:
  void decide(Call& call);
  void settle(Call& call, CallEnd how);
  void apply(Call& call);
  void apply_command(Call& call);
  void put(const std::string& name, Call& call, bool repeatable);
  void drop(const std::string& name, Call& call);
  std::string read(const std::string& text) const;
  void answer_metric(Call& call, const executors::HttpRequest& request);
  void breach(const std::string& what) { broken.push_back(what); }

  std::uint64_t seed_;
  Weather weather_;
  std::map<std::string, std::uint32_t> starts_;  // by text
  std::set<std::uint64_t> open_;
  std::set<std::string> keys_seen_;  // by servers that know Idempotency-Key
};

executors::ProcessResult process_result(const Call& call);
executors::HttpResult http_result(const Call& call);
executors::MailResult mail_result(const Call& call);

}  // namespace rollout::simulation
