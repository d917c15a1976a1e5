#include "runtime/scenario/points.hpp"

#include <fmt/format.h>

#include <limits>

namespace rollout::scenario {

bool means_stage(std::string_view name, std::string_view path) {
  if (name == path) return true;
  return path.size() > name.size() && path.ends_with(name) && path[path.size() - name.size() - 1] == '.';
}

std::string point_text(const Point& point) {
  if (point.base == Point::Base::Start) return plan::duration_text(point.offset);
  std::string text = point.base == Point::Base::StageEnd ? "end of " + point.stage : point.stage;
  if (point.occurrence > 1) text += fmt::format("[{}]", point.occurrence);
  if (point.offset > 0) text += " + " + plan::duration_text(point.offset);
  if (point.offset < 0) text += " - " + plan::duration_text(-point.offset);
  return text;
}

void Points::start(Nanoseconds at) {
  if (!start_) start_ = at;
}

void Points::enter(std::string_view stage, Nanoseconds at) {
  entries_.push_back({std::string(stage), at});
}

void Points::end(std::string_view stage, Nanoseconds at) {
  ends_.push_back({std::string(stage), at});
}

namespace {

// Saturates, since offsets come from the author.
Nanoseconds plus(Nanoseconds base, Nanoseconds offset) {
  Nanoseconds sum = 0;
  if (!__builtin_add_overflow(base, offset, &sum)) return sum;
  return offset < 0 ? std::numeric_limits<Nanoseconds>::min() : std::numeric_limits<Nanoseconds>::max();
}

}  // namespace

std::optional<Nanoseconds> Points::resolve(const Point& point) const {
  if (point.base == Point::Base::Start) {
    if (!start_) return std::nullopt;
    return plus(*start_, point.offset);
  }
  std::uint32_t seen = 0;
  for (const Mark& mark : point.base == Point::Base::StageEntry ? entries_ : ends_) {
    if (means_stage(point.stage, mark.stage) && ++seen == point.occurrence) return plus(mark.at, point.offset);
  }
  return std::nullopt;
}

void Span::resolve(const Points& points) {
  if (from_point && !from) from = points.resolve(*from_point);
  if (to_point && !to) to = points.resolve(*to_point);
}

bool Span::holds_at(Nanoseconds at) const {
  if (from_point && (!from || at < *from)) return false;
  return !to || at < *to;
}

}  // namespace rollout::scenario
