#include "runtime/scenario/points.hpp"

#include <fmt/format.h>

#include <limits>

namespace rollout::scenario {

namespace {

// The text at each `separator` that stands outside of quotes and brackets.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0, depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '(' || c == '[' || c == '{')) {
      ++depth;
    } else if (!quoted && depth > 0 && (c == ')' || c == ']' || c == '}')) {
      --depth;
    } else if (!quoted && depth == 0 && c == separator) {
      parts.push_back(text.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  parts.push_back(text.substr(begin));
  return parts;
}

// One name of a path: `cart("eu", 2)[3]`.
struct Part {
  std::string_view name, number;
  std::optional<std::vector<std::string_view>> arguments;
};

Part part_of(std::string_view text) {
  Part part;
  const auto name = text.find_first_of("([");
  part.name = text.substr(0, name);
  if (name == std::string_view::npos) return part;
  const auto number = text.ends_with(']') ? text.rfind('[') : std::string_view::npos;
  if (number != std::string_view::npos) part.number = text.substr(number);
  const auto close = text.find_last_of(')');
  if (text[name] == '(' && close != std::string_view::npos) {
    part.arguments = split(text.substr(name + 1, close - name - 1), ',');
    for (std::string_view& argument : *part.arguments) {
      while (argument.starts_with(' ')) argument.remove_prefix(1);
    }
  }
  return part;
}

// What the written part leaves out may be anything.
bool means_part(std::string_view written, std::string_view part) {
  if (written == part) return true;
  const Part wanted = part_of(written), given = part_of(part);
  if (wanted.name != given.name || (!wanted.number.empty() && wanted.number != given.number)) return false;
  if (!wanted.arguments) return true;
  if (!given.arguments || wanted.arguments->size() != given.arguments->size()) return false;
  for (std::size_t i = 0; i < wanted.arguments->size(); ++i) {
    const std::string_view one = (*wanted.arguments)[i];
    if (one != "_" && one != (*given.arguments)[i]) return false;
  }
  return true;
}

}  // namespace

bool means_stage(std::string_view name, std::string_view path) {
  if (name == path) return true;
  const std::vector<std::string_view> wanted = split(name, '.'), given = split(path, '.');
  if (wanted.size() > given.size()) return false;
  for (std::size_t back = 1; back <= wanted.size(); ++back) {
    if (!means_part(wanted[wanted.size() - back], given[given.size() - back])) return false;
  }
  return true;
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
