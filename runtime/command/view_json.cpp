#include "runtime/command/view_json.hpp"

#include "runtime/plan/enum_names.hpp"
#include "runtime/plan/value.hpp"

namespace rollout::command {

namespace {

using plan::List;
using plan::Nanoseconds;
using plan::Value;

Value instant(Nanoseconds at) {
  return at == 0 ? Value::missing() : Value::string(plan::instant_text(at));
}

Value truth(std::optional<bool> value) {
  return value ? Value::boolean(*value) : Value::missing();
}

Value strings(const std::vector<std::string>& texts) {
  List list;
  for (const std::string& text : texts) list.push_back(Value::string(text));
  return Value::list(std::move(list));
}

template <typename Item, typename Make>
Value each(const std::vector<Item>& items, Make make) {
  List list;
  for (const Item& item : items) list.push_back(make(item));
  return Value::list(std::move(list));
}

Value of(const machine::GuardView& guard) {
  return Value::map({{"guard", Value::string(guard.text)},
                     {"observed", guard.observed},
                     {"threshold", guard.threshold},
                     {"true", truth(guard.truth)},
                     {"held", Value::duration(guard.held)},
                     {"needed", Value::duration(guard.needed)},
                     {"samples_true", Value::number(guard.samples_true)},
                     {"samples_needed", Value::number(guard.samples_needed)},
                     {"blind", Value::boolean(guard.blind)},
                     {"fired", Value::boolean(guard.fired)},
                     {"unknown_why", Value::string(guard.unknown_why)},
                     {"series", strings(guard.series)}});
}

Value of(const machine::HoldView& hold) {
  return Value::map({{"hold", Value::string(hold.text)},
                     {"started", instant(hold.started)},
                     {"least_until", instant(hold.least_until)},
                     {"most_until", instant(hold.most_until)},
                     {"conditions", each(hold.conditions, [](const auto& condition) {
                        return Value::map(
                            {{"condition", Value::string(condition.first)}, {"true", truth(condition.second)}});
                      })}});
}

Value of(const machine::GateView& gate) {
  return Value::map({{"gate", Value::string(gate.text)},
                     {"kind", Value::string(std::string(plan::enum_name(gate.kind)))},
                     {"role", Value::string(gate.role)},
                     {"members", strings(gate.members)},
                     {"needed", Value::number(gate.needed)},
                     {"approved_by", strings(gate.approved_by)},
                     {"answers", strings(gate.answers)},
                     {"deadline", gate.deadline ? instant(*gate.deadline) : Value::missing()},
                     {"items", each(gate.items, [](const machine::GateItemView& item) {
                        return Value::map({{"item", Value::string(item.text)},
                                           {"ticked", Value::boolean(item.ticked)},
                                           {"needed", Value::number(item.needed)},
                                           {"by", strings(item.ticked_by)}});
                      })}});
}

Value of(const machine::AcknowledgementView& ack) {
  return Value::map({{"channel", Value::string(ack.channel)},
                     {"text", Value::string(ack.text)},
                     {"deadline", ack.deadline ? instant(*ack.deadline) : Value::missing()}});
}

Value of(const machine::EffectView& effect) {
  return Value::map({{"effect", Value::string(effect.callable)},
                     {"key", Value::string(effect.key)},
                     {"started", instant(effect.started)},
                     {"in_doubt", Value::boolean(effect.in_doubt)}});
}

Value of(const machine::ChildView& child) {
  return Value::map({{"rollout", Value::string(child.path)},
                     {"state", Value::string(std::string(child.state))},
                     {"reason", Value::string(child.reason)},
                     {"stage", Value::string(child.stage)},
                     {"traffic", child.traffic},
                     {"started", instant(child.started)},
                     {"stage_entered", instant(child.stage_entered)},
                     {"ended", instant(child.ended)}});
}

}  // namespace

std::string view_json(const machine::View& view, const std::string& run_id, bool driven) {
  const auto make = [](const auto& part) { return of(part); };
  return plan::to_json(Value::map({{"run", Value::string(run_id)},
                                   {"state", Value::string(std::string(machine::state_name(view.state)))},
                                   {"reason", Value::string(view.reason)},
                                   {"driven", Value::boolean(driven)},
                                   {"stage", Value::string(view.stage)},
                                   {"requires", strings(view.requirements)},
                                   {"traffic", view.traffic},
                                   {"created", instant(view.created)},
                                   {"started", instant(view.started)},
                                   {"stage_entered", instant(view.stage_entered)},
                                   {"ended", instant(view.ended)},
                                   {"guards", each(view.guards, make)},
                                   {"holds", each(view.holds, make)},
                                   {"gates", each(view.gates, make)},
                                   {"acknowledgements", each(view.acknowledgements, make)},
                                   {"effects", each(view.effects, make)},
                                   {"children", each(view.children, make)},
                                   {"steps", strings(view.steps)}}));
}

}  // namespace rollout::command
