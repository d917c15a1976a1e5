#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "compiler/format/format.hpp"
#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/queries/outline.hpp"
#include "editor-support/language-server/queries/tokens.hpp"

// What the text of one document answers: its outline, folds, links, colours and layout.

namespace rollout::language_server {
namespace {

using grammar::SyntaxKind;
using protocol::ErrorCode;
using protocol::Failure;
using protocol::member;

struct SymbolKindRow {
  SyntaxKind kind;
  int number;  // of the protocol's SymbolKind
};
constexpr int kOtherSymbol = 13;
constexpr auto kSymbolKinds = std::to_array<SymbolKindRow>({
    {SyntaxKind::Rollout, 5},    {SyntaxKind::Stage, 6},    {SyntaxKind::Field, 8},    {SyntaxKind::Metric, 8},
    {SyntaxKind::Enum, 10},      {SyntaxKind::Guards, 11},  {SyntaxKind::Check, 12},   {SyntaxKind::Action, 12},
    {SyntaxKind::Fn, 12},        {SyntaxKind::Source, 12},  {SyntaxKind::Channel, 12}, {SyntaxKind::Param, 14},
    {SyntaxKind::Let, 14},       {SyntaxKind::Role, 18},    {SyntaxKind::World, 19},   {SyntaxKind::Secret, 20},
    {SyntaxKind::EnumValue, 22}, {SyntaxKind::Record, 23},  {SyntaxKind::Hook, 24},    {SyntaxKind::Schedule, 24},
    {SyntaxKind::When, 24},      {SyntaxKind::Scenario, 6},
});

int symbol_kind(SyntaxKind kind) {
  const auto found = std::ranges::find(kSymbolKinds, kind, &SymbolKindRow::kind);
  return found == kSymbolKinds.end() ? kOtherSymbol : found->number;
}

json::object symbol_json(Asked& asked, const OutlineItem& item) {
  json::object symbol{{"name", item.name}};
  if (!item.detail.empty()) symbol["detail"] = item.detail;
  symbol["kind"] = symbol_kind(item.kind);
  symbol["range"] = asked.translator.range(item.span);
  symbol["selectionRange"] = asked.translator.range(item.selection);
  json::array children;
  for (const OutlineItem& child : item.children) children.push_back(symbol_json(asked, child));
  if (!children.empty()) symbol["children"] = std::move(children);
  return symbol;
}

void add_flat(Asked& asked, const OutlineItem& item, const std::string& container, json::array& list) {
  json::object symbol{{"name", item.name}, {"kind", symbol_kind(item.kind)}};
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

Answer semantic_tokens_full(Session& session, Asked& asked, const json::value&) {
  json::array data;
  grammar::LineColumn before;
  for (const Token& token : semantic_tokens(asked.module())) {
    const auto begin = asked.translator.lines().position(token.span.begin, session.dialect.unit);
    const auto end = asked.translator.lines().position(token.span.end, session.dialect.unit);
    const std::uint32_t lines = begin.line - before.line;
    data.push_back(lines);
    data.push_back(lines == 0 ? begin.column - before.column : begin.column);
    data.push_back(end.column - begin.column);
    data.push_back(static_cast<std::uint32_t>(token.type));
    data.push_back(token.modifiers);
    before = begin;
  }
  return json::value(json::object{{"data", std::move(data)}});
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

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/documentSymbol", document_symbol},
    {"textDocument/foldingRange", folding_range},
    {"textDocument/documentLink", document_link},
    {"textDocument/semanticTokens/full", semantic_tokens_full},
    {"textDocument/formatting", formatting},
    {"textDocument/rangeFormatting", range_formatting},
});

}  // namespace

std::span<const RequestRow> syntax_requests() {
  return kRequests;
}

}  // namespace rollout::language_server
