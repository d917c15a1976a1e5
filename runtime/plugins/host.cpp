#include "runtime/plugins/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <map>

#include "runtime/engine/log.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plugins/connection.hpp"
#include "runtime/plugins/frames.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins {

namespace {

namespace json = boost::json;
using engine::LogLevel;
using executors::PluginCall;
using executors::PluginEnd;
using executors::PluginMethod;
using executors::PluginResult;
using plan::EffectClass;

constexpr Nanoseconds kMillisecond = 1'000'000, kSecond = 1000 * kMillisecond;
constexpr Nanoseconds kFirstPause = 100 * kMillisecond, kLongestPause = 30 * kSecond;
// That a plugin which is asked for measurements may say nothing.
constexpr Nanoseconds kSilentFor = 10 * kSecond;
constexpr Nanoseconds kHelloWithin = 10 * kSecond;
constexpr std::size_t kMostCrashes = 5;
constexpr Nanoseconds kCrashesWithin = 60 * kSecond;
constexpr int kMostTries = 2;  // of one call that may be repeated, before its plugin is taken to die over it

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
};

std::int64_t milliseconds(Nanoseconds duration) {
  return std::max<std::int64_t>(1, duration / kMillisecond);
}

bool reads(const Op& op) {
  return op.call.effect_class == EffectClass::ReadOnly;
}

json::value parsed(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error ? json::value(json::object{}) : value;
}

json::object start_parameters(const Op& op) {
  json::object secrets;
  for (const auto& [name, value] : op.call.secrets) secrets[name] = value;
  return {{"op_key", op.call.key},
          {"operation", op.call.operation},
          {"run_id", op.call.run_id},
          {"deadline_ms", milliseconds(op.call.timeout)},
          {"args", parsed(op.call.arguments)},
          {"secrets", std::move(secrets)}};
}

json::object query_parameters(const Op& op) {
  json::object parameters{{"metric", op.call.operation},
                          {"deadline_ms", milliseconds(op.call.timeout)},
                          {"args", parsed(op.call.arguments)}};
  if (op.call.from.empty()) return parameters;
  parameters["from"] = op.call.from;
  parameters["to"] = op.call.to;
  parameters["step"] = parsed(op.call.step);
  return parameters;
}

// Of a failure, by what the plugin says about it.
PluginEnd end_of(const Answer& answer) {
  if (answer.refused || answer.error_class == "invalid") return PluginEnd::NotStarted;
  if (answer.error_class == "in_doubt") return PluginEnd::InDoubt;
  return answer.error_class == "cancelled" ? PluginEnd::Cancelled : PluginEnd::Failed;
}

}  // namespace

class Host::Supervised : public std::enable_shared_from_this<Supervised> {
 public:
  Supervised(Host& host, Program program) : host_(host), program_(std::move(program)) {}

  const std::string& name() const { return program_.plugin.name; }
  void begin(Id id, Op op);
  void cancel(Id id);
  bool has(Id id) const { return ops_.contains(id); }
  void close();

 private:
  engine::Scheduler& scheduler() { return host_.scheduler_; }
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
  void event(const std::string& key, const json::object& event);
  void finish(Id id, PluginEnd end, const json::value& result, const std::string& why);
  void gave(Id id, const json::value& result);
  void failed(Id id, const Answer& answer);
  void unknown(Id id, Op& op, const std::string& why);
  void due(Id id);
  void stop(Id id, Op& op, PluginEnd as, const std::string& reason);
  void ended(const std::string& why);
  void give_up(const std::string& why);
  void cannot_be_used(const std::string& why);
  std::size_t in_flight() const;
  std::string told(const std::string& why) const { return fmt::format("plugin `{}` {}", name(), why); }

  Host& host_;
  Program program_;
  std::shared_ptr<Connection> connection_;
  bool ready_ = false;    // greeted, and it is what was locked
  bool closed_ = false;   //
  std::string given_up_;  // why nothing is asked of it any more
  std::map<Id, Op> ops_;
  std::deque<Nanoseconds> crashes_;
  Nanoseconds pause_ = kFirstPause;
  engine::TimerId reconnect_ = 0, greeting_ = 0;
};

