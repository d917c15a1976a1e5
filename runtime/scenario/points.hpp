#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/scenario/scenario.hpp"

namespace rollout::scenario {

// Whether `name`, as a scenario writes it, means the stage (or child) with that path: `canary` is also
// `ireland.cart("eu").canary`, and so are `cart.canary` and `cart(_).canary`.
bool means_stage(std::string_view name, std::string_view path);

// "expanded + 5m", "end of canary", "2m", "graduated[2]".
std::string point_text(const Point& point);

// When the stages were entered and left, so far: turns points into instants as soon as they are known.
class Points {
 public:
  void start(Nanoseconds at);
  void enter(std::string_view stage, Nanoseconds at);
  void end(std::string_view stage, Nanoseconds at);

  std::optional<Nanoseconds> started() const { return start_; }
  // Nothing while the run has not come that far.
  std::optional<Nanoseconds> resolve(const Point& point) const;

 private:
  struct Mark {
    std::string stage;
    Nanoseconds at = 0;
  };
  std::optional<Nanoseconds> start_;
  std::vector<Mark> entries_, ends_;
};

// A time span of the scenario, `from` included, `to` excluded, resolved as the run goes on.
struct Span {
  std::optional<Point> from_point, to_point;
  std::optional<Nanoseconds> from, to;

  void resolve(const Points& points);
  bool holds_at(Nanoseconds at) const;
  // Whether one of its bounds is not known yet.
  bool open() const { return (from_point && !from) || (to_point && !to); }
};

}  // namespace rollout::scenario
