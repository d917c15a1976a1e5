#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"
#include "compiler/diagnostics/suggest.hpp"
#include "grammar/words.hpp"
#include "stdlib/modules.hpp"

// Names: what stands for what, from the innermost block to the prelude.

namespace rollout::check {
namespace {

struct ContextRow {
  std::string_view name;
  plan::ContextValue value;
  bool Place::* in_scope;
  std::string_view where;  // for messages
};

constexpr auto kContext = std::to_array<ContextRow>({
    {"reason", plan::ContextValue::Reason, &Place::reason_name, "hooks and schedules"},
    {"stage_name", plan::ContextValue::StageName, &Place::run_names, "a rollout"},
    {"run_id", plan::ContextValue::RunId, &Place::run_names, "a rollout or a channel"},
    {"text", plan::ContextValue::Text, &Place::message_names, "a channel"},
    {"severity", plan::ContextValue::Severity, &Place::message_names, "a channel"},
});

// The names of a path, in order; empty where the node is no path.
std::vector<NodeRef> name_tokens(NodeRef node) {
  if (node.is(SyntaxKind::Name)) return {node};
  if (node.is(SyntaxKind::QualifiedName)) return node.children(SyntaxKind::Name);
  if (const auto call = grammar::as<grammar::CallView>(node)) {
    return call->callee() ? name_tokens(*call->callee()) : std::vector<NodeRef>{};
  }
  if (const auto name = grammar::as<grammar::NameExpressionView>(node)) {
    return name->name() ? std::vector<NodeRef>{*name->name()} : std::vector<NodeRef>{};
  }
  const auto member = grammar::as<grammar::MemberView>(node);
  if (!member || !member->object() || !member->name()) return {};
  std::vector<NodeRef> names = name_tokens(*member->object());
  if (!names.empty()) names.push_back(*member->name());
  return names;
}

std::vector<std::string> member_names(const Checker& c, SymbolId module) {
  const ModuleScope& scope = c.modules[c.symbol(module).index];
  std::vector<std::string> names;
  if (scope.file) {
    for (const auto& [name, id] : c.files[static_cast<std::size_t>(*scope.file)].names) {
      if (c.symbol(id).kind != SymbolKind::Module) names.push_back(name);
    }
  }
  const std::string prefix = scope.name + ".";
  for (const auto& [path, id] : c.prelude) {
    if (path.starts_with(prefix)) names.push_back(path.substr(prefix.size()));
  }
  return names;
}

void report_unknown_member(Checker& c, SymbolId module, NodeRef name) {
  if (c.modules[c.symbol(module).index].unknown) return;
  const auto names = member_names(c, module);
  c.report(Code::UnknownMember, c.here(name),
           fmt::format("the module `{}` has no `{}`", c.symbol(module).name, name.text()))
      .meant(c.here(name), name.text(), names);
}

// `kubernetes.set_image` in a file without `use std.kubernetes`.
bool report_module_not_used(Checker& c, NodeRef name) {
  if (!stdlib::module_text(name.text())) return false;
  if (!c.unused.emplace(c.at.file, name.text()).second) return true;
  const std::string line = fmt::format("use std.{}", name.text());
  // Before the first other `use`, so that the documentation at the head of the file stays there.
  const auto first = c.module.trees[static_cast<std::size_t>(c.at.file)].root().child(SyntaxKind::Use);
  const std::uint32_t place = first ? first->span().begin : 0;
  c.report(Code::ModuleNotUsed, c.here(name), fmt::format("the module `{}` is not in use here", name.text()))
      .replace({c.at.file, {place, place}}, line + "\n", fmt::format("add the line `{}`", line),
               diagnostics::Applicability::Safe);
  return true;
}

// The names of the kind, those of modules after their dots included.
std::vector<std::string> names_of_kind(const Checker& c, SymbolKind kind) {
  std::vector<std::string> names;
  for (const auto& [name, id] : c.files[static_cast<std::size_t>(c.at.file)].names) {
    const bool bound_channel = kind == SymbolKind::Channel && c.symbol(id).type == type_id(TypeKind::Channel);
    if (c.symbol(id).kind == kind || bound_channel) names.push_back(name);
    if (c.symbol(id).kind != SymbolKind::Module || !c.modules[c.symbol(id).index].file) continue;
    for (const auto& [member, inner] : c.files[static_cast<std::size_t>(*c.modules[c.symbol(id).index].file)].names) {
      if (c.symbol(inner).kind == kind) names.push_back(fmt::format("{}.{}", name, member));
    }
  }
  return names;
}

std::string_view without_article(std::string_view phrase) {
  for (const std::string_view article : {"a ", "an "}) {
    if (phrase.starts_with(article)) return phrase.substr(article.size());
  }
  return phrase;
}

}  // namespace

std::string_view kind_phrase(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::Module: return "a module";
    case SymbolKind::Param: return "a parameter";
    case SymbolKind::Secret: return "a secret";
    case SymbolKind::Let: return "a `let`";
    case SymbolKind::Fn: return "a function";
    case SymbolKind::Enum: return "an enum";
    case SymbolKind::Record: return "a record";
    case SymbolKind::Role: return "a role";
    case SymbolKind::Metric: return "a metric";
    case SymbolKind::Source: return "a source";
    case SymbolKind::Check: return "a check";
    case SymbolKind::Action: return "an action";
    case SymbolKind::Channel: return "a channel";
    case SymbolKind::Guards: return "a set of guards";
    case SymbolKind::StageTemplate: return "a template of a stage";
    case SymbolKind::Stage: return "a stage";
    case SymbolKind::Rollout: return "a rollout";
    case SymbolKind::World: return "a world";
    case SymbolKind::Scenario: return "a scenario";
    case SymbolKind::Argument: return "an argument";
    case SymbolKind::LocalLet: return "a `let`";
    case SymbolKind::EachVariable: return "the variable of an `each`";
    case SymbolKind::Native: return "a function of the language";
  }
  return "";
}

