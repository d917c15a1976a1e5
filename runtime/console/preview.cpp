#include "runtime/console/preview.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/console/text.hpp"
#include "runtime/plan/passed_variables.hpp"

namespace rollout::console {

namespace {

constexpr std::size_t kBarCells = 10;
constexpr std::size_t kMostUndoCommands = 3;

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? std::string{} : std::string(between)) + part;
  return text;
}

std::string_view sign_of(StepKind kind) {
  switch (kind) {
    case StepKind::Command: return "$";
    case StepKind::Action: return "·";
    case StepKind::Check: return "✓";
    case StepKind::Traffic: return "→";
    case StepKind::Hold: return "‖";
    case StepKind::Gate: return "?";
    case StepKind::Notify: return "»";
    case StepKind::Outcome: return "!";
    case StepKind::Condition: return "·";
  }
  return " ";
}

class Preview {
 public:
  Preview(const plan::Plan& plan, const Outline& outline, const PreviewOptions& options)
      : plan_(plan), outline_(outline), options_(options) {}

  std::vector<std::string> build();

 private:
  void head();
  void environment();
  void windows();
  void times();
  plan::Openings openings_of(plan::StageId stage) const;
  void inputs();
  void settings();
  void stages();
  void stage(const OutlineStage& stage, double& share);
  void step(const OutlineStep& step);
  void guards(const std::vector<OutlineGuard>& guards, std::string_view indent);
  void people();
  void budget();
  void way_back();

  std::string paint(std::string_view text, Tone tone) const { return painted(text, tone, options_.colour); }
  void section(std::string_view title) {
    lines_.emplace_back();
    lines_.push_back(paint(title, Tone::Strong));
  }
  // A line that goes on below itself, behind `first`.
  void add(const std::string& first, std::string_view text, Tone tone = Tone::Plain) {
    const std::size_t indent = columns(first);
    const std::size_t width = options_.width > indent + 20 ? options_.width - indent : 20;
    bool begun = false;
    for (const std::string& part : wrapped(text, width)) {
      lines_.push_back((begun ? std::string(indent, ' ') : first) + paint(part, tone));
      begun = true;
    }
  }
  void fact(std::string_view name, const std::string& text) {
    if (!text.empty()) add(padded("  " + std::string(name), 15), text);
  }

  const plan::Plan& plan_;
  const Outline& outline_;
  const PreviewOptions& options_;
  std::vector<std::string> lines_;
};

// Where it runs, and what stands behind names there.
void Preview::environment() {
  const plan::RunEnvironment& around = plan_.environment;
  const std::string about = around.description.empty() ? "" : ": " + around.description;
  fact("environment", escaped(plan_.rollout.environment + about));
  fact("prometheus", escaped(around.prometheus_url));
  for (const plan::EnvironmentVariable& variable : around.variables) {
    const auto passed = plan::passed_pattern(variable.name);
    if (passed) fact("passes on", escaped(std::string(*passed)));
    if (!passed) fact("variable", escaped(variable.name + "=" + variable.value));
  }
}

void Preview::head() {
  const plan::Rollout& rollout = plan_.rollout;
  lines_.push_back(paint(escaped(rollout.name), Tone::Strong));
  const std::string& about = rollout.description.empty() ? rollout.documentation : rollout.description;
  if (!about.empty()) add("  ", summary(about));
  fact("owner", escaped(rollout.owner));
  fact("service", escaped(rollout.service));
  environment();
  fact("exclusive", escaped(rollout.exclusive));
  for (const plan::NamedText& link : rollout.links) fact("link", escaped(link.name) + ": " + escaped(link.text));
  for (const plan::NamedText& contact : rollout.contacts)
    fact("contact", escaped(contact.name) + ": " + escaped(contact.text));
  for (const std::string& requirement : rollout.requirements) fact("requires", escaped(requirement));
  windows();
  if (options_.time) times();
  fact("takes", console::range_text(outline_.takes) + (outline_.gates.empty() ? "" : ", waiting for people included"));
}

std::string days_text(std::uint8_t mask) {
  static constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  if ((mask & 0x7f) == 0x7f) return {};
  std::string text;
  for (int day = 0; day < 7; ++day) {
    if ((mask >> day) & 1) text += (text.empty() ? " on " : ", ") + std::string(kDays[day]);
  }
  return text;
}

std::string window_text(const plan::Window& window) {
  const auto clock = [](Nanoseconds time) { return plan::to_literal(plan::Value::time_of_day(time)); };
  return fmt::format("{} to {} {}{}", clock(window.from), clock(window.to), escaped(window.zone),
                     days_text(window.days.mask));
}

