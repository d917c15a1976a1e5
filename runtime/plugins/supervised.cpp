#include "runtime/plugins/supervised.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "runtime/engine/log.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plugins/frames.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

// The calls of one plugin, and what became of them.

namespace rollout::plugins {

namespace {

namespace json = boost::json;
using engine::LogLevel;
using plan::EffectClass;

// That a plugin which is asked for measurements may say nothing.
constexpr Nanoseconds kSilentFor = 10 * kSecond;
// How many promised heartbeats may fail to come, and how long `op.status` may then take.
constexpr int kMissedHeartbeats = 3;
constexpr Nanoseconds kStatusWithin = 10 * kSecond;

std::int64_t milliseconds(Nanoseconds duration) {
  return std::max<std::int64_t>(1, duration / kMillisecond);
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

// ---------------------------------------------------------------- calls

void Supervised::begin(Id id, Op op) {
  op.had_it = op.call.ask || op.call.again;
  op.phase = op.call.ask ? Phase::Asking : Phase::Queued;
  op.deadline = scheduler_.at(scheduler_.now() + op.call.timeout, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->due(id);
  });
  ops_.emplace(id, std::move(op));
  // Later: whoever starts a call does not expect its end inside.
  scheduler_.at(scheduler_.now(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

std::size_t Supervised::in_flight() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(ops_, [](const auto& entry) { return entry.second.phase != Phase::Queued; }));
}

// Sends what waits, as far as the plugin may have more.
void Supervised::pump() {
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

void Supervised::send(Id id, Op& op) {
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
    expect_word(id, op);
  }
}

void Supervised::answered(Id id, const Answer& answer) {
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

void Supervised::event(const std::string& key, const json::object& event) {
  const std::string kind = text_member(event, "kind");
  for (auto& [id, op] : ops_) {
    if (op.call.key == key) op.heard = scheduler_.now();
  }
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

void Supervised::gave(Id id, const json::value& result) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  if (json::serialize(result).size() > kMostResultBytes) {
    return unknown(id, found->second,
                   fmt::format("gave a result of more than {} bytes, which is not taken", kMostResultBytes));
  }
  finish(id, PluginEnd::Done, result, {});
}

void Supervised::failed(Id id, const Answer& answer) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op& op = found->second;
  PluginEnd end = end_of(answer);
  if (op.phase == Phase::Stopping && end == PluginEnd::Cancelled) end = op.stopped_as;
  if (end == PluginEnd::InDoubt && reads(op)) end = PluginEnd::Failed;
  finish(id, end, {}, fmt::format("plugin `{}`: {}", name(), answer.error));
}

// It had the call, and what became of it is not known: what changes something for good is in doubt.
void Supervised::unknown(Id id, Op& op, const std::string& why) {
  const bool never = !op.had_it;
  // What may be repeated was repeated already: as a doubt it would be started again without end.
  const bool repeatable = reads(op) || op.call.effect_class == EffectClass::Idempotent;
  const PluginEnd end = never ? PluginEnd::NotStarted : repeatable ? PluginEnd::Failed : PluginEnd::InDoubt;
  finish(id, end, {}, told(why));
}

void Supervised::finish(Id id, PluginEnd end, const json::value& result, const std::string& why) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op op = std::move(found->second);
  ops_.erase(found);
  scheduler_.cancel(op.deadline);
  scheduler_.cancel(op.silence);
  if (end == PluginEnd::Done) pause_ = kFirstPause;
  PluginResult outcome{end, {}, why};
  if (end == PluginEnd::Done) outcome.json = json::serialize(result);
  // Later: this may be within the event that asked for the end.
  scheduler_.at(scheduler_.now(), [done = std::move(op.done), outcome = std::move(outcome)] { done(outcome); });
  pump();
}

// ---------------------------------------------------------------- limits

void Supervised::due(Id id) {
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

void Supervised::cancel(Id id) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op& op = found->second;
  if (op.phase == Phase::Sent) {
    stop(id, op, PluginEnd::Cancelled, "its step was stopped");
  } else if (op.phase != Phase::Stopping) {
    const PluginEnd end = op.had_it ? PluginEnd::InDoubt : PluginEnd::Cancelled;
    scheduler_.at(scheduler_.now(), [weak = weak_from_this(), id, end] {
      if (const auto self = weak.lock()) self->finish(id, end, {}, "cancelled");
    });
  }
}

void Supervised::stop(Id id, Op& op, PluginEnd as, const std::string& reason) {
  scheduler_.cancel(op.deadline);
  scheduler_.cancel(std::exchange(op.silence, 0));
  // A question changes nothing: nobody waits for its end.
  if (op.call.method == PluginMethod::Measure) {
    finish(id, as, {}, told("did not answer: " + reason));
    // One that answers nothing at all would never be asked successfully again.
    const bool silent = scheduler_.now() - connection_->heard() > kSilentFor;
    if (silent)
      connection_->kill(fmt::format("has said nothing for {}, and was ended", plan::duration_text(kSilentFor)));
    return;
  }
  op.phase = Phase::Stopping;
  op.stopped_as = as;
  const json::object parameters{{"op_key", op.call.key}, {"reason", reason}, {"grace_ms", milliseconds(op.call.grace)}};
  op.deadline = scheduler_.at(scheduler_.now() + op.call.grace, [weak = weak_from_this(), id, reason] {
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

// ---------------------------------------------------------------- heartbeats

// How long the plugin may say nothing of the call; 0: as long as it likes.
Nanoseconds Supervised::longest_silence(const Op& op) const {
  const auto found = heartbeats_.find(op.call.operation);
  return found == heartbeats_.end() ? 0 : kMissedHeartbeats * found->second;
}

void Supervised::expect_word(Id id, Op& op) {
  scheduler_.cancel(std::exchange(op.silence, 0));
  const Nanoseconds longest = longest_silence(op);
  if (longest == 0) return;
  op.heard = scheduler_.now();
  op.silence = scheduler_.at(op.heard + longest, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->may_be_silent(id);
  });
}

void Supervised::may_be_silent(Id id) {
  const auto found = ops_.find(id);
  if (found == ops_.end()) return;
  Op& op = found->second;
  op.silence = 0;
  if (op.phase != Phase::Sent || !connection_) return;
  const Nanoseconds due = op.heard + longest_silence(op);
  if (scheduler_.now() >= due) return look_after(id, op);
  op.silence = scheduler_.at(due, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->may_be_silent(id);
  });
}

// It has broken its promise: it says what became of the call, or it is ended and its next life says it.
void Supervised::look_after(Id id, Op& op) {
  const Nanoseconds longest = longest_silence(op);
  const std::string silent =
      fmt::format("has said nothing of `{}` for {}, and promises a heartbeat every {}", op.call.operation,
                  plan::duration_text(longest), plan::duration_text(longest / kMissedHeartbeats));
  engine::log(LogLevel::Warning, told(silent + ": it is asked what became of the call"));
  op.silence = scheduler_.at(scheduler_.now() + std::min(kStatusWithin, longest), [weak = weak_from_this(), silent] {
    const auto self = weak.lock();
    if (self && self->connection_) self->connection_->kill(silent + "; it does not answer `op.status`, and was ended");
  });
  const json::object parameters{
      {"op_key", op.call.key}, {"operation", op.call.operation}, {"args", parsed(op.call.arguments)}};
  connection_->request("op.status", parameters, [weak = weak_from_this(), id](const Answer& answer) {
    if (const auto self = weak.lock()) self->looked_after(id, answer);
  });
}

void Supervised::looked_after(Id id, const Answer& answer) {
  const auto found = ops_.find(id);
  if (found == ops_.end() || found->second.phase != Phase::Sent) return;
  Op& op = found->second;
  scheduler_.cancel(std::exchange(op.silence, 0));
  const auto* result = answer.result.if_object();
  if (result == nullptr || text_member(*result, "state") != "running") return asked(id, answer);
  engine::log(LogLevel::Info, told(fmt::format("says that `{}` is still running", op.call.operation)));
  expect_word(id, op);
}

// ---------------------------------------------------------------- what became of it

void Supervised::ask(Id id, Op& op) {
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

void Supervised::asked(Id id, const Answer& answer) {
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

void Supervised::attach(Id id, Op& op) {
  op.phase = Phase::Sent;
  connection_->request("op.attach", {{"op_key", op.call.key}, {"deadline_ms", milliseconds(op.call.timeout)}},
                       [weak = weak_from_this(), id](const Answer& answer) {
                         if (const auto self = weak.lock()) self->answered(id, answer);
                       });
  expect_word(id, op);
}

}  // namespace rollout::plugins
