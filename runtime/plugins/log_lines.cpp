#include "runtime/plugins/log_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/log.hpp"

namespace rollout::plugins {

namespace {

constexpr std::size_t kLongestLine = 8 << 10;
constexpr int kMostInASecond = 100;
constexpr plan::Nanoseconds kSecond = 1'000'000'000;

}  // namespace

void LogLines::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!cut_) line_ += part.substr(0, kLongestLine - std::min(kLongestLine, line_.size()));
    cut_ = line_.size() >= kLongestLine;
    if (end == std::string_view::npos) return;
    tell(line_);
    line_.clear();
    cut_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void LogLines::end() {
  if (!line_.empty()) tell(line_);
  line_.clear();
  tell_dropped();
}

void LogLines::tell(std::string_view line) {
  const plan::Nanoseconds now = scheduler_.now();
  if (now - second_ >= kSecond) {
    second_ = now;
    told_ = 0;
    tell_dropped();
  }
  if (told_ >= kMostInASecond) {
    ++dropped_;
    return;
  }
  ++told_;
  engine::log(engine::LogLevel::Info, fmt::format("plugin {} ({}): {}", plugin_, stream_, line));
}

void LogLines::tell_dropped() {
  if (dropped_ == 0) return;
  engine::log(engine::LogLevel::Warning,
              fmt::format("plugin {} ({}) printed too much: {} lines were left out", plugin_, stream_, dropped_));
  dropped_ = 0;
}

}  // namespace rollout::plugins
