#include "compiler/driver/command/manual.hpp"

namespace rollout::command {

shell::ManualText manual_text() {
  return {
      .version = ROLLOUT_VERSION,
      .date = "2026-11-26",
      .description =
          "rolloutc checks plans that are written in the language of rollout-file(5), and compiles them to plan files "
          "for\n"
          "rollout(1). All errors of all files are reported in one run, each with its place, the reason and a way "
          "out.\n"
          "The same source gives the same bytes everywhere.",
      .exit_statuses =
          "0 clean\n"
          "1 errors, or warnings with --deny-warnings\n"
          "2 wrong usage, or a file that cannot be read or written",
      .files = {},
      .environment = "NO_COLOR no colours",
      .see_also = "rollout(1), rollout-file(5)",
  };
}

}  // namespace rollout::command
