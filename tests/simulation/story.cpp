#include "tests/simulation/story.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "compiler/driver/compile.hpp"
#include "tests/simulation/random.hpp"

namespace rollout::simulation {

namespace {

constexpr const char* kHead = R"plan(use std.prometheus
use std.webhook
role ops = ["ana", "bo", "cy"]
secret chat_address = env("SIMULATION_CHAT")
let chat = webhook.channel(chat_address)
metric m0: number = prometheus.query("sum(m0)") every 30s
metric m1: number = prometheus.query("sum(m1)") every 20s
idempotent action weight(share: ratio) { run `idempotent weight ${share / 1%}` }
action placed(name: string) {
  run `opaque put ${name}`
  undo { run `opaque drop ${name}` }
  probe { let r = run `read has ${name}`; require contains(r.stdout, "yes") }
}
)plan";

}  // namespace

std::shared_ptr<const plan::VerifiedPlan> compiled(const std::string& name, const std::string& source) {
  const auto file = driver::compile_source({name, source});
  if (file.has_errors) {
    fmt::print(stderr, "{}\n{}\n", source, driver::render(file, diagnostics::Format::Text, {}));
    std::exit(2);
  }
  auto plan = driver::plan_of(file, "");
  if (!plan) {
    fmt::print(stderr, "{}\n{}\n", source, plan.error());
    std::exit(2);
  }
  auto verified = plan::verify(std::move(*plan));
  if (!verified) {
    fmt::print(stderr, "{}\n{}\n", source, verified.error().message);
    std::exit(2);
  }
  return *verified;
}

Story made_up_story(std::uint64_t seed) {
  Random random(mixed(seed) ^ 0x5708);
  Story story;
  story.name = fmt::format("made up {}", seed);
  story.members = {"ana", "bo", "cy"};
  story.shares = {5, 100};
  story.source = kHead + std::string(R"plan(
rollout r {
  traffic via weight()
  when m0 > 50 for 1m then rollback
  when m1 > 50 for 2m then pause "m1 is high"
  stage canary {
    traffic 5%
    run `opaque put a` undo { run `opaque drop a` }
    placed("b")
    hold 4m
  }
  stage full {
    traffic 100%
    approve "go" by 2 of ops within 10m else rollback
    idempotent run `idempotent put c` undo { idempotent run `idempotent drop c` }
    hold 2m..5m until m0 < 50 for 1m else rollback
  }
  on rollback { notify chat "back: ${reason}" }
  on success { notify chat "done" }
}
)plan");
  story.plan = compiled(story.name, story.source);
  return story;
}

}  // namespace rollout::simulation
