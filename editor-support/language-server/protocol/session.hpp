// What one client and this server have agreed on, and the documents that are open. Internal to the language server.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "editor-support/language-server/protocol/json_rpc.hpp"
#include "editor-support/language-server/protocol/translate.hpp"
#include "editor-support/language-server/queries/workspace.hpp"

namespace rollout::language_server {

namespace json = boost::json;

struct Document {
  std::string uri;  // as the client writes it
  std::string path;
  std::int64_t version = 0;
};

struct Session {
  Workspace workspace;
  std::map<std::string, Document> documents;  // by path
  std::vector<std::string> folders;           // of the workspace
  std::string pages_folder;                   // for what comes with the compiler
  protocol::Dialect dialect;
  bool snippets = false;
  bool pulls_diagnostics = false;
  bool hierarchical_symbols = false;
  bool version_support = false;
  bool resolves_completions = false;  // asks for the documentation of the one that is looked at
  bool resolves_edits = false;        // asks for the edit of the code action that is chosen
  bool shows_timelines = false;       // shows what a played scenario answers
  // What the client already has of each document's semantic tokens, by path.
  struct SentTokens {
    std::string id;
    std::vector<std::uint32_t> data;
  };
  std::map<std::string, SentTokens> tokens;
  std::uint64_t next_tokens_id = 1;
  std::vector<std::string> notifications;  // to be sent before the answer

  // The URI of any file of a compilation. A module of the library is written out, so that an editor can show it.
  std::string uri_of(const std::string& path) const;
  std::string plugin_page(const std::string& file) const;
  // Of the page behind a code, written out likewise; empty where that failed.
  std::string explanation_uri(diagnostics::Code code) const;
};

using Answer = std::variant<json::value, protocol::Failure>;

// What a request asks about: the open document that it names, compiled.
struct Asked {
  const Document* document = nullptr;
  Compiled file;
  // The translator keeps references into the session and the compilation.
  protocol::Translator translator;
  const check::CheckedModule& module() const { return file->module; }
  const grammar::SyntaxTree& tree() const { return file->module.trees.front(); }
};

struct RequestRow {
  std::string_view method;
  Answer (*handle)(Session&, Asked&, const json::value& params);
};
// The requests about one document, by what they need.
std::span<const RequestRow> syntax_requests();
std::span<const RequestRow> token_requests();
std::span<const RequestRow> name_requests();
std::span<const RequestRow> edit_requests();
std::span<const RequestRow> play_requests();

struct WorkspaceRequestRow {
  std::string_view method;
  Answer (*handle)(Session&, const json::value& params);
  bool takes_long = false;  // shows its progress where the client wants to see it
};
// Those about no document, or about one that they name in their own way.
std::span<const WorkspaceRequestRow> workspace_requests();
std::span<const WorkspaceRequestRow> command_requests();
std::span<const WorkspaceRequestRow> resolving_requests();

// The open document with that URI, compiled; null where it is not open.
Compiled open_file(Session& session, std::string_view uri);
// A document's path; one that is in no file, as `untitled:`, is known by its URI.
std::string path_from(std::string_view uri);

// The place of `position` in the asked file; nothing where there is none.
std::optional<std::uint32_t> asked_offset(const Session& session, Asked& asked, const json::value& params);

}  // namespace rollout::language_server