void Preview::windows() {
  for (const plan::Window& window : plan_.rollout.windows) fact("window", window_text(window));
  for (const plan::Freeze& freeze : plan_.rollout.freezes) {
    fact("not during", fmt::format("{} to {}{}", plan::instant_text(freeze.from), plan::instant_text(freeze.to),
                                   freeze.reason.empty() ? "" : " (" + escaped(freeze.reason) + ")"));
  }
}

plan::Openings Preview::openings_of(plan::StageId stage) const {
  static const std::vector<plan::Window> kNoWindows;
  const auto& own = stage < plan_.stages.size() ? plan_.stages[stage].windows : kNoWindows;
  return {plan_.rollout.windows, own, plan_.rollout.freezes, options_.time->zones};
}

// When it can start, and which stage has to wait for another opening even if nobody lets it wait before.
void Preview::times() {
  const std::vector<plan::StageId>& stages = plan_.rollout.stages;
  const Nanoseconds earliest = options_.time->start_at.value_or(options_.time->now);
  Nanoseconds at = plan::next_opening(earliest, openings_of(stages.empty() ? plan::kNone : stages.front()));
  if (at == plan::kNeverOpens) return;
  if (at > options_.time->now)
    fact("starts", plan::instant_text(at) + (options_.time->start_at ? "" : " at the earliest"));
  for (const plan::StageId stage : stages) {
    const Nanoseconds opens = plan::next_opening(at, openings_of(stage));
    if (opens == plan::kNeverOpens) return;
    if (opens > at && stage != stages.front()) {
      add(padded("  waits", 15),
          fmt::format(
              "stage {} cannot be entered before the window closes: {} at the earliest, and it opens again at {}",
              escaped(plan_.stages[stage].name), plan::instant_text(at), plan::instant_text(opens)),
          Tone::Careful);
    }
    at = opens;
    for (const OutlineStage& one : outline_.stages) {
      if (one.name == escaped(plan_.stages[stage].name)) at += one.takes.least;
    }
  }
}

void Preview::inputs() {
  if (outline_.parameters.empty() && outline_.secrets.empty()) return;
  section("what it is given");
  for (const OutlineParameter& one : outline_.parameters) {
    const std::string note = one.missing ? " must be given: --set " + one.name + "=..."
                             : one.given ? ""
                                         : "  (default)";
    add(padded("  " + one.name, 15), one.missing ? note.substr(1) : one.value + note,
        one.missing ? Tone::Bad : Tone::Plain);
  }
  for (const std::string& secret : outline_.secrets) fact("secret", secret);
}

void Preview::settings() {
  if (outline_.settings.empty()) return;
  section("what the service needs");
  std::size_t width = 0;
  for (const OutlineSetting& one : outline_.settings) width = std::max(width, columns(one.name));
  for (const OutlineSetting& one : outline_.settings) {
    add("  ", padded(one.name, width) + " = " + one.value + (one.reason.empty() ? "" : "  (" + one.reason + ")"));
  }
}

void Preview::guards(const std::vector<OutlineGuard>& guards, std::string_view indent) {
  std::size_t width = 0;
  for (const OutlineGuard& one : guards) width = std::max(width, columns(one.text));
  width = std::min(width, options_.width * 6 / 10);
  for (const OutlineGuard& one : guards) {
    const std::string text = columns(one.text) <= width ? padded(one.text, width) : one.text;
    add(std::string(indent) + paint("!", Tone::Careful) + " ", text + "  → " + one.response);
  }
}

void Preview::step(const OutlineStep& step) {
  const Tone tone = step.irreversible             ? Tone::Bad
                    : step.kind == StepKind::Gate ? Tone::Careful
                    : step.depth > 0              ? Tone::Faint
                                                  : Tone::Plain;
  const std::string indent(4 + 2 * std::min<std::size_t>(step.depth, 6), ' ');
  add(indent + paint(sign_of(step.kind), tone) + " ", step.text + (step.irreversible ? "  (no way back)" : ""), tone);
}

// What going back from here takes, where there is anything to undo.
std::string undo_text(const plan::Most& undo) {
  if (!undo) return ", back without a limit";
  return *undo > 0 ? ", back within " + readable(*undo) : std::string();
}

