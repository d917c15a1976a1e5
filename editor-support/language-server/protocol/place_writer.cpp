#include "editor-support/language-server/protocol/place_writer.hpp"

#include <boost/json.hpp>

#include "editor-support/language-server/protocol/symbol_kinds.hpp"

namespace rollout::language_server {

void PlaceWriter::add_texts(const check::CheckedModule& module) {
  for (const grammar::SourceFile& file : module.files.files) texts_.emplace(file.path, file.text);
}

json::object PlaceWriter::range(const std::string& path, Span span) {
  auto lines = lines_.find(path);
  if (lines == lines_.end()) lines = lines_.emplace(path, grammar::LineTable(texts_[path])).first;
  return protocol::range_json(lines->second, span, session_.dialect.unit);
}

json::object call_item_json(PlaceWriter& writer, const Callable& callable) {
  return {{"name", callable.name},
          {"kind", protocol::symbol_kind(callable.kind)},
          {"detail", callable.detail},
          {"uri", writer.uri(callable.path)},
          {"range", writer.range(callable.path, callable.span)},
          {"selectionRange", writer.range(callable.path, callable.selection)},
          {"data", {{"path", callable.path}, {"begin", callable.selection.begin}, {"end", callable.selection.end}}}};
}

}  // namespace rollout::language_server
