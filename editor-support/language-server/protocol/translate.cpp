#include "editor-support/language-server/protocol/translate.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "compiler/diagnostics/display.hpp"
#include "compiler/diagnostics/headline.hpp"

namespace rollout::language_server::protocol {
namespace {

using diagnostics::Code;
using diagnostics::Diagnostic;
using diagnostics::repaired_utf8;

int severity_number(Code code) {
  switch (diagnostics::severity_of(code)) {
    case diagnostics::Severity::Error: return 1;
    case diagnostics::Severity::Warning: return 2;
    case diagnostics::Severity::Information: return 3;
  }
  return 1;
}

// Text that nobody would miss is shown faded.
bool is_unnecessary(Code code) {
  return code == Code::UnusedDeclaration || code == Code::UnusedModule || code == Code::MetricNeverWatched ||
         code == Code::DuplicateGuard || code == Code::DuplicateItem || code == Code::NeedlessCondition ||
         code == Code::NeverReached || code == Code::AllowNothing;
}
constexpr int kUnnecessary = 1;

std::string message_of(const Diagnostic& diagnostic) {
  std::string text = repaired_utf8(diagnostics::headline(diagnostic));
  for (const std::string& note : diagnostic.notes) text += "\nnote: " + repaired_utf8(note);
  if (diagnostics::headline_mends(diagnostic)) return text;
  for (const std::string& help : diagnostic.helps) text += "\nhelp: " + repaired_utf8(help);
  for (const diagnostics::Fix& fix : diagnostic.fixes) text += "\nhelp: " + repaired_utf8(fix.title);
  return text;
}

std::optional<std::uint32_t> count_from(const json::value& value) {
  json::error_code error;
  if (!value.is_number()) return std::nullopt;
  const auto number = value.to_number<std::int64_t>(error);
  if (error || number < 0) return std::nullopt;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(number, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

json::object markdown(std::string_view text) {
  return {{"kind", "markdown"}, {"value", text}};
}

json::object position_json(grammar::LineColumn position) {
  return {{"line", position.line}, {"character", position.column}};
}

json::object range_json(const grammar::LineTable& lines, grammar::Span span, ColumnUnit unit) {
  return {{"start", position_json(lines.position(span.begin, unit))},
          {"end", position_json(lines.position(span.end, unit))}};
}

std::optional<grammar::LineColumn> position_from(const json::value& position) {
  const auto line = count_from(member(position, "line"));
  const auto column = count_from(member(position, "character"));
  if (!line || !column) return std::nullopt;
  return grammar::LineColumn{*line, *column};
}

std::optional<std::uint32_t> offset_from(const grammar::LineTable& lines, const json::value& position,
                                         ColumnUnit unit) {
  const auto place = position_from(position);
  return place ? std::optional(lines.offset(*place, unit)) : std::nullopt;
}

std::optional<grammar::Span> span_from(const grammar::LineTable& lines, const json::value& range, ColumnUnit unit) {
  const auto begin = offset_from(lines, member(range, "start"), unit);
  const auto end = offset_from(lines, member(range, "end"), unit);
  if (!begin || !end || *end < *begin) return std::nullopt;
  return grammar::Span{*begin, *end};
}

json::object Translator::range(const diagnostics::Location& location) {
  const grammar::LineTable* lines = places_.lines_of(location.file);
  if (lines == nullptr) return range_json(grammar::LineTable(""), {}, dialect_.unit);
  return range_json(*lines, places_.clamped(location), dialect_.unit);
}

json::object Translator::location(const diagnostics::Location& location) {
  return {{"uri", dialect_.uri_of(places_.path_of(location.file))}, {"range", range(location)}};
}

json::array Translator::related(const Diagnostic& diagnostic) {
  json::array list;
  const auto add = [&](const diagnostics::Location& where, const std::string& text) {
    list.push_back(json::object{{"location", location(where)}, {"message", repaired_utf8(text)}});
  };
  // The label of the place itself says something only beside the others.
  if (!diagnostic.labels.empty() && !diagnostic.primary_label.empty())
    add(diagnostic.primary, diagnostic.primary_label);
  for (const diagnostics::Label& label : diagnostic.labels) add(label.location, label.text);
  return list;
}

json::object Translator::workspace_edit(std::span<const diagnostics::Edit> edits) {
  std::map<std::string, json::array> by_uri;
  for (const diagnostics::Edit& edit : edits) {
    by_uri[dialect_.uri_of(places_.path_of(edit.location.file))].push_back(
        json::object{{"range", range(edit.location)}, {"newText", repaired_utf8(edit.text)}});
  }
  json::object changes;
  for (auto& [uri, list] : by_uri) changes[uri] = std::move(list);
  return {{"changes", std::move(changes)}};
}

json::array Translator::fixes(const Diagnostic& diagnostic) {
  json::array list;
  for (const diagnostics::Fix& fix : diagnostic.fixes) {
    list.push_back(json::object{{"title", repaired_utf8(fix.title)},
                                {"safe", fix.applicability == diagnostics::Applicability::Safe},
                                {"edit", workspace_edit(fix.edits)}});
  }
  return list;
}

json::object Translator::diagnostic(const Diagnostic& diagnostic) {
  json::object result;
  result["range"] = range(diagnostic.primary);
  result["severity"] = severity_number(diagnostic.code);
  result["code"] = diagnostics::code_text(diagnostic.code);
  const std::string explanation = dialect_.code_description ? dialect_.explanation_uri(diagnostic.code) : std::string();
  if (!explanation.empty()) result["codeDescription"] = {{"href", explanation}};
  result["source"] = "rolloutc";
  result["message"] = message_of(diagnostic);
  if (dialect_.tags && is_unnecessary(diagnostic.code)) result["tags"] = json::array{kUnnecessary};
  json::array others = dialect_.related_information ? related(diagnostic) : json::array();
  if (!others.empty()) result["relatedInformation"] = std::move(others);
  if (dialect_.data && !diagnostic.fixes.empty()) result["data"] = {{"fixes", fixes(diagnostic)}};
  return result;
}

}  // namespace rollout::language_server::protocol
