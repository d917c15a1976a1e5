#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <functional>

#include "compiler/driver/fix.hpp"
#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/queries/refactorings.hpp"

// Diagnostics that are asked for, and what mends them.

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::member;
using protocol::text_member;

json::array diagnostics_of_main_file(Asked& asked) {
  json::array items;
  for (const diagnostics::Diagnostic& diagnostic : asked.file->diagnostics) {
    if (diagnostic.primary.file == kMainFile) items.push_back(asked.translator.diagnostic(diagnostic));
  }
  return items;
}

Answer diagnostic(Session&, Asked& asked, const json::value& params) {
  json::array items = diagnostics_of_main_file(asked);
  const std::string id = fmt::format("{:x}", std::hash<std::string>()(json::serialize(items)));
  if (text_member(params, "previousResultId") == id) {
    return json::value(json::object{{"kind", "unchanged"}, {"resultId", id}});
  }
  return json::value(json::object{{"kind", "full"}, {"resultId", id}, {"items", std::move(items)}});
}

// Whether actions of the kind were asked for: no list asks for all, `source` for `source.fixAll` too.
bool is_wanted(const json::value& params, std::string_view kind) {
  const json::value& only = member(member(params, "context"), "only");
  if (!only.is_array()) return true;
  return std::ranges::any_of(only.get_array(), [&](const json::value& one) {
    if (!one.is_string()) return false;
    const std::string_view wanted = one.get_string();
    return kind == wanted || (kind.starts_with(wanted) && kind.substr(wanted.size()).starts_with("."));
  });
}

bool overlap(grammar::Span one, grammar::Span other) {
  return one.begin <= other.end && other.begin <= one.end;
}

void add_quick_fixes(Asked& asked, grammar::Span range, json::array& actions) {
  for (const diagnostics::Diagnostic& found : asked.file->diagnostics) {
    if (found.primary.file != kMainFile || !overlap(found.primary.span, range)) continue;
    for (const diagnostics::Fix& fix : found.fixes) {
      json::object action{{"title", fix.title}, {"kind", "quickfix"}};
      action["diagnostics"] = json::array{asked.translator.diagnostic(found)};
      if (fix.applicability == diagnostics::Applicability::Safe) action["isPreferred"] = true;
      action["edit"] = asked.translator.workspace_edit(fix.edits);
      actions.push_back(std::move(action));
    }
  }
}

void add_fix_all(Asked& asked, json::array& actions) {
  std::vector<diagnostics::Edit> edits;
  for (const diagnostics::Fix* fix : driver::safe_fixes(*asked.file)) {
    edits.insert(edits.end(), fix->edits.begin(), fix->edits.end());
  }
  if (edits.empty()) return;
  json::object action{{"title", "apply every fix that can only be right"}, {"kind", "source.fixAll"}};
  action["edit"] = asked.translator.workspace_edit(edits);
  actions.push_back(std::move(action));
}

std::string_view action_kind(RefactoringKind kind) {
  return kind == RefactoringKind::Extract ? "refactor.extract" : "refactor.rewrite";
}

void add_refactorings(Session& session, Asked& asked, grammar::Span range, const json::value& params,
                      json::array& actions) {
  // An editor that asks for what mends only does so at every move of the cursor.
  if (!is_wanted(params, "refactor.extract") && !is_wanted(params, "refactor.rewrite")) return;
  for (const Refactoring& one : refactorings(asked.module(), range)) {
    if (!is_wanted(params, action_kind(one.kind))) continue;
    json::object action{{"title", one.title}, {"kind", action_kind(one.kind)}};
    if (session.resolves_edits && !one.alternatives.empty()) {
      action["data"] = {{"uri", asked.document->uri}, {"begin", range.begin}, {"end", range.end}};
    } else {
      action["edit"] = asked.translator.workspace_edit(one.edits);
    }
    actions.push_back(std::move(action));
  }
}

Answer code_action(Session& session, Asked& asked, const json::value& params) {
  const auto range = protocol::span_from(asked.translator.lines(), member(params, "range"), session.dialect.unit);
  if (!range) return Failure{ErrorCode::InvalidParams, "`range` is no range"};
  json::array actions;
  if (is_wanted(params, "quickfix")) add_quick_fixes(asked, *range, actions);
  add_refactorings(session, asked, *range, params, actions);
  if (is_wanted(params, "source.fixAll")) add_fix_all(asked, actions);
  return json::value(std::move(actions));
}

// The action with its edit, which took too long to be found before anybody wanted it.
Answer resolve_code_action(Session& session, const json::value& params) {
  if (!params.is_object()) return Failure{ErrorCode::InvalidParams, "this is no code action"};
  json::object action = params.get_object();
  const json::value& data = member(params, "data");
  const Compiled file = open_file(session, text_member(data, "uri"));
  if (!file) return json::value(std::move(action));
  const grammar::Span range{static_cast<std::uint32_t>(protocol::number_member(data, "begin")),
                            static_cast<std::uint32_t>(protocol::number_member(data, "end"))};
  for (const Refactoring& one : refactorings(file->module, range)) {
    if (one.title != text_member(params, "title")) continue;
    protocol::Translator translator(file->module.files, session.dialect);
    action["edit"] = translator.workspace_edit(best_edits(*file, one));
  }
  return json::value(std::move(action));
}

constexpr auto kResolving = std::to_array<WorkspaceRequestRow>({{"codeAction/resolve", resolve_code_action, true}});

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/diagnostic", diagnostic},
    {"textDocument/codeAction", code_action},
});

}  // namespace

std::span<const RequestRow> edit_requests() {
  return kRequests;
}

std::span<const WorkspaceRequestRow> resolving_requests() {
  return kResolving;
}

}  // namespace rollout::language_server
