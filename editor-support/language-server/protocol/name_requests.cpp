#include <array>
#include <boost/json.hpp>
#include <map>

#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/queries/completion.hpp"
#include "editor-support/language-server/queries/hover.hpp"
#include "editor-support/language-server/queries/names.hpp"

// What the names of a document answer: where they lead, who uses them, what they could be called, which could stand
// here.

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::flag_member;
using protocol::member;
using protocol::text_member;

constexpr int kMarkedText = 1, kMarkedWrite = 3;  // DocumentHighlightKind

Failure no_position() {
  return {ErrorCode::InvalidParams, "`position` is no position"};
}

// Places in any file, each file's lines counted once.
class PlaceWriter {
 public:
  explicit PlaceWriter(const Session& session) : session_(session) {}

  void add_texts(const check::CheckedModule& module) {
    for (const grammar::SourceFile& file : module.files.files) texts_.emplace(file.path, file.text);
  }

  json::object range(const Place& place) {
    auto lines = lines_.find(place.path);
    if (lines == lines_.end()) lines = lines_.emplace(place.path, grammar::LineTable(texts_[place.path])).first;
    return protocol::range_json(lines->second, place.span, session_.dialect.unit);
  }
  json::object location(const Place& place) { return {{"uri", session_.uri_of(place.path)}, {"range", range(place)}}; }

 private:
  const Session& session_;
  std::map<std::string, std::string> texts_;  // nodes stay where they are: the tables keep views
  std::map<std::string, grammar::LineTable> lines_;
};

Answer definition(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto name = name_at(asked.module(), *offset);
  const auto place = name ? declaration_of(asked.module(), name->symbol) : std::nullopt;
  if (!place) return json::value();
  PlaceWriter writer(session);
  writer.add_texts(asked.module());
  return json::value(writer.location(*place));
}

Answer hover(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto found = hover_at(asked.module(), *offset);
  if (!found) return json::value();
  return json::value(json::object{{"contents", {{"kind", "markdown"}, {"value", found->markdown}}},
                                  {"range", asked.translator.range(found->span)}});
}

Answer references(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto name = name_at(asked.module(), *offset);
  if (!name) return json::value();
  const std::vector<Compiled> files = session.workspace.everything(session.folders);
  PlaceWriter writer(session);
  writer.add_texts(asked.module());
  for (const Compiled& file : files) writer.add_texts(file->module);
  const bool declarations = flag_member(member(params, "context"), "includeDeclaration");
  json::array list;
  for (const Place& place : places_of(asked.module(), name->symbol, files)) {
    if (declarations || !place.is_declaration) list.push_back(writer.location(place));
  }
  return json::value(std::move(list));
}

Answer document_highlight(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto name = name_at(asked.module(), *offset);
  if (!name) return json::value();
  json::array list;
  for (const NameAt& other : names_of_main_file(asked.module())) {
    if (other.symbol != name->symbol) continue;
    list.push_back(json::object{{"range", asked.translator.range(other.span)},
                                {"kind", other.is_declaration ? kMarkedWrite : kMarkedText}});
  }
  return json::value(std::move(list));
}

Answer prepare_rename(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto name = name_at(asked.module(), *offset);
  if (!name) return json::value();
  if (auto problem = rename_problem(asked.module(), *name)) return Failure{ErrorCode::RequestFailed, *problem};
  return json::value(json::object{{"range", asked.translator.range(name->span)},
                                  {"placeholder", asked.module().symbols[name->symbol].name}});
}

Answer rename_everywhere(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto name = name_at(asked.module(), *offset);
  if (!name) return Failure{ErrorCode::RequestFailed, "there is no name here"};
  const std::vector<Compiled> files = session.workspace.everything(session.folders);
  const std::string new_name(text_member(params, "newName"));
  const Renaming renaming = rename(session.workspace, asked.file, *name, new_name, files);
  if (const auto* problem = std::get_if<std::string>(&renaming)) return Failure{ErrorCode::RequestFailed, *problem};
  PlaceWriter writer(session);
  writer.add_texts(asked.module());
  for (const Compiled& file : files) writer.add_texts(file->module);
  std::map<std::string, json::array> by_uri;
  for (const Place& place : std::get<std::vector<Place>>(renaming)) {
    by_uri[session.uri_of(place.path)].push_back(json::object{{"range", writer.range(place)}, {"newText", new_name}});
  }
  json::object changes;
  for (auto& [uri, list] : by_uri) changes[uri] = std::move(list);
  return json::value(json::object{{"changes", std::move(changes)}});
}

Answer completion(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  constexpr int kSnippet = 2;
  json::array items;
  for (const Completion& found : completions(asked.module(), *offset)) {
    json::object item{{"label", found.label}, {"kind", static_cast<int>(found.kind)}};
    if (!found.detail.empty()) item["detail"] = found.detail;
    if (!found.documentation.empty()) item["documentation"] = {{"kind", "markdown"}, {"value", found.documentation}};
    if (!found.sort.empty()) item["sortText"] = found.sort;
    const bool snippet = session.snippets && !found.snippet.empty();
    if (snippet) item["insertTextFormat"] = kSnippet;
    item["textEdit"] = {{"range", asked.translator.range(found.replaced)},
                        {"newText", snippet ? found.snippet : found.label}};
    items.push_back(std::move(item));
  }
  return json::value(json::object{{"isIncomplete", false}, {"items", std::move(items)}});
}

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/definition", definition},
    {"textDocument/hover", hover},
    {"textDocument/references", references},
    {"textDocument/documentHighlight", document_highlight},
    {"textDocument/prepareRename", prepare_rename},
    {"textDocument/rename", rename_everywhere},
    {"textDocument/completion", completion},
});

}  // namespace

std::span<const RequestRow> name_requests() {
  return kRequests;
}

}  // namespace rollout::language_server
