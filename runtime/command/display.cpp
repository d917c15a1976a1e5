#include "runtime/command/display.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "compiler/driver/compile.hpp"
#include "runtime/command/output.hpp"
#include "runtime/console/live.hpp"

namespace rollout::command {

namespace {

bool coloured() {
  return driver::terminal_options(STDOUT_FILENO).colour == diagnostics::Colour::Always;
}

}  // namespace

Display::Display(Format format, std::string run_id, std::string rollout)
    : format_(format),
      run_id_(std::move(run_id)),
      rollout_(std::move(rollout)),
      live_(format == Format::Text && draws_live()) {}

void Display::record(const machine::Record& record) {
  if (format_ == Format::Json) {
    fmt::print("{}\n", console::record_json(record));
    std::fflush(stdout);
    return;
  }
  say(console::record_line(record, coloured()));
}

void Display::refresh(const machine::View& view, plan::Nanoseconds now) {
  if (!live_) return;
  const auto terminal = driver::terminal_options(STDOUT_FILENO);
  const console::LiveOptions options{.now = now,
                                     .width = terminal.columns,
                                     .colour = terminal.colour == diagnostics::Colour::Always,
                                     .rollout = rollout_,
                                     .run_id = run_id_};
  clear();
  picture_ = "\n";
  lines_ = 1;
  for (const std::string& line : console::live_view(view, options)) {
    picture_ += line + "\n";
    ++lines_;
  }
  draw();
}

void Display::say(const std::string& line) {
  if (format_ == Format::Json) return;
  clear();
  fmt::print("{}\n", line);
  draw();
}

void Display::leave() {
  picture_.clear();
  lines_ = 0;
  std::fflush(stdout);
}

// Up to the picture's first line, then everything below it is erased.
void Display::clear() {
  if (lines_ > 0) fmt::print("\x1b[{}A\r\x1b[J", lines_);
}

void Display::draw() {
  fmt::print("{}", picture_);
  std::fflush(stdout);
}

}  // namespace rollout::command
