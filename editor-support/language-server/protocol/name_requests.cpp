#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <map>

#include "compiler/driver/plugins.hpp"
#include "editor-support/language-server/protocol/place_writer.hpp"
#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/queries/call_hierarchy.hpp"
#include "editor-support/language-server/queries/completion.hpp"
#include "editor-support/language-server/queries/hover.hpp"
#include "editor-support/language-server/queries/names.hpp"
#include "editor-support/language-server/queries/parts.hpp"
#include "editor-support/language-server/queries/signature_help.hpp"

// What the names of a document answer: where they lead, who uses them, what they could be called, which could stand
// here.

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::flag_member;
using protocol::markdown;
using protocol::member;
using protocol::text_member;

constexpr int kMarkedText = 1, kMarkedWrite = 3;  // DocumentHighlightKind

Failure no_position() {
  return {ErrorCode::InvalidParams, "`position` is no position"};
}

Answer definition(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto name = name_at(asked.module(), *offset);
  auto place = name ? declaration_of(asked.module(), name->symbol) : std::nullopt;
  if (!name) {
    if (const auto part = part_at(asked.module(), *offset)) place = part->declared;
  }
  if (!place) return json::value();
  PlaceWriter writer(session);
  writer.add_texts(asked.module());
  return json::value(writer.location(*place));
}

Answer hover(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto times = [&]() -> const driver::Times& { return session.workspace.times(asked.document->path); };
  const auto found = hover_at(asked.module(), times, *offset);
  if (!found) return json::value();
  return json::value(
      json::object{{"contents", markdown(found->markdown)}, {"range", asked.translator.range(found->span)}});
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

// The plugins that are locked for the file.
std::vector<std::string> plugins_for(const Asked& asked) {
  const std::string folder = std::filesystem::path(asked.document->path).parent_path().string();
  const driver::LockFile file = driver::read_lock_file(driver::lock_path(folder));
  return file.lock ? file.lock->names() : std::vector<std::string>();
}

Answer completion(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  constexpr int kSnippet = 2;
  json::array items;
  for (const Completion& found : completions(asked.module(), *offset, plugins_for(asked))) {
    json::object item{{"label", found.label}, {"kind", static_cast<int>(found.kind)}};
    if (!found.detail.empty()) item["detail"] = found.detail;
    if (!found.symbol.empty()) {
      if (session.resolves_completions) {
        item["data"] = {{"uri", asked.document->uri}, {"symbol", found.symbol}};
      } else {
        item["documentation"] = markdown(documentation_of(asked.module(), found.symbol));
      }
    }
    if (!found.needs.empty()) {
      const Span place{found.needs_at, found.needs_at};
      item["additionalTextEdits"] =
          json::array{json::object{{"range", asked.translator.range(place)}, {"newText", found.needs}}};
    }
    if (!found.sort.empty()) item["sortText"] = found.sort + found.label;
    const bool snippet = session.snippets && !found.snippet.empty();
    if (snippet) item["insertTextFormat"] = kSnippet;
    item["textEdit"] = {{"range", asked.translator.range(found.replaced)},
                        {"newText", snippet ? found.snippet : found.label}};
    items.push_back(std::move(item));
  }
  return json::value(json::object{{"isIncomplete", false}, {"items", std::move(items)}});
}

Answer signature_help_here(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto help = signature_help(asked.module(), *offset);
  if (!help) return json::value();
  json::array parameters;
  for (const Span part : help->parameters) {
    parameters.push_back(json::object{{"label", help->label.substr(part.begin, part.size())}});
  }
  json::object one{{"label", help->label}, {"parameters", std::move(parameters)}};
  if (!help->documentation.empty()) one["documentation"] = markdown(help->documentation);
  json::object result{{"signatures", json::array{std::move(one)}}, {"activeSignature", 0}};
  if (help->active) result["activeParameter"] = *help->active;
  return json::value(std::move(result));
}

Answer prepare_call_hierarchy(Session& session, Asked& asked, const json::value& params) {
  const auto offset = asked_offset(session, asked, params);
  if (!offset) return no_position();
  const auto found = callable_at(asked.module(), *offset);
  if (!found) return json::value();
  PlaceWriter writer(session);
  writer.add_texts(asked.module());
  return json::value(json::array{call_item_json(writer, *found)});
}

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/definition", definition},
    {"textDocument/declaration", definition},
    {"textDocument/signatureHelp", signature_help_here},
    {"textDocument/hover", hover},
    {"textDocument/references", references},
    {"textDocument/documentHighlight", document_highlight},
    {"textDocument/prepareRename", prepare_rename},
    {"textDocument/rename", rename_everywhere},
    {"textDocument/completion", completion},
    {"textDocument/prepareCallHierarchy", prepare_call_hierarchy},
});

}  // namespace

std::span<const RequestRow> name_requests() {
  return kRequests;
}

}  // namespace rollout::language_server