// ---------------------------------------------------------------- calls

void Host::Supervised::begin(Id id, Op op) {
  op.had_it = op.call.ask || op.call.again;
  op.phase = op.call.ask ? Phase::Asking : Phase::Queued;
  op.deadline = scheduler().at(scheduler().now() + op.call.timeout, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->due(id);
  });
  ops_.emplace(id, std::move(op));
  // Later: whoever starts a call does not expect its end inside.
  scheduler().at(scheduler().now(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

std::size_t Host::Supervised::in_flight() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(ops_, [](const auto& entry) { return entry.second.phase != Phase::Queued; }));
}

// Sends what waits, as far as the plugin may have more.
void Host::Supervised::pump() {
  if (closed_ || ops_.empty()) return;
  if (!given_up_.empty()) return give_up(given_up_);
  if (!connection_ && reconnect_ == 0) connect();
  if (!ready_) return;
  for (auto& [id, op] : ops_) {
    if (op.phase == Phase::Asking && !op.asked) ask(id, op);
  }
  for (auto& [id, op] : ops_) {
    if (in_flight() >= kMostInFlight) return;
    if (op.phase == Phase::Queued) send(id, op);
  }
}

void Host::Supervised::send(Id id, Op& op) {
  op.phase = Phase::Sent;
  op.had_it = true;
  ++op.sends;
  const auto on_answer = [weak = weak_from_this(), id](const Answer& answer) {
    if (const auto self = weak.lock()) self->answered(id, answer);
  };
  if (op.call.method == PluginMethod::Measure) {
    connection_->request("metrics.query", query_parameters(op), on_answer);
  } else {
    connection_->request("op.start", start_parameters(op), on_answer);
  }
}

void Host::Supervised::answered(Id id, const Answer& answer) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  if (!answer.error.empty()) return failed(id, answer);
  if (found->second.call.method == PluginMethod::Measure) return gave(id, answer.result);
  const auto* result = answer.result.if_object();
  const std::string state = result == nullptr ? std::string() : text_member(*result, "state");
  if (state == "running") {
    found->second.running = true;
  } else if (state == "done") {
    const json::value* given = result->if_contains("result");
    gave(id, given == nullptr ? json::value() : *given);
  } else {
    unknown(id, found->second, "answered nonsense: an answer to op.start has a `state`, done or running");
  }
}

void Host::Supervised::event(const std::string& key, const json::object& event) {
  const std::string kind = text_member(event, "kind");
  if (kind == "log" || kind == "progress") {
    engine::log(LogLevel::Info, fmt::format("plugin {}: {}: {}", name(), executors::printable(key, 120),
                                            executors::printable(text_member(event, "message"), 2'000)));
    return;
  }
  const auto found = std::ranges::find_if(
      ops_, [&](const auto& entry) { return entry.second.call.key == key && entry.second.running; });
  if (found == ops_.end()) return;
  const Id id = found->first;
  if (kind == "done") {
    const json::value* result = event.if_contains("result");
    gave(id, result == nullptr ? json::value() : *result);
  } else if (kind == "failed") {
    const auto* error = object_member(event, "error");
    Answer answer;
    answer.error = error == nullptr ? "it gives no reason" : text_member(*error, "message");
    answer.error_class = error == nullptr ? "" : text_member(*error, "class");
    failed(id, answer);
  }
}

void Host::Supervised::gave(Id id, const json::value& result) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  if (json::serialize(result).size() > kMostResultBytes) {
    return unknown(id, found->second,
                   fmt::format("gave a result of more than {} bytes, which is not taken", kMostResultBytes));
  }
  finish(id, PluginEnd::Done, result, {});
}

void Host::Supervised::failed(Id id, const Answer& answer) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op& op = found->second;
  PluginEnd end = end_of(answer);
  if (op.phase == Phase::Stopping && end == PluginEnd::Cancelled) end = op.stopped_as;
  if (end == PluginEnd::InDoubt && reads(op)) end = PluginEnd::Failed;
  finish(id, end, {}, fmt::format("plugin `{}`: {}", name(), answer.error));
}

// It had the call, and what became of it is not known: what changes something for good is in doubt.
void Host::Supervised::unknown(Id id, Op& op, const std::string& why) {
  const bool never = !op.had_it;
  // What may be repeated was repeated already: as a doubt it would be started again without end.
  const bool repeatable = reads(op) || op.call.effect_class == EffectClass::Idempotent;
  const PluginEnd end = never ? PluginEnd::NotStarted : repeatable ? PluginEnd::Failed : PluginEnd::InDoubt;
  finish(id, end, {}, told(why));
}

void Host::Supervised::finish(Id id, PluginEnd end, const json::value& result, const std::string& why) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op op = std::move(found->second);
  ops_.erase(found);
  scheduler().cancel(op.deadline);
  if (end == PluginEnd::Done) pause_ = kFirstPause;
  PluginResult outcome{end, {}, why};
  if (end == PluginEnd::Done) outcome.json = json::serialize(result);
  // Later: this may be within the event that asked for the end.
  scheduler().at(scheduler().now(), [done = std::move(op.done), outcome = std::move(outcome)] { done(outcome); });
  pump();
}

