#include "runtime/plan/plugin_access.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::plan {

namespace {

constexpr std::int64_t kLastPort = 65'535;

std::string path_problem(const std::string& path) {
  const auto is_control = [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; };
  if (path.empty()) return "it is no path";
  if (path.size() > kLongestAccessPath) return fmt::format("it is longer than {} bytes", kLongestAccessPath);
  return std::ranges::any_of(path, is_control) ? "it holds control characters" : "";
}

std::string paths_problem(std::string_view place, const std::vector<std::string>& paths) {
  if (paths.size() > kMostAccess) return fmt::format("{}: there are more than {}", place, kMostAccess);
  for (std::size_t index = 0; index < paths.size(); ++index) {
    if (const std::string problem = path_problem(paths[index]); !problem.empty())
      return fmt::format("{}[{}]: {}", place, index, problem);
  }
  return {};
}

std::string listed(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", path);
  return text;
}

}  // namespace

std::string access_problem(const PluginAccess& access) {
  if (const std::string problem = paths_problem("read", access.reads); !problem.empty()) return problem;
  if (const std::string problem = paths_problem("write", access.writes); !problem.empty()) return problem;
  if (access.connects.size() > kMostAccess) return fmt::format("connect: there are more than {}", kMostAccess);
  const auto is_none = [](std::int64_t port) { return port < 1 || port > kLastPort; };
  if (std::ranges::any_of(access.connects, is_none)) return fmt::format("connect: ports are from 1 to {}", kLastPort);
  return {};
}

std::string access_text(const PluginAccess& access) {
  std::vector<std::string> parts;
  if (!access.reads.empty()) parts.push_back("reads " + listed(access.reads));
  if (!access.writes.empty()) parts.push_back("writes " + listed(access.writes));
  if (!access.connects.empty())
    parts.push_back(
        fmt::format("connects to port{} {}", access.connects.size() == 1 ? "" : "s", fmt::join(access.connects, ", ")));
  return parts.empty() ? "touches nothing else" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace rollout::plan
