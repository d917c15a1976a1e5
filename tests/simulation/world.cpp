#include "tests/simulation/world.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/sometimes.hpp"

namespace rollout::simulation {

namespace {

// The lot of a thing as a number from 0 up to 1.
double share(std::uint64_t number) {
  return static_cast<double>(number >> 11) * 0x1.0p-53;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string header(const executors::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

std::uint64_t World::start_process(const executors::ProcessRequest& request, int life) {
  Call call;
  call.means = Means::Process;
  call.text = joined(request.command);
  for (const auto& [name, value] : request.environment) {
    if (name == "ROLLOUT_EFFECT_ID") call.key = value;
  }
  call.body = request.input;
  call.limit = now + request.timeout;
  call.grace = request.grace;
  call.life = life;
  decide(call);
  return call.number;
}

std::uint64_t World::start_http(const executors::HttpRequest& request, int life) {
  Call call;
  call.means = Means::Http;
  call.text = request.method + " " + request.url;
  call.key = header(request.headers, "Idempotency-Key");
  call.body = request.body;
  call.limit = now + request.timeout;
  call.life = life;
  call.measures = request.url.find("/api/v1/query") != std::string::npos;
  if (call.measures) {
    answer_metric(call, request);
    return call.number;
  }
  decide(call);
  return call.number;
}

std::uint64_t World::start_mail(const executors::MailRequest& request, int life) {
  Call call;
  call.means = Means::Mail;
  call.text = "mail " + joined(request.to);
  call.body = request.message;
  call.limit = now + request.timeout;
  call.life = life;
  decide(call);
  return call.number;
}

// How a call goes: by its text and how often it was started before.
void World::decide(Call& call) {
  call.number = ledger.size();
  call.started = now;
  const std::uint64_t luck = lot(seed_, call.text, starts_[call.text]++);
  const auto lot_of = [&](std::uint64_t what) { return share(mixed(luck ^ what)); };
  const Nanoseconds lasts = static_cast<Nanoseconds>(mixed(luck ^ 1) % 3'000) * kMillisecond + kMillisecond;
  call.ends = now + lasts;
  call.applies = now + static_cast<Nanoseconds>(lot_of(2) * static_cast<double>(lasts));
  call.ignores_term = lot_of(3) < weather_.ignores_term;
  // A probe that fails says that it did not happen, and probes tell the truth: one that cannot say does not answer.
  const bool unlucky = lot_of(4) < weather_.fails;
  const bool silent = unlucky && call.text.starts_with("read has ");
  const bool fails = unlucky && !silent;
  if (call.means == Means::Http) call.status = fails ? 500 : 200;
  // A server that repeats what it was asked, secrets and all.
  if (call.means == Means::Http) call.output = call.text;
  if (call.means == Means::Process) call.status = fails ? 1 : 0;
  // Half of what fails has done its work all the same.
  if (fails && lot_of(5) < 0.5) call.applies = kNotEver;
  if (lot_of(6) < weather_.lags) call.ends += static_cast<Nanoseconds>(lot_of(7) * 50) * kSecond;
  if (silent) call.ends = kNotEver;
  if (lot_of(8) < weather_.hangs) {
    call.ends = kNotEver;
    if (lot_of(9) < 0.5) call.applies = now + static_cast<Nanoseconds>(lot_of(10) * 120) * kSecond;
    if (lot_of(11) < 0.3) call.applies = kNotEver;
  }
  // Where something was started before, its machine may be gone for a while.
  const bool once_more = starts_[call.text] > 1;
  if (lot_of(12) < weather_.does_not_start * (once_more ? 2 : 1)) {
    call.applies = kNotEver;
    call.ends = now + kMillisecond;
    call.ending = CallEnd::NotStarted;
  }
  if (call.limit < call.ends) {
    call.ends = call.limit + (call.means == Means::Process && call.ignores_term ? call.grace : kMillisecond);
    call.ending = CallEnd::TimedOut;
  }
  open_.insert(call.number);
  ledger.push_back(call);
}

void World::cancel(std::uint64_t number) {
  Call& call = ledger[number];
  if (call.end != CallEnd::Open || call.ending == CallEnd::Cancelled) return;
  const Nanoseconds stops = now + (call.means == Means::Process && call.ignores_term ? call.grace : kMillisecond);
  if (stops >= call.ends) return;
  call.ends = stops;
  call.ending = CallEnd::Cancelled;
}

std::optional<Nanoseconds> World::next_event() const {
  Nanoseconds first = kNotEver;
  for (const std::uint64_t number : open_) {
    const Call& call = ledger[number];
    if (call.end == CallEnd::Open) first = std::min(first, call.ends);
    if (call.applied_at == kNotEver) first = std::min(first, call.applies);
  }
  if (first == kNotEver) return std::nullopt;
  return first;
}

std::vector<std::uint64_t> World::pass_time() {
  std::vector<std::uint64_t> ended;
  const std::vector<std::uint64_t> numbers(open_.begin(), open_.end());
  for (const std::uint64_t number : numbers) {
    Call& call = ledger[number];
    // What a process has not done by its end it never does; a server goes on when nobody waits any more.
    const bool in_time = call.means != Means::Process || call.applies <= call.ends;
    if (call.applied_at == kNotEver && call.applies <= now && in_time) apply(call);
    if (call.end == CallEnd::Open && call.ends <= now) {
      settle(call, call.ending);
      ended.push_back(number);
    }
    const bool nothing_left = call.applied_at != kNotEver || call.applies == kNotEver || call.means == Means::Process;
    if (call.end != CallEnd::Open && nothing_left) open_.erase(number);
  }
  return ended;
}

void World::settle(Call& call, CallEnd how) {
  call.end = how;
  call.ended_at = now;
  if (call.means == Means::Process) {
    if (call.applied_at == kNotEver) call.applies = kNotEver;
    if (call.text.starts_with("read ")) call.output = read(call.text);
  }
}

void World::lose_power() {
  for (const std::uint64_t number : std::vector<std::uint64_t>(open_.begin(), open_.end())) {
    Call& call = ledger[number];
    if (call.means != Means::Process || call.end != CallEnd::Open) continue;
    settle(call, CallEnd::Killed);
    open_.erase(number);
  }
}

void World::step_clock(Nanoseconds by) {
  now += by;
  for (const std::uint64_t number : open_) {
    Call& call = ledger[number];
    for (Nanoseconds* time : {&call.applies, &call.ends, &call.limit}) {
      if (*time != kNotEver) *time += by;
    }
  }
}

std::vector<std::uint64_t> World::end_orphans(const std::vector<std::string>& keys, int before_life) {
  std::vector<std::uint64_t> ended;
  for (const std::uint64_t number : std::vector<std::uint64_t>(open_.begin(), open_.end())) {
    Call& call = ledger[number];
    const bool orphan = call.means == Means::Process && call.end == CallEnd::Open && call.life < before_life;
    if (!orphan || call.key.empty() || std::ranges::find(keys, call.key) == keys.end()) continue;
    sometimes("an orphan is ended before its effect is settled");
    settle(call, CallEnd::Killed);
    open_.erase(number);
    ended.push_back(number);
  }
  return ended;
}

// ---------------------------------------------------------------- what calls do

void World::apply(Call& call) {
  call.applied_at = now;
  if (call.means == Means::Process) {
    apply_command(call);
    return;
  }
  if (call.means != Means::Http) return;
  const auto place = call.text.find("/put/");
  if (place == std::string::npos) return;
  // The server answers a key that it knows from memory.
  if (!call.key.empty() && !keys_seen_.insert(call.key).second) {
    sometimes("a server recognises a repeated request");
    return;
  }
  put(call.text.substr(place + 5), call, false);
}

// `opaque put NAME`, `idempotent put NAME`, `... drop NAME`, `idempotent weight PERCENT`; anything else changes nothing
// that we know.
void World::apply_command(Call& call) {
  const auto first = call.text.find(' ');
  if (first == std::string::npos) return;
  const std::string kind = call.text.substr(0, first), rest = call.text.substr(first + 1);
  const auto second = rest.find(' ');
  const std::string verb = rest.substr(0, second), name = second == std::string::npos ? "" : rest.substr(second + 1);
  if (verb == "put") put(name, call, kind == "idempotent");
  if (verb == "drop") drop(name, call);
  if (verb == "weight") weights.emplace_back(now, std::atoi(name.c_str()));
}

void World::put(const std::string& name, Call& call, bool repeatable) {
  Cell& cell = cells[name];
  if (cell.there && !repeatable) {
    sometimes("something opaque is there twice, by a person's word or an earlier failure");
  }
  cell.there = true;
  cell.put_by = call.number;
  ++cell.puts;
}

void World::drop(const std::string& name, Call&) {
  cells[name].there = false;
}

std::string World::read(const std::string& text) const {
  if (text.starts_with("read number ")) {
    const auto value = metric_at(text.substr(12), now / kMinute * kMinute);
    return value ? fmt::format("{}", *value) : "";
  }
  if (!text.starts_with("read has ")) return "ok";
  const auto found = cells.find(text.substr(9));
  return found != cells.end() && found->second.there ? "yes" : "no";
}

// ---------------------------------------------------------------- answers to the runtime

executors::ProcessResult process_result(const Call& call) {
  executors::ProcessResult result;
  result.output = executors::OutputCapture(1 << 16);
  result.errors = executors::OutputCapture(1 << 16);
  result.output.add(call.output);
  result.status = call.status;
  result.elapsed = call.ended_at - call.started;
  switch (call.end) {
    case CallEnd::Open:
    case CallEnd::Returned: result.end = executors::ProcessEnd::Exited; break;
    case CallEnd::NotStarted:
      result.end = executors::ProcessEnd::NotStarted;
      result.error = "there is no such program";
      break;
    case CallEnd::TimedOut: result.end = executors::ProcessEnd::TimedOut; break;
    case CallEnd::Cancelled: result.end = executors::ProcessEnd::Cancelled; break;
    case CallEnd::Killed:
      result.end = executors::ProcessEnd::Signalled;
      result.status = 9;
      break;
  }
  return result;
}

executors::HttpResult http_result(const Call& call) {
  executors::HttpResult result;
  result.status = call.status;
  result.body = call.output;
  result.elapsed = call.ended_at - call.started;
  switch (call.end) {
    case CallEnd::Open:
    case CallEnd::Returned: result.end = executors::HttpEnd::Answered; break;
    case CallEnd::NotStarted:
      result.end = executors::HttpEnd::NotSent;
      result.error = "connection refused";
      break;
    case CallEnd::TimedOut:
      result.end = executors::HttpEnd::TimedOut;
      result.error = "no answer in time";
      break;
    case CallEnd::Cancelled:
      result.end = executors::HttpEnd::Cancelled;
      result.error = "cancelled";
      break;
    case CallEnd::Killed:
      result.end = executors::HttpEnd::Failed;
      result.error = "it broke off";
      break;
  }
  return result;
}

executors::MailResult mail_result(const Call& call) {
  switch (call.end) {
    case CallEnd::Open:
    case CallEnd::Returned:
      return call.status == 0 ? executors::MailResult{executors::MailEnd::Sent, {}}
                              : executors::MailResult{executors::MailEnd::Failed, "it broke off"};
    case CallEnd::NotStarted: return {executors::MailEnd::NotSent, "connection refused"};
    case CallEnd::TimedOut: return {executors::MailEnd::TimedOut, "no answer in time"};
    case CallEnd::Cancelled: return {executors::MailEnd::Cancelled, "cancelled"};
    case CallEnd::Killed: break;
  }
  return {executors::MailEnd::Failed, "it broke off"};
}

}  // namespace rollout::simulation
