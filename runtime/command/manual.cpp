#include "runtime/command/manual.hpp"

namespace rollout::command {

shell::ManualText manual_text() {
  return {
      .version = ROLLOUT_VERSION,
      .date = "2026-11-26",
      .description =
          "rollout executes plans for shipping software: stages, thresholds, approvals and the way back, written in "
          "the\n"
          "language of rollout-file(5). It measures with Prometheus and other sources, asks people, and rolls back by\n"
          "itself when a guard of the plan says so.\n"
          "\n"
          "`rollout run` drives a run in this process. Every change has its intent in the run's journal before it "
          "starts.\n"
          "After a crash or a reboot `rollout resume` goes on where the run stood. The other commands speak to the "
          "process\n"
          "that drives the run, or read its journal. Where RUN is left away, the only unfinished run is meant; the\n"
          "beginning of a name is enough where it is the only one.",
      .exit_statuses =
          "0 succeeded; for a command about a run: done\n"
          "1 the rollout failed; a scenario failed\n"
          "2 wrong usage, a file that does not compile, an input or output error\n"
          "3 rolled back, as the plan or a person decided\n"
          "4 rollback incomplete: a person is needed\n"
          "5 aborted\n"
          "6 this process stopped before the end of the run; `rollout resume` goes on\n"
          "7 a person's answer was refused",
      .files =
          "~/.local/state/rollout the runs: a journal for each, and a socket while a process drives it\n"
          "/usr/share/zoneinfo the time zones of windows (Debian's package tzdata)",
      .environment =
          "ROLLOUT_STATE the directory of the runs\n"
          "PROMETHEUS_URL the address of Prometheus where a metric does not name one\n"
          "TZDIR the directory of the time zones, where it is another one\n"
          "NO_COLOR no colours",
      .see_also = "rolloutc(1), rollout-file(5)",
  };
}

}  // namespace rollout::command
