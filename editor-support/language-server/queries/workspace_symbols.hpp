// What is declared anywhere, found by a part of its name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "editor-support/language-server/queries/outline.hpp"
#include "editor-support/language-server/queries/workspace.hpp"

namespace rollout::language_server {

struct FoundSymbol {
  OutlineItem item;       // without its children
  std::string container;  // of its outline; may be empty
  Compiled file;          // whose main file declares it
};
// Whose name has the letters of the query in their order, in any case; the best first, at most `most`.
std::vector<FoundSymbol> find_symbols(const std::vector<Compiled>& files, std::string_view query, std::size_t most);

}  // namespace rollout::language_server
