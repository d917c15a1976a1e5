#pragma once

#include <string>

#include "compiler/driver/shell/description.hpp"

namespace rollout::shell {

// What the tables of a command line do not say.
struct ManualText {
  std::string version, date;       // of the last change to the commands, 2026-11-26
  std::string description;         // description: plain paragraphs, an empty line between them
  std::string exit_statuses;       // one to a line: "0 succeeded"
  std::string files, environment;  // one to a line: "NAME what it is"
  std::string see_also;            // "rolloutc(1), rollout-file(5)"
};

// The command's manual page (section 1), in the man macros.
std::string manual_page(const CommandText& command, const ManualText& text);

}  // namespace rollout::shell
