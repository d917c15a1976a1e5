// What a scenario expects.

#include <utility>

#include "compiler/lower/scenario_lines.hpp"

namespace rollout::lower {

namespace {

using grammar::SyntaxKind;
using scenario::Expectation;
using scenario::ExpectedEnd;
using scenario::ExpectKind;

// `at POINT`, `within D` or `after D` behind an expectation.
template <typename ViewType>
void set_timing(LineReader& line, const ViewType& view, Expectation& row) {
  if (view.at()) row.timing.at = line.next_point();
  if (view.within()) row.timing.within = line.next_duration();
  if (view.after()) row.timing.after = line.next_duration();
}

ExpectedEnd expected_end(const std::string& outcome) {
  if (outcome == "rolled back") return ExpectedEnd::RolledBack;
  if (outcome == "rollback incomplete") return ExpectedEnd::RollbackIncomplete;
  if (outcome == "paused") return ExpectedEnd::Paused;
  if (outcome == "aborted") return ExpectedEnd::Aborted;
  if (outcome == "failed") return ExpectedEnd::Failed;
  return ExpectedEnd::Succeeded;
}

void set_outcome(LineReader& line, Expectation& row) {
  const grammar::ExpectOutcomeView view{{line.node()}};
  row.kind = ExpectKind::End;
  row.end = expected_end(view.outcome());
  if (view.during()) row.stage = line.next_path();
  set_timing(line, view, row);
}

void set_reached(LineReader& line, Expectation& row) {
  const grammar::ExpectReachedView view{{line.node()}};
  row.kind = ExpectKind::Reached;
  row.negated = view.is_negated();
  row.stage = line.next_path();
  set_timing(line, view, row);
}

void set_callable(LineReader& line, const std::optional<NodeRef>& callable, Expectation& row) {
  row.command = command_text(callable);
  if (!row.command.empty()) return;
  LineReader::Target target = line.next_callable();
  row.callable = std::move(target.name);
  row.arguments = std::move(target.arguments);
}

void set_called(LineReader& line, Expectation& row) {
  const grammar::ExpectCalledView view{{line.node()}};
  row.kind = ExpectKind::Called;
  row.negated = view.is_negated();
  set_callable(line, view.callable(), row);
  if (view.times()) row.times = line.next_count();
}

void set_notified(LineReader& line, Expectation& row) {
  const grammar::ExpectNotifiedView view{{line.node()}};
  row.kind = ExpectKind::Notified;
  row.negated = view.is_negated();
  row.channel = line.next_channel();
  if (view.times()) row.times = line.next_count();
  row.text = literal_text(view.text());
}

void set_before(LineReader& line, Expectation& row) {
  const grammar::ExpectBeforeView view{{line.node()}};
  row.kind = ExpectKind::Before;
  set_callable(line, view.first(), row);
  if (const std::string stage = line.next_path(); !stage.empty()) row.callable = stage;
  row.second = line.next_callable().name;
  if (const std::string stage = line.next_path(); !stage.empty()) row.second = stage;
}

scenario::Comparison comparison_of(const std::optional<NodeRef>& token) {
  if (!token) return scenario::Comparison::LessEqual;
  if (token->is(SyntaxKind::Equal)) return scenario::Comparison::Equal;
  if (token->is(SyntaxKind::NotEqual)) return scenario::Comparison::NotEqual;
  if (token->is(SyntaxKind::Less)) return scenario::Comparison::Less;
  if (token->is(SyntaxKind::Greater)) return scenario::Comparison::Greater;
  if (token->is(SyntaxKind::GreaterEqual)) return scenario::Comparison::GreaterEqual;
  return scenario::Comparison::LessEqual;
}

void set_traffic(LineReader& line, Expectation& row) {
  const grammar::ExpectTrafficView view{{line.node()}};
  row.kind = ExpectKind::Traffic;
  if (view.of()) row.rollout = line.next_path();
  row.comparison = comparison_of(view.comparison());
  row.share = line.next_value();
  if (view.at()) row.at = line.next_point();
}

}  // namespace

Expectation lower_expectation(LineReader& line) {
  Expectation row;
  row.source = line.source();
  row.spot = line.spot();
  const NodeRef node = line.node();
  if (node.is(SyntaxKind::ExpectOutcome)) {
    set_outcome(line, row);
  } else if (node.is(SyntaxKind::ExpectReached)) {
    set_reached(line, row);
  } else if (node.is(SyntaxKind::ExpectCalled)) {
    set_called(line, row);
  } else if (node.is(SyntaxKind::ExpectNotified)) {
    set_notified(line, row);
  } else if (node.is(SyntaxKind::ExpectBefore)) {
    set_before(line, row);
  } else if (node.is(SyntaxKind::ExpectTraffic)) {
    set_traffic(line, row);
  } else if (node.is(SyntaxKind::ExpectEnd)) {
    row.kind = ExpectKind::EndWithin;
    row.within = line.next_duration();
  } else if (node.is(SyntaxKind::ExpectBlind)) {
    row.kind = ExpectKind::Blind;
  } else {
    row.kind = ExpectKind::Because;
    row.text = literal_text(grammar::ExpectBecauseView{{node}}.text());
  }
  return row;
}

}  // namespace rollout::lower