// ---------------------------------------------------------------- limits

void Host::Supervised::due(Id id) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op& op = found->second;
  const std::string limit = plan::duration_text(op.call.timeout);
  if (op.phase == Phase::Queued || op.phase == Phase::Asking) {
    unknown(id, op, fmt::format("could not be asked within {}", limit));
  } else if (op.phase == Phase::Sent) {
    stop(id, op, PluginEnd::TimedOut, fmt::format("not finished within {}", limit));
  }
}

void Host::Supervised::cancel(Id id) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op& op = found->second;
  if (op.phase == Phase::Sent) {
    stop(id, op, PluginEnd::Cancelled, "its step was stopped");
  } else if (op.phase != Phase::Stopping) {
    const PluginEnd end = op.had_it ? PluginEnd::InDoubt : PluginEnd::Cancelled;
    scheduler().at(scheduler().now(), [weak = weak_from_this(), id, end] {
      if (const auto self = weak.lock()) self->finish(id, end, {}, "cancelled");
    });
  }
}

void Host::Supervised::stop(Id id, Op& op, PluginEnd as, const std::string& reason) {
  scheduler().cancel(op.deadline);
  // A question changes nothing: nobody waits for its end.
  if (op.call.method == PluginMethod::Measure) {
    finish(id, as, {}, told("did not answer: " + reason));
    // One that answers nothing at all would never be asked successfully again.
    const bool silent = scheduler().now() - connection_->heard() > kSilentFor;
    if (silent)
      connection_->kill(fmt::format("has said nothing for {}, and was ended", plan::duration_text(kSilentFor)));
    return;
  }
  op.phase = Phase::Stopping;
  op.stopped_as = as;
  const json::object parameters{{"op_key", op.call.key}, {"reason", reason}, {"grace_ms", milliseconds(op.call.grace)}};
  op.deadline = scheduler().at(scheduler().now() + op.call.grace, [weak = weak_from_this(), id, reason] {
    const auto self = weak.lock();
    if (!self || !self->ops_.contains(id)) return;
    const std::string why = fmt::format("did not stop a call that was cancelled ({}), and was ended", reason);
    Op& late = self->ops_.at(id);
    const auto connection = self->connection_;
    if (reads(late)) {
      self->finish(id, late.stopped_as, {}, self->told(why));
    } else {
      self->unknown(id, late, why);
    }
    if (connection) connection->kill(why);
  });
  connection_->request("op.cancel", parameters, [](const Answer&) {});
}

// ---------------------------------------------------------------- what became of it

void Host::Supervised::ask(Id id, Op& op) {
  if (reads(op)) {
    op.phase = Phase::Queued;
    return;
  }
  op.asked = true;
  const json::object parameters{
      {"op_key", op.call.key}, {"operation", op.call.operation}, {"args", parsed(op.call.arguments)}};
  connection_->request("op.status", parameters, [weak = weak_from_this(), id](const Answer& answer) {
    if (const auto self = weak.lock()) self->asked(id, answer);
  });
}

