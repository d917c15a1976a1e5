#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/checker.hpp"
#include "runtime/plan/calendar.hpp"

// Windows: their days, times and zones, and whether there is ever an instant at which a stage may be entered.

namespace rollout::check {
namespace {

using plan::Nanoseconds;

constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::optional<std::size_t> day_of(Checker& c, NodeRef name) {
  const auto found = std::ranges::find(kDays, name.text());
  if (found != std::end(kDays)) return static_cast<std::size_t>(found - std::begin(kDays));
  const std::vector<std::string> names(std::begin(kDays), std::end(kDays));
  c.report(Code::NoSuchDay, c.here(name), fmt::format("there is no day `{}`", name.text()))
      .meant(c.here(name), name.text(), names)
      .note("days are `mon tue wed thu fri sat sun`");
  return std::nullopt;
}

// Bit 0 is Monday; `fri..mon` goes over the weekend.
std::uint8_t days_of(Checker& c, std::span<const NodeRef> ranges) {
  if (ranges.empty()) return plan::Weekdays{}.mask;
  unsigned mask = 0;
  for (const NodeRef node : ranges) {
    const grammar::DayRangeView view{{node}};
    if (!view.first()) continue;
    const auto first = day_of(c, *view.first());
    const auto last = view.last() ? day_of(c, *view.last()) : first;
    if (!first || !last) continue;
    for (std::size_t day = *first;; day = (day + 1) % std::size(kDays)) {
      mask |= 1U << day;
      if (day == *last) break;
    }
  }
  return static_cast<std::uint8_t>(mask);
}

// The shape of a name; whether there is such a zone only the system's database knows.
bool is_zone(std::string_view zone) {
  if (zone == "UTC") return true;
  const auto slash = zone.find('/');
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '/' || letter == '_' || letter == '-' || letter == '+';
  };
  return slash != std::string_view::npos && slash > 0 && slash + 1 < zone.size() && std::ranges::all_of(zone, fits);
}

std::string zone_of(Checker& c, NodeRef node) {
  const std::string zone =
      node.is(SyntaxKind::StringLiteral) ? constant_text(c, node, "a time zone") : std::string(node.text());
  if (zone.empty()) return zone;
  if (!is_zone(zone)) {
    c.report(Code::NoSuchDay, c.here(node), fmt::format("`{}` is no time zone", zone))
        .help("write `UTC`, or a place as in `\"Europe/Amsterdam\"`");
  } else if (const auto problem = zone != "UTC" && c.loader.zone_problem ? c.loader.zone_problem(zone) : std::nullopt) {
    c.report(Code::NoSuchDay, c.here(node), *problem)
        .help("zones are named after places, as in `\"Europe/Amsterdam\"`; `timedatectl list-timezones` lists them");
  }
  return zone;
}

// One zone's wall clock is enough to compare windows that all go by it; across zones only a run can tell.
bool one_zone(const std::vector<plan::Window>& windows, const std::vector<plan::Window>& own) {
  std::vector<plan::Window> all = windows;
  all.insert(all.end(), own.begin(), own.end());
  return std::ranges::all_of(all, [&](const plan::Window& window) { return window.zone == all.front().zone; });
}

const std::vector<plan::Window>& windows_of(const Checker& c, const StageDecl& stage) {
  const bool inherits = stage.windows.empty() && stage.of_template != kNone;
  return inherits ? c.module.stages[stage.of_template].windows : stage.windows;
}

}  // namespace

std::optional<plan::Window> check_window(Checker& c, NodeRef node) {
  const auto view = grammar::as<grammar::WindowView>(node);
  if (!view) return std::nullopt;
  const Bounds bounds = check_bounds(c, view->times(), type_id(TypeKind::TimeOfDay), "a bound of `window`");
  plan::Window window;
  window.days.mask = days_of(c, view->days());
  if (view->zone()) window.zone = zone_of(c, *view->zone());
  const auto from = constant_value(c, bounds.low), to = constant_value(c, bounds.high);
  if (!from || !to) {
    if (view->times() && !is_error(c, bounds.low) && (bounds.high == kNone || !is_error(c, bounds.high))) {
      c.report(Code::NotConstant, c.here(*view->times()),
               "a window is a range of two times that are known at compile time")
          .help("for example `window 02:00..04:00 UTC`");
    }
    return std::nullopt;
  }
  window.from = from->as_integer();
  window.to = to->as_integer();
  if (window.from == window.to) {
    c.report(Code::ImpossibleWindow, c.here(*view->times()), "this window closes at the instant at which it opens")
        .help("for the whole day write `00:00..24:00`, or leave the clause away");
    return std::nullopt;
  }
  return window;
}

void check_openings(Checker& c, const RolloutDecl& rollout) {
  static const std::vector<plan::Freeze> kNoFreezes;
  static const std::vector<plan::Zone> kWallClock;
  for (const std::uint32_t index : rollout.stages) {
    const StageDecl& stage = c.module.stages[index];
    const Symbol& symbol = c.symbol(stage.symbol);
    const auto& own = windows_of(c, stage);
    if ((rollout.windows.empty() && own.empty()) || !one_zone(rollout.windows, own)) continue;
    if (plan::next_opening(0, {rollout.windows, own, kNoFreezes, kWallClock}) != plan::kNeverOpens) continue;
    c.report(Code::ImpossibleWindow, symbol.declared,
             fmt::format("the stage `{}` can never be entered: its window and the rollout's are never open together",
                         symbol.name));
  }
}

}  // namespace rollout::check
