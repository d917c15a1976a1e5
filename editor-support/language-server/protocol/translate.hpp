// Places, edits and findings as the protocol writes them.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <string>

#include "compiler/diagnostics/diagnostic.hpp"
#include "compiler/diagnostics/places.hpp"
#include "editor-support/language-server/protocol/json_rpc.hpp"
#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server::protocol {

using grammar::ColumnUnit;

// A MarkupContent.
json::object markdown(std::string_view text);
json::object position_json(grammar::LineColumn position);
json::object range_json(const grammar::LineTable& lines, grammar::Span span, ColumnUnit unit);
// A position or a range of the client; what lies outside of the text is its end. Nothing where it is none at all.
std::optional<grammar::LineColumn> position_from(const json::value& position);
std::optional<std::uint32_t> offset_from(const grammar::LineTable& lines, const json::value& position, ColumnUnit unit);
std::optional<grammar::Span> span_from(const grammar::LineTable& lines, const json::value& range, ColumnUnit unit);

// How one client wants to be answered.
struct Dialect {
  ColumnUnit unit = ColumnUnit::Utf16;
  std::function<std::string(const std::string& path)> uri_of;          // of any file of a compilation
  std::function<std::string(diagnostics::Code code)> explanation_uri;  // empty: there is none to show
  bool related_information = false;
  bool tags = false;
  bool code_description = false;
  bool data = false;
};

// Writes what lies in the files of one compilation. Keeps references: both must outlive it.
class Translator {
 public:
  Translator(const diagnostics::Files& files, const Dialect& dialect) : dialect_(dialect), places_(files) {}

  json::object range(const diagnostics::Location& location);
  json::object location(const diagnostics::Location& location);
  // Of the main file.
  json::object range(grammar::Span span) { return range({FileId{}, span}); }
  json::object diagnostic(const diagnostics::Diagnostic& diagnostic);
  // A WorkspaceEdit.
  json::object workspace_edit(std::span<const diagnostics::Edit> edits);
  const grammar::LineTable& lines() { return *places_.lines_of(FileId{}); }

 private:
  json::array related(const diagnostics::Diagnostic& diagnostic);
  json::array fixes(const diagnostics::Diagnostic& diagnostic);

  const Dialect& dialect_;
  diagnostics::Places places_;
};

}  // namespace rollout::language_server::protocol
