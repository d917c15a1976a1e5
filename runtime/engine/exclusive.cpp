#include "runtime/engine/exclusive.hpp"

#include <fmt/format.h>

#include "runtime/executors/text.hpp"
#include "runtime/journal/chain.hpp"

namespace rollout::engine {

namespace {

// A file name that tells keys apart whatever they hold, and that a person can still recognise.
std::string file_name(const std::string& key) {
  std::string name;
  for (const char byte : key.substr(0, 60)) {
    const bool plain =
        (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-';
    name += plain ? byte : '_';
  }
  return fmt::format("exclusive-{}-{:016x}.lock", name, journal::checksum(key));
}

}  // namespace

std::string latest_run(const std::string& state_directory, const std::string& key) {
  return journal::LockFile::last_note(fmt::format("{}/{}", state_directory, file_name(key)));
}

plan::Expected<ExclusiveKey> acquire_exclusive(const std::string& state_directory, const std::string& key,
                                               const std::string& run_id) {
  auto lock = journal::LockFile::acquire(fmt::format("{}/{}", state_directory, file_name(key)), run_id);
  if (lock) return ExclusiveKey{std::move(*lock)};
  const journal::LockError& error = lock.error();
  if (!error.held) return plan::PlanError{error.message, 0};
  return plan::PlanError{
      fmt::format("`{}` has the exclusive key \"{}\" (process {}), and only one run may be live for it; wait for "
                  "its end, or abort it with `rollout abort {}`",
                  error.note.empty() ? "another run" : error.note, executors::printable(key), error.holder,
                  error.note.empty() ? "RUN" : error.note),
      0};
}

}  // namespace rollout::engine
