#include "runtime/zones/zones.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/zones/tzif.hpp"

namespace rollout::zones {

namespace {

namespace fs = std::filesystem;
using plan::PlanError;

constexpr Nanoseconds kDay = Nanoseconds{86'400} * 1'000'000'000;
constexpr Nanoseconds kAhead = 3'660 * kDay;
constexpr std::size_t kMostBytes = 1 << 20;

std::string folder() {
  const char* own = std::getenv("TZDIR");
  return own != nullptr && *own != '\0' ? own : "/usr/share/zoneinfo";
}

// Names become paths, so they must not lead out of the database.
bool is_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  };
  return !name.empty() && name.size() < 100 && name.front() != '/' && std::ranges::all_of(name, fits);
}

// A database without this file is none.
bool has_database() {
  std::error_code error;
  return fs::exists(fs::path(folder()) / "Etc" / "UTC", error);
}

std::optional<std::string> bytes_of(const std::string& name) {
  if (!is_name(name)) return std::nullopt;
  const fs::path path = fs::path(folder()) / name;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kMostBytes, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (!bytes.starts_with("TZif")) return std::nullopt;
  return bytes;
}

std::string unknown_zone(const std::string& name) {
  return fmt::format("the system's tz database ({}) has no zone \"{}\"", folder(), name);
}

}  // namespace

plan::Expected<std::vector<plan::Zone>> read_zones(const plan::Plan& plan, Nanoseconds created) {
  std::vector<plan::Zone> zones;
  for (const std::string& name : plan::zones_of(plan)) {
    const auto bytes = bytes_of(name);
    if (!bytes && !has_database()) {
      return PlanError{fmt::format(
          "the windows of this rollout are in the zone \"{}\", and there is no tz database in {}; install the package "
          "`tzdata`, or name its folder with TZDIR",
          name, folder())};
    }
    if (!bytes) return PlanError{unknown_zone(name) + ", so nobody knows when the windows of this rollout open"};
    auto zone = read_tzif(*bytes, name, created - 3 * kDay, created + kAhead);
    if (!zone) return PlanError{zone.error().message + "; install the package `tzdata` again"};
    zones.push_back(std::move(*zone));
  }
  return zones;
}

std::optional<std::string> zone_problem(const std::string& name) {
  if (plan::is_utc(name) || bytes_of(name) || !has_database()) return std::nullopt;
  return unknown_zone(name);
}

}  // namespace rollout::zones
