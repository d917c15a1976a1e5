#include "editor-support/language-server/protocol/capabilities.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "editor-support/language-server/protocol/uri.hpp"
#include "editor-support/language-server/queries/tokens.hpp"

namespace rollout::language_server::protocol {
namespace {

constexpr int kIncremental = 2;

// UTF-8 needs no counting, so it is taken where it is offered; UTF-16 is what everybody knows.
ColumnUnit unit_from(const json::value& general) {
  const json::value& offered = member(general, "positionEncodings");
  if (!offered.is_array()) return ColumnUnit::Utf16;
  const auto& list = offered.get_array();
  return std::ranges::find(list, json::value("utf-8")) != list.end() ? ColumnUnit::Utf8 : ColumnUnit::Utf16;
}

// Whether the client asks for that property of an item later.
bool resolves(const json::value& support, std::string_view property) {
  const json::value& properties = member(support, "properties");
  if (!properties.is_array()) return false;
  const auto& list = properties.get_array();
  return std::ranges::find(list, json::value(property)) != list.end();
}

json::array texts_of(std::span<const std::string_view> texts) {
  json::array list;
  for (const std::string_view text : texts) list.push_back(json::value(text));
  return list;
}

}  // namespace

std::vector<std::string> folder_paths(const json::value& folders) {
  std::vector<std::string> paths;
  if (!folders.is_array()) return paths;
  for (const json::value& folder : folders.get_array()) {
    if (auto path = path_of_uri(text_member(folder, "uri"))) paths.push_back(std::move(*path));
  }
  return paths;
}

void read_client(const json::value& params, Session& session) {
  const json::value& client = member(params, "capabilities");
  const json::value& document = member(client, "textDocument");
  const json::value& published = member(document, "publishDiagnostics");
  session.dialect.unit = unit_from(member(client, "general"));
  session.dialect.related_information = flag_member(published, "relatedInformation");
  session.dialect.tags = !member(published, "tagSupport").is_null();
  session.dialect.code_description = flag_member(published, "codeDescriptionSupport");
  session.dialect.data = flag_member(published, "dataSupport");
  session.version_support = flag_member(published, "versionSupport");
  // A client that pulls would show what is pushed a second time.
  session.pulls_diagnostics = member(document, "diagnostic").is_object();
  session.snippets = flag_member(at(document, "completion", "completionItem"), "snippetSupport");
  session.resolves_completions =
      resolves(at(document, "completion", "completionItem", "resolveSupport"), "documentation");
  session.resolves_edits = resolves(at(document, "codeAction", "resolveSupport"), "edit");
  session.shows_timelines = flag_member(member(params, "initializationOptions"), "timelines");
  session.hierarchical_symbols = flag_member(member(document, "documentSymbol"), "hierarchicalDocumentSymbolSupport");
  session.folders = folder_paths(member(params, "workspaceFolders"));
  if (session.folders.empty()) {
    if (auto root = path_of_uri(text_member(params, "rootUri"))) session.folders.push_back(std::move(*root));
  }
}

json::value server_capabilities(const Session& session) {
  const json::object shows_progress{{"workDoneProgress", true}};
  json::object capabilities;
  capabilities["positionEncoding"] = session.dialect.unit == ColumnUnit::Utf8 ? "utf-8" : "utf-16";
  capabilities["textDocumentSync"] = {{"openClose", true}, {"change", kIncremental}, {"save", true}};
  capabilities["diagnosticProvider"] = {
      {"identifier", "rolloutc"}, {"interFileDependencies", true}, {"workspaceDiagnostics", false}};
  capabilities["documentFormattingProvider"] = true;
  capabilities["documentOnTypeFormattingProvider"] = {{"firstTriggerCharacter", "}"}, {"moreTriggerCharacter", {"\n"}}};
  capabilities["documentRangeFormattingProvider"] = true;
  capabilities["codeActionProvider"] = {
      {"codeActionKinds", {"quickfix", "refactor.extract", "refactor.rewrite", "source.fixAll"}},
      {"resolveProvider", true}};
  capabilities["documentSymbolProvider"] = true;
  capabilities["definitionProvider"] = true;
  capabilities["declarationProvider"] = true;
  capabilities["selectionRangeProvider"] = true;
  capabilities["inlayHintProvider"] = true;
  capabilities["callHierarchyProvider"] = true;
  capabilities["codeLensProvider"] = json::object();
  capabilities["signatureHelpProvider"] = {{"triggerCharacters", {"(", ","}}};
  capabilities["workspaceSymbolProvider"] = shows_progress;
  capabilities["executeCommandProvider"] = {{"commands", texts_of(command_names())}, {"workDoneProgress", true}};
  capabilities["hoverProvider"] = true;
  capabilities["referencesProvider"] = shows_progress;
  capabilities["documentHighlightProvider"] = true;
  capabilities["renameProvider"] = {{"prepareProvider", true}, {"workDoneProgress", true}};
  capabilities["completionProvider"] = {{"triggerCharacters", {".", "\""}}, {"resolveProvider", true}};
  capabilities["foldingRangeProvider"] = true;
  capabilities["documentLinkProvider"] = json::object();
  capabilities["semanticTokensProvider"] = {
      {"legend", {{"tokenTypes", texts_of(token_type_names())}, {"tokenModifiers", texts_of(token_modifier_names())}}},
      {"full", {{"delta", true}}},
      {"range", true}};
  capabilities["workspace"] = {{"workspaceFolders", {{"supported", true}, {"changeNotifications", true}}}};
  return json::object{{"capabilities", std::move(capabilities)},
                      {"serverInfo", {{"name", "rolloutc"}, {"version", ROLLOUT_VERSION}}}};
}

}  // namespace rollout::language_server::protocol
