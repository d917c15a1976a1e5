#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "runtime/engine/scheduler.hpp"
#include "runtime/executors/plugin_caller.hpp"
#include "runtime/plugins/connection.hpp"
#include "runtime/plugins/host.hpp"

// One plugin of a run: its calls, and its lives. Internal to this folder.

namespace rollout::plugins {

using executors::PluginCall;
using executors::PluginEnd;
using executors::PluginMethod;
using executors::PluginResult;

inline constexpr Nanoseconds kMillisecond = 1'000'000, kSecond = 1000 * kMillisecond;
inline constexpr Nanoseconds kFirstPause = 100 * kMillisecond, kLongestPause = 30 * kSecond;
inline constexpr int kMostTries = 2;  // of one call that may be repeated, before its plugin is taken to die over it

// Where a call stands. Queued: the plugin has not got it. Asking: what became of it before the plugin or the runtime
// died. Sent: it is the plugin's. Stopping: asked to stop, and soon ended.
enum class Phase : std::uint8_t { Queued, Asking, Sent, Stopping };

struct Op {
  PluginCall call;
  executors::PluginCaller::Done done;
  Phase phase = Phase::Queued;
  bool had_it = false;     // the plugin may have begun it, in this life or one before
  bool running = false;    // it said so; its end comes as an event
  PluginEnd stopped_as{};  // Stopping: what it is when it says that it was cancelled
  bool asked = false;      // Asking: in this life of the plugin
  int sends = 0;
  engine::TimerId deadline = 0;
  Nanoseconds heard = 0;        // when the plugin last spoke of it
  engine::TimerId silence = 0;  // where the operation promises heartbeats: when it will have been silent for too long
};

// Whether it changes nothing.
inline bool reads(const Op& op) {
  return op.call.effect_class == plan::EffectClass::ReadOnly;
}

class Supervised : public std::enable_shared_from_this<Supervised> {
 public:
  using Id = executors::PluginCaller::Id;

  Supervised(boost::asio::io_context& io, engine::Scheduler& scheduler, Program program)
      : io_(io), scheduler_(scheduler), program_(std::move(program)) {}

  const std::string& name() const { return program_.plugin.name; }
  void begin(Id id, Op op);
  void cancel(Id id);
  bool has(Id id) const { return ops_.contains(id); }
  void close();

 private:
  void connect();
  void greet();
  void greeted(const Answer& answer);
  void described(const Answer& answer);
  void usable();
  void pump();
  void send(Id id, Op& op);
  void ask(Id id, Op& op);
  void asked(Id id, const Answer& answer);
  void attach(Id id, Op& op);
  void answered(Id id, const Answer& answer);
  void event(const std::string& key, const boost::json::object& event);
  void finish(Id id, PluginEnd end, const boost::json::value& result, const std::string& why);
  void gave(Id id, const boost::json::value& result);
  void failed(Id id, const Answer& answer);
  void unknown(Id id, Op& op, const std::string& why);
  void due(Id id);
  void stop(Id id, Op& op, PluginEnd as, const std::string& reason);
  Nanoseconds longest_silence(const Op& op) const;
  void expect_word(Id id, Op& op);
  void may_be_silent(Id id);
  void look_after(Id id, Op& op);
  void looked_after(Id id, const Answer& answer);
  void ended(const std::string& why);
  void give_up(const std::string& why);
  void cannot_be_used(const std::string& why);
  std::size_t in_flight() const;
  std::string told(const std::string& why) const { return "plugin `" + name() + "` " + why; }

  boost::asio::io_context& io_;
  engine::Scheduler& scheduler_;
  Program program_;
  std::shared_ptr<Connection> connection_;
  bool ready_ = false;    // greeted, and it is what was locked
  bool closed_ = false;   // nothing is told any more
  std::string given_up_;  // why nothing is asked of it any more
  std::map<Id, Op> ops_;
  std::map<std::string, Nanoseconds> heartbeats_;  // by operation, those that promise some
  std::deque<Nanoseconds> crashes_;
  Nanoseconds pause_ = kFirstPause;
  engine::TimerId reconnect_ = 0, greeting_ = 0;
};

}  // namespace rollout::plugins
