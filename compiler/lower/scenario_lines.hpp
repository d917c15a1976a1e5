// Reading the lines of a scenario: what the checker resolved, in the order in which it stands. Internal to this folder.
#pragma once

#include <string>
#include <string_view>

#include "compiler/lower/lowering.hpp"
#include "grammar/views.hpp"
#include "runtime/scenario/scenario.hpp"

namespace rollout::lower {

using grammar::NodeRef;
using scenario::Nanoseconds;

// One line with what stands in it. Each `next_...` takes the next of its kind, in source order; beyond the last it
// answers a neutral one.
class LineReader {
 public:
  LineReader(Lowering& l, const check::ScenarioLine& line) : lowering_(l), line_(line) {}

  NodeRef node() const { return line_.node; }
  plan::Spot spot() const;
  // The line as written, blanks folded.
  std::string source() const;

  // Names: the path of what is named, and the arguments that are written with it.
  struct Target {
    std::string name;
    std::optional<scenario::ArgumentPattern> arguments;
  };
  Target next_target();
  // As next_target, for what the world answers for: a channel that a `let` binds is known there by its declaration.
  Target next_callable();
  // The name as channels are called in a plan.
  std::string next_channel();

  Value next_value();
  // Whether there is a value that was not taken yet.
  bool has_value() const { return value_ < line_.values.size(); }
  Nanoseconds next_duration() { return next_value().as_integer(); }
  std::uint32_t next_count();
  scenario::Point next_point();
  // The path of a stage or of a child rollout.
  std::string next_path();

 private:
  Value constant(ExprId id);

  Lowering& lowering_;
  const check::ScenarioLine& line_;
  std::size_t symbol_ = 0, value_ = 0, point_ = 0, path_ = 0;
};

// The text of a string literal that has no inserts, empty where there is none.
std::string literal_text(const std::optional<NodeRef>& literal);
// What stands between the backquotes of `` run `...` ``, with `*` for each insert; empty for anything else.
std::string command_text(const std::optional<NodeRef>& callable);

// A line with `expect`.
scenario::Expectation lower_expectation(LineReader& line);
// What a metric answers.
scenario::Signal lower_signal(LineReader& line);

}  // namespace rollout::lower
