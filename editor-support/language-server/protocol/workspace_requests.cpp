#include <array>
#include <boost/json.hpp>

#include "editor-support/language-server/protocol/place_writer.hpp"
#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/protocol/symbol_kinds.hpp"
#include "editor-support/language-server/queries/completion.hpp"
#include "editor-support/language-server/queries/workspace_symbols.hpp"

// What is asked about all files, or about something that an earlier answer named.

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::member;
using protocol::number_member;
using protocol::text_member;

constexpr std::size_t kMostSymbols = 500;

Answer symbol(Session& session, const json::value& params) {
  const std::vector<Compiled> files = session.workspace.everything(session.folders);
  json::array list;
  for (const FoundSymbol& found : find_symbols(files, text_member(params, "query"), kMostSymbols)) {
    PlaceWriter writer(session);
    writer.add_texts(found.file->module);
    json::object one{{"name", found.item.name}, {"kind", protocol::symbol_kind(found.item.kind)}};
    one["location"] = writer.location({found.file->path, found.item.selection});
    if (!found.container.empty()) one["containerName"] = found.container;
    list.push_back(std::move(one));
  }
  return json::value(std::move(list));
}

// The item itself, now with what is known about it.
Answer resolve_completion(Session& session, const json::value& params) {
  if (!params.is_object()) return Failure{ErrorCode::InvalidParams, "this is no completion"};
  json::object item = params.get_object();
  const json::value& data = member(params, "data");
  const Compiled file = open_file(session, text_member(data, "uri"));
  const std::string text = file ? documentation_of(file->module, text_member(data, "symbol")) : std::string();
  if (!text.empty()) item["documentation"] = protocol::markdown(text);
  return json::value(std::move(item));
}

// The calls in one direction: `other` is `from` or `to`.
Answer calls(Session& session, const json::value& params, std::string_view other,
             std::vector<CallsOf> (*find)(const std::string&, Span, const std::vector<Compiled>&)) {
  const json::value& data = protocol::at(params, "item", "data");
  const std::string path(text_member(data, "path"));
  if (path.empty()) return Failure{ErrorCode::InvalidParams, "`item` is not one of this server's"};
  const Span selection{static_cast<std::uint32_t>(number_member(data, "begin")),
                       static_cast<std::uint32_t>(number_member(data, "end"))};
  const std::vector<Compiled> files = session.workspace.everything(session.folders);
  PlaceWriter writer(session);
  for (const Compiled& file : files) writer.add_texts(file->module);
  json::array list;
  for (const CallsOf& one : find(path, selection, files)) {
    json::array ranges;
    const std::string& caller = other == "from" ? one.other.path : path;
    for (const Span place : one.places) ranges.push_back(writer.range(caller, place));
    list.push_back(json::object{{other, call_item_json(writer, one.other)}, {"fromRanges", std::move(ranges)}});
  }
  return json::value(std::move(list));
}

Answer incoming_calls(Session& session, const json::value& params) {
  return calls(session, params, "from", callers_of);
}

Answer outgoing_calls(Session& session, const json::value& params) {
  return calls(session, params, "to", called_by);
}

constexpr auto kRequests = std::to_array<WorkspaceRequestRow>({
    {"workspace/symbol", symbol, true},
    {"completionItem/resolve", resolve_completion},
    {"callHierarchy/incomingCalls", incoming_calls, true},
    {"callHierarchy/outgoingCalls", outgoing_calls, true},
});

}  // namespace

std::span<const WorkspaceRequestRow> workspace_requests() {
  return kRequests;
}

}  // namespace rollout::language_server
