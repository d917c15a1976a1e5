#include "editor-support/language-server/queries/signature_help.hpp"

#include <algorithm>

#include "editor-support/language-server/queries/name_scope.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {
namespace {

using grammar::NodeRef;
using grammar::SyntaxKind;

bool is_inside(NodeRef arguments, std::uint32_t offset) {
  const auto open = arguments.token(SyntaxKind::LeftParenthesis);
  const auto close = arguments.token(SyntaxKind::RightParenthesis);
  return open && open->span().end <= offset && (!close || offset <= close->span().begin);
}

// The call around the offset. In half-written text the offset may lie behind the last leaf of an open call.
std::optional<NodeRef> call_around(const grammar::SyntaxTree& tree, std::uint32_t offset) {
  std::uint32_t at = offset;
  while (at > 0 && (tree.text()[at - 1] == ' ' || tree.text()[at - 1] == '\n')) --at;
  for (const std::uint32_t place : {offset, at > 0 ? at - 1 : at}) {
    for (auto node = tree.leaf_at(place).parent(); node; node = node->parent()) {
      const auto arguments = node->is(SyntaxKind::Call) ? node->child(SyntaxKind::Arguments) : std::nullopt;
      if (arguments && is_inside(*arguments, offset)) return node;
    }
  }
  return std::nullopt;
}

// By its name where it has one, else by its position.
std::optional<std::uint32_t> active_parameter(const std::vector<Parameter>& parameters, NodeRef call,
                                              std::uint32_t offset) {
  std::size_t position = 0;
  const auto arguments = *call.child(SyntaxKind::Arguments);
  for (const NodeRef child : arguments.children()) {
    if (child.span().begin >= offset) break;
    if (child.is(SyntaxKind::Comma)) ++position;
    const auto argument = grammar::as<grammar::ArgumentView>(child);
    if (!argument || !argument->name() || child.span().end < offset) continue;
    const auto named = std::ranges::find(parameters, argument->name()->text(), &Parameter::name);
    if (named == parameters.end()) return std::nullopt;
    return static_cast<std::uint32_t>(named - parameters.begin());
  }
  if (position >= parameters.size()) return std::nullopt;
  return static_cast<std::uint32_t>(position);
}

}  // namespace

std::optional<SignatureHelp> signature_help(const CheckedModule& module, std::uint32_t offset) {
  const grammar::SyntaxTree& tree = module.trees.front();
  const auto call = call_around(tree, std::min(offset, static_cast<std::uint32_t>(tree.text().size())));
  const auto view = grammar::as<grammar::CallView>(call);
  if (!view || !view->callee()) return std::nullopt;
  const SymbolId callee = symbol_of_path(module, *view->callee(), offset);
  if (callee == check::kNone || module.symbols[callee].kind == check::SymbolKind::Module) return std::nullopt;
  const std::vector<Parameter> parameters = parameters_of(module, callee);
  SignatureHelp help;
  help.label = std::string(view->callee()->text()) + "(";
  for (const Parameter& parameter : parameters) {
    if (!help.parameters.empty()) help.label += ", ";
    const auto begin = static_cast<std::uint32_t>(help.label.size());
    help.label += parameter.name + (parameter.type.empty() ? "" : ": " + parameter.type);
    help.parameters.push_back({begin, static_cast<std::uint32_t>(help.label.size())});
  }
  help.label += ")";
  help.active = active_parameter(parameters, *call, offset);
  help.documentation = module.symbols[callee].documentation;
  return help;
}

}  // namespace rollout::language_server
