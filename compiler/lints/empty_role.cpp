// Roles in which nobody is, and names that stand in one twice.
#include <fmt/format.h>

#include <map>
#include <set>

#include "compiler/check/constants.hpp"
#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::kNone;
using check::Report;
using check::Step;
using check::SymbolId;
using diagnostics::Code;
using diagnostics::Location;

// Where each role is first asked for something.
std::map<SymbolId, Location> first_questions(const CheckedModule& module) {
  std::map<SymbolId, Location> first;
  const auto add = [&](SymbolId role, const Location& where) {
    if (role != kNone) first.emplace(role, where);
  };
  for (const Step& step : module.steps) {
    if (const auto* approve = std::get_if<check::ApproveStep>(&step.body)) add(approve->who.role, step.location);
    if (const auto* ask = std::get_if<check::AskStep>(&step.body)) add(ask->role, step.location);
    if (const auto* list = std::get_if<check::ChecklistStep>(&step.body)) {
      add(list->who.role, step.location);
      for (const check::ChecklistItem& item : list->items) add(item.who.role, item.location);
    }
  }
  return first;
}

void report_twice(const check::Symbol& symbol, const plan::List& members, diagnostics::Sink& sink) {
  std::set<std::string> seen;
  for (const plan::Value& member : members) {
    if (seen.insert(member.as_string()).second) continue;
    Report(sink, Code::EmptyRole, symbol.declared,
           fmt::format("\"{}\" stands twice in `{}`", member.as_string(), symbol.name))
        .note("everybody answers once, so it has fewer members than it seems")
        .help("remove one; was somebody else meant?");
    return;
  }
}

}  // namespace

void empty_role(const LintInput& input, diagnostics::Sink& sink) {
  const CheckedModule& module = input.module;
  const auto questions = first_questions(module);
  for (const check::RoleDecl& role : module.roles) {
    if (role.symbol == kNone || role.members == kNone) continue;
    const check::Symbol& symbol = module.symbols[role.symbol];
    const auto members = check::constant_value(module, role.members);
    if (!input.is_own(symbol.declared) || !members || members->kind() != plan::ValueKind::List) continue;
    report_twice(symbol, members->as_list(), sink);
    const auto question = questions.find(role.symbol);
    if (!members->as_list().empty() || question == questions.end()) continue;
    Report(sink, Code::EmptyRole, symbol.declared, fmt::format("nobody is in the role `{}`", symbol.name))
        .label("no members")
        .also(question->second, "nobody may answer this")
        .help(fmt::format("name people: `role {} = [\"dana\", \"kim\"]`", symbol.name));
  }
}

}  // namespace rollout::lints