void Host::Supervised::asked(Id id, const Answer& answer) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op& op = found->second;
  const auto* result = answer.result.if_object();
  const std::string state = result == nullptr ? std::string() : text_member(*result, "state");
  engine::log(LogLevel::Info, fmt::format("plugin {} says of {}: {}", name(), op.call.key,
                                          answer.error.empty() ? executors::printable(state, 40)
                                                               : executors::printable(answer.error, 200)));
  if (state == "succeeded") {
    const json::value* given = result->if_contains("result");
    return gave(id, given == nullptr ? json::value() : *given);
  }
  if (state == "failed") {
    const auto* error = object_member(*result, "error");
    return finish(
        id, PluginEnd::Failed, {},
        fmt::format("plugin `{}`: {}", name(), error == nullptr ? "it failed" : text_member(*error, "message")));
  }
  if (state == "running") return attach(id, op);
  if (op.call.effect_class == EffectClass::Idempotent && op.sends < kMostTries) return send(id, op);
  unknown(id, op, "does not know what became of the call");
}

void Host::Supervised::attach(Id id, Op& op) {
  op.phase = Phase::Sent;
  connection_->request("op.attach", {{"op_key", op.call.key}, {"deadline_ms", milliseconds(op.call.timeout)}},
                       [weak = weak_from_this(), id](const Answer& answer) {
                         if (const auto self = weak.lock()) self->answered(id, answer);
                       });
}

// ---------------------------------------------------------------- its lives

void Host::Supervised::connect() {
  auto opened = Connection::open(host_.io_, scheduler(), name(), program_.path,
                                 {[weak = weak_from_this()](const std::string& key, const json::object& event) {
                                    if (const auto self = weak.lock()) self->event(key, event);
                                  },
                                  [weak = weak_from_this()](const std::string& why) {
                                    if (const auto self = weak.lock()) self->ended(why);
                                  }});
  if (!opened) return ended("could not be started: " + opened.error());
  connection_ = std::move(*opened);
  greet();
}

void Host::Supervised::greet() {
  json::array majors(std::begin(kProtocolMajors), std::end(kProtocolMajors));
  const json::object parameters{{"protocol", json::object{{"majors", std::move(majors)}, {"minor", kProtocolMinor}}},
                                {"host", json::object{{"name", "rollout"}, {"version", ROLLOUT_VERSION}}},
                                {"cookie", connection_->cookie()},
                                {"limits", json::object{{"frame_bytes", kMostFrameBytes},
                                                        {"result_bytes", kMostResultBytes},
                                                        {"in_flight", kMostInFlight},
                                                        {"depth", kDeepest}}}};
  connection_->request("hello", parameters, [weak = weak_from_this()](const Answer& answer) {
    if (const auto self = weak.lock()) self->greeted(answer);
  });
  greeting_ = scheduler().at(scheduler().now() + kHelloWithin, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->connection_ && !self->ready_)
      self->connection_->kill(fmt::format("did not say hello within {}", plan::duration_text(kHelloWithin)));
  });
}

void Host::Supervised::greeted(const Answer& answer) {
  const auto* result = answer.result.if_object();
  const auto* protocol = result == nullptr ? nullptr : object_member(*result, "protocol");
  const json::value* major = protocol == nullptr ? nullptr : protocol->if_contains("major");
  const bool common = major != nullptr && major->is_int64() &&
                      std::ranges::find(kProtocolMajors, major->get_int64()) != std::end(kProtocolMajors);
  if (!answer.error.empty()) return cannot_be_used("refuses to talk: " + answer.error);
  if (!common) return cannot_be_used("chose a version of the protocol that was not offered");
  if (text_member(*result, "cookie") != connection_->cookie()) {
    return cannot_be_used(fmt::format("did not give back the cookie in {}", "ROLLOUT_PLUGIN_COOKIE"));
  }
  connection_->request("describe", {}, [weak = weak_from_this()](const Answer& described) {
    if (const auto self = weak.lock()) self->described(described);
  });
}

