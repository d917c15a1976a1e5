// What the lines of one scenario are checked against. Internal to this folder.
#pragma once

#include "compiler/check/checker.hpp"

namespace rollout::check {

// A question to people, with the texts that are known now.
struct GateText {
  std::string text;
  std::vector<std::string> parts;  // a checklist's items, an ask's answers
  SymbolId role = kNone;
  bool asks = false;
};

// Every question of the program, collected once for all of its scenarios.
struct Gates {
  std::vector<GateText> texts;
  bool open_texts = false;  // some gate's text is known only to a run
};

struct ScenarioContext {
  std::uint32_t rollout = kNone;  // into Module::rollouts
  const Gates& gates;
  std::vector<SymbolId> given{};  // params with a value
  bool misspelt = false;          // a value for a param that does not exist
};

// One line, resolved and folded. A line of an unknown kind gives nothing.
std::optional<ScenarioLine> check_scenario_line(Checker& c, ScenarioContext& context, NodeRef node);
// The parts of lines that several kinds share.
void check_signal(Checker& c, NodeRef node, ScenarioLine& line);
void check_person(Checker& c, const ScenarioContext& context, NodeRef node, ScenarioLine& line);
void check_expectation(Checker& c, const ScenarioContext& context, NodeRef node, ScenarioLine& line);
void add_point(Checker& c, MaybeNode node, ScenarioLine& line);
void add_constant(Checker& c, MaybeNode node, TypeId type, std::string_view what, ScenarioLine& line);
// A whole number from 0.
void add_count(Checker& c, MaybeNode node, std::string_view what, ScenarioLine& line);
// What a line names: a metric, a callable, a channel.
void add_target(Checker& c, NodeRef node, SymbolId symbol, ScenarioLine& line);
// An action, a check, a channel or a native; reports anything else.
void add_callable(Checker& c, MaybeNode node, ScenarioLine& line);
void add_stage(Checker& c, MaybeNode path, ScenarioLine& line);

// A stage of the scenario's rollout or of a child, as scenarios name them: `canary`, `cart("eu").canary`. Its path as
// plans write it, where an argument that is not given is `_`; empty where it was reported.
std::string stage_path(Checker& c, NodeRef node);
// As stage_path, of a child rollout: `cart("eu")`.
std::string child_path(Checker& c, NodeRef node);
// Whether the rollout, or one that it runs, has a stage of this name.
bool has_stage(const Checker& c, std::string_view name);
// Whether the expression begins with the name of a rollout.
bool begins_with_rollout(Checker& c, NodeRef node);

}  // namespace rollout::check
