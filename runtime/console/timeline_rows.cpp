#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "runtime/console/timeline.hpp"
#include "runtime/console/timeline_folding.hpp"
#include "runtime/plan/series.hpp"

// Which records make a line, and in what words: what the phrases cannot know because it needs other records.

namespace rollout::console {

namespace {

using machine::Record;
using machine::RecordKind;

bool begins_the_run(RecordKind kind) {
  return kind == RecordKind::StageEntered || kind == RecordKind::StepStarted || kind == RecordKind::GateOpened ||
         kind == RecordKind::HoldStarted || kind == RecordKind::Intent || kind == RecordKind::TrafficChanged;
}

// ---------------------------------------------------------------- rows

class Rows {
 public:
  explicit Rows(std::span<const Record> records) : records_(records), folding_(fold(records)) {}

  std::vector<TimelineRow> build();

 private:
  void add(std::size_t index);
  void add_row(const Record& record, Mark mark, std::string text, bool heading = false);
  bool is_noise(std::size_t index) const;
  bool followed_at_once_by(std::size_t index, RecordKind kind) const;
  bool answered_at_once_before(std::size_t index) const;
  std::size_t guards_armed_with(std::size_t stage_entry) const;

  void stage_entered(std::size_t index);
  void guard_record(const Record& record);
  void gate_opened(const Record& record);
  void gate_answered(const Record& record);
  void effect_intended(const Record& record, bool hidden);
  void effect_finished(const Record& record);
  void hold_ended(const Record& record);
  void run_ended(const Record& record);
  void child_ended(const Record& record);
  void rollback_started(const Record& record);
  void follows_up(const Record& record);
  void check_record(const Record& record);
  void step_failed(const Record& record);
  void paused(const Record& record);
  std::size_t many_guards(std::size_t index);
  // The run's reason is the guard's text with what it saw behind it.
  bool has_told(const std::string& reason, Nanoseconds at) const {
    return reason.empty() || reason == told_reason_ || failure_told_ == at ||
           (!told_reason_.empty() && reason.starts_with(told_reason_ + " ("));
  }
  std::size_t ticks(std::size_t index);
  void still_open();

