#include "compiler/driver/plugins.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>

#include "compiler/diagnostics/suggest.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plugins/schema/schema.hpp"

namespace rollout::driver {

namespace {

using check::PluginModule;
using check::PluginProblem;
using diagnostics::Code;
namespace fs = std::filesystem;

constexpr std::size_t kMostLockBytes = 16u << 20;
constexpr std::size_t kMostProgramBytes = 256u << 20;

std::string lock_command(const std::string& name, std::string_view path = "PATH") {
  return fmt::format("`rollout plugin lock {} {}`", name, path);
}

// The digest of a program's file, remembered as long as the file is the same: an editor asks with each key.
std::string digest_of(const std::string& path) {
  using Stamp = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t>;
  static std::mutex mutex;
  static std::map<std::string, std::pair<Stamp, std::string>> known;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const Stamp stamp{status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
                    status.st_mtim.tv_nsec};
  const std::lock_guard lock(mutex);
  const auto found = known.find(path);
  if (found != known.end() && found->second.first == stamp) return found->second.second;
  const auto bytes = read_bytes(path, kMostProgramBytes);
  if (!bytes) return {};
  std::string digest = plan::sha256_hex(*bytes);
  known[path] = {stamp, digest};
  return digest;
}

PluginProblem not_locked(const LockFile& file, const std::string& name) {
  PluginProblem problem{Code::PluginNotLocked,
                        fmt::format("the plugin `{}` is not locked", name),
                        {},
                        fmt::format("lock it: {}", lock_command(name))};
  if (!file.is_there) {
    problem.note = fmt::format("a program is checked against the lock file, and there is no `{}`", file.path);
    return problem;
  }
  const auto meant = diagnostics::closest(name, file.lock->names());
  problem.note = fmt::format("`{}` has {}", file.path, file.lock->plugins.empty() ? "none" : "others");
  if (meant) problem.help = fmt::format("did you mean `{}`? Else lock it: {}", *meant, lock_command(name));
  return problem;
}

}  // namespace

std::string lock_path(const std::string& folder) {
  std::error_code error;
  fs::path at = fs::absolute(folder.empty() ? fs::path(".") : fs::path(folder), error).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();
  const std::string here = (fs::path(folder) / plugins::kLockName).string();
  if (error) return here;
  // Shown as the caller wrote the folder, as long as it lies in it.
  fs::path shown = folder;
  while (true) {
    if (fs::exists(at / plugins::kLockName, error)) return (shown / plugins::kLockName).string();
    if (fs::exists(at / "rollout.toml", error)) return (shown / plugins::kLockName).string();
    if (!at.has_relative_path() || at == at.parent_path()) return here;
    at = at.parent_path();
    shown = shown.empty() || shown.filename() == ".." ? shown / ".." : shown.parent_path();
    if (shown.is_absolute()) shown = at;
  }
}

LockFile read_lock_file(const std::string& path) {
  LockFile file{path};
  std::error_code error;
  if (!fs::exists(path, error)) return file;
  file.is_there = true;
  const auto bytes = read_bytes(path, kMostLockBytes);
  if (bytes) {
    file.lock = plugins::read_lock(*bytes);
  } else {
    file.lock = bytes.error().message;
  }
  return file;
}

std::variant<PluginModule, PluginProblem> plugin_module(const std::string& folder, const std::string& name) {
  const LockFile file = read_lock_file(lock_path(folder));
  if (!file.lock) {
    return PluginProblem{Code::PluginLockDamaged, fmt::format("the lock of plugin `{}` cannot be used", name),
                         fmt::format("`{}`: {}", file.path, file.lock.error()),
                         fmt::format("lock it again: {}", lock_command(name))};
  }
  const plugins::LockedPlugin* locked = file.lock->find(name);
  if (locked == nullptr) return not_locked(file, name);
  if (!plugins::is_spoken(locked->majors)) {
    return PluginProblem{
        Code::PluginProtocol, fmt::format("the plugin `{}` speaks another version of the protocol", name),
        fmt::format("it speaks {}, this program {}", plugins::majors_text(locked->majors),
                    plugins::majors_text({std::begin(plugins::kProtocolMajors), std::end(plugins::kProtocolMajors)})),
        fmt::format("update the plugin or rollout, then lock it again: {}", lock_command(name, locked->plugin.path))};
  }
  auto schema = plugins::read_schema(locked->schema);
  if (!schema || schema->name != name) {
    return PluginProblem{Code::PluginLockDamaged, fmt::format("the lock of plugin `{}` cannot be used", name),
                         fmt::format("`{}`: {}", file.path,
                                     schema ? fmt::format("the schema is that of `{}`", schema->name) : schema.error()),
                         fmt::format("lock it again: {}", lock_command(name, locked->plugin.path))};
  }
  // Where the program is at hand, it has to be the one that was locked; elsewhere the run finds out.
  const fs::path program = fs::path(file.path).parent_path() / locked->plugin.path;
  const std::string digest = digest_of(program.string());
  if (!digest.empty() && digest != locked->plugin.executable) {
    return PluginProblem{
        Code::PluginChanged, fmt::format("the plugin `{}` was changed since it was locked", name),
        fmt::format("`{}` is not the file that `{}` names", program.string(), file.path),
        fmt::format("look at the change, then lock it again: {}", lock_command(name, locked->plugin.path))};
  }
  return PluginModule{
      {std::string(kPluginFiles) + name + ".rollout", plugins::module_text(*schema)}, locked->plugin, schema->access};
}

}  // namespace rollout::driver
