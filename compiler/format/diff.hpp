// What a formatting would change, for people and for `patch`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/format/format.hpp"

namespace rollout::format {

// The edits as a unified diff with three lines of context; empty where there are none. Paths stand in it as given.
std::string unified_diff(std::string_view path, std::string_view text, const std::vector<Edit>& edits);

}  // namespace rollout::format