std::vector<std::string> visible_names(const Checker& c) {
  std::vector<std::string> names;
  for (auto local = c.at.locals.rbegin(); local != c.at.locals.rend(); ++local) names.push_back(local->name);
  for (const auto& [name, id] : c.files[static_cast<std::size_t>(c.at.file)].names) names.push_back(name);
  for (const ContextRow& row : kContext) {
    if (c.at.place.*row.in_scope) names.emplace_back(row.name);
  }
  for (const auto& [path, id] : c.prelude) {
    if (path.find('.') == std::string::npos) names.push_back(path);
  }
  for (std::string& name : builtin_names()) names.push_back(std::move(name));
  return names;
}

SymbolId find_local(const Checker& c, std::string_view name) {
  const auto found = std::find_if(c.at.locals.rbegin(), c.at.locals.rend(),
                                  [&](const LocalName& local) { return local.name == name; });
  return found == c.at.locals.rend() ? kNone : found->symbol;
}

SymbolId find_name(const Checker& c, std::string_view name) {
  if (const SymbolId local = find_local(c, name); local != kNone) return local;
  if (find_context(c, name)) return kNone;
  const FileScope& scope = c.files[static_cast<std::size_t>(c.at.file)];
  if (const auto found = scope.names.find(name); found != scope.names.end()) return found->second;
  const auto found = c.prelude.find(name);
  return found == c.prelude.end() ? kNone : found->second;
}

SymbolId find_member(const Checker& c, SymbolId module, std::string_view name) {
  const ModuleScope& scope = c.modules[c.symbol(module).index];
  if (scope.file) {
    const auto& names = c.files[static_cast<std::size_t>(*scope.file)].names;
    const auto found = names.find(name);
    if (found != names.end() && c.symbol(found->second).kind != SymbolKind::Module) return found->second;
  }
  const auto found = c.prelude.find(fmt::format("{}.{}", scope.name, name));
  return scope.name.empty() || found == c.prelude.end() ? kNone : found->second;
}

std::optional<plan::ContextValue> find_context(const Checker& c, std::string_view name) {
  for (const ContextRow& row : kContext) {
    if (row.name == name && c.at.place.*row.in_scope) return row.value;
  }
  return std::nullopt;
}

