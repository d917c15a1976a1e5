#include "editor-support/language-server/queries/workspace_symbols.hpp"

#include <algorithm>
#include <optional>

namespace rollout::language_server {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// How far the name is from the query; nothing where it has not its letters. 0: it begins with it.
std::optional<std::size_t> distance(std::string_view name, std::string_view query) {
  std::size_t at = 0, gaps = 0;
  for (const char wanted : query) {
    const std::size_t begin = at;
    while (at < name.size() && lower(name[at]) != lower(wanted)) ++at;
    if (at == name.size()) return std::nullopt;
    gaps += at - begin;
    ++at;
  }
  return gaps;
}

struct Ranked {
  std::size_t distance = 0;
  FoundSymbol symbol;
};

void add_items(const Compiled& file, const OutlineItem& item, const std::string& container, std::string_view query,
               std::vector<Ranked>& found) {
  if (const auto far = distance(item.name, query)) {
    OutlineItem alone = item;
    alone.children.clear();
    found.push_back({*far, {std::move(alone), container, file}});
  }
  for (const OutlineItem& child : item.children) add_items(file, child, item.name, query, found);
}

}  // namespace

std::vector<FoundSymbol> find_symbols(const std::vector<Compiled>& files, std::string_view query, std::size_t most) {
  std::vector<Ranked> ranked;
  for (const Compiled& file : files) {
    for (const OutlineItem& item : outline(file->module.trees.front())) add_items(file, item, "", query, ranked);
  }
  std::ranges::stable_sort(ranked, {}, &Ranked::distance);
  if (ranked.size() > most) ranked.resize(most);
  std::vector<FoundSymbol> found;
  for (Ranked& one : ranked) found.push_back(std::move(one.symbol));
  return found;
}

}  // namespace rollout::language_server
