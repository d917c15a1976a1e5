#pragma once

#include <string>

#include "runtime/command/commands.hpp"
#include "runtime/machine/machine.hpp"

// What a driven run shows: in a terminal a live picture below the lines of what happened, elsewhere the lines alone, or
// JSON.

namespace rollout::command {

class Display {
 public:
  Display(Format format, std::string run_id, std::string rollout);

  void record(const machine::Record& record);
  // Draws the picture anew (terminals only). `now` since the epoch.
  void refresh(const machine::View& view, plan::Nanoseconds now);
  // A line of the command itself, above the picture.
  void say(const std::string& line);
  // Leaves the last picture standing; what is printed next comes below it.
  void leave();
  bool is_live() const { return live_; }

 private:
  void clear();
  void draw();

  Format format_;
  std::string run_id_, rollout_;
  bool live_ = false;
  std::string picture_;    // as it stands on the terminal
  std::size_t lines_ = 0;  // of the picture
};

}  // namespace rollout::command
