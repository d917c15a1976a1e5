#include "runtime/console/live.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/plan/rate_text.hpp"
#include "runtime/plan/series.hpp"

namespace rollout::console {

namespace {

using machine::EffectView;
using machine::GateView;
using machine::GuardView;
using machine::HoldView;
using machine::RunState;
using machine::View;
using plan::Nanoseconds;
using plan::Value;

constexpr std::size_t kTrafficCells = 30;
constexpr std::size_t kClockCells = 8;

std::string literal(const Value& value) {
  return value.is_missing() ? std::string("?") : escaped(plan::to_literal(rounded(value)));
}

// What a guard measures, in the unit of what it is compared with.
std::string observed_text(const GuardView& guard) {
  const auto rate = plan::rate_text_like(guard.observed, guard.threshold);
  return rate ? *rate : literal(guard.observed);
}

// A word in quotes for a POSIX shell, so that it can be copied.
std::string shell_word(std::string_view text) {
  std::string word = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') word += '\\';
    word += c;
  }
  return escaped(word + "\"");
}

double part_of(Nanoseconds done, Nanoseconds all) {
  return all <= 0 ? 1 : static_cast<double>(done) / static_cast<double>(all);
}

class LiveView {
 public:
  LiveView(const View& view, const LiveOptions& options) : view_(view), options_(options) {}

  std::vector<std::string> build();

 private:
  void headline();
  void traffic();
  void children();
  void steps();
  void hold(const HoldView& hold);
  void guards();
  void guard(const GuardView& guard, std::size_t text_width, std::size_t value_width);
  void gate(const GateView& gate);
  void acknowledgement(const machine::AcknowledgementView& ack);
  std::string time_left(std::optional<Nanoseconds> deadline) const;
  void effect(const EffectView& effect);

  std::string paint(std::string_view text, Tone tone) const { return painted(text, tone, options_.colour); }
  std::string since(Nanoseconds instant) const { return readable(std::max<Nanoseconds>(0, options_.now - instant)); }
  void line(std::string text) { lines_.push_back(std::move(text)); }
  void section(std::string_view title) {
    line({});
    line(paint(title, Tone::Strong));
  }