bool is_in_broken_text(const Checker& c, std::string_view name) {
  for (const grammar::SyntaxTree& tree : c.module.trees) {
    for (const grammar::Problem& problem : tree.problems()) {
      const std::string_view text = tree.text().substr(problem.span.begin, problem.span.size());
      for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
        const bool begins = at == 0 || !grammar::is_word_part(text[at - 1]);
        if (begins && grammar::word_end(text, at) == at + name.size()) return true;
      }
    }
  }
  return false;
}

void report_unknown_name(Checker& c, NodeRef name, std::string_view wanted, std::optional<SymbolKind> kind) {
  for (const ContextRow& row : kContext) {
    if (row.name != name.text()) continue;
    c.report(Code::NameNotHere, c.here(name), fmt::format("`{}` has a value only in {}", row.name, row.where));
    return;
  }
  if (is_in_broken_text(c, name.text())) return;
  const auto names = kind ? names_of_kind(c, *kind) : visible_names(c);
  const std::string message = wanted.empty() ? fmt::format("there is no `{}` here", name.text())
                                             : fmt::format("there is no {} `{}`", without_article(wanted), name.text());
  c.report(Code::UnknownName, c.here(name), message).meant(c.here(name), name.text(), names);
}

SymbolId resolve(Checker& c, NodeRef node, std::string_view wanted, std::optional<SymbolKind> kind) {
  const std::vector<NodeRef> names = name_tokens(node);
  if (names.empty()) {
    if (!node.has_error()) {
      c.report(Code::WrongKindOfName, c.here(node), fmt::format("this is no name of {}", wanted));
    }
    return kNone;
  }
  SymbolId found = find_name(c, names.front().text());
  if (found == kNone) {
    if (names.size() > 1 && report_module_not_used(c, names.front())) return kNone;
    report_unknown_name(c, names.front(), wanted, kind);
    return kNone;
  }
  c.note(names.front(), found);
  for (std::size_t i = 1; i < names.size(); ++i) {
    const Symbol& symbol = c.symbol(found);
    if (symbol.kind != SymbolKind::Module) {
      c.report(Code::UnknownMember, c.here(names[i]),
               fmt::format("`{}` is {} and has no `{}`", symbol.name, kind_phrase(symbol.kind), names[i].text()));
      return kNone;
    }
    const SymbolId member = find_member(c, found, names[i].text());
    if (member == kNone) {
      report_unknown_member(c, found, names[i]);
      return kNone;
    }
    c.note(names[i], member);
    found = member;
  }
  return found;
}

SymbolId resolve_kind(Checker& c, NodeRef node, SymbolKind kind, std::string_view wanted) {
  const SymbolId id = resolve(c, node, wanted, kind);
  if (id == kNone) return kNone;
  const Symbol& symbol = c.symbol(id);
  if (symbol.kind == kind) {
    use_symbol(c, id, c.here(node));
    return id;
  }
  c.report(Code::WrongKindOfName, c.here(node),
           fmt::format("`{}` is {}, where {} is needed", symbol.name, kind_phrase(symbol.kind), wanted))
      .also(symbol.declared, "declared here");
  return kNone;
}

SymbolId declare_local(Checker& c, SymbolKind kind, NodeRef name, TypeId type) {
  Symbol symbol;
  symbol.kind = kind;
  symbol.name = symbol.path = std::string(name.text());
  symbol.type = type;
  symbol.index = c.next_local++;
  symbol.declared = c.here(name);
  for (std::size_t i = c.at.block_begin; i < c.at.locals.size(); ++i) {
    if (c.at.locals[i].name != symbol.name) continue;
    c.report(Code::DuplicateName, symbol.declared, fmt::format("`{}` is declared twice in this block", symbol.name))
        .label("declared again")
        .also(c.symbol(c.at.locals[i].symbol).declared, "first here");
    break;
  }
  std::string text = symbol.name;
  const SymbolId id = add_symbol(c, std::move(symbol), {c.at.file, std::nullopt, Progress::Done});
  c.at.locals.push_back({std::move(text), id});
  return id;
}

}  // namespace rollout::check
