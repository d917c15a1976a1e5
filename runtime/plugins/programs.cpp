#include "runtime/plugins/programs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "runtime/executors/text.hpp"
#include "runtime/plan/format.hpp"

namespace rollout::plugins {

namespace {

namespace fs = std::filesystem;
using Failure = std::string;

constexpr std::size_t kMostProgramBytes = 256u << 20;

}  // namespace

plan::Expected<Digest, std::string> program_digest(const std::string& path) {
  struct stat status{};
  const std::string shown = executors::printable(path);
  if (::stat(path.c_str(), &status) != 0) return fmt::format("`{}`: {}", shown, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fmt::format("`{}` is no file", shown);
  if ((status.st_mode & S_IWOTH) != 0) {
    return fmt::format("`{}` may be written by everybody, so nobody knows what it is: `chmod o-w` it", shown);
  }
  if (static_cast<std::size_t>(status.st_size) > kMostProgramBytes) {
    return fmt::format("`{}` is larger than 256 MiB", shown);
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (!file) return fmt::format("`{}` cannot be read", shown);
  return Digest{plan::sha256_hex(bytes)};
}

namespace {

std::vector<std::string> candidates(const plan::Plugin& plugin, const std::map<std::string, std::string>& known,
                                    const std::vector<std::string>& folders) {
  std::vector<std::string> paths;
  std::error_code error;
  const auto add = [&](const fs::path& path) {
    paths.push_back(fs::absolute(path, error).lexically_normal().string());
  };
  if (const auto found = known.find(plugin.name); found != known.end()) add(found->second);
  if (fs::path(plugin.path).is_absolute()) {
    add(plugin.path);
  } else {
    for (const std::string& folder : folders) add(fs::path(folder) / plugin.path);
  }
  return paths;
}

plan::Expected<Program, Failure> find_program(const plan::Plugin& plugin, const std::vector<std::string>& paths) {
  Failure failure =
      fmt::format("the program of plugin `{}` (`{}`) is not there", plugin.name, executors::printable(plugin.path));
  std::error_code error;
  for (const std::string& path : paths) {
    if (!fs::exists(path, error)) continue;
    const auto digest = program_digest(path);
    if (!digest) {
      failure = fmt::format("the program of plugin `{}` cannot be used: {}", plugin.name, digest.error());
    } else if (digest->text == plugin.executable) {
      return Program{plugin, path, {}};
    } else {
      failure = fmt::format(
          "the program of plugin `{0}`, `{1}`, is not the one that the plan was built with; look at "
          "the change, then `rollout plugin lock {0} {1}` and build the plan again",
          plugin.name, executors::printable(path));
    }
  }
  return failure;
}

}  // namespace

plan::Expected<std::vector<Program>, std::string> find_programs(const plan::Plan& plan,
                                                                const std::map<std::string, std::string>& known,
                                                                const std::vector<std::string>& folders) {
  std::vector<Program> programs;
  for (const plan::Plugin& plugin : plan.plugins) {
    auto program = find_program(plugin, candidates(plugin, known, folders));
    if (!program) return program.error();
    const auto access = std::ranges::find(plan.plugin_access, plugin.name, &plan::PluginAccess::plugin);
    if (access != plan.plugin_access.end()) program->access = *access;
    programs.push_back(std::move(*program));
  }
  return programs;
}

}  // namespace rollout::plugins