void Preview::stage(const OutlineStage& stage, double& share) {
  for (const OutlineStep& one : stage.steps) {
    if (one.share) share = *one.share;
  }
  if (stage.name.empty()) {
    for (const OutlineStep& one : stage.steps) step(one);
    return;
  }
  lines_.emplace_back();
  std::string title = fmt::format("  {} {}", paint("▶", Tone::Accent), paint(stage.name, Tone::Strong));
  title += fmt::format("  {} {}  {}{}", bar(share, kBarCells), plan::to_literal(plan::Value::ratio(share)),
                       console::range_text(stage.takes), undo_text(stage.undo));
  lines_.push_back(std::move(title));
  if (!stage.documentation.empty()) add("    ", stage.documentation, Tone::Faint);
  for (const plan::Stage& row : plan_.stages) {
    if (escaped(row.name) != stage.name) continue;
    for (const plan::Window& window : row.windows) add("    ◷ ", "entered from " + window_text(window));
  }
  for (const OutlineStep& one : stage.steps) step(one);
  guards(stage.guards, "    ");
}

void Preview::stages() {
  section("what it does");
  double share = 0;
  for (const OutlineStage& one : outline_.stages) stage(one, share);
  if (!outline_.guards.empty()) {
    section("what watches all of it");
    guards(outline_.guards, "    ");
  }
  if (!outline_.after_success.empty()) section("on success");
  for (const OutlineStep& one : outline_.after_success) step(one);
  if (!outline_.schedules.empty()) section("at other times");
  for (const OutlineSchedule& one : outline_.schedules) {
    add("    ", one.when);
    for (OutlineStep inner : one.steps) {
      ++inner.depth;
      step(inner);
    }
  }
}

void Preview::people() {
  if (outline_.gates.empty()) return;
  section("who must answer");
  for (const OutlineGate& gate : outline_.gates) {
    std::string text = fmt::format("{} \"{}\"", gate.kind, gate.text);
    if (!gate.items.empty()) text += fmt::format(" ({} item{})", gate.items.size(), gate.items.size() == 1 ? "" : "s");
    text += gate.within ? " within " + readable(*gate.within) : ", without a time limit";
    if (!gate.otherwise.empty()) text += ", else " + gate.otherwise;
    std::string who = gate.needed > 1 ? fmt::format("{} of {}", gate.needed, gate.role) : gate.role;
    if (!gate.members.empty()) who += " (" + joined(gate.members, ", ") + ")";
    add("    " + paint("?", Tone::Careful) + " ", who.empty() ? text : who + ": " + text);
  }
}

// What is allowed for the way back, beside what its undo steps may take.
void Preview::budget() {
  const plan::Most& undo = outline_.undo;
  const std::string most = !undo       ? "its undo steps have no limit"
                           : *undo > 0 ? "its undo steps take at most " + readable(*undo)
                                       : std::string();
  if (!outline_.rollback_within) {
    if (!most.empty()) add("    ", most);
    return;
  }
  const bool over = !undo || *undo > *outline_.rollback_within;
  add("    ", "within " + readable(*outline_.rollback_within) + (most.empty() ? "" : "; " + most),
      over ? Tone::Careful : Tone::Plain);
}

void Preview::way_back() {
  section("how it goes back");
  budget();
  const bool traffic = std::any_of(outline_.stages.begin(), outline_.stages.end(), [](const OutlineStage& stage) {
    return std::any_of(stage.steps.begin(), stage.steps.end(),
                       [](const OutlineStep& step) { return step.kind == StepKind::Traffic; });
  });
  if (traffic) add("    ↶ ", "traffic to the share before the first step");
  for (const OutlineUndo& undo : outline_.undos) {
    std::vector<std::string> how = undo.how;
    const bool more = how.size() > kMostUndoCommands;
    if (more) how.resize(kMostUndoCommands);
    add("    ↶ ", undo.what + (how.empty() ? "" : ": " + joined(how, "; ")) + (more ? "; ..." : ""));
  }
  for (const OutlineStep& one : outline_.after_rollback) step(one);
  if (!traffic && outline_.undos.empty()) add("    ", "nothing that it does can be undone", Tone::Careful);
  if (outline_.no_return.empty()) {
    add("    ", "every step up to the end can be taken back", Tone::Good);
  } else {
    const std::string where =
        outline_.no_return_stage.empty() ? "" : fmt::format(" in stage {}", outline_.no_return_stage);
    add("    " + paint("✗", Tone::Bad) + " ", fmt::format("point of no return{}: {}", where, outline_.no_return),
        Tone::Bad);
  }
}

std::vector<std::string> Preview::build() {
  head();
  inputs();
  settings();
  stages();
  people();
  way_back();
  return std::move(lines_);
}

}  // namespace

std::vector<std::string> preview(const plan::VerifiedPlan& plan, const Parameters& parameters,
                                 const PreviewOptions& options) {
  return Preview(*plan, outline_of(plan, parameters), options).build();
}

}  // namespace rollout::console
