// What a call takes, while its arguments are being written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

struct SignatureHelp {
  std::string label;                    // `set_image(resource: string, container: string, image: string)`
  std::vector<Span> parameters;         // each one's part of the label, in bytes
  std::optional<std::uint32_t> active;  // the parameter that is being written; nothing behind the last one
  std::string documentation;            // Markdown
};
// The innermost call whose parentheses are around the offset of the main file; they need not be closed.
std::optional<SignatureHelp> signature_help(const CheckedModule& module, std::uint32_t offset);

}  // namespace rollout::language_server
