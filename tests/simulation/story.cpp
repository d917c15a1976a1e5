#include "tests/simulation/story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "compiler/driver/compile.hpp"
#include "tests/simulation/random.hpp"

namespace rollout::simulation {

namespace {

// clang-format off
constexpr const char* kHead = R"plan(use std.prometheus
use std.webhook
use std.email
role ops = ["ana", "bo", "cy"]
secret chat_address = env("SIMULATION_CHAT")
let chat = webhook.channel(chat_address)
let post = email.channel(to: "team@example.com", from: "rollout@example.com", server: "smtp://mail.example.com")
metric m0: number = prometheus.query("sum(m0)") every 30s
metric m1: number = prometheus.query("sum(m1)") every 20s
metric m2: number = prometheus.query("sum(m2)") every 1m
metric m3: number = command.number(`read number m3`) every 30s
idempotent action weight(share: ratio) { run `idempotent weight ${share / 1%}` }
action placed(name: string) {
  run `opaque put ${name}`
  undo { run `opaque drop ${name}` }
  probe { let r = run `read has ${name}`; require contains(r.stdout, "yes") }
}
)plan";
// clang-format on

// Writes one plan.
class Author {
 public:
  explicit Author(std::uint64_t seed) : random_(mixed(seed) ^ 0x5708) {}

  Story write();

 private:
  std::size_t pick(std::size_t count) { return random_.below(count); }
  template <std::size_t N>
  const char* one_of(const char* const (&words)[N]) {
    return words[pick(N)];
  }
  bool maybe(double probability) { return random_.chance(probability); }
  void line(int depth, const std::string& text) {
    source_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }
  std::string new_name() { return fmt::format("c{}{}", ++names_, branch_.empty() ? "" : "." + branch_); }

  void guards(int depth);
  void guard(int depth);
  std::string outcome();
  void stages();
  void steps(int depth, int most);
  void step(int depth);
  void put(int depth);
  void placed(int depth);
  void post(int depth);
  void irreversible(int depth);
  void people(int depth);
  void parallel(int depth);
  void hold(int depth);
  void child();
  void ends();