  std::span<const Record> records_;
  Folding folding_;
  std::vector<TimelineRow> rows_;
  std::string stage_;
  std::optional<double> share_;
  bool share_changed_ = false, ended_ = false, rolling_back_ = false, followed_up_ = false;
  std::string told_reason_;  // why it goes back or ends, where a line has said it already
  Nanoseconds start_ = 0;
  std::optional<Nanoseconds> paused_at_;
  std::optional<Nanoseconds> failure_told_;  // when a line last said what failed
  struct Effect {
    std::string text;
    Nanoseconds at = 0;
    bool hidden = false;
  };
  std::map<std::string, Effect> effects_;  // intended, by their number
};

void Rows::add_row(const Record& record, Mark mark, std::string text, bool heading) {
  // Children run side by side: each line tells of its own stage.
  const std::string own = field_text(record, "stage");
  const std::string& stage = stage_.empty() || own.empty() ? stage_ : own;
  const auto index = static_cast<std::size_t>(&record - records_.data());
  rows_.push_back({record.at, stage, share_, share_changed_, heading, false, mark, std::move(text), index});
  share_changed_ = false;
}

bool Rows::followed_at_once_by(std::size_t index, RecordKind kind) const {
  for (std::size_t i = index + 1; i < records_.size() && records_[i].at == records_[index].at; ++i) {
    if (records_[i].kind == kind) return true;
  }
  return false;
}

bool Rows::answered_at_once_before(std::size_t index) const {
  const std::string gate = field_text(records_[index], "gate");
  for (std::size_t i = index; i > 0; --i) {
    const Record& earlier = records_[i - 1];
    if (earlier.at != records_[index].at) break;
    if (earlier.kind == RecordKind::GateAnswered && field_text(earlier, "gate") == gate) return true;
  }
  return false;
}

std::size_t Rows::guards_armed_with(std::size_t stage_entry) const {
  std::size_t count = 0;
  for (std::size_t i = stage_entry + 1; i < records_.size(); ++i) {
    const Record& record = records_[i];
    if (record.at != records_[stage_entry].at || record.kind == RecordKind::StageEntered) break;
    if (record.kind == RecordKind::GuardArmed) ++count;
  }
  return count;
}

void Rows::stage_entered(std::size_t index) {
  const Record& record = records_[index];
  stage_ = field_text(record, "stage");
  const std::size_t guards = guards_armed_with(index);
  std::string text = "stage " + stage_ + " begins";
  if (guards > 0) text += fmt::format(", {} guard{} from here on", guards, guards == 1 ? " watches" : "s watch");
  add_row(record, Mark::Begin, text, true);
}

// A guard's text without its `for`: what is true or false in one slot.
std::string condition_of(const std::string& guard) {
  const auto at = guard.rfind(" for ");
  return at == std::string::npos ? guard : guard.substr(0, at);
}
std::string patience_of(const std::string& guard) {
  const auto at = guard.rfind(" for ");
  return at == std::string::npos ? std::string{} : guard.substr(at + 5);
}

// The series that a guard on a grouped metric speaks of: "web-1, web-3".
std::string series_text(const Record& record) {
  const Value* series = record.find("series");
  std::vector<std::string> names;
  for (const Value& name : series ? series->as_list() : plan::List{}) names.push_back(name.as_string());
  return escaped(plan::series_phrase(names));
}

void Rows::guard_record(const Record& record) {
  const std::string guard = field_text(record, "guard");
  const std::string observed = field_text(record, "observed");
  std::string now = observed.empty() ? std::string{} : ", now " + observed;
  if (const std::string series = series_text(record); !series.empty()) now += ": " + series;
  if (record.kind == RecordKind::GuardPending) {
    const std::string patience = patience_of(guard);
    return add_row(
        record, Mark::Careful,
        fmt::format("{}{}{}", condition_of(guard), now, patience.empty() ? "" : ": acts if it lasts " + patience));
  }
  if (record.kind == RecordKind::GuardReset) {
    return add_row(record, Mark::Good, fmt::format("{} is over{}", condition_of(guard), now));
  }
  // GuardFired
  const std::string held = field_text(record, "held");
  std::string text = condition_of(guard) + now;
  if (!held.empty() && held != "0s" && held != "0ns") text += ", lasted " + held;
  const std::string response = field_text(record, "response");
  if (!response.empty()) text += " → " + (response == "tell" ? "tells people" : response);
  told_reason_ = guard;
  add_row(record, Mark::Bad, text, true);
}

void Rows::rollback_started(const Record& record) {
  const std::string to = field_text(record, "to");
  const std::string reason = field_text(record, "reason");
  const std::string rollout = field_text(record, "rollout");
  rolling_back_ = rolling_back_ || rollout.empty();
  std::string text = (rollout.empty() ? "" : rollout + ": ") + "rolling back" +
                     (to.empty() ? std::string{} : " to " + to) + ", newest change first";
  if (!has_told(reason, record.at)) text += ": " + reason;
  told_reason_ = reason;
  add_row(record, Mark::Back, text, true);
}

// Why it ended is told once, with whatever made it end.
void Rows::child_ended(const Record& record) {
  const std::string state = field_text(record, "state");
  const std::string reason = field_text(record, "reason");
  std::string text = "rollout " + field_text(record, "rollout") + (state == "stopped" ? " is " : " has ") + state;
  if (state == "rolled back") text = "rollout " + field_text(record, "rollout") + " is rolled back";
  if (!has_told(reason, record.at)) text += ": " + reason;
  const Mark mark = state == "succeeded" ? Mark::Good : state == "rolled back" ? Mark::Back : Mark::Careful;
  add_row(record, state == "failed" ? Mark::Bad : mark, text);
}

std::string kind_words(const std::string& kind) {
  if (kind == "approve") return "approval";
  if (kind == "ask") return "question";
  return kind.empty() ? "gate" : kind;
}

void Rows::gate_opened(const Record& record) {
  std::string text = fmt::format("{} \"{}\"", kind_words(field_text(record, "kind")), field_text(record, "gate"));
  const std::string role = field_text(record, "role");
  const std::string needed = field_text(record, "needed");
  if (!role.empty()) text += " for " + (needed.empty() || needed == "1" ? role : needed + " of " + role);
  const Value* deadline = record.find("deadline");
  if (deadline && deadline->kind() == plan::ValueKind::Instant)
    text += ", within " + readable(deadline->as_integer() - record.at);
  const Value* items = record.find("items");
  const std::size_t count = items ? items->as_list().size() : 0;
  if (count > 0) text += fmt::format(", {} item{}", count, count == 1 ? "" : "s");
  add_row(record, Mark::Ask, text);
}

// Items that one person ticks at one instant are one line; answers how many records that takes, 0 where it is no tick.
std::size_t Rows::ticks(std::size_t index) {
  const auto is_tick = [&](const Record& record) {
    return record.kind == RecordKind::GateAnswered && field_text(record, "verb") == "tick";
  };
  const Record& first = records_[index];
  constexpr std::size_t kMostNamed = 2;
  std::size_t count = 0;
  std::string items;
  for (std::size_t i = index; i < records_.size() && is_tick(records_[i]); ++i, ++count) {
    const bool same = records_[i].at == first.at && field_text(records_[i], "who") == field_text(first, "who");
    if (!same) break;
    items += (items.empty() ? "\"" : ", \"") + field_text(records_[i], "item") + "\"";
  }
  if (count > kMostNamed) items = fmt::format("{} items of \"{}\"", count, field_text(first, "gate"));
  const std::string who = field_text(first, "who");
  if (count > 0) add_row(first, Mark::Good, (who == "check" ? "its check" : who) + " ticked " + items);
  return count;
}

void Rows::gate_answered(const Record& record) {
  const std::string verb = field_text(record, "verb");
  const std::string who = field_text(record, "who");
  const std::string item = field_text(record, "item");
  const std::string said = field_text(record, "text");
  const std::string& what = item.empty() ? field_text(record, "gate") : item;
  std::string text;
  if (verb == "reject") {
    text = fmt::format("{} rejected \"{}\"{}", who, what, said.empty() ? "" : ": " + said);
  } else if (verb == "answer") {
    text = fmt::format("{} answered \"{}\" to \"{}\"", who, said, what);
  } else if (verb == "acknowledge") {
    text = fmt::format("{} acknowledged {}", who, what.empty() ? "the notification" : what);
  } else if (verb == "promote") {
    text = fmt::format("{} promoted the run past its blind guards", who);
  } else {
    text = fmt::format("{} approved \"{}\"", who, what);
  }
  add_row(record, verb == "reject" ? Mark::Bad : Mark::Good, text);
}

void Rows::effect_intended(const Record& record, bool hidden) {
  std::string text = field_text(record, "callable");
  if (const Value* arguments = record.find("arguments"); arguments && field_text(record, "kind") == "call") {
    std::vector<std::string> literals;
    for (const auto& [name, value] : arguments->as_map()) literals.push_back(escaped(plan::to_literal(value)));
    text += arguments_text(std::move(literals));
  }
  const bool again = record.find("again") && record.find("again")->as_bool();
  effects_[field_text(record, "effect")] = {text, record.at, hidden};
  if (hidden) return;
  add_row(record, Mark::Step, again ? text + " (again, after the restart)" : text);
}

void Rows::effect_finished(const Record& record) {
  const auto begun = effects_.find(field_text(record, "effect"));
  if (begun == effects_.end()) return;
  const Effect effect = begun->second;
  effects_.erase(begun);
  const std::string status = field_text(record, "status");
  const std::string error = field_text(record, "error");
  const Nanoseconds took = record.at - effect.at;
  const bool well = status == "succeeded" || status == "descend";
  if (well && (took == 0 || effect.hidden)) return;
  const std::string when = took > 0 ? " after " + readable(took) : std::string{};
  if (well) return add_row(record, Mark::Good, fmt::format("{}: done{}", effect.text, when));
  if (status == "cancelled") return add_row(record, Mark::Careful, fmt::format("{}: cancelled{}", effect.text, when));
  failure_told_ = record.at;
  if (status == "timed out") return add_row(record, Mark::Bad, effect.text + ": no answer" + when);
  add_row(record, Mark::Bad, fmt::format("{}: failed{}{}", effect.text, when, error.empty() ? "" : ": " + error));
}

void Rows::hold_ended(const Record& record) {
  const std::string how = field_text(record, "how");
  const std::string held = "held for " + field_text(record, "held");
  if (how == "failed") return add_row(record, Mark::Bad, held + ", but not every condition holds");
  const bool asked = field_text(record, "hold").find(" until ") != std::string::npos;
  if (how == "done") return add_row(record, Mark::Good, held + (asked ? ", every condition holds" : ""));
  add_row(record, Mark::Step, held + (how.empty() ? "" : ", " + how));
}

void Rows::run_ended(const Record& record) {
  ended_ = true;
  stage_.clear();
  const std::string state = field_text(record, "state");
  const std::string reason = field_text(record, "reason");
  const bool well = state == "succeeded";
  std::string text = well && followed_up_ ? "the follow-ups are done" : state;
  if (record.at > start_ && !followed_up_) text += " after " + readable(record.at - start_);
  if (!has_told(reason, record.at)) text += ": " + reason;
  add_row(record, well ? Mark::Good : Mark::Bad, text, true);
  rows_.back().last = true;
}

// The main run has reached its end, what is scheduled after it is still to come.
void Rows::follows_up(const Record& record) {
  followed_up_ = true;
  stage_.clear();
  add_row(record, Mark::Good, fmt::format("succeeded after {}, follow-ups to come", readable(record.at - start_)),
          true);
}

// Records that add nothing for a reader of the timeline.
bool Rows::is_noise(std::size_t index) const {
  const Record& record = records_[index];
  // The next stage's line, or the end's, says it.
  if (record.kind == RecordKind::StageDone)
    return followed_at_once_by(index, RecordKind::StageEntered) || followed_at_once_by(index, RecordKind::StateChanged);
  // The change of the share has its own line.
  // So has the end of a child.
  if (record.kind == RecordKind::UndoDone) {
    const std::string what = field_text(record, "what");
    return what.starts_with("traffic ") || (!what.empty() && what == field_text(record, "rollout"));
  }
  // Whoever answered last has closed it.
  if (record.kind == RecordKind::GateClosed) return answered_at_once_before(index);
  return false;
}

void Rows::add(std::size_t index) {
  const Record& record = records_[index];
  if (record.kind == RecordKind::TrafficChanged) {
    const Value* to = record.find("to");
    share_ = to && !to->is_missing() ? std::optional(share_of(*to)) : std::nullopt;
    share_changed_ = true;
    return add_row(record, rolling_back_ ? Mark::Back : Mark::Step, phrase_of(record).text);
  }
  if (is_noise(index)) return;
  if (record.kind == RecordKind::StageEntered) return stage_entered(index);
  if (record.kind == RecordKind::GuardPending || record.kind == RecordKind::GuardReset ||
      record.kind == RecordKind::GuardFired)
    return guard_record(record);
  if (record.kind == RecordKind::GateOpened) return gate_opened(record);
  if (record.kind == RecordKind::GateAnswered) return gate_answered(record);
  if (record.kind == RecordKind::Outcome) return effect_finished(record);
  if (record.kind == RecordKind::HoldEnded) return hold_ended(record);
  if (record.kind == RecordKind::RunEnded) return run_ended(record);
  if (record.kind == RecordKind::RollbackStarted) return rollback_started(record);
  if (record.kind == RecordKind::ChildEnded) return child_ended(record);
  if (record.kind == RecordKind::CheckPassed || record.kind == RecordKind::CheckFailed) return check_record(record);
  if (record.kind == RecordKind::Paused) return paused(record);
  if (record.kind == RecordKind::StepFailed) return step_failed(record);
  if (record.kind == RecordKind::StateChanged && field_text(record, "to") == "following up") return follows_up(record);
  const Phrase phrase = phrase_of(record);
  if (phrase.level == Level::Main) add_row(record, phrase.mark, phrase.text);
}

void Rows::check_record(const Record& record) {
  constexpr std::string_view kVerify = "verify ";
  std::string check = field_text(record, "check");
  if (check.starts_with(kVerify)) check.erase(0, kVerify.size());
  const std::string error = field_text(record, "error");
  if (record.kind == RecordKind::CheckPassed) return add_row(record, Mark::Good, "verified: " + check);
  failure_told_ = record.at;
  add_row(record, Mark::Bad, "check failed: " + check + (error.empty() ? "" : ": " + error));
}

// What failed has its own line mostly; then only that it is tried again is news.
void Rows::step_failed(const Record& record) {
  const std::string left = field_text(record, "retries_left");
  const bool again = !left.empty() && left != "0";
  if (failure_told_ != record.at) return add_row(record, Mark::Bad, phrase_of(record).text);
  if (again) add_row(record, Mark::Careful, "will be tried again, tries left: " + left);
}

void Rows::paused(const Record& record) {
  if (paused_at_ == record.at) return;  // every guard that is blind says it
  paused_at_ = record.at;
  std::string reason = field_text(record, "reason");
  if (failure_told_ == record.at) reason = reason.substr(0, reason.find(" (`"));
  const std::string who = field_text(record, "who");
  add_row(record, Mark::Wait, "paused" + (who.empty() ? "" : " by " + who) + (reason.empty() ? "" : ": " + reason),
          true);
}

// What many guards say at one instant is one line; answers how many records that takes, 0 where they are few.
std::size_t Rows::many_guards(std::size_t index) {
  constexpr std::size_t kMany = 3;
  const Record& first = records_[index];
  const bool groups = first.kind == RecordKind::GuardUnknown || first.kind == RecordKind::GuardBlind ||
                      first.kind == RecordKind::GuardSeesAgain;
  std::size_t count = 0;
  while (groups && index + count < records_.size() && records_[index + count].kind == first.kind &&
         records_[index + count].at == first.at)
    ++count;
  if (count < kMany) return 0;
  const std::string why = field_text(first, "why");
  if (first.kind == RecordKind::GuardUnknown)
    add_row(first, Mark::Careful, fmt::format("no answer for {} guards{}", count, why.empty() ? "" : ": " + why));
  if (first.kind == RecordKind::GuardBlind)
    add_row(first, Mark::Careful, fmt::format("{} guards are blind, nothing is promoted", count));
  if (first.kind == RecordKind::GuardSeesAgain) add_row(first, Mark::Good, fmt::format("{} guards see again", count));
  return count;
}

// A run that has not ended says in its last line what it waits for.
void Rows::still_open() {
  if (ended_ || records_.empty()) return;
  std::string state;
  for (const Record& record : records_) {
    if (record.kind == RecordKind::StateChanged) state = field_text(record, "to");
  }
  if (state == "paused") add_row(records_.back(), Mark::Wait, "still paused: a person must say how it goes on", true);
  if (state == "rollback incomplete")
    add_row(records_.back(), Mark::Bad, "the rollback is incomplete: a person must take it up again", true);
}

std::vector<TimelineRow> Rows::build() {
  start_ = timeline_start(records_);
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (const auto sentence = folding_.instead.find(i); sentence != folding_.instead.end())
      add_row(records_[i], Mark::Careful, sentence->second);
    std::size_t told = ticks(i);
    if (told == 0 && !folding_.hidden.contains(i)) told = many_guards(i);
    if (told > 0) {
      i += told - 1;
      continue;
    }
    const bool hidden = folding_.hidden.contains(i);
    if (records_[i].kind == RecordKind::Intent)
      effect_intended(records_[i], hidden);
    else if (!hidden)
      add(i);
  }
  still_open();
  // What is sent at the very end stands before the end's own line.
  const auto end = std::find_if(rows_.begin(), rows_.end(), [&](const TimelineRow& row) { return row.last; });
  if (end != rows_.end() && end->at == rows_.back().at) std::rotate(end, end + 1, rows_.end());
  return std::move(rows_);
}

}  // namespace

Nanoseconds timeline_start(std::span<const Record> records) {
  for (const Record& record : records) {
    if (begins_the_run(record.kind)) return record.at;
  }
  return records.empty() ? 0 : records.front().at;
}

std::vector<TimelineRow> timeline_rows(std::span<const Record> records) {
  return Rows(records).build();
}

}  // namespace rollout::console
