#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/queries/tokens.hpp"

// Colours: of a whole document, of the part that is seen, or what has changed since they were asked for.

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::text_member;

constexpr std::size_t kNumbersOfToken = 5;

// Each token as five numbers, its place relative to the one before.
std::vector<std::uint32_t> encoded(Session& session, Asked& asked, grammar::Span part) {
  std::vector<std::uint32_t> data;
  grammar::LineColumn before;
  for (const Token& token : semantic_tokens(asked.module())) {
    if (token.span.end <= part.begin || part.end <= token.span.begin) continue;
    const auto begin = asked.translator.lines().position(token.span.begin, session.dialect.unit);
    const std::uint32_t width = asked.translator.lines().columns(token.span, session.dialect.unit);
    const std::uint32_t lines = begin.line - before.line;
    const std::uint32_t column = lines == 0 ? begin.column - before.column : begin.column;
    data.insert(data.end(), {lines, column, width, static_cast<std::uint32_t>(token.type), token.modifiers});
    before = begin;
  }
  return data;
}

std::vector<std::uint32_t> encoded(Session& session, Asked& asked) {
  return encoded(session, asked, {0, static_cast<std::uint32_t>(asked.tree().text().size())});
}

json::array numbers_json(std::span<const std::uint32_t> numbers) {
  json::array list;
  list.reserve(numbers.size());
  for (const std::uint32_t number : numbers) list.push_back(number);
  return list;
}

// Remembers what the client now has.
const Session::SentTokens& remember(Session& session, const std::string& path, std::vector<std::uint32_t> data) {
  Session::SentTokens& sent = session.tokens[path];
  sent = {fmt::format("{}", session.next_tokens_id++), std::move(data)};
  return sent;
}

Answer full(Session& session, Asked& asked, const json::value&) {
  const auto& sent = remember(session, asked.document->path, encoded(session, asked));
  return json::value(json::object{{"resultId", sent.id}, {"data", numbers_json(sent.data)}});
}

Answer delta(Session& session, Asked& asked, const json::value& params) {
  std::vector<std::uint32_t> now = encoded(session, asked);
  const auto known = session.tokens.find(asked.document->path);
  if (known == session.tokens.end() || known->second.id != text_member(params, "previousResultId")) {
    const auto& sent = remember(session, asked.document->path, std::move(now));
    return json::value(json::object{{"resultId", sent.id}, {"data", numbers_json(sent.data)}});
  }
  const std::vector<std::uint32_t> before = std::move(known->second.data);
  const std::size_t most = std::min(before.size(), now.size());
  std::size_t head = 0, tail = 0;
  while (head < most && before[head] == now[head]) ++head;
  head -= head % kNumbersOfToken;
  while (tail < most - head && before[before.size() - 1 - tail] == now[now.size() - 1 - tail]) ++tail;
  tail -= tail % kNumbersOfToken;
  json::array edits;
  if (head + tail < std::max(before.size(), now.size())) {
    edits.push_back(json::object{{"start", head},
                                 {"deleteCount", before.size() - head - tail},
                                 {"data", numbers_json(std::span(now).subspan(head, now.size() - head - tail))}});
  }
  const auto& sent = remember(session, asked.document->path, std::move(now));
  return json::value(json::object{{"resultId", sent.id}, {"edits", std::move(edits)}});
}

Answer range(Session& session, Asked& asked, const json::value& params) {
  const auto part =
      protocol::span_from(asked.translator.lines(), protocol::member(params, "range"), session.dialect.unit);
  if (!part) return Failure{ErrorCode::InvalidParams, "`range` is no range"};
  return json::value(json::object{{"data", numbers_json(encoded(session, asked, *part))}});
}

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/semanticTokens/full", full},
    {"textDocument/semanticTokens/full/delta", delta},
    {"textDocument/semanticTokens/range", range},
});

}  // namespace

std::span<const RequestRow> token_requests() {
  return kRequests;
}

}  // namespace rollout::language_server
