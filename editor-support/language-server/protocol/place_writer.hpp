// Places in any file of any compilation, each file's lines counted once.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>

#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/queries/call_hierarchy.hpp"

namespace rollout::language_server {

// Keeps a reference to the session.
class PlaceWriter {
 public:
  explicit PlaceWriter(const Session& session) : session_(session) {}

  // The files of whose places it will be asked.
  void add_texts(const check::CheckedModule& module);

  json::object range(const std::string& path, Span span);
  json::object range(const Place& place) { return range(place.path, place.span); }
  json::object location(const Place& place) { return {{"uri", uri(place.path)}, {"range", range(place)}}; }
  std::string uri(const std::string& path) const { return session_.uri_of(path); }

 private:
  const Session& session_;
  std::map<std::string, std::string> texts_;  // nodes stay where they are: the tables keep views
  std::map<std::string, grammar::LineTable> lines_;
};

// A CallHierarchyItem; its `data` holds what callers_of and called_by ask for.
json::object call_item_json(PlaceWriter& writer, const Callable& callable);

}  // namespace rollout::language_server
