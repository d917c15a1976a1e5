#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <functional>

#include "compiler/driver/fix.hpp"
#include "editor-support/language-server/protocol/session.hpp"

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

Answer code_action(Session& session, Asked& asked, const json::value& params) {
  const auto range = protocol::span_from(asked.translator.lines(), member(params, "range"), session.dialect.unit);
  if (!range) return Failure{ErrorCode::InvalidParams, "`range` is no range"};
  json::array actions;
  if (is_wanted(params, "quickfix")) add_quick_fixes(asked, *range, actions);
  if (is_wanted(params, "source.fixAll")) add_fix_all(asked, actions);
  return json::value(std::move(actions));
}

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/diagnostic", diagnostic},
    {"textDocument/codeAction", code_action},
});

}  // namespace

std::span<const RequestRow> edit_requests() {
  return kRequests;
}

}  // namespace rollout::language_server
