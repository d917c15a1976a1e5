#include "runtime/console/live.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/console/golden.hpp"
#include "tests/unit/console/records.hpp"

using namespace rollout;
using namespace records;
using machine::RunState;
using machine::View;

namespace {

machine::GuardView guard(std::string name, Value observed, Value threshold, std::optional<bool> truth,
                         Nanoseconds held) {
  machine::GuardView made;
  made.text = std::move(name);
  made.observed = std::move(observed);
  made.threshold = std::move(threshold);
  made.truth = truth;
  made.held = held;
  made.needed = 10 * kMinute;
  return made;
}

View running() {
  View view;
  view.state = RunState::Running;
  view.stage = "canary";
  view.traffic = Value::ratio(0.05);
  view.created = kStart - kMinute;
  view.started = kStart;
  view.stage_entered = kStart + 5 * kMinute;
  view.steps = {"hold 15m..30m until health > 99.9%"};
  view.guards = {
      guard(R"(p95("contacts") > 600ms for 10m)", Value::duration(180'000'000), Value::duration(600'000'000), false, 0),
      guard("errors_5xx > 1% for 10m", Value::ratio(0.023), Value::ratio(0.01), true, 4 * kMinute),
      guard("health < 50% for 2m", {}, Value::ratio(0.5), std::nullopt, 0),
  };
  view.guards[2].unknown_why = "no data";
  view.guards[2].needed = 2 * kMinute;
  machine::HoldView hold;
  hold.text = "hold 15m..30m";
  hold.started = kStart + 5 * kMinute;
  hold.least_until = kStart + 20 * kMinute;
  hold.most_until = kStart + 35 * kMinute;
  hold.conditions = {{"health > 99.9%", std::nullopt}, {"p95() < 500ms", true}, {"errors_5xx == 0% for 10m", false}};
  view.holds = {hold};
  return view;
}

console::LiveOptions options(Nanoseconds now, std::size_t width = 100) {
  return {kStart + now, width, false, "portal_api", "portal-api-7"};
}

}  // namespace

TEST_CASE("a running rollout in the live view", "[console]") {
  check_golden("live_running.txt", console::live_view(running(), options(12 * kMinute)));
}

TEST_CASE("a blind guard stands out in the live view", "[console]") {
  View view = running();
  view.guards[2].blind = true;
  view.guards[1].fired = true;
  machine::GuardView counted;
  counted.text = "errors > 3 for 3 of 5 samples";
  counted.truth = true;
  counted.observed = Value::number(4);
  counted.samples_true = 2;
  counted.samples_needed = 3;
  view.guards.push_back(counted);
  view.guards.push_back(guard("rate(memory, over: 1h) > 2%/h", Value::rate(plan::ValueKind::RatioRate, 0.366 / 3600),
                              Value::rate(plan::ValueKind::RatioRate, 0.02 / 3600), true, 0));
  check_golden("live_blind.txt", console::live_view(view, options(12 * kMinute, 80)));
}

TEST_CASE("open gates say what to type", "[console]") {
  View view;
  view.state = RunState::Waiting;
  view.created = kStart;
  machine::GateView approval;
  approval.kind = plan::GateKind::Approve;
  approval.text = R"(Go "now" / no-go)";
  approval.role = "release_manager";
  approval.members = {"dana", "kim", "lee"};
  approval.needed = 2;
  approval.approved_by = {"dana"};
  approval.deadline = kStart + 60 * kMinute;
  machine::GateView checklist;
  checklist.kind = plan::GateKind::Checklist;
  checklist.text = "Before deployment";
  checklist.role = "release_manager";
  checklist.items = {{"Staging validated", {"dana"}, 1, true}, {"On-call available", {"kim"}, 2, false}};
  machine::GateView question;
  question.kind = plan::GateKind::Ask;
  question.text = "Go on?";
  question.role = "oncall";
  question.answers = {"yes", "no"};
  view.gates = {approval, checklist, question};
  check_golden("live_gates.txt", console::live_view(view, options(10 * kMinute)));
}

TEST_CASE("notifications that wait to be acknowledged say what to type", "[console]") {
  View view;
  view.state = RunState::Running;
  view.created = view.started = kStart;
  view.acknowledgements = {{"pager", "p95 is 412ms\nat 25%", kStart + 15 * kMinute},
                           {"ops", "the window closes soon", std::nullopt}};
  check_golden("live_acknowledgements.txt", console::live_view(view, options(3 * kMinute)));
}

TEST_CASE("effects under way and in doubt", "[console]") {
  View view;
  view.state = RunState::Paused;
  view.reason = "unknown outcome of \x1b[31mkubectl\x1b[0m";
  view.created = view.started = kStart;
  view.traffic = Value::ratio(0.25);
  view.effects = {{1, "kubectl apply -f x.yaml", "k1", kStart + kMinute, false},
                  {2, "kubectl delete pod y", "k2", kStart + kMinute, true}};
  check_golden("live_effects.txt", console::live_view(view, options(3 * kMinute)));
}
