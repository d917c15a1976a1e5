#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "compiler/format/format.hpp"
#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/protocol/symbol_kinds.hpp"
#include "editor-support/language-server/queries/outline.hpp"

// What the text of one document answers: its outline, folds, links, colours and layout.

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::member;

json::object symbol_json(Asked& asked, const OutlineItem& item) {
  json::object symbol{{"name", item.name}};
  if (!item.detail.empty()) symbol["detail"] = item.detail;
  symbol["kind"] = protocol::symbol_kind(item.kind);
  symbol["range"] = asked.translator.range(item.span);
  symbol["selectionRange"] = asked.translator.range(item.selection);
  json::array children;
  for (const OutlineItem& child : item.children) children.push_back(symbol_json(asked, child));
  if (!children.empty()) symbol["children"] = std::move(children);
  return symbol;
}

void add_flat(Asked& asked, const OutlineItem& item, const std::string& container, json::array& list) {
  json::object symbol{{"name", item.name}, {"kind", protocol::symbol_kind(item.kind)}};
  symbol["location"] = {{"uri", asked.document->uri}, {"range", asked.translator.range(item.span)}};
  if (!container.empty()) symbol["containerName"] = container;
  list.push_back(std::move(symbol));
  for (const OutlineItem& child : item.children) add_flat(asked, child, item.name, list);
}

Answer document_symbol(Session& session, Asked& asked, const json::value&) {
  json::array list;
  for (const OutlineItem& item : outline(asked.tree())) {
    if (session.hierarchical_symbols) {
      list.push_back(symbol_json(asked, item));
    } else {
      add_flat(asked, item, "", list);
    }
  }
  return json::value(std::move(list));
}

Answer folding_range(Session& session, Asked& asked, const json::value&) {
  json::array list;
  for (const Fold& fold : folds(asked.tree())) {
    const auto begin = asked.translator.lines().position(fold.span.begin, session.dialect.unit);
    const auto end = asked.translator.lines().position(fold.span.end, session.dialect.unit);
    // The closing brace stays visible.
    const bool closes = fold.kind == FoldKind::Region;
    const std::uint32_t last = closes && end.line > begin.line ? end.line - 1 : end.line;
    if (last <= begin.line) continue;
    json::object range{{"startLine", begin.line}, {"endLine", last}};
    if (fold.kind == FoldKind::Comment) range["kind"] = "comment";
    if (fold.kind == FoldKind::Imports) range["kind"] = "imports";
    list.push_back(std::move(range));
  }
  return json::value(std::move(list));
}

Answer document_link(Session& session, Asked& asked, const json::value&) {
  json::array list;
  for (const Link& link : links(asked.module())) {
    list.push_back(json::object{{"range", asked.translator.range(link.span)},
                                {"target", link.path.empty() ? link.address : session.uri_of(link.path)}});
  }
  return json::value(std::move(list));
}

json::value text_edits(Asked& asked, const std::vector<format::Edit>& edits) {
  json::array list;
  for (const format::Edit& edit : edits) {
    list.push_back(json::object{{"range", asked.translator.range(edit.span)}, {"newText", edit.text}});
  }
  return list;
}

Answer formatting(Session&, Asked& asked, const json::value&) {
  return text_edits(asked, format::format_edits(asked.tree()));
}

Answer range_formatting(Session&, Asked& asked, const json::value& params) {
  const json::value& range = member(params, "range");
  const auto begin = protocol::position_from(member(range, "start"));
  const auto end = protocol::position_from(member(range, "end"));
  if (!begin || !end || end->line < begin->line) return Failure{ErrorCode::InvalidParams, "`range` is no range"};
  // A selection of whole lines ends at the first column of the next one.
  const std::uint32_t last = end->column == 0 && end->line > begin->line ? end->line : end->line + 1;
  return text_edits(asked, format::format_range(asked.tree(), begin->line + 1, last));
}

// After a closing brace its whole block, after a line end the line that it ended.
Answer on_type_formatting(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return Failure{ErrorCode::InvalidParams, "`position` is no position"};
  const std::string_view typed = protocol::text_member(params, "ch");
  const auto line_of = [&](std::uint32_t at) {
    return asked.translator.lines().position(at, session.dialect.unit).line;
  };
  const std::uint32_t line = line_of(*offset);
  if (typed == "\n")
    return line == 0 ? json::value(json::array()) : text_edits(asked, format::format_range(asked.tree(), line, line));
  std::uint32_t first = line;
  for (const Fold& fold : folds(asked.tree())) {
    if (fold.kind == FoldKind::Region && fold.span.end == *offset) first = line_of(fold.span.begin);
  }
  return text_edits(asked, format::format_range(asked.tree(), first + 1, line + 1));
}

Answer selection_range(Session& session, Asked& asked, const json::value& params) {
  const json::value& positions = member(params, "positions");
  if (!positions.is_array()) return Failure{ErrorCode::InvalidParams, "`positions` is no list"};
  json::array list;
  for (const json::value& position : positions.get_array()) {
    const auto offset = protocol::offset_from(asked.translator.lines(), position, session.dialect.unit);
    if (!offset) return Failure{ErrorCode::InvalidParams, "one of `positions` is no position"};
    const std::vector<grammar::Span> around = surroundings(asked.tree(), *offset);
    json::value selection;
    for (auto span = around.rbegin(); span != around.rend(); ++span) {
      json::object one{{"range", asked.translator.range(*span)}};
      if (!selection.is_null()) one["parent"] = std::move(selection);
      selection = std::move(one);
    }
    list.push_back(std::move(selection));
  }
  return json::value(std::move(list));
}

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/documentSymbol", document_symbol},
    {"textDocument/foldingRange", folding_range},
    {"textDocument/documentLink", document_link},
    {"textDocument/formatting", formatting},
    {"textDocument/rangeFormatting", range_formatting},
    {"textDocument/onTypeFormatting", on_type_formatting},
    {"textDocument/selectionRange", selection_range},
});

}  // namespace

std::span<const RequestRow> syntax_requests() {
  return kRequests;
}

}  // namespace rollout::language_server