  Random random_;
  Story story_;
  std::string source_, branch_;
  std::vector<std::string> stages_;
  int names_ = 0, texts_ = 0;
  bool has_child_ = false, may_fall_back_ = false, always_ = true;
};

std::string Author::outcome() {
  static constexpr const char* kOutcomes[] = {"rollback", "rollback", "pause \"look at it\"", "continue"};
  return one_of(kOutcomes);
}

void Author::put(int depth) {
  Thing thing{.name = new_name()};
  thing.always_put = always_;
  const bool idempotent = maybe(0.4);
  const char* kind = idempotent ? "idempotent" : "opaque";
  std::string text = fmt::format("{}run `{} put {}`", idempotent ? "idempotent " : "", kind, thing.name);
  if (maybe(0.3)) text += one_of({" timeout 20s", " timeout 40s"});
  if (maybe(0.5)) {
    thing.retries = 1 + static_cast<int>(pick(2));
    text += fmt::format(" retry {} every {}", thing.retries, one_of({"10s", "30s"}));
  } else {
    thing.retries = 0;
  }
  const bool back_is_idempotent = maybe(0.7);
  const bool back_retries = maybe(0.3);
  thing.may_stay = maybe(0.15);
  text +=
      fmt::format(" undo {{ {}run `{} drop {}`{} }}", back_is_idempotent ? "idempotent " : "",
                  back_is_idempotent ? "idempotent" : "opaque", thing.name, back_retries ? " retry 1 every 5s" : "");
  if (thing.may_stay) {
    text = text.substr(0, text.rfind(" }")) + " else continue }";
  }
  if (maybe(0.1)) {
    text += " else continue";
    thing.always_put = false;
  }
  line(depth, text);
  story_.things.push_back(thing);
}

void Author::placed(int depth) {
  Thing thing{.name = new_name()};
  thing.always_put = always_;
  line(depth, fmt::format("placed(\"{}\"){}", thing.name, maybe(0.3) ? " retry 1 every 10s" : ""));
  story_.things.push_back(thing);
}

void Author::post(int depth) {
  Thing thing{.name = new_name()};
  thing.always_put = always_;
  const bool idempotent = maybe(0.7);
  line(depth, fmt::format("{}http.post(\"http://{}/put/{}\", json: {{ \"name\": \"{}\" }}) timeout 30s undo {{ "
                          "idempotent run `idempotent drop {}` }}",
                          idempotent ? "idempotent " : "", idempotent ? "idempotent" : "opaque", thing.name, thing.name,
                          thing.name));
  story_.things.push_back(thing);
}

void Author::irreversible(int depth) {
  Thing thing{.name = new_name(), .can_go_back = false};
  thing.always_put = always_;
  line(depth, fmt::format("irreversible run `irreversible put {}`", thing.name));
  story_.things.push_back(thing);
}

void Author::people(int depth) {
  const int text = ++texts_;
  const std::string otherwise = outcome();
  switch (pick(3)) {
    case 0: {
      const bool two = maybe(0.5);
      const std::string limit = one_of({"5m", "15m"});
      line(depth,
           fmt::format("approve \"go {}\" by {}ops within {} else {}", text, two ? "2 of " : "", limit, otherwise));
      break;
    }
    case 1:
      line(depth,
           fmt::format("checklist \"list {}\" by ops within 15m else {} {{ item \"one\"; item \"two\" by 2 of ops }}",
                       text, otherwise));
      break;
    default:
      line(depth,
           fmt::format(
               "ask ops \"question {}\" within 10m {{ \"back\" -> rollback \"asked to\"; \"on\" -> continue }} else {}",
               text, otherwise));
  }
}

void Author::parallel(int depth) {
  const std::string outer = branch_;
  line(depth, "parallel {");
  const auto branches = 2 + pick(2);
  for (std::size_t branch = 1; branch <= branches; ++branch) {
    branch_ = outer + fmt::format("{}{}", ++texts_, branch);
    line(depth + 1, "{");
    // People are asked in one branch while something is under way, and perhaps in doubt, in another.
    if (branch == branches && maybe(0.4)) people(depth + 2);
    put(depth + 2);
    if (maybe(0.5)) placed(depth + 2);
    line(depth + 1, "}");
  }
  line(depth, "}");
  branch_ = outer;
}

void Author::hold(int depth) {
  if (maybe(0.5)) {
    line(depth, fmt::format("hold {}", one_of({"2m", "3m", "4m30s"})));
    return;
  }
  const std::string bounds = one_of({"2m..5m", "1m..3m", "0s..4m"});
  const std::string condition = one_of({"m0 < 50 for 1m", "m1 < 50", "m2 < 50 for 1m"});
  const std::string otherwise = one_of({"rollback", "pause \"not settled\""});
  line(depth, fmt::format("hold {} until {} else {}", bounds, condition, otherwise));
}

void Author::step(int depth) {
  switch (pick(12)) {
    case 0:
    case 1:
    case 2: return put(depth);
    case 3:
    case 4: return placed(depth);
    case 5: return post(depth);
    case 6:
      if (maybe(0.4)) return irreversible(depth);
      return put(depth);
    case 7:
    case 8: return people(depth);
    case 9:
      if (branch_.empty()) return parallel(depth);
      return put(depth);
    case 10:
      line(depth,
           fmt::format("verify \"m0 is low {}\" {{ require m0 < 50 \"m0 is ${{m0}}\" }} retry 3 every 20s else {}",
                       ++texts_, one_of({"rollback", "pause", "continue"})));
      return;
    default: {
      const int text = ++texts_;
      const std::string channel = one_of({"chat", "post"});
      const bool answered = maybe(0.3);
      line(depth, fmt::format("notify {} \"note {}\"{}", channel, text,
                              answered ? fmt::format(" ack within 2m else notify chat \"nobody saw {}\"", text) : ""));
    }
  }
}

void Author::steps(int depth, int most) {
  for (int count = 1 + static_cast<int>(pick(static_cast<std::size_t>(most))); count > 0; --count) step(depth);
}

void Author::guard(int depth) {
  const std::string metric = fmt::format("m{}", pick(4));
  const std::string lasts = one_of({"", " for 1m", " for 2m", " for 2 of 4 samples", " for 3m"});
  const std::string blind = maybe(0.15) ? one_of({" blind rollback", " blind pause", " blind continue"}) : "";
  std::string response;
  switch (may_fall_back_ && maybe(0.6) ? 8 : pick(8)) {
    case 0:
    case 1: response = "rollback"; break;
    case 2: response = "pause \"" + metric + " is high\""; break;
    case 3: response = fmt::format("notify chat \"{} is high {}\"", metric, ++texts_); break;
    case 4:
    case 5:
      response = fmt::format(
          "ask ops \"{} is high {}\" within 5m {{ \"back\" -> rollback \"asked to\"; \"on\" -> continue }} else pause "
          "\"nobody decided\"",
          metric, ++texts_);
      break;
    case 6:
    case 7: response = fmt::format("pause until {} < 50 for 1m within 10m else rollback", metric); break;
    default:
      response = fmt::format("rollback to {}{}", stages_.front(), maybe(0.7) ? " and retry at most 2 after 1m" : "");
  }
  line(depth, fmt::format("when {} > 50{}{} then {}", metric, lasts, blind, response));
}

void Author::guards(int depth) {
  for (auto count = pick(4); count > 0; --count) guard(depth);
}

void Author::stages() {
  static constexpr int kShares[] = {5, 10, 25, 50};
  const auto count = 1 + pick(3);
  int share = 0;
  for (std::size_t index = 0; index <= count; ++index) {
    const std::string name = index == count ? "full" : fmt::format("s{}", index + 1);
    line(1, fmt::format("stage {} {{", name));
    share = index == count ? 100 : std::max(share + 1, kShares[std::min<std::size_t>(index + pick(2), 3)]);
    // Guards of a stage come after the first: `rollback to` names one that is over.
    if (index > 0 && maybe(0.4)) guard(2);
    if (maybe(0.2)) line(2, fmt::format("every 1m {{ idempotent run `idempotent tick e{}` }}", ++texts_));
    if (maybe(0.5)) steps(2, 2);
    line(2, fmt::format("traffic {}%", share));
    story_.shares.push_back(share);
    if (maybe(0.6)) steps(2, 2);
    if (has_child_ && index == 0) {
      line(2, maybe(0.5) ? "each name in [\"x\", \"y\"] { rollout part(name) }"
                         : "parallel each name in [\"x\", \"y\"] { rollout part(name) }");
    }
    if (maybe(0.8)) hold(2);
    line(1, "}");
    stages_.push_back(name);
  }
}

// A part of the whole that goes back by itself. What it puts is named by its parameter.
void Author::child() {
  line(0, "rollout part(name: string) {");
  line(1, "when m2 > 50 for 1m then rollback");
  line(1, "run `opaque put k.${name}` undo { idempotent run `idempotent drop k.${name}` }");
  line(1,
       "stage only { idempotent run `idempotent put l.${name}` undo { idempotent run `idempotent drop l.${name}` }; "
       "hold 1m }");
  line(1, "on rollback { notify chat \"part ${name} is back\" }");
  line(0, "}");
  for (const char* name : {"k.x", "k.y", "l.x", "l.y"}) story_.things.push_back({.name = name});
}

void Author::ends() {
  if (maybe(0.6)) line(1, "on rollback { notify chat \"back: ${reason}\" }");
  if (maybe(0.6)) line(1, "on success { notify chat \"done\" }");
  if (maybe(0.2)) line(1, "on pause { notify chat \"paused: ${reason}\" }");
  if (maybe(0.3)) {
    line(1, "at success + 5m { idempotent run `idempotent tick later` }");
    story_.schedules.push_back("idempotent tick later");
  }
  if (maybe(0.1)) line(1, "at rollback + 2m { idempotent run `idempotent tick after` }");
}

Story Author::write() {
  story_.made_up = true;
  story_.members = {"ana", "bo", "cy"};
  has_child_ = maybe(0.3);
  may_fall_back_ = maybe(0.5);
  stages_ = {"s1"};
  source_ = kHead;
  if (has_child_) child();
  source_ += "rollout r {\n";
  line(1, "traffic via weight()");
  if (maybe(0.3)) line(1, fmt::format("on missing for 2m {}", one_of({"rollback", "pause \"no data\"", "continue"})));
  if (maybe(0.3)) line(1, fmt::format("on failure {}", one_of({"rollback", "pause \"something failed\""})));
  if (maybe(0.3)) line(1, "rollback within 5m");
  may_fall_back_ = may_fall_back_ && !has_child_;
  const bool falls_back = may_fall_back_;
  may_fall_back_ = false;
  guards(1);
  may_fall_back_ = falls_back;
  stages_.clear();
  stages_ = {"s1"};
  stages();
  ends();
  source_ += "}\n";
  // A rollback to a stage begins steps anew, with all their tries.
  if (source_.find("rollback to ") != std::string::npos) {
    for (Thing& thing : story_.things) thing.retries = -1;
  }
  story_.source = std::move(source_);
  return std::move(story_);
}

}  // namespace

std::shared_ptr<const plan::VerifiedPlan> compiled(const std::string& name, const std::string& source,
                                                   const std::string& rollout) {
  const auto file = driver::compile_source({name, source});
  const auto complain = [&](const std::string& problem) {
    fmt::print(stderr, "{}\n{}\n", source, problem);
    std::exit(2);
  };
  if (file.has_errors) complain(driver::render(file, diagnostics::Format::Text, {}));
  auto plan = driver::plan_of(file, rollout);
  if (!plan) complain(plan.error());
  auto verified = plan::verify(std::move(*plan));
  if (!verified) complain(verified.error().message);
  return *verified;
}

Story made_up_story(std::uint64_t seed) {
  Story story = Author(seed).write();
  story.name = fmt::format("made up {}", seed);
  story.plan = compiled(story.name, story.source, "r");
  return story;
}

}  // namespace rollout::simulation
