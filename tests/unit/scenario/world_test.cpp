#include "runtime/scenario/world.hpp"

#include <catch2/catch.hpp>

#include "runtime/scenario/people.hpp"
#include "tests/unit/scenario/plans.hpp"

using namespace plans;
using machine::EffectStatus;
using machine::RequestKind;
using scenario::glob_matches;
using scenario::Scenario;
using scenario::World;
using scenario::WorldRule;

namespace {

machine::StartEffect run(const std::string& text) {
  machine::StartEffect effect;
  effect.kind = RequestKind::Process;
  effect.callable = text;
  return effect;
}

machine::StartEffect call(const std::string& name, std::vector<Value> arguments, RequestKind kind = RequestKind::Call) {
  machine::StartEffect effect;
  effect.kind = kind;
  effect.callable = name;
  for (Value& one : arguments) effect.arguments.emplace_back("x", std::move(one));
  return effect;
}

WorldRule callable(std::string name, WorldRule::Answer answer) {
  WorldRule rule;
  rule.callable = std::move(name);
  rule.answer = answer;
  return rule;
}

}  // namespace

TEST_CASE("stars in a command's pattern", "[scenario]") {
  CHECK(glob_matches("kubectl delete*", "kubectl delete pod x"));
  CHECK(glob_matches("*delete*", "kubectl delete pod x"));
  CHECK(glob_matches("a*b*c", "a-b-b-c"));
  CHECK(glob_matches("", ""));
  CHECK(glob_matches("**", ""));
  CHECK_FALSE(glob_matches("kubectl", "kubectl get"));
  CHECK_FALSE(glob_matches("a*b", "ac"));
  const std::string many(200, 'a');
  CHECK_FALSE(glob_matches("*a*a*a*a*a*a*a*a*b", many));
}

TEST_CASE("a command is matched with the quotes that it is written with, or without", "[scenario]") {
  using scenario::command_matches;
  const std::string patch = R"(kubectl patch service x --patch {"spec":{"weight":5}})";
  CHECK(command_matches(R"(kubectl patch service x --patch '{"spec":{"weight":5}}')", patch));
  CHECK(command_matches(R"(kubectl patch * --patch '{"spec":*')", patch));
  CHECK(command_matches(R"(kubectl patch *"weight":5*)", patch));
  CHECK(command_matches("kubectl  patch \\\n  service *", patch));
  CHECK_FALSE(command_matches(R"(kubectl patch *"weight":6*)", patch));
}

TEST_CASE("without a rule everything succeeds at once", "[scenario]") {
  const Scenario none;
  World world(none);
  CHECK(world.answer(run("kubectl get"), 0).status == EffectStatus::Succeeded);
  CHECK(world.answer(run("kubectl get"), 0).result.find("exit")->as_double() == 0);
  CHECK(world.answer(call("slack.channel", {}), 0).status == EffectStatus::Descend);
  CHECK(world.check_passes("health_ok", {}, 0) == true);
}

TEST_CASE("what nobody scripted to be read is unknown", "[scenario]") {
  const Scenario none;
  World world(none);
  auto read = run("kubectl get");
  read.effect_class = plan::EffectClass::ReadOnly;
  const auto answer = world.answer(read, 0);
  CHECK(answer.status == EffectStatus::Succeeded);
  CHECK(answer.result.find("exit")->as_double() == 0);
  CHECK(answer.result.find("stdout")->is_missing());
}

TEST_CASE("HTTP requests are matched as they are written", "[scenario]") {
  Scenario played;
  auto rule = callable("http.get", WorldRule::Answer::Returns);
  rule.arguments = scenario::ArgumentPattern{Value::string("https://example.com/v1")};
  rule.values = {Value::map({{"status", Value::number(503)}})};
  played.world.push_back(rule);
  World world(played);
  machine::StartEffect effect;
  effect.kind = RequestKind::Http;
  effect.callable = "GET https://example.com/v1";
  effect.arguments = {{"method", Value::string("GET")}, {"url", Value::string("https://example.com/v1")}};
  CHECK(world.answer(effect, 0).result.find("status")->as_double() == 503);
  effect.callable = "POST https://example.com/v1";
  CHECK(world.answer(effect, 0).result.find("status")->as_double() == 200);
}

