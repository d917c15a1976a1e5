#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/engine/scheduler.hpp"

namespace rollout::plugins {

// What a plugin prints, as lines of the runtime's log: cut at 8 KiB, and a hundred a second, however much comes.
class LogLines {
 public:
  LogLines(engine::Scheduler& scheduler, std::string plugin, std::string stream)
      : scheduler_(scheduler), plugin_(std::move(plugin)), stream_(std::move(stream)) {}

  void add(std::string_view bytes);
  // The rest, and how much was left out.
  void end();

 private:
  void tell(std::string_view line);
  void tell_dropped();

  engine::Scheduler& scheduler_;
  std::string plugin_, stream_, line_;
  bool cut_ = false;  // the rest of the line is dropped
  plan::Nanoseconds second_ = 0;
  int told_ = 0;  // in that second
  std::uint64_t dropped_ = 0;
};

}  // namespace rollout::plugins
