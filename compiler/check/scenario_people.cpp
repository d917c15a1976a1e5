#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/scenarios.hpp"
#include "grammar/literals.hpp"

// People and expectations of scenarios.

namespace rollout::check {
namespace {

// The question of that text; reports where there is none.
const GateText* find_gate(Checker& c, const ScenarioContext& context, NodeRef literal, bool asks) {
  const std::string text = constant_text(c, literal, "what a scenario answers");
  const auto& gates = context.gates.texts;
  const auto found =
      std::ranges::find_if(gates, [&](const GateText& gate) { return gate.asks == asks && gate.text == text; });
  if (found != gates.end()) return &*found;
  if (!context.gates.open_texts && !text.empty()) {
    std::vector<std::string> texts;
    for (const GateText& gate : gates) {
      if (gate.asks == asks) texts.push_back(gate.text);
    }
    c.report(Code::NotInScenario, c.here(literal),
             fmt::format("nothing in the rollout {} \"{}\"", asks ? "asks" : "waits for", text))
        .meant(c.here(literal), text, texts, true);
  }
  return nullptr;
}

void check_part(Checker& c, const std::vector<const GateText*>& gates, const ScenarioContext& context, NodeRef literal,
                std::string_view what) {
  const std::string text = constant_text(c, literal, what);
  std::vector<std::string> texts;
  for (const GateText* gate : gates) texts.insert(texts.end(), gate->parts.begin(), gate->parts.end());
  if (std::ranges::find(texts, text) != texts.end() || context.gates.open_texts || text.empty()) return;
  c.report(Code::NotInScenario, c.here(literal), fmt::format("there is no {} \"{}\"", what, text))
      .meant(c.here(literal), text, texts, true);
}

void check_who_by(Checker& c, const GateText* gate, MaybeNode by) {
  if (!by) return;
  const std::string who = constant_text(c, by, "the name of a person");
  if (gate == nullptr || gate->role == kNone) return;
  const Symbol& role = c.symbol(gate->role);
  const auto members = constant_value(c, c.module.roles[role.index].members);
  if (!members || members->kind() != plan::ValueKind::List) return;
  std::vector<std::string> names;
  for (const Value& member : members->as_list()) names.push_back(member.as_string());
  if (std::ranges::find(names, who) != names.end()) return;
  c.report(Code::NotAMember, c.here(*by),
           fmt::format("\"{}\" is not in the role `{}`, so this answer would not count", who, role.name))
      .also(role.declared, "the role")
      .meant(c.here(*by), who, names, true);
}

void check_after(Checker& c, MaybeNode after, ScenarioLine& line) {
  if (after) add_constant(c, after, type_id(TypeKind::Duration), "`after`", line);
}

void check_answer(Checker& c, const ScenarioContext& context, const grammar::AnswerLineView& view, ScenarioLine& line) {
  const GateText* gate = view.question() ? find_gate(c, context, *view.question(), true) : nullptr;
  if (gate != nullptr && view.answer()) check_part(c, {gate}, context, *view.answer(), "answer");
  check_who_by(c, gate, view.by());
  check_after(c, view.after(), line);
}

void check_tick(Checker& c, const ScenarioContext& context, const grammar::TickLineView& view, ScenarioLine& line) {
  std::vector<const GateText*> lists;
  for (const GateText& gate : context.gates.texts) {
    if (!gate.asks && !gate.parts.empty()) lists.push_back(&gate);
  }
  if (view.item()) check_part(c, lists, context, *view.item(), "item");
  static_cast<void>(constant_text(c, view.by(), "the name of a person"));
  check_after(c, view.after(), line);
}

void add_channel(Checker& c, MaybeNode node, ScenarioLine& line) {
  if (!node) return;
  SymbolId symbol = resolve(c, *node, "a channel", SymbolKind::Channel);
  if (symbol != kNone) use_symbol(c, symbol, c.here(*node));
  const bool fits_here = symbol != kNone &&
                         (c.symbol(symbol).kind == SymbolKind::Channel || c.symbol(symbol).kind == SymbolKind::Let) &&
                         (c.symbol(symbol).type == type_id(TypeKind::Channel) || c.symbol(symbol).type == kErrorType);
  if (symbol != kNone && !fits_here) {
    c.report(Code::WrongKindOfName, c.here(*node),
             fmt::format("`{}` is {}, where a channel is needed", c.symbol(symbol).name,
                         kind_phrase(c.symbol(symbol).kind)));
    symbol = kNone;
  }
  add_target(c, *node, symbol, line);
}

template <typename View>
void add_timing(Checker& c, const View& view, ScenarioLine& line) {
  const TypeId duration = type_id(TypeKind::Duration);
  if (view.at()) add_point(c, view.at(), line);
  if (view.within()) add_constant(c, view.within(), duration, "`within`", line);
  if (view.after()) add_constant(c, view.after(), duration, "`after`", line);
}

// One side of `before`: a stage of the rollout, else something that is called.
void add_moment(Checker& c, MaybeNode node, ScenarioLine& line) {
  if (!node) return;
  const bool is_stage =
      node->is(SyntaxKind::NameExpression) ? has_stage(c, node->text()) : begins_with_rollout(c, *node);
  line.paths.emplace_back();
  if (is_stage) {
    line.paths.back() = stage_path(c, *node);
    line.symbols.push_back(kNone);
    line.targets.push_back(kNone);
    return;
  }
  add_callable(c, node, line);
}

void check_expected_text(Checker& c, NodeRef node, ScenarioLine& line) {
  static_cast<void>(line);
  static_cast<void>(constant_text(c, grammar::ExpectBecauseView{{node}}.text(), "what is expected"));
}

void check_expected_traffic(Checker& c, const grammar::ExpectTrafficView& view, ScenarioLine& line) {
  if (view.of()) line.paths.push_back(child_path(c, *view.of()));
  add_constant(c, view.share(), type_id(TypeKind::Ratio), "a share of traffic", line);
  demand_constant_range(c, line.values.back(), 0, 1, "a share of traffic must lie between 0% and 100%", {});
  if (view.at()) add_point(c, view.at(), line);
}

}  // namespace

void check_person(Checker& c, const ScenarioContext& context, NodeRef node, ScenarioLine& line) {
  if (const auto approve = grammar::as<grammar::ApproveLineView>(node)) {
    const GateText* gate = approve->what() ? find_gate(c, context, *approve->what(), false) : nullptr;
    check_who_by(c, gate, approve->by());
    check_after(c, approve->after(), line);
  } else if (const auto reject = grammar::as<grammar::RejectLineView>(node)) {
    const GateText* gate = reject->what() ? find_gate(c, context, *reject->what(), false) : nullptr;
    check_who_by(c, gate, reject->by());
    check_after(c, reject->after(), line);
  } else if (const auto answer = grammar::as<grammar::AnswerLineView>(node)) {
    check_answer(c, context, *answer, line);
  } else if (const auto tick = grammar::as<grammar::TickLineView>(node)) {
    check_tick(c, context, *tick, line);
  } else if (const auto acknowledge = grammar::as<grammar::AcknowledgeLineView>(node)) {
    add_channel(c, acknowledge->channel(), line);
    check_after(c, acknowledge->after(), line);
  }
}

void check_expectation(Checker& c, const ScenarioContext& context, NodeRef node, ScenarioLine& line) {
  static_cast<void>(context);
  if (const auto traffic = grammar::as<grammar::ExpectTrafficView>(node)) {
    check_expected_traffic(c, *traffic, line);
  } else if (const auto end = grammar::as<grammar::ExpectEndView>(node)) {
    add_constant(c, end->within(), type_id(TypeKind::Duration), "`expect end within`", line);
  } else if (node.is(SyntaxKind::ExpectBecause)) {
    check_expected_text(c, node, line);
  } else if (const auto before = grammar::as<grammar::ExpectBeforeView>(node)) {
    add_moment(c, before->first(), line);
    add_moment(c, before->second(), line);
  } else if (const auto reached = grammar::as<grammar::ExpectReachedView>(node)) {
    add_stage(c, reached->stage(), line);
    add_timing(c, *reached, line);
  } else if (const auto called = grammar::as<grammar::ExpectCalledView>(node)) {
    add_callable(c, called->callable(), line);
    if (called->times()) add_count(c, called->times(), "how often it is called", line);
  } else if (const auto notified = grammar::as<grammar::ExpectNotifiedView>(node)) {
    add_channel(c, notified->channel(), line);
    if (notified->times()) add_count(c, notified->times(), "how often it is notified", line);
    static_cast<void>(constant_text(c, notified->text(), "what is expected"));
  } else if (const auto outcome = grammar::as<grammar::ExpectOutcomeView>(node)) {
    add_stage(c, outcome->during(), line);
    add_timing(c, *outcome, line);
  }
}

}  // namespace rollout::check
