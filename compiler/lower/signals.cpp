// Signals of scenarios: what the metrics answer.

#include <utility>

#include "compiler/lower/scenario_lines.hpp"

namespace rollout::lower {

namespace {

using scenario::SignalValue;

struct Shape {
  std::string_view name;
  SignalValue::Kind kind;
  bool second;  // it takes two values
};
constexpr Shape kShapes[] = {{"ramp", SignalValue::Kind::Ramp, true}, {"noise", SignalValue::Kind::Noise, true},
                             {"old", SignalValue::Kind::Old, true},   {"late", SignalValue::Kind::Late, true},
                             {"nan", SignalValue::Kind::Nan, false},  {"future", SignalValue::Kind::Future, false},
                             {"file", SignalValue::Kind::File, false}};

// `ramp(...)`, `nan`: the row of the name that the value is written with.
const Shape* shape_of(NodeRef value) {
  const auto call = grammar::as<grammar::CallView>(value);
  const auto name = grammar::path_of(call ? call->callee().value_or(value) : value);
  if (name.size() != 1) return nullptr;
  for (const Shape& shape : kShapes) {
    if (shape.name == name.front() && (call || shape.kind == SignalValue::Kind::Nan)) return &shape;
  }
  return nullptr;
}

SignalValue slots_value(LineReader& line, const grammar::SlotsView& slots) {
  SignalValue value;
  value.kind = SignalValue::Kind::Slots;
  value.interval = line.next_duration();
  for (const NodeRef node : slots.slots()) {
    const grammar::SlotView view{{node}};
    scenario::Slot slot;
    if (view.is_empty()) {
      slot.kind = scenario::Slot::Kind::NoData;
    } else if (view.is_error()) {
      slot.kind = scenario::Slot::Kind::Error;
    } else {
      slot.value = line.next_value();
    }
    if (view.count()) slot.times = line.next_count();
    value.slots.push_back(std::move(slot));
  }
  return value;
}

SignalValue signal_value(LineReader& line, std::optional<NodeRef> node) {
  SignalValue value;
  if (!node || node->is(grammar::SyntaxKind::MissingValue)) {
    value.kind = SignalValue::Kind::Missing;
    return value;
  }
  if (const auto slots = grammar::as<grammar::SlotsView>(*node)) return slots_value(line, *slots);
  const Shape* shape = shape_of(*node);
  if (!shape) {
    value.first = line.next_value();
    return value;
  }
  value.kind = shape->kind;
  if (shape->kind == SignalValue::Kind::Nan) return value;
  value.first = line.next_value();
  if (shape->second) value.second = line.next_value();
  if (shape->kind == SignalValue::Kind::File) value.path = value.first.as_string();
  return value;
}

}  // namespace

scenario::Signal lower_signal(LineReader& line) {
  const grammar::SignalView view{{line.node()}};
  scenario::Signal signal;
  LineReader::Target metric = line.next_target();
  signal.metric = std::move(metric.name);
  signal.arguments = std::move(metric.arguments);
  for (const NodeRef series : view.series()) signal.series.push_back(literal_text(series));
  signal.value = signal_value(line, view.value());
  if (view.from()) signal.from = line.next_point();
  if (view.to()) signal.to = line.next_point();
  signal.spot = line.spot();
  return signal;
}

}  // namespace rollout::lower
