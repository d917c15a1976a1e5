#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/machine/events.hpp"
#include "runtime/scenario/points.hpp"

namespace rollout::scenario {

// What the scenario's signals say of a metric at one slot, and how much later than asked.
struct SignalAnswer {
  machine::Reading reading;
  Nanoseconds delay = 0;
};

// The scenario's metrics as functions of time: reading a slot twice gives the same answer, before and after a crash.
class Signals {
 public:
  // Reads the CSV files; what is wrong with them is in problems().
  Signals(const plan::Plan& plan, const Scenario& scenario, const std::string& directory);

  // To be called when stages were entered or left.
  void resolve(const Points& points);
  // Nothing where no signal of the scenario is about the metric (at any time).
  std::optional<SignalAnswer> read(plan::MetricId metric, Nanoseconds slot) const;
  // After it nothing changes any more, noise aside; bounds that are not known yet do not count.
  Nanoseconds last_change() const { return last_change_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Row {
    bool relative = true;  // to the start
    Nanoseconds time = 0;
    Slot::Kind kind{};
    std::string text;
  };
  struct Line {
    const Signal* signal = nullptr;
    Span span;
    std::string series;     // the name of the one series that it is about; empty: all that the scenario names
    std::vector<Row> rows;  // of a file
  };

  void load(Line& line, const std::string& directory);
  std::optional<SignalAnswer> series_answer(plan::MetricId metric, const std::string& series, Nanoseconds slot) const;
  SignalAnswer read_grouped(plan::MetricId metric, Nanoseconds slot) const;
  std::optional<SignalAnswer> answer(const Line& line, plan::MetricId metric, const std::string& series,
                                     Nanoseconds slot) const;
  std::optional<SignalAnswer> slot_answer(const Line& line, Nanoseconds slot) const;
  SignalAnswer row_answer(const Line& line, const plan::Metric& metric, Nanoseconds slot) const;
  Value ramp(const Line& line, Nanoseconds slot) const;
  Value noise(const Line& line, const plan::Metric& metric, const std::string& series, Nanoseconds slot) const;

  const plan::Plan& plan_;
  const Scenario& scenario_;
  std::vector<Line> lines_;
  std::vector<std::vector<std::size_t>> by_metric_;  // the lines about each metric, later ones first
  std::vector<std::set<std::string>> series_;        // of each grouped metric: those that its lines name
  std::optional<Nanoseconds> start_;
  Nanoseconds last_change_ = 0;
  std::vector<std::string> problems_;
};

// Whether arguments fit a pattern: position by position, what the pattern does not name is free.
bool arguments_match(const std::optional<ArgumentPattern>& pattern, const std::vector<Value>& arguments);

}  // namespace rollout::scenario