  const View& view_;
  const LiveOptions& options_;
  std::vector<std::string> lines_;
};

Tone tone_of(RunState state) {
  switch (state) {
    case RunState::Waiting:
    case RunState::Running:
    case RunState::FollowingUp: return Tone::Accent;
    case RunState::Paused: return Tone::Careful;
    case RunState::Succeeded: return Tone::Good;
    case RunState::RollingBack:
    case RunState::RolledBack:
    case RunState::RollbackIncomplete:
    case RunState::Aborted:
    case RunState::Failed: return Tone::Bad;
  }
  return Tone::Plain;
}

void LiveView::headline() {
  std::string text = paint(escaped(options_.rollout), Tone::Strong) + "  " +
                     paint(machine::state_name(view_.state), tone_of(view_.state));
  if (!view_.stage.empty())
    text += fmt::format("  stage {} for {}", paint(escaped(view_.stage), Tone::Strong), since(view_.stage_entered));
  const Nanoseconds begun = view_.started > 0 ? view_.started : view_.created;
  const Nanoseconds until = view_.ended > 0 ? view_.ended : options_.now;
  text += paint(fmt::format("  {} in all", readable(std::max<Nanoseconds>(0, until - begun))), Tone::Faint);
  line(std::move(text));
  if (!view_.reason.empty()) {
    for (const std::string& part : wrapped("because " + escaped(view_.reason), options_.width)) line(part);
  }
}

void LiveView::traffic() {
  if (view_.traffic.is_missing()) return;
  line(fmt::format("traffic  {} {}", paint(bar(share_of(view_.traffic), kTrafficCells), Tone::Accent),
                   literal(view_.traffic)));
}

// The tree of a run with children: each with its state, stage and traffic, further in than the one that runs it.
void LiveView::children() {
  if (view_.children.empty()) return;
  section("rollouts");
  for (const machine::ChildView& child : view_.children) {
    const bool bad = child.state == "failed" || child.state == "rolled back" || child.state == "rolling back" ||
                     child.state == "rollback incomplete";
    const Tone tone = bad                          ? Tone::Bad
                      : child.state == "succeeded" ? Tone::Good
                      : child.state == "not begun" ? Tone::Faint
                                                   : Tone::Accent;
    std::string text = fmt::format("  {}  {}", escaped(child.path), paint(child.state, tone));
    const bool runs = child.state == "running" || child.state == "rolling back";
    if (runs && !child.stage.empty()) {
      const bool inside = child.stage.starts_with(child.path + ".");
      const std::string stage = inside ? child.stage.substr(child.path.size() + 1) : child.stage;
      text += fmt::format("  stage {} for {}", escaped(stage), since(child.stage_entered));
    }
    if (!child.traffic.is_missing()) text += fmt::format("  traffic {}", literal(child.traffic));
    if (bad && !child.reason.empty()) text += paint("  " + escaped(child.reason), Tone::Faint);
    line(shortened(text, options_.width + (options_.colour ? 18 : 0)));
  }
}

void LiveView::steps() {
  for (const std::string& step : view_.steps) line(shortened("now      " + escaped(step), options_.width));
}

void LiveView::hold(const HoldView& hold) {
  const Nanoseconds end = hold.most_until > 0 ? hold.most_until : hold.least_until;
  const Nanoseconds held = options_.now - hold.started;
  std::string text =
      fmt::format("holding  {} {}", bar(part_of(held, end - hold.started), kTrafficCells), readable(held));
  if (end > options_.now && hold.most_until > hold.least_until && hold.least_until > options_.now) {
    text += fmt::format(", {} to {} left", readable(hold.least_until - options_.now), readable(end - options_.now));
  } else if (end > options_.now) {
    text += fmt::format(", {}{} left", hold.conditions.empty() ? "" : "at most ", readable(end - options_.now));
  }
  line(std::move(text));
  for (const auto& [condition, truth] : hold.conditions) {
    const Tone tone = !truth ? Tone::Careful : *truth ? Tone::Good : Tone::Plain;
    const std::string_view sign = !truth ? "?" : *truth ? "✓" : "·";
    const std::string_view word = !truth ? "  no data" : *truth ? "" : "  not yet";
    line(shortened(fmt::format("         {} {}{}", paint(sign, tone), escaped(condition), word),
                   options_.width + (options_.colour ? 9 : 0)));
  }
}

std::string clock_of(const GuardView& guard) {
  if (guard.samples_needed > 0)
    return fmt::format("{} {} of {} samples", bar(part_of(guard.samples_true, guard.samples_needed), kClockCells),
                       guard.samples_true, guard.samples_needed);
  if (guard.needed > 0)
    return fmt::format("{} {} of {}", bar(part_of(guard.held, guard.needed), kClockCells), readable(guard.held),
                       readable(guard.needed));
  return "at once";
}

void LiveView::guard(const GuardView& guard, std::size_t text_width, std::size_t value_width) {
  const bool pending = guard.truth.value_or(false);
  Tone tone = guard.truth ? Tone::Good : Tone::Careful;
  std::string_view sign = guard.truth ? "✓" : "?";
  if (pending) tone = Tone::Careful, sign = "!";
  if (guard.blind) tone = Tone::Bad, sign = "?";
  if (guard.fired) tone = Tone::Bad, sign = "✗";
  std::string state = clock_of(guard);
  if (!guard.truth) state = "unknown" + (guard.unknown_why.empty() ? std::string{} : ": " + escaped(guard.unknown_why));
  if (guard.blind) state = "BLIND, nothing is promoted" + state.substr(std::min<std::size_t>(7, state.size()));
  if (guard.fired) state = "FIRED";
  if (!guard.series.empty()) state = escaped(plan::series_phrase(guard.series)) + ": " + state;
  const std::string name = padded(shortened(escaped(guard.text), text_width), text_width);
  const std::string value = right_aligned(guard.truth ? observed_text(guard) : "?", value_width);
  const std::size_t used = 2 + text_width + 2 + value_width + 2;
  const std::size_t left = options_.width > used + 10 ? options_.width - used : 10;
  line(fmt::format("{} {}  {}  {}", paint(sign, tone), name, paint(value, pending || guard.fired ? tone : Tone::Plain),
                   paint(shortened(state, left), pending || guard.blind || guard.fired ? tone : Tone::Faint)));
}

void LiveView::guards() {
  if (view_.guards.empty()) return;
  section("guards");
  std::size_t text_width = 0, value_width = 1;
  for (const GuardView& one : view_.guards) {
    text_width = std::max(text_width, columns(escaped(one.text)));
    value_width = std::max(value_width, columns(observed_text(one)));
  }
  value_width = std::min<std::size_t>(value_width, 14);
  const std::size_t others = value_width + 34;
  text_width = std::min(text_width, options_.width > others + 20 ? options_.width - others : 20);
  for (const GuardView& one : view_.guards) guard(one, text_width, value_width);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + escaped(part);
  return text;
}

std::string_view waits_for(plan::GateKind kind) {
  switch (kind) {
    case plan::GateKind::Approve: return "approval";
    case plan::GateKind::Checklist: return "checklist";
    case plan::GateKind::Ask: return "question";
  }
  return "gate";
}

std::string LiveView::time_left(std::optional<Nanoseconds> deadline) const {
  if (!deadline) return {};
  return *deadline > options_.now ? fmt::format(", {} left", readable(*deadline - options_.now)) : ", time is up";
}

void LiveView::gate(const GateView& gate) {
  std::string text = fmt::format("waiting for {}: {}", waits_for(gate.kind), escaped(gate.text));
  text += time_left(gate.deadline);
  section(shortened(text, options_.width));
  if (!gate.role.empty()) {
    std::string who =
        fmt::format("  by {}{}", gate.needed > 1 ? fmt::format("{} of ", gate.needed) : "", escaped(gate.role));
    if (!gate.members.empty()) who += fmt::format(" ({})", joined(gate.members));
    if (!gate.approved_by.empty()) who += fmt::format(", approved by {}", joined(gate.approved_by));
    line(shortened(who, options_.width));
  }
  const auto type = [&](const std::string& command) { line(paint("  type  " + command, Tone::Accent)); };
  const std::string run = escaped(options_.run_id);
  for (const auto& item : gate.items) {
    const std::string count =
        item.needed > 1 ? fmt::format("  {} of {}", item.ticked_by.size(), item.needed) : std::string{};
    const std::string by = item.ticked_by.empty() ? std::string{} : "  " + joined(item.ticked_by);
    line(fmt::format("  {} {}{}{}", paint(item.ticked ? "✓" : "☐", item.ticked ? Tone::Good : Tone::Plain),
                     escaped(item.text), count, by));
  }
  const std::string name = shell_word(gate.text);
  switch (gate.kind) {
    case plan::GateKind::Approve:
      type(fmt::format("rollout approve {} {}", run, name));
      type(fmt::format("rollout reject {} {} \"why\"", run, name));
      break;
    case plan::GateKind::Checklist:
      for (const auto& item : gate.items) {
        if (!item.ticked && !item.automatic)
          type(fmt::format("rollout tick {} {} {}", run, name, shell_word(item.text)));
      }
      break;
    case plan::GateKind::Ask:
      for (const std::string& answer : gate.answers)
        type(fmt::format("rollout answer {} {} {}", run, name, shell_word(answer)));
      break;
  }
}

void LiveView::acknowledgement(const machine::AcknowledgementView& ack) {
  section(
      shortened(fmt::format("waiting for somebody to acknowledge{}: {}", time_left(ack.deadline), escaped(ack.text)),
                options_.width));
  line(paint(fmt::format("  type  rollout acknowledge {} {}", escaped(options_.run_id), shell_word(ack.channel)),
             Tone::Accent));
}

void LiveView::effect(const EffectView& effect) {
  const std::string text = effect.in_doubt
                               ? fmt::format("? outcome unknown since the restart: {}", escaped(effect.callable))
                               : fmt::format("· {} for {}", escaped(effect.callable), since(effect.started));
  line(paint(shortened(text, options_.width), effect.in_doubt ? Tone::Bad : Tone::Plain));
}

std::vector<std::string> LiveView::build() {
  headline();
  traffic();
  for (const std::string& rollout : view_.requirements)
    line(fmt::format("requires {} to have succeeded first", escaped(rollout)));
  steps();
  for (const HoldView& one : view_.holds) hold(one);
  children();
  guards();
  for (const GateView& one : view_.gates) gate(one);
  for (const auto& one : view_.acknowledgements) acknowledgement(one);
  if (!view_.effects.empty()) section("under way");
  for (const EffectView& one : view_.effects) effect(one);
  if (view_.state == RunState::Paused && view_.gates.empty()) {
    section("what now?");
    for (const std::string_view verb : {"resume", "rollback", "abort"})
      line(paint(fmt::format("  type  rollout {} {}", verb, escaped(options_.run_id)), Tone::Accent));
  }
  return std::move(lines_);
}

}  // namespace

std::vector<std::string> live_view(const View& view, const LiveOptions& options) {
  return LiveView(view, options).build();
}

std::string record_line(const machine::Record& record, bool colour) {
  const Phrase phrase = phrase_of(record);
  const Tone tone = phrase.level == Level::Detail ? Tone::Faint : tone_of(phrase.mark);
  const std::string stage = field_text(record, "stage");
  return fmt::format("{}  {}{} {}", time_of_day_text(record.at), stage.empty() ? "" : stage + "  ",
                     painted(sign_of(phrase.mark), tone, colour), painted(phrase.text, tone, colour));
}

std::string record_json(const machine::Record& record) {
  plan::Map fields;
  fields.emplace_back("at", Value::string(plan::instant_text(record.at)));
  fields.emplace_back("event", Value::string(std::string(machine::record_name(record.kind))));
  for (const auto& field : record.fields) fields.push_back(field);
  return plan::to_json(Value::map(std::move(fields)));
}

}  // namespace rollout::console
