#include "runtime/command/state_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <range/v3/algorithm/sort.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/filter.hpp>
#include <range/v3/view/join.hpp>
#include <range/v3/view/transform.hpp>

#include "runtime/engine/control.hpp"
#include "runtime/journal/storage.hpp"
#include "runtime/machine/machine.hpp"

namespace rollout::command {

namespace {

namespace fs = std::filesystem;
using plan::PlanError;

constexpr std::string_view kSuffix = ".journal";

std::string default_path() {
  if (const char* own = std::getenv("ROLLOUT_STATE"); own != nullptr && *own != '\0') return own;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return std::string(state) + "/rollout";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::string(home) + "/.local/state/rollout";
  }
  return "/var/lib/rollout";
}

std::vector<std::string> run_ids(const StateDirectory& state) {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state.path, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > kSuffix.size() && name.ends_with(kSuffix))
      ids.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
  ranges::sort(ids);
  return ids;
}

// Newest first.
std::vector<journal::RunRow> rows_of(const StateDirectory& state, const std::vector<std::string>& ids,
                                     std::vector<std::string>& problems) {
  std::vector<journal::RunRow> rows;
  for (const std::string& id : ids) {
    std::error_code error;
    if (fs::file_size(state.journal_of(id), error) == 0) continue;  // reserved by a process that stores it just now
    auto journal = journal::open_sqlite(state.journal_of(id), journal::OpenMode::ReadOnly);
    // As above, a moment later: the file is there and nothing stands in it yet.
    if (!journal && journal.error().kind == journal::JournalError::Kind::UnknownRun) continue;
    if (!journal) {
      problems.push_back(fmt::format("{}: {}", id, journal.error().message));
      continue;
    }
    auto runs = (*journal)->runs();
    if (!runs) {
      problems.push_back(fmt::format("{}: {}", id, runs.error().message));
      continue;
    }
    rows.insert(rows.end(), runs->begin(), runs->end());
  }
  ranges::sort(
      rows, [](const auto& a, const auto& b) { return std::tie(b.created, b.run_id) < std::tie(a.created, a.run_id); });
  return rows;
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Expected<StateDirectory> open_state_directory(const std::string& given) {
  const StateDirectory state{given.empty() ? default_path() : given};
  std::error_code error;
  const bool existed = fs::exists(state.path, error);
  if (!existed) {
    if (auto made = journal::make_folder(state.path); !made)
      return PlanError{made.error().message + "; choose another with --state"};
  }
  struct stat info{};
  // Who owns a link decides where it leads, tomorrow as well.
  const bool led_by_others = ::lstat(state.path.c_str(), &info) == 0 && S_ISLNK(info.st_mode) &&
                             info.st_uid != ::geteuid() && info.st_uid != 0;
  if (led_by_others) {
    return PlanError{
        fmt::format("the state directory `{}` is a link of another user; choose your own with --state", state.path)};
  }
  if (::stat(state.path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return PlanError{
        fmt::format("the state directory `{}` is not a directory; choose another with --state", state.path)};
  }
  if (info.st_uid != ::geteuid() && ::geteuid() != 0) {
    return PlanError{
        fmt::format("the state directory `{}` belongs to another user; choose your own with --state", state.path)};
  }
  if ((info.st_mode & 0022) != 0) {
    return PlanError{
        fmt::format("others may write to the state directory `{}`, so runs could be forged; mend it with "
                    "`chmod 700 {}`",
                    state.path, state.path)};
  }
  return state;
}

Expected<std::string> reserve_run_id(const StateDirectory& state, const std::string& rollout) {
  unsigned long long next = 1;
  for (const std::string& id : run_ids(state)) {
    if (id.size() <= rollout.size() + 1 || !id.starts_with(rollout + "-")) continue;
    const unsigned long long number = std::strtoull(id.c_str() + rollout.size() + 1, nullptr, 10);
    next = std::max(next, number + 1);
  }
  for (int attempt = 0; attempt < 1000; ++attempt, ++next) {
    const std::string id = fmt::format("{}-{}", rollout, next);
    const int descriptor = ::open(state.journal_of(id).c_str(), O_CREAT | O_EXCL | O_CLOEXEC | O_RDWR, 0600);
    if (descriptor >= 0) {
      ::close(descriptor);
      return id;
    }
    if (errno != EEXIST) {
      return PlanError{fmt::format("cannot create `{}`: {}", state.journal_of(id), std::strerror(errno))};
    }
  }
  return PlanError{fmt::format("no free name for a run of `{}` in `{}`", rollout, state.path)};
}

std::vector<journal::RunRow> all_runs(const StateDirectory& state, std::vector<std::string>& problems) {
  return rows_of(state, run_ids(state), problems);
}

std::optional<std::string> succeeded_run(const StateDirectory& state, const std::string& rollout,
                                         const std::string& self) {
  std::vector<std::string> ids = run_ids(state);
  std::erase_if(ids, [&](const std::string& id) { return id == self || !id.starts_with(rollout + "-"); });
  std::vector<std::string> problems;
  for (const journal::RunRow& run : rows_of(state, ids, problems)) {
    if (run.rollout != rollout) continue;
    const bool succeeded = run.state == machine::state_name(machine::RunState::Succeeded) ||
                           run.state == machine::state_name(machine::RunState::FollowingUp);
    return succeeded ? std::optional(run.run_id) : std::nullopt;
  }
  return std::nullopt;
}

Expected<std::string> find_run(const StateDirectory& state, const std::string& given) {
  const std::vector<std::string> ids = run_ids(state);
  if (std::find(ids.begin(), ids.end(), given) != ids.end()) return given;
  if (ids.empty())
    return PlanError{fmt::format("there are no runs in `{}`; start one with `rollout run FILE`", state.path)};
  if (!given.empty()) {
    const auto matching = ids | ranges::views::filter([&](const std::string& id) { return id.starts_with(given); }) |
                          ranges::to<std::vector>();
    if (matching.size() == 1) return matching.front();
    if (matching.empty()) return PlanError{fmt::format("there is no run `{}`; there are: {}", given, joined(ids))};
    return PlanError{fmt::format("`{}` may mean {}; write more of the name", given, joined(matching))};
  }
  std::vector<std::string> problems;
  const std::vector<journal::RunRow> runs = all_runs(state, problems);
  const auto unfinished = runs | ranges::views::filter(is_unfinished) |
                          ranges::views::transform([](const auto& run) { return run.run_id; }) |
                          ranges::to<std::vector>();
  if (unfinished.size() == 1) return unfinished.front();
  if (unfinished.empty()) return PlanError{"no run is unfinished; name one: `rollout list` shows all"};
  return PlanError{fmt::format("several runs are unfinished, name one: {}", joined(unfinished))};
}

bool is_unfinished(const journal::RunRow& run) {
  using machine::RunState;
  for (const RunState state : {RunState::Waiting, RunState::Running, RunState::Paused, RunState::RollingBack,
                               RunState::RollbackIncomplete, RunState::FollowingUp}) {
    if (run.state == machine::state_name(state)) return true;
  }
  return false;
}

bool is_driven(const StateDirectory& state, const std::string& run_id) {
  return engine::control_answers(state.socket_of(run_id));
}

}  // namespace rollout::command
