#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/log.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plugins/frames.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"
#include "runtime/plugins/supervised.hpp"

// The lives of one plugin: greeted, ended, started again, given up.

namespace rollout::plugins {

namespace {

namespace json = boost::json;
using engine::LogLevel;

constexpr Nanoseconds kHelloWithin = 10 * kSecond;
constexpr std::size_t kMostCrashes = 5;
constexpr Nanoseconds kCrashesWithin = 60 * kSecond;

}  // namespace

void Supervised::connect() {
  // Looked at again for each life: a run may last for weeks, and the file is not its own.
  const auto digest = program_digest(program_.path);
  if (!digest) return ended("could not be started: " + digest.error());
  if (digest->text != program_.plugin.executable) {
    return cannot_be_used(
        "was changed since the run began and is not started again: put back the file that was locked");
  }
  auto opened = Connection::open(io_, scheduler_, program_,
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

void Supervised::greet() {
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
  greeting_ = scheduler_.at(scheduler_.now() + kHelloWithin, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->connection_ && !self->ready_)
      self->connection_->kill(fmt::format("did not say hello within {}", plan::duration_text(kHelloWithin)));
  });
}

void Supervised::greeted(const Answer& answer) {
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

void Supervised::described(const Answer& answer) {
  if (!answer.error.empty()) return cannot_be_used("does not describe itself: " + answer.error);
  if (schema_digest(answer.result) != program_.plugin.schema) {
    return cannot_be_used(
        "says that it can do other things than when it was locked: lock it again and build the plan again");
  }
  const auto schema = read_schema(answer.result);
  if (!schema) return cannot_be_used("has a schema that cannot be used: " + schema.error());
  for (const Operation& operation : schema->operations) {
    if (operation.heartbeat_seconds > 0) heartbeats_[operation.name] = operation.heartbeat_seconds * kSecond;
  }
  usable();
}

void Supervised::usable() {
  ready_ = true;
  scheduler_.cancel(std::exchange(greeting_, 0));
  pump();
}

// Another try would find the same.
void Supervised::cannot_be_used(const std::string& why) {
  engine::log(LogLevel::Error, told(why));
  if (connection_) connection_->kill(why);
  give_up(why);
}

void Supervised::ended(const std::string& why) {
  if (closed_) return;
  connection_.reset();
  ready_ = false;
  scheduler_.cancel(std::exchange(greeting_, 0));
  if (!given_up_.empty()) return give_up(given_up_);
  engine::log(LogLevel::Warning, told(why));
  const Nanoseconds now = scheduler_.now();
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
    scheduler_.cancel(std::exchange(op.silence, 0));
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
  reconnect_ = scheduler_.at(now + pause_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->reconnect_ = 0;
    self->pump();
  });
  pause_ = std::min(2 * pause_, kLongestPause);
}

// All that is asked of it, now and later, ends with this reason.
void Supervised::give_up(const std::string& why) {
  given_up_ = why;
  std::vector<Id> open;
  open.reserve(ops_.size());
  for (const auto& [id, op] : ops_) open.push_back(id);
  for (const Id id : open) {
    if (const auto found = ops_.find(id); found != ops_.end()) unknown(id, found->second, why);
  }
}

void Supervised::close() {
  closed_ = true;
  if (reconnect_ != 0) scheduler_.cancel(reconnect_);
  if (greeting_ != 0) scheduler_.cancel(greeting_);
  for (auto& [id, op] : ops_) {
    scheduler_.cancel(op.deadline);
    scheduler_.cancel(op.silence);
  }
  ops_.clear();
  if (connection_) connection_->close();
  connection_.reset();
}

}  // namespace rollout::plugins