TEST_CASE("later rules win, and a rule that is used up leaves the call to earlier ones", "[scenario]") {
  Scenario played;
  auto returns = command("psql*", WorldRule::Answer::Returns);
  returns.values = {Value::number(3), Value::number(0)};
  played.world.push_back(returns);
  auto fails = command("psql*", WorldRule::Answer::Fails);
  fails.times = 2;
  fails.why = "no connection";
  played.world.push_back(fails);
  World world(played);
  CHECK(world.answer(run("psql count"), 0).error == "no connection");
  CHECK(world.answer(run("psql count"), 0).status == EffectStatus::Failed);
  CHECK(world.answer(run("psql count"), 0).result.find("stdout")->as_string() == "3");
  CHECK(world.answer(run("psql count"), 0).result.find("stdout")->as_string() == "0");
  CHECK(world.answer(run("psql count"), 0).result.find("json")->as_double() == 0);
  CHECK(world.answer(run("other"), 0).status == EffectStatus::Succeeded);
}

TEST_CASE("rules match callables by name and arguments", "[scenario]") {
  Scenario played;
  auto rule = callable("kubernetes.scale", WorldRule::Answer::Fails);
  rule.arguments = scenario::ArgumentPattern{std::nullopt, Value::number(5)};
  played.world.push_back(rule);
  World world(played);
  CHECK(world.answer(call("kubernetes.scale", {Value::string("a"), Value::number(5)}), 0).status ==
        EffectStatus::Failed);
  CHECK(world.answer(call("kubernetes.scale", {Value::string("a"), Value::number(6)}), 0).status ==
        EffectStatus::Descend);
  CHECK(world.answer(call("kubernetes.scale", {Value::string("a")}), 0).status == EffectStatus::Descend);
}

TEST_CASE("a check passes, fails or hangs", "[scenario]") {
  Scenario played;
  played.world.push_back(callable("health_ok", WorldRule::Answer::Fails));
  played.world.push_back(callable("slow", WorldRule::Answer::Hangs));
  auto turns = callable("flaky", WorldRule::Answer::Returns);
  turns.values = {Value::boolean(false), Value::boolean(true)};
  played.world.push_back(turns);
  World world(played);
  CHECK(world.check_passes("health_ok", {}, 0) == false);
  CHECK_FALSE(world.check_passes("slow", {}, 0).has_value());
  CHECK(world.check_passes("flaky", {}, 0) == false);
  CHECK(world.check_passes("flaky", {}, 0) == true);
  CHECK(world.check_passes("flaky", {}, 0) == true);
}

TEST_CASE("results may be given as records", "[scenario]") {
  Scenario played;
  auto rule = command("curl*", WorldRule::Answer::Returns);
  rule.values = {Value::map({{"exit", Value::number(7)}})};
  played.world.push_back(rule);
  auto text = command("echo*", WorldRule::Answer::Returns);
  text.values = {Value::string(R"({"a": 1})")};
  played.world.push_back(text);
  World world(played);
  CHECK(world.answer(run("curl x"), 0).result.find("exit")->as_double() == 7);
  CHECK(world.answer(run("curl x"), 0).result.find("stdout")->as_string().empty());
  CHECK(world.answer(run("echo x"), 0).result.find("json")->find("a")->as_double() == 1);
}

TEST_CASE("who answers a gate", "[scenario]") {
  machine::GateView gate;
  gate.kind = plan::GateKind::Approve;
  gate.text = "Go";
  gate.members = {"dana", "kim"};
  gate.needed = 2;
  Scenario played = healthy();
  auto sayings = scenario::answers_to(played, gate);
  REQUIRE(sayings.size() == 2);
  CHECK(sayings[0].said.who == "dana");
  CHECK(sayings[1].said.who == "kim");

  scenario::Person no;
  no.kind = scenario::PersonKind::Reject;
  no.gate = "Go";
  no.after = kMinute;
  played.people.push_back(no);
  sayings = scenario::answers_to(played, gate);
  REQUIRE(sayings.size() == 1);
  CHECK(sayings[0].said.verb == machine::Verb::Reject);
  CHECK(sayings[0].after == kMinute);
}

TEST_CASE("who ticks a checklist", "[scenario]") {
  machine::GateView gate;
  gate.kind = plan::GateKind::Checklist;
  gate.text = "Before";
  gate.members = {"dana", "kim"};
  machine::GateItemView item;
  item.members = {"dana", "kim"};
  for (const char* text : {"one", "two", "three", "four"}) {
    item.text = text;
    item.ticked = item.text == "three";
    item.automatic = item.text == "four";  // by its check, never by people
    gate.items.push_back(item);
  }
  Scenario played = healthy();
  scenario::Person kim;
  kim.kind = scenario::PersonKind::Tick;
  kim.text = "two";
  kim.who = "kim";
  played.people.push_back(kim);
  const auto sayings = scenario::answers_to(played, gate);
  REQUIRE(sayings.size() == 2);
  CHECK(sayings[0].said.text == "two");
  CHECK(sayings[0].said.who == "kim");
  CHECK(sayings[1].said.text == "one");
  CHECK(sayings[1].said.who == "dana");
}
