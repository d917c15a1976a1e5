#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/log.hpp"
#include "runtime/engine/run.hpp"
#include "runtime/executors/http_effect.hpp"
#include "runtime/executors/mail_effect.hpp"
#include "runtime/executors/process_effect.hpp"
#include "runtime/plan/planted.hpp"

// Carrying out what the machine asked for, once that is stored.

namespace rollout::engine {

namespace {

constexpr Nanoseconds kDefaultTimeout = 60'000'000'000;

Nanoseconds timeout_of(const machine::StartEffect& effect) {
  return effect.timeout > 0 ? effect.timeout : kDefaultTimeout;
}

}  // namespace

void Run::dispatch(const std::vector<machine::Request>& requests) {
  std::vector<machine::Poll> polls;
  for (const machine::Request& request : requests) {
    if (const auto* effect = std::get_if<machine::StartEffect>(&request)) {
      start(*effect);
      if (planted(plan::Bug::StartedTwice) && effect->effect % 8 == 5) start(*effect);
    }
    if (const auto* cancelled = std::get_if<machine::CancelEffect>(&request)) cancel(*cancelled);
    if (const auto* asked = std::get_if<machine::Poll>(&request)) polls.push_back(*asked);
  }
  poll(polls);
  store_notes();
}

void Run::store_notes() {
  if (notes_.empty()) return;
  const auto notes = std::exchange(notes_, {});
  if (auto stored = store(notes); !stored) break_with(stored.error().message);
}

// The key by which the outside knows an effect. Run ids are short names that another state directory may use as well,
// so the instant of the run's creation is in it: no server takes one run's request for another's, and no runtime ends
// another's processes.
std::string Run::outside_key(const std::string& key) const {
  const std::string& run_id = machine_.run_id();
  if (!key.starts_with(run_id + "/")) return key;
  return fmt::format("{}@{}{}", run_id, plan::instant_text(created_), key.substr(run_id.size()));
}

void Run::start(const machine::StartEffect& effect) {
  log(LogLevel::Debug, fmt::format("effect {} starts: {}", effect.key, effect.callable));
  if (secrets_.must_fetch(effect.arguments)) return fetch_then_start(effect);
  start_with_secrets(effect);
}

// What Vault and its kin keep is asked for first, within the effect's own time. Until then nothing of it has started.
void Run::fetch_then_start(const machine::StartEffect& effect) {
  const Nanoseconds began = around_.scheduler.now();
  const TimerId limit = around_.scheduler.at(began + timeout_of(effect), [weak = weak_from_this(), effect] {
    const auto self = weak.lock();
    if (!self || self->under_way_.erase(effect.effect) == 0) return;
    self->refuse(effect, fmt::format("the secrets that it needs were not there within {}",
                                     plan::duration_text(timeout_of(effect))));
  });
  under_way_[effect.effect] = {Means::Secrets, limit};
  secrets_.fetch(effect.arguments, [weak = weak_from_this(), effect, began, limit] {
    const auto self = weak.lock();
    if (!self || self->stopped_ || self->broken_) return;
    const auto waiting = self->under_way_.find(effect.effect);
    if (waiting == self->under_way_.end() || waiting->second.means != Means::Secrets) return;  // given up meanwhile
    self->around_.scheduler.cancel(limit);
    self->under_way_.erase(waiting);
    machine::StartEffect rest = effect;
    const Nanoseconds left = timeout_of(effect) - (self->around_.scheduler.now() - began);
    rest.timeout = std::max<Nanoseconds>(left, 1);
    self->start_with_secrets(rest);
    self->store_notes();
  });
}

void Run::start_with_secrets(const machine::StartEffect& effect) {
  switch (effect.kind) {
    case machine::RequestKind::Process:
    case machine::RequestKind::Shell: return start_process(effect);
    case machine::RequestKind::Http: return start_http(effect);
    case machine::RequestKind::Mail: return start_mail(effect);
    case machine::RequestKind::Call:
    case machine::RequestKind::Check: return refuse(effect, "only a scripted world answers for a call as a whole");
  }
}

void Run::start_process(const machine::StartEffect& effect) {
  auto request = executors::process_request(effect.arguments, secrets_,
                                            {around_.options.kill_grace, around_.options.output_limit});
  if (!request) return refuse(effect, request.error().message);
  request->timeout = timeout_of(effect);
  request->environment.emplace_back("ROLLOUT_EFFECT_ID", outside_key(effect.key));
  request->environment.emplace_back("ROLLOUT_RUN_ID", machine_.run_id());
  const auto started = around_.outside.processes->start(
      *request, [weak = weak_from_this(), effect](const executors::ProcessResult& result) {
        if (const auto self = weak.lock())
          self->finish(executors::process_outcome(effect, result, self->secrets_.masker()));
      });
  under_way_[effect.effect] = {Means::Process, started.id};
  if (!started.process) return;
  notes_.push_back(process_started_entry(
      {effect.effect, outside_key(effect.key), *started.process, around_.outside.boot}, around_.scheduler.now()));
}

void Run::start_http(const machine::StartEffect& effect) {
  const bool keyless = planted(plan::Bug::KeyLeftOut) && effect.again;
  auto request = executors::http_request(effect.arguments, keyless ? "" : outside_key(effect.key), secrets_);
  if (!request) return refuse(effect, request.error().message);
  request->timeout = timeout_of(effect);
  const auto id = around_.outside.http->start(
      std::move(*request), [weak = weak_from_this(), effect](const executors::HttpResult& result) {
        if (const auto self = weak.lock())
          self->finish(executors::http_outcome(
              effect, result, planted(plan::Bug::SecretShown) ? executors::Masker() : self->secrets_.masker()));
      });
  under_way_[effect.effect] = {Means::Http, id};
}

void Run::start_mail(const machine::StartEffect& effect) {
  auto request = executors::mail_request(effect.arguments, outside_key(effect.key), around_.scheduler.now(), secrets_);
  if (!request) return refuse(effect, request.error().message);
  request->timeout = timeout_of(effect);
  const auto id = around_.outside.mails->start(
      std::move(*request), [weak = weak_from_this(), effect](const executors::MailResult& result) {
        if (const auto self = weak.lock())
          self->finish(executors::mail_outcome(effect, result, self->secrets_.masker()));
      });
  under_way_[effect.effect] = {Means::Mail, id};
}

// Later, from the loop: the machine is in the middle of the event that asked for it.
void Run::refuse(const machine::StartEffect& effect, const std::string& why) {
  machine::EffectDone done;
  done.effect = effect.effect;
  done.status = machine::EffectStatus::NotStarted;
  done.error = secrets_.masker().apply(why);
  around_.scheduler.at(around_.scheduler.now(), [weak = weak_from_this(), done] {
    if (const auto self = weak.lock()) self->finish(done);
  });
}

void Run::cancel(const machine::CancelEffect& request) {
  const auto found = under_way_.find(request.effect);
  if (found == under_way_.end()) {
    log(LogLevel::Debug, fmt::format("effect {} has ended before it could be cancelled", request.effect));
    return;
  }
  if (found->second.means == Means::Secrets) {
    around_.scheduler.cancel(found->second.id);
    under_way_.erase(found);
    machine::StartEffect never_started;
    never_started.effect = request.effect;
    return refuse(never_started, "cancelled before it began");
  }
  if (found->second.means == Means::Process) around_.outside.processes->cancel(found->second.id);
  if (found->second.means == Means::Http) around_.outside.http->cancel(found->second.id);
  if (found->second.means == Means::Mail) around_.outside.mails->cancel(found->second.id);
}

void Run::finish(machine::EffectDone done) {
  under_way_.erase(done.effect);
  log(LogLevel::Debug, fmt::format("effect {} ended{}{}", done.effect, done.error.empty() ? "" : ": ", done.error));
  feed(std::move(done));
}

}  // namespace rollout::engine
