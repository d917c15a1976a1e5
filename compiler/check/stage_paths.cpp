#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "compiler/check/scenarios.hpp"

// Stages and child rollouts as scenarios name them. A path begins at any rollout on the way and may leave arguments
// out.

namespace rollout::check {
namespace {

// One name of a path, with what stands behind it.
struct Part {
  NodeRef name;
  MaybeNode call, index;
};

bool collect(NodeRef node, std::vector<Part>& parts) {
  if (node.is(SyntaxKind::NameExpression)) {
    parts.push_back({node, std::nullopt, std::nullopt});
    return true;
  }
  MaybeNode inner;
  if (const auto member = grammar::as<grammar::MemberView>(node)) inner = member->object();
  if (const auto call = grammar::as<grammar::CallView>(node)) inner = call->callee();
  if (const auto index = grammar::as<grammar::IndexView>(node)) inner = index->object();
  if (!inner || !collect(*inner, parts)) return false;
  if (const auto member = grammar::as<grammar::MemberView>(node)) {
    if (!member->name()) return false;
    parts.push_back({*member->name(), std::nullopt, std::nullopt});
  } else if (node.is(SyntaxKind::Call)) {
    parts.back().call = node;
  } else if (const auto index = grammar::as<grammar::IndexView>(node)) {
    parts.back().index = index->index();
  }
  return true;
}

std::vector<SymbolId> children_of(const Checker& c, SymbolId rollout) {
  std::vector<SymbolId> children;
  std::ranges::copy_if(reached_from(c, rollout), std::back_inserter(children),
                       [&](SymbolId id) { return id != rollout && c.symbol(id).kind == SymbolKind::Rollout; });
  return children;
}

SymbolId own_rollout(const Checker& c) {
  return c.module.rollouts[c.at.place.rollout].symbol;
}

std::vector<std::string> stages_of(const Checker& c, SymbolId rollout) {
  std::vector<std::string> names;
  for (const std::uint32_t stage : c.module.rollouts[c.symbol(rollout).index].stages) {
    names.push_back(c.symbol(c.module.stages[stage].symbol).name);
  }
  return names;
}

// Those of the rollout, and of its children where no path says which.
std::vector<std::string> stages_within(const Checker& c, SymbolId rollout, bool children) {
  std::vector<std::string> names = stages_of(c, rollout);
  if (!children) return names;
  for (const SymbolId child : children_of(c, rollout)) {
    const std::vector<std::string> more = stages_of(c, child);
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

// The rollout's own stage of that name, else that of a child.
void note_stage(Checker& c, SymbolId rollout, bool children, NodeRef name) {
  std::vector<SymbolId> rollouts{rollout};
  if (children) std::ranges::copy(children_of(c, rollout), std::back_inserter(rollouts));
  for (const SymbolId one : rollouts) {
    for (const std::uint32_t stage : c.module.rollouts[c.symbol(one).index].stages) {
      const SymbolId symbol = c.module.stages[stage].symbol;
      if (c.symbol(symbol).name == name.text()) return c.note(name, symbol);
    }
  }
}

// `("cart", _)`, as plans write the arguments of a child; nothing where none are given.
std::string arguments_text(Checker& c, const Part& part, SymbolId rollout) {
  if (!part.call) return {};
  CallSite site = call_site(c, *part.call, rollout);
  site.any_allowed = true;
  site.fills_defaults = true;
  std::vector<std::string> texts;
  for (const ExprId argument : check_arguments(c, site, parameters_of(c, rollout))) {
    const auto value = argument == kNone ? std::nullopt : constant_value(c, argument);
    texts.push_back(value ? plan::to_literal(*value) : "_");
  }
  return texts.empty() ? std::string() : fmt::format("({})", fmt::join(texts, ", "));
}

std::string index_text(Checker& c, const Part& part) {
  if (!part.index) return {};
  const ExprId number = check_constant(c, part.index, type_id(TypeKind::Number), "which use of the rollout");
  const auto value = constant_value(c, number);
  // The first has no number.
  return value && value->as_double() != 1 ? fmt::format("[{}]", plan::to_literal(*value)) : std::string();
}

// The rollout that the parts name, seen from the scenario's; its path goes to `text`. kNone where it was reported.
SymbolId follow(Checker& c, std::span<const Part> parts, std::string& text) {
  SymbolId at = own_rollout(c);
  for (const Part& part : parts) {
    const std::vector<SymbolId> children = children_of(c, at);
    const auto found = std::ranges::find(children, part.name.text(), [&](SymbolId id) { return c.symbol(id).name; });
    if (found == children.end()) {
      std::vector<std::string> names;
      names.reserve(children.size());
      for (const SymbolId id : children) names.push_back(c.symbol(id).name);
      c.report(Code::UnknownStage, c.here(part.name),
               fmt::format("`{}` runs no rollout `{}`", c.symbol(at).name, part.name.text()))
          .meant(c.here(part.name), part.name.text(), names);
      return kNone;
    }
    at = *found;
    c.note(part.name, at);
    text += (text.empty() ? "" : ".") + c.symbol(at).name + arguments_text(c, part, at) + index_text(c, part);
  }
  return at;
}

std::vector<Part> parts_of(Checker& c, NodeRef node) {
  std::vector<Part> parts;
  if (!collect(node, parts)) {
    c.report(Code::UnknownStage, c.here(node), "this names no stage")
        .help("write a stage, or the way to one in a child: `cart(\"eu\").canary`");
    parts.clear();
  }
  return parts;
}

}  // namespace

std::string stage_path(Checker& c, NodeRef node) {
  const std::vector<Part> parts = parts_of(c, node);
  if (parts.empty()) return {};
  const Part& last = parts.back();
  std::string text;
  const SymbolId rollout = follow(c, std::span(parts).first(parts.size() - 1), text);
  if (rollout == kNone) return {};
  const std::vector<std::string> names = stages_within(c, rollout, parts.size() == 1);
  const bool known = std::ranges::find(names, last.name.text()) != names.end();
  if (!known || last.call || last.index) {
    if (!known && is_in_broken_text(c, last.name.text())) return {};
    Report report =
        c.report(Code::UnknownStage, c.here(last.name),
                 known               ? fmt::format("`{}` is a stage: nothing may stand behind it", last.name.text())
                 : parts.size() == 1 ? fmt::format("this rollout has no stage `{}`", last.name.text())
                                     : fmt::format("`{}` has no stage `{}`", c.symbol(rollout).name, last.name.text()));
    if (!known) report.meant(c.here(last.name), last.name.text(), names);
    return {};
  }
  note_stage(c, rollout, parts.size() == 1, last.name);
  return text + (text.empty() ? "" : ".") + std::string(last.name.text());
}

std::string child_path(Checker& c, NodeRef node) {
  const std::vector<Part> parts = parts_of(c, node);
  std::string text;
  return !parts.empty() && follow(c, parts, text) != kNone ? text : std::string();
}

bool has_stage(const Checker& c, std::string_view name) {
  const std::vector<std::string> names = stages_within(c, own_rollout(c), true);
  return std::ranges::find(names, name) != names.end();
}

bool begins_with_rollout(Checker& c, NodeRef node) {
  std::vector<Part> parts;
  if (!collect(node, parts)) return false;
  const std::vector<SymbolId> children = children_of(c, own_rollout(c));
  return std::ranges::any_of(children, [&](SymbolId id) { return c.symbol(id).name == parts.front().name.text(); });
}

}  // namespace rollout::check
