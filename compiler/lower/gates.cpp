// Steps that wait for people, and notifications.

#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

void lower_approve(Lowering& l, const check::Step& step, const check::ApproveStep& approve) {
  plan::Gate gate;
  gate.kind = plan::GateKind::Approve;
  gate.text = lower_routine(l, approve.text);
  gate.role = role_of(l, approve.who.role);
  gate.needed = lower_optional(l, approve.who.needed);
  gate.within = lower_optional(l, approve.within);
  gate.otherwise = lower_response(l, step.tail.otherwise);
  gate.spot = l.spot;
  l.build.emit(Op::Gate, l.build.add(std::move(gate)));
}

void lower_checklist(Lowering& l, const check::Step& step, const check::ChecklistStep& checklist) {
  plan::Gate gate;
  gate.kind = plan::GateKind::Checklist;
  gate.text = lower_routine(l, checklist.text);
  gate.role = role_of(l, checklist.who.role);
  gate.needed = lower_optional(l, checklist.who.needed);
  gate.within = lower_optional(l, checklist.within);
  for (const check::ChecklistItem& item : checklist.items) {
    const At at(l, item.location);
    plan::GateItem row;
    row.text = lower_routine(l, item.text);
    row.role = item.who.role == kNone ? gate.role : role_of(l, item.who.role);
    // An item asks of its own people, else of as many as the checklist does.
    row.needed = item.who.role == kNone ? gate.needed : lower_optional(l, item.who.needed);
    if (item.check != kNone) {
      const Apart apart(l);
      row.check = lower_check(l, l.expr(item.check));
    }
    gate.items.push_back(row);
  }
  gate.otherwise = lower_response(l, step.tail.otherwise);
  gate.spot = l.spot;
  l.build.emit(Op::Gate, l.build.add(std::move(gate)));
}

void lower_ask(Lowering& l, const check::Step& step, const check::AskStep& ask) {
  plan::Gate gate;
  gate.kind = plan::GateKind::Ask;
  gate.text = lower_routine(l, ask.text);
  gate.role = role_of(l, ask.role);
  gate.within = lower_optional(l, ask.within);
  for (const check::Answer& answer : ask.answers) {
    gate.answers.push_back({answer.text, lower_response(l, answer.response)});
  }
  gate.otherwise = lower_response(l, step.tail.otherwise);
  gate.spot = l.spot;
  l.build.emit(Op::Gate, l.build.add(std::move(gate)));
}

void lower_notify(Lowering& l, const check::Step&, const check::NotifyStep& notify) {
  plan::Notification row;
  row.channel = channel_of(l, notify.channel);
  row.text = lower_routine(l, notify.text);
  row.severity = notify.severity;
  row.acknowledge_within = lower_optional(l, notify.acknowledge_within);
  row.otherwise = lower_response(l, notify.otherwise);
  row.spot = l.spot;
  l.build.emit(Op::Notify, l.build.add(row));
}

}  // namespace rollout::lower
