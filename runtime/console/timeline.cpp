#include "runtime/console/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::console {

namespace {

constexpr std::size_t kBarCells = 10;
constexpr std::size_t kLeastText = 30;
constexpr std::size_t kMostStage = 24;
constexpr std::string_view kGap = "  ";

struct Widths {
  std::size_t time = 4, stage = 0, bar = 0, text = kLeastText;
};

Widths widths_of(const std::vector<TimelineRow>& rows, Nanoseconds start, std::size_t total) {
  Widths widths;
  bool any_share = false;
  for (const TimelineRow& row : rows) {
    widths.time = std::max(widths.time, columns(readable(row.at - start)));
    widths.stage = std::max(widths.stage, std::min(kMostStage, columns(row.stage)));
    any_share = any_share || row.share.has_value();
  }
  if (widths.stage > 0) widths.stage = std::max<std::size_t>(widths.stage, 5);
  if (any_share) widths.bar = kBarCells + 7;
  // The sign and its blank stand before the text.
  const std::size_t used = widths.time + kGap.size() + (widths.stage > 0 ? widths.stage + kGap.size() : 0) +
                           (widths.bar > 0 ? widths.bar + kGap.size() : 0) + 2;
  widths.text = total > used + kLeastText ? total - used : kLeastText;
  return widths;
}

// A child's path is long: what tells the uses of one rollout apart, and the stage. `cart, ireland: canary`.
std::string stage_cell(const std::string& stage, std::size_t width) {
  if (columns(stage) <= width) return stage;
  const auto close = stage.rfind(").");
  const auto open = close == std::string::npos ? close : stage.rfind('(', close);
  if (open == std::string::npos) return shortened(stage, width);
  std::string arguments = stage.substr(open + 1, close - open - 1);
  std::erase(arguments, '"');
  return shortened(arguments + ": " + stage.substr(close + 2), width);
}

std::string share_cell(const TimelineRow& row, bool colour) {
  if (!row.share) return std::string(kBarCells + 7, ' ');
  const std::string drawn = painted(bar(*row.share, kBarCells), row.share_changed ? Tone::Plain : Tone::Faint, colour);
  const std::string number = row.share_changed ? plan::to_literal(plan::Value::ratio(*row.share)) : std::string{};
  return drawn + right_aligned(shortened(number, 7), 7);
}

Tone tone_of(const TimelineRow& row) {
  const Tone tone = tone_of(row.mark);
  return row.heading && tone == Tone::Plain ? Tone::Strong : tone;
}

void draw(const TimelineRow& row, bool new_time, bool new_stage, Nanoseconds start, const Widths& widths, bool colour,
          std::vector<std::string>& lines) {
  const std::string time = new_time ? readable(row.at - start) : std::string{};
  std::string left = right_aligned(time, widths.time) + std::string(kGap);
  if (widths.stage > 0) {
    const std::string name = new_stage ? stage_cell(row.stage, widths.stage) : std::string{};
    left += painted(padded(name, widths.stage), Tone::Strong, colour && new_stage) + std::string(kGap);
  }
  // The bars of the lines below continue the picture, so that the share's course can be seen at a glance.
  const auto bar_of = [&](bool first) {
    if (widths.bar == 0) return std::string{};
    TimelineRow again = row;
    again.share_changed = first && row.share_changed;
    return share_cell(again, colour) + std::string(kGap);
  };
  const std::vector<std::string> text = wrapped(row.text, widths.text);
  lines.push_back(left + bar_of(true) + painted(sign_of(row.mark), tone_of(row), colour) + " " +
                  painted(text.front(), row.mark == Mark::Step ? Tone::Plain : tone_of(row), colour));
  const std::string blank(columns(left), ' ');
  for (std::size_t i = 1; i < text.size(); ++i) {
    lines.push_back(blank + bar_of(false) + "  " +
                    painted(text[i], row.mark == Mark::Step ? Tone::Plain : tone_of(row), colour));
  }
}

std::string head_line(const Widths& widths, bool colour) {
  std::string line = right_aligned("time", widths.time) + std::string(kGap);
  if (widths.stage > 0) line += padded("stage", widths.stage) + std::string(kGap);
  if (widths.bar > 0) line += padded("traffic", widths.bar) + std::string(kGap);
  return painted(line + "  what happens", Tone::Faint, colour);
}

void trim_right(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
}

}  // namespace

std::vector<std::string> timeline(std::span<const machine::Record> records, const TimelineOptions& options) {
  std::vector<std::string> lines;
  if (!options.title.empty()) lines.push_back(painted(escaped(options.title), Tone::Strong, options.colour));
  if (records.empty()) {
    lines.emplace_back("nothing happened");
    return lines;
  }
  const Nanoseconds start = timeline_start(records);
  const std::vector<TimelineRow> rows = timeline_rows(records);
  const Widths widths = widths_of(rows, start, options.width);
  lines.push_back(painted("starts " + clock_text(start), Tone::Faint, options.colour));
  lines.emplace_back();
  lines.push_back(head_line(widths, options.colour));
  const TimelineRow* before = nullptr;
  for (const TimelineRow& row : rows) {
    const bool new_time = !before || before->at != row.at;
    const bool new_stage = before ? before->stage != row.stage : !row.stage.empty();
    draw(row, new_time, new_stage, start, widths, options.colour, lines);
    before = &row;
  }
  for (std::string& line : lines) trim_right(line);
  return lines;
}

}  // namespace rollout::console
