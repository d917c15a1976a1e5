#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/machine/events.hpp"
#include "runtime/plan/plan.hpp"

// Calls of plugins as the engine sees them. Who carries them out is in runtime/plugins.

namespace rollout::executors {

using plan::Nanoseconds;

enum class PluginMethod : std::uint8_t { Call, Read, Measure };

struct PluginCall {
  std::string plugin, operation;
  PluginMethod method{};
  std::string key, run_id;     // the key by which the plugin knows this call, also after a restart
  std::string arguments;       // a JSON object
  std::string type;            // Measure: of the metric
  std::string from, to, step;  // Measure of slots gone by: instants, and seconds as JSON; empty: of now
  std::vector<std::pair<std::string, std::string>> secrets;
  plan::EffectClass effect_class{};
  Nanoseconds timeout = 60'000'000'000, grace = 10'000'000'000;
  bool ask = false;    // only what became of the call with this key
  bool again = false;  // it may have been started before
};

// NotStarted: the plugin never got the call, or says that it did nothing. InDoubt: it had it, and nobody knows.
enum class PluginEnd : std::uint8_t { Done, Failed, NotStarted, TimedOut, Cancelled, InDoubt };
struct PluginResult {
  PluginEnd end{};
  std::string json;   // Done: what it gave, as JSON
  std::string error;  // else why, for people; begins with the plugin's name
};

class PluginCaller {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(PluginResult)>;
  virtual ~PluginCaller() = default;
  // `done` is called exactly once, later, from the loop.
  virtual Id start(PluginCall call, Done done) = 0;
  // Asks the plugin to stop it; after the call's grace the plugin is ended. `done` still comes.
  virtual void cancel(Id id) = 0;
};

}  // namespace rollout::executors