void Host::Supervised::described(const Answer& answer) {
  if (!answer.error.empty()) return cannot_be_used("does not describe itself: " + answer.error);
  if (schema_digest(answer.result) != program_.plugin.schema) {
    return cannot_be_used(
        "says that it can do other things than when it was locked: lock it again and build the plan again");
  }
  usable();
}

void Host::Supervised::usable() {
  ready_ = true;
  scheduler().cancel(std::exchange(greeting_, 0));
  pump();
}

// Another try would find the same.
void Host::Supervised::cannot_be_used(const std::string& why) {
  engine::log(LogLevel::Error, told(why));
  if (connection_) connection_->kill(why);
  give_up(why);
}

void Host::Supervised::ended(const std::string& why) {
  if (closed_) return;
  connection_.reset();
  ready_ = false;
  scheduler().cancel(std::exchange(greeting_, 0));
  if (!given_up_.empty()) return give_up(given_up_);
  engine::log(LogLevel::Warning, told(why));
  const Nanoseconds now = scheduler().now();
  crashes_.push_back(now);
  while (!crashes_.empty() && crashes_.front() < now - kCrashesWithin) crashes_.pop_front();
  std::vector<Id> unsettled;
  for (auto& [id, op] : ops_) {
    if (op.phase != Phase::Queued) unsettled.push_back(id);
  }
  for (const Id id : unsettled) {
    const auto found = ops_.find(id);
    if (found == ops_.end()) continue;
    Op& op = found->second;
    const bool stopping = op.phase == Phase::Stopping;
    op.running = op.asked = false;
    if (stopping || (op.phase == Phase::Sent && op.sends >= kMostTries)) {
      unknown(id, op, why);
    } else if (reads(op)) {
      op.phase = Phase::Queued;
    } else {
      op.phase = Phase::Asking;
    }
  }
  if (crashes_.size() >= kMostCrashes) {
    return give_up(fmt::format("died {} times within a minute and is not started again: it {}", crashes_.size(), why));
  }
  if (ops_.empty() || reconnect_ != 0) return;
  reconnect_ = scheduler().at(now + pause_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->reconnect_ = 0;
    self->pump();
  });
  pause_ = std::min(2 * pause_, kLongestPause);
}

// All that is asked of it, now and later, ends with this reason.
void Host::Supervised::give_up(const std::string& why) {
  given_up_ = why;
  std::vector<Id> open;
  for (const auto& [id, op] : ops_) open.push_back(id);
  for (const Id id : open) {
    if (const auto found = ops_.find(id); found != ops_.end()) unknown(id, found->second, why);
  }
}

void Host::Supervised::close() {
  closed_ = true;
  if (reconnect_ != 0) scheduler().cancel(reconnect_);
  if (greeting_ != 0) scheduler().cancel(greeting_);
  for (auto& [id, op] : ops_) scheduler().cancel(op.deadline);
  ops_.clear();
  if (connection_) connection_->close();
  connection_.reset();
}

// ---------------------------------------------------------------- the host

Host::Host(boost::asio::io_context& io, engine::Scheduler& scheduler, std::vector<Program> programs)
    : io_(io), scheduler_(scheduler) {
  for (Program& program : programs) plugins_.push_back(std::make_shared<Supervised>(*this, std::move(program)));
}

Host::~Host() {
  for (const auto& plugin : plugins_) plugin->close();
}

Host::Id Host::start(PluginCall call, Done done) {
  const Id id = ++last_id_;
  const auto found = std::ranges::find_if(plugins_, [&](const auto& plugin) { return plugin->name() == call.plugin; });
  if (found == plugins_.end()) {
    PluginResult result{call.ask ? PluginEnd::InDoubt : PluginEnd::NotStarted,
                        {},
                        fmt::format("plugin `{}` is none of the plan's", executors::printable(call.plugin, 60))};
    scheduler_.at(scheduler_.now(), [done = std::move(done), result] { done(result); });
    return id;
  }
  Op op;
  op.call = std::move(call);
  op.done = std::move(done);
  (*found)->begin(id, std::move(op));
  return id;
}

void Host::cancel(Id id) {
  for (const auto& plugin : plugins_) {
    if (plugin->has(id)) return plugin->cancel(id);
  }
}

}  // namespace rollout::plugins
