// Scenarios: each line to what the player does with it.

#include <utility>

#include "compiler/lower/lower.hpp"
#include "compiler/lower/scenario_lines.hpp"

namespace rollout::lower {

namespace {

using grammar::SyntaxKind;
using scenario::Person;
using scenario::PersonKind;
using scenario::Scenario;
using scenario::WorldRule;

template <typename ViewType>
Person person(LineReader& line, PersonKind kind, const ViewType& view) {
  Person row;
  row.kind = kind;
  if constexpr (requires { view.by(); }) row.who = literal_text(view.by());
  if (view.after()) row.after = line.next_duration();
  row.spot = line.spot();
  return row;
}

Person approve_person(LineReader& line) {
  const grammar::ApproveLineView view{{line.node()}};
  Person row = person(line, view.is_all() ? PersonKind::ApproveAll : PersonKind::Approve, view);
  row.gate = literal_text(view.what());
  return row;
}

Person reject_person(LineReader& line) {
  const grammar::RejectLineView view{{line.node()}};
  Person row = person(line, PersonKind::Reject, view);
  row.gate = literal_text(view.what());
  return row;
}

Person answer_person(LineReader& line) {
  const grammar::AnswerLineView view{{line.node()}};
  Person row = person(line, PersonKind::Answer, view);
  row.gate = literal_text(view.question());
  row.text = literal_text(view.answer());
  return row;
}

Person tick_person(LineReader& line) {
  const grammar::TickLineView view{{line.node()}};
  Person row = person(line, view.is_all() ? PersonKind::TickAll : PersonKind::Tick, view);
  row.text = literal_text(view.item());
  return row;
}

Person acknowledge_person(LineReader& line) {
  const grammar::AcknowledgeLineView view{{line.node()}};
  const std::string channel = line.next_channel();
  Person row = person(line, PersonKind::Acknowledge, view);
  row.gate = channel;
  return row;
}

scenario::ConsoleVerb console_verb(const std::optional<NodeRef>& command) {
  if (!command) return scenario::ConsoleVerb::Pause;
  if (command->is(SyntaxKind::KeywordRollback)) return scenario::ConsoleVerb::Rollback;
  if (command->is(SyntaxKind::KeywordResume)) return scenario::ConsoleVerb::Resume;
  if (command->is(SyntaxKind::KeywordPromote)) return scenario::ConsoleVerb::Promote;
  if (command->is(SyntaxKind::KeywordAbort)) return scenario::ConsoleVerb::Abort;
  if (command->is(SyntaxKind::KeywordRetry)) return scenario::ConsoleVerb::Retry;
  return scenario::ConsoleVerb::Pause;
}

scenario::Console console_line(LineReader& line) {
  const grammar::ConsoleLineView view{{line.node()}};
  scenario::Console row;
  row.at = line.next_point();
  row.verb = console_verb(view.command());
  row.reason = literal_text(view.reason());
  row.who = literal_text(view.by());
  row.spot = line.spot();
  return row;
}

WorldRule world_rule(LineReader& line) {
  const grammar::WorldEffectView view{{line.node()}};
  WorldRule row;
  row.command = command_text(view.callable());
  if (row.command.empty()) {
    LineReader::Target target = line.next_callable();
    row.callable = std::move(target.name);
    // What the rollout requires need not be declared here: its name is all that there is.
    if (row.callable.empty() && view.callable()) row.callable = std::string(view.callable()->text());
    row.arguments = std::move(target.arguments);
  }
  if (const auto fails = grammar::as<grammar::FailsView>(view.fails())) {
    row.answer = WorldRule::Answer::Fails;
    row.why = literal_text(fails->reason());
    if (fails->times()) row.times = line.next_count();
  } else if (view.hangs()) {
    row.answer = WorldRule::Answer::Hangs;
  } else if (const auto returns = grammar::as<grammar::ReturnsView>(view.returns())) {
    row.answer = WorldRule::Answer::Returns;
    for (std::size_t i = returns->values().size(); i > 0; --i) row.values.push_back(line.next_value());
  } else if (const auto succeeds = grammar::as<grammar::SucceedsView>(view.succeeds())) {
    if (succeeds->duration()) row.after = line.next_duration();
  }
  if (view.from()) row.from = line.next_point();
  if (view.to()) row.to = line.next_point();
  row.spot = line.spot();
  return row;
}

scenario::Crash crash(LineReader& line) {
  const grammar::CrashView view{{line.node()}};
  scenario::Crash row;
  row.at = line.next_point();
  if (view.for_duration()) row.down_for = line.next_duration();
  row.spot = line.spot();
  return row;
}

struct PersonLine {
  SyntaxKind kind;
  Person (*lower)(LineReader&);
};
constexpr PersonLine kPersonLines[] = {{SyntaxKind::ApproveLine, approve_person},
                                       {SyntaxKind::RejectLine, reject_person},
                                       {SyntaxKind::AnswerLine, answer_person},
                                       {SyntaxKind::TickLine, tick_person},
                                       {SyntaxKind::AcknowledgeLine, acknowledge_person}};

bool add_person(LineReader& line, Scenario& row) {
  for (const PersonLine& known : kPersonLines) {
    if (!line.node().is(known.kind)) continue;
    row.people.push_back(known.lower(line));
    return true;
  }
  return false;
}

void add_line(Lowering& l, const check::ScenarioLine& from, Scenario& row) {
  LineReader line(l, from);
  const NodeRef node = line.node();
  if (add_person(line, row)) return;
  if (node.is(SyntaxKind::Signal)) {
    row.signals.push_back(lower_signal(line));
  } else if (node.is(SyntaxKind::WorldEffect)) {
    row.world.push_back(world_rule(line));
  } else if (node.is(SyntaxKind::ConsoleLine)) {
    row.console.push_back(console_line(line));
  } else if (node.is(SyntaxKind::Crash)) {
    row.crashes.push_back(crash(line));
  } else if (node.is(SyntaxKind::Starts)) {
    row.starts = line.next_value().as_integer();
  } else if (node.is(SyntaxKind::With)) {
    const std::string name(grammar::text_of(grammar::WithView{{node}}.name()));
    row.parameters.emplace_back(name, line.next_value());
  } else {
    row.expectations.push_back(lower_expectation(line));
  }
}

Scenario lower_scenario(Lowering& l, const check::ScenarioDecl& from) {
  Scenario row;
  row.name = l.symbol(from.symbol).name;
  row.rollout = l.symbol(from.rollout).name;
  row.spot = l.build.plan().spots[spot_of(l, from.location)];
  const check::RolloutDecl& rollout = l.module.rollouts[l.symbol(from.rollout).index];
  for (std::size_t i = 0; i < from.arguments.size() && i < rollout.parameters.size(); ++i) {
    if (from.arguments[i] == kNone) continue;
    const Code value = lower_expression(l, from.arguments[i]);
    const std::string& name = l.symbol(rollout.parameters[i].symbol).name;
    if (value.is_constant()) row.parameters.emplace_back(name, *value.constant);
  }
  for (const check::ScenarioLine& line : from.lines) add_line(l, line, row);
  return row;
}

}  // namespace

std::vector<scenario::Scenario> lower_scenarios(const CheckedModule& module) {
  // A lowering of its own: scenarios are no part of a plan, but they fold constants and name places as plans do.
  SourceTables sources;
  Lowering l(module, sources, ROLLOUT_VERSION);
  std::vector<Scenario> scenarios;
  scenarios.reserve(module.scenarios.size());
  for (const check::ScenarioDecl& scenario : module.scenarios) scenarios.push_back(lower_scenario(l, scenario));
  return scenarios;
}

}  // namespace rollout::lower
