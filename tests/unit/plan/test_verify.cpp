#include <catch2/catch.hpp>
#include <functional>

#include "runtime/plan/format.hpp"
#include "runtime/plan/verify.hpp"
#include "sample_plan.hpp"

namespace rollout::plan {

namespace {

std::string reason(Plan plan) {
  const auto verified = verify(std::move(plan));
  return verified ? "verified" : verified.error().message;
}

// The first instruction of that kind.
Instruction& find(Plan& plan, Op op) {
  for (Instruction& instruction : plan.code) {
    if (instruction.op == op) return instruction;
  }
  throw std::logic_error("the sample has no such instruction");
}

RoutineId routine_of(const Plan& plan, ValueKind kind) {
  for (RoutineId id = 0; id < plan.routines.size(); ++id) {
    if (plan.routines[id].kind == kind) return id;
  }
  throw std::logic_error("the sample has no such routine");
}

Block& block_of(Plan& plan, BlockKind kind) {
  for (Block& block : plan.blocks) {
    if (block.kind == kind) return block;
  }
  throw std::logic_error("the sample has no such block");
}

struct Case {
  const char* expected;
  std::function<void(Plan&)> harm;
};

void check(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    Plan plan = sample_plan();
    row.harm(plan);
    const std::string answer = reason(std::move(plan));
    INFO("got: " << answer << "\n  expected: " << row.expected);
    CHECK(answer.find(row.expected) != std::string::npos);
  }
}

// A rollout around one stage whose steps the caller emits.
Plan with_steps(const std::function<void(PlanBuilder&)>& steps) {
  PlanBuilder build;
  const BlockId root = build.begin_block(BlockKind::Rollout, "r");
  steps(build);
  build.end_block();
  build.rollout().block = root;
  return build.finish();
}

}  // namespace

TEST_CASE("a good plan is verified and kept as it is") {
  const auto verified = verify(sample_plan());
  REQUIRE(verified);
  CHECK(***verified == sample_plan());
  CHECK(reason(with_steps([](PlanBuilder&) {})) == "verified");
}

TEST_CASE("ids that point nowhere are refused") {
  check({
      {"guard 0 `p95(\"contacts\") > 600ms for 10m`: `response` is response 17, but the plan has 2",
       [](Plan& plan) { plan.guards[0].response = 17; }},
      {"guard 0 `p95(\"contacts\") > 600ms for 10m`: `condition` is missing",
       [](Plan& plan) { plan.guards[0].condition = kNone; }},
      {"`metrics` is metric 99", [](Plan& plan) { plan.guards[0].metrics = {99}; }},
      {"`undo` is block 99", [](Plan& plan) { plan.blocks[0].undo = 99; }},
      {"`captures` is variable 99", [](Plan& plan) { plan.blocks[0].captures = {99}; }},
      {"stage 0 `canary`: `block` is missing", [](Plan& plan) { plan.stages[0].block = kNone; }},
      {"spot 0 `param version`: `file` is file 5", [](Plan& plan) { plan.spots[0].file = 5; }},
      {"`value` is routine 999", [](Plan& plan) { plan.effects[0].arguments[0].value = 999; }},
      {"`condition` is routine 999", [](Plan& plan) { plan.holds[0].until[0].condition = 999; }},
      {"rollout 0 `sample`: `block` is block 99", [](Plan& plan) { plan.rollout.block = 99; }},
      {"instruction 0: `spot` is spot 77", [](Plan& plan) { plan.code[0].spot = 77; }},
      {"global 0: variable 99", [](Plan& plan) { plan.globals[0] = 99; }},
      {"odd number", [](Plan& plan) { plan.globals.pop_back(); }},
      {"Load: it names variable 99", [](Plan& plan) { find(plan, Op::Load).b = 99; }},
      {"Constant: it names constant 99", [](Plan& plan) { find(plan, Op::Constant).b = 99; }},
      {"Secret: it names secret 99", [](Plan& plan) { find(plan, Op::Secret).b = 99; }},
      {"Context: it names context value 7", [](Plan& plan) { find(plan, Op::Context).b = 7; }},
      {"Effect: it names effect 99", [](Plan& plan) { find(plan, Op::Effect).b = 99; }},
      {"Hold: it names hold 99", [](Plan& plan) { find(plan, Op::Hold).b = 99; }},
      {"Gate: it names gate 99", [](Plan& plan) { find(plan, Op::Gate).b = 99; }},
      {"Notify: it names notification 99", [](Plan& plan) { find(plan, Op::Notify).b = 99; }},
      {"Outcome: it names response 99", [](Plan& plan) { find(plan, Op::Outcome).b = 99; }},
      {"Run: it names block 99", [](Plan& plan) { find(plan, Op::Run).b = 99; }},
      {"Let: it names variable 99", [](Plan& plan) { find(plan, Op::Let).b = 99; }},
      {"Let: it names routine 999", [](Plan& plan) { find(plan, Op::Let).c = 999; }},
  });
}

TEST_CASE("a value of another kind than its place needs is refused") {
  check({
      {"`condition` must give a bool, but routine",
       [](Plan& plan) { plan.guards[0].condition = routine_of(plan, ValueKind::Duration); }},
      {"`for` must give a duration", [](Plan& plan) { plan.guards[0].for_duration = plan.guards[0].condition; }},
      {"`members` must give a list", [](Plan& plan) { plan.roles[0].members = routine_of(plan, ValueKind::String); }},
      {"JumpUnless: it needs a bool",
       [](Plan& plan) { find(plan, Op::JumpUnless).c = routine_of(plan, ValueKind::Ratio); }},
      {"Require: it needs a bool", [](Plan& plan) { find(plan, Op::Require).b = routine_of(plan, ValueKind::String); }},
      {"Require: it needs a string", [](Plan& plan) { find(plan, Op::Require).c = routine_of(plan, ValueKind::Bool); }},
      {"Traffic: it needs a ratio",
       [](Plan& plan) { find(plan, Op::Traffic).b = routine_of(plan, ValueKind::Duration); }},
      {"Let: it needs a string", [](Plan& plan) { find(plan, Op::Let).c = routine_of(plan, ValueKind::Bool); }},
      {"`previous` holds a ratio, but its value is a string",
       [](Plan& plan) { plan.variables[1].kind = ValueKind::Ratio; }},
      {"it is a string, but its variable holds a number",
       [](Plan& plan) { plan.variables[0].kind = ValueKind::Number; }},
      {"`>` does not apply to a duration and a ratio",
       [](Plan& plan) {
         plan.constants[25] = Value::ratio(0.05);
         plan.guards[0].threshold = kNone;
       }},
      {"is declared to give a duration, but gives a string",
       [](Plan& plan) { plan.constants[5] = Value::string("x"); }},
  });
}

TEST_CASE("code that is not straight is refused") {
  check({
      {"its code 5..5 is not within", [](Plan& plan) { plan.routines[1].begin = plan.routines[1].end = 5; }},
      {"its code 9..8 is not within", [](Plan& plan) { plan.routines[1].begin = 9, plan.routines[1].end = 8; }},
      {"is not within", [](Plan& plan) { plan.routines[1].end = kNone; }},
      {"belongs to something else already", [](Plan& plan) { plan.routines[1].begin = 0; }},
      {"belongs to something else already", [](Plan& plan) { plan.blocks[1].begin -= 1; }},
      {"belongs to no routine and no block", [](Plan& plan) { plan.code.push_back({.op = Op::End}); }},
      {"Return: code follows it",
       [](Plan& plan) {
         find(plan, Op::Constant).op = Op::Return;
         plan.code[0].b = 0;
       }},
      {"it does not return", [](Plan& plan) { find(plan, Op::Return) = {.op = Op::Constant}; }},
      {"it is a statement", [](Plan& plan) { plan.code[0] = {.op = Op::End}; }},
      {"it is part of an expression", [](Plan& plan) { find(plan, Op::Effect) = {.op = Op::Add}; }},
      {"there are 0 values instead of one",
       [](Plan& plan) {
         plan.routines[1].begin = 3, plan.code[2] = {.op = Op::Return}, plan.routines[0].end = 3;
         plan.code[1] = {.op = Op::Not};
         plan.constants[0] = Value::boolean(true);
         plan.routines[0].kind = ValueKind::Any;
       }},
      {"it takes 2 values, there are 1", [](Plan& plan) { find(plan, Op::Context) = {.op = Op::Add}; }},
      {"MakeList: it takes 77 values", [](Plan& plan) { find(plan, Op::MakeList).b = 77; }},
      {"Concatenate: it takes 4294967295 values", [](Plan& plan) { find(plan, Op::Concatenate).b = kNone; }},
      {"its flags are not zero", [](Plan& plan) { plan.code[0].flags = 1; }},
      {"its operand a is not zero", [](Plan& plan) { plan.code[0].a = 1; }},
      {"flags or operand a are not zero", [](Plan& plan) { find(plan, Op::Effect).a = 1; }},
      {"there is no aggregate 9", [](Plan& plan) { find(plan, Op::Window).a = 9; }},
      {"its quantile is not from 0% to 100%", [](Plan& plan) { plan.constants[26] = Value::ratio(1.5); }},
      {"a field's name is a number", [](Plan& plan) { find(plan, Op::Field).b = 11; }},
      {"code follows it", [](Plan& plan) { find(plan, Op::Effect) = {.op = Op::End}; }},
      {"the block ends without `End`", [](Plan& plan) { find(plan, Op::End) = {.op = Op::UndoRest}; }},
      {"it jumps back to 0", [](Plan& plan) { find(plan, Op::Jump).b = 0; }},
      {"it jumps out of its block", [](Plan& plan) { find(plan, Op::Jump).b = block_of(plan, BlockKind::Stage).end; }},
      {"it jumps back to", [](Plan& plan) { find(plan, Op::JumpUnless).b = block_of(plan, BlockKind::Stage).begin; }},
      {"does not run side by side",
       [](Plan& plan) { find(plan, Op::Parallel).b = block_of(plan, BlockKind::Action).undo; }},
      {"side by side run blocks only",
       [](Plan& plan) { plan.code[block_of(plan, BlockKind::Branches).begin] = {.op = Op::UndoRest}; }},
      {"is the rollout itself", [](Plan& plan) { find(plan, Op::Run).b = plan.rollout.block; }},
  });
}

TEST_CASE("rows that mean nothing are refused") {
  check({
      {"it asks for 6 of 5 samples", [](Plan& plan) { plan.guards[1].of_m = 6; }},
      {"it asks for 0 of 5 samples", [](Plan& plan) { plan.guards[1].of_m = 0; }},
      {"the most is 10000", [](Plan& plan) { plan.guards[1].of_n = 20000; }},
      {"not in ascending order", [](Plan& plan) { plan.guards[0].metrics = {0, 0}; }},
      {"reads metric 0, which is not among its metrics", [](Plan& plan) { plan.guards[0].metrics = {1}; }},
      {"reads metric 1", [](Plan& plan) { plan.holds[0].until[0].metrics = {}; }},
      {"constant 0 is a secret", [](Plan& plan) { plan.constants[0] = Value::secret({}); }},
      {"constant 0 is a secret", [](Plan& plan) { plan.constants[0] = Value::list({Value::secret({})}); }},
      {"an argument is a secret", [](Plan& plan) { plan.metrics[0].arguments = {Value::secret({})}; }},
      {"has no check to ask", [](Plan& plan) { plan.metrics[2].check = kNone; }},
      {"its past is not told which slots", [](Plan& plan) { plan.metrics.back().past_step = kNone; }},
      {"its past is not told which slots",
       [](Plan& plan) { plan.metrics.back().past_step = plan.metrics.back().past_from; }},
      {"it keeps 1 variables but has 0 for them", [](Plan& plan) { plan.channels[0].copies.clear(); }},
      {"its scale", [](Plan& plan) { plan.metrics[0].scale = 0; }},
      {"`absent` is a string", [](Plan& plan) { plan.metrics[1].absent = 0; }},
      {"2 labels but 1 values",
       [](Plan& plan) { plan.metrics[0].labels = {"a", "b"}, plan.metrics[0].label_values = {Value::number(1)}; }},
      {"a label cannot stand for a bool",
       [](Plan& plan) { plan.metrics[0].labels = {"a"}, plan.metrics[0].label_values = {Value::boolean(true)}; }},
      {"its samples cannot be a secret", [](Plan& plan) { plan.metrics[0].kind = ValueKind::Secret; }},
      {"it rolls back to no stage", [](Plan& plan) { plan.responses[1].outcome = OutcomeKind::RollbackTo; }},
      {"it names no role", [](Plan& plan) { plan.gates[0].role = kNone; }},
      {"it has no answers", [](Plan& plan) { plan.gates[0].kind = GateKind::Ask; }},
      {"its argument `command` is missing", [](Plan& plan) { plan.effects[1].arguments.clear(); }},
      {"its argument `server` is missing", [](Plan& plan) { plan.effects[1].kind = EffectKind::Mail; }},
      {"its argument `plugin` is missing", [](Plan& plan) { plan.effects[1].kind = EffectKind::Plugin; }},
      {"its name is that of another",
       [](Plan& plan) {
         const std::string digest(64, 'a');
         plan.plugins = {{"acme", "1", "acme", digest, digest}, {"acme", "2", "acme", digest, digest}};
       }},
      {"its digests are not those of SHA-256",
       [](Plan& plan) { plan.plugins = {{"acme", "1", "acme", std::string(64, 'a'), std::string(64, 'X')}}; }},
      {"it has no name or no program",
       [](Plan& plan) { plan.plugins = {{"acme", "1", "", std::string(64, 'a'), std::string(64, 'a')}}; }},
      {"it is that of no plugin of the plan", [](Plan& plan) { plan.plugin_access = {{"acme", {}, {}, {}}}; }},
      {"its plugin has another",
       [](Plan& plan) {
         plan.plugins = {{"acme", "1", "acme", std::string(64, 'a'), std::string(64, 'a')}};
         plan.plugin_access = {{"acme", {}, {}, {}}, {"acme", {}, {}, {}}};
       }},
      {"ports are from 1 to 65535",
       [](Plan& plan) {
         plan.plugins = {{"acme", "1", "acme", std::string(64, 'a'), std::string(64, 'a')}};
         plan.plugin_access = {{"acme", {}, {}, {65'536}}};
       }},
      {"there are more than 64",
       [](Plan& plan) {
         plan.plugins = {{"acme", "1", "acme", std::string(64, 'a'), std::string(64, 'a')}};
         plan.plugin_access = {{"acme", std::vector<std::string>(65, "/a"), {}, {}}};
       }},
      {"has no time", [](Plan& plan) { plan.holds[0].least = kNone; }},
      {"it retries 10001 times", [](Plan& plan) { plan.blocks[0].retries = 10001; }},
      {"it has no period", [](Plan& plan) { plan.blocks[0].kind = BlockKind::Every; }},
      {"is not an `every` block", [](Plan& plan) { plan.blocks[0].companions = {1}; }},
      {"a stage block of no stage", [](Plan& plan) { plan.blocks[0].kind = BlockKind::Stage; }},
      {"is not its stage block",
       [](Plan& plan) {
         plan.stages[0].block = 0;
         block_of(plan, BlockKind::Stage).kind = BlockKind::Step;
       }},
      {"is not a rollout block", [](Plan& plan) { plan.rollout.block = 0; }},
      {"stands in it twice", [](Plan& plan) { plan.rollout.stages.push_back(0); }},
      {"a window's time is not within a day", [](Plan& plan) { plan.stages[0].windows[0].to = 25 * kHour; }},
      {"open on no day", [](Plan& plan) { plan.stages[0].windows[0].days.mask = 0; }},
      {"open on no day", [](Plan& plan) { plan.stages[0].windows[0].days.mask = 0xff; }},
      {"is not the name of a time zone", [](Plan& plan) { plan.stages[0].windows[0].zone = "../../etc/passwd"; }},
      {"is not the name of a time zone", [](Plan& plan) { plan.stages[0].windows[0].zone = ""; }},
      {"the main rollout has no parent", [](Plan& plan) { plan.rollout.parent = 0; }},
      {"rollout 1 `cart`: its parent does not come before it", [](Plan& plan) { plan.children[0].parent = 1; }},
      {"rollout 1 `cart`: its parent does not come before it", [](Plan& plan) { plan.children[0].parent = kNone; }},
      {"rollout 1 `cart`: stage 1 belongs to another rollout", [](Plan& plan) { plan.stages[1].rollout = 0; }},
      {"belongs to another rollout", [](Plan& plan) { plan.blocks[plan.children[0].block].rollout = 0; }},
      {"`rollout` is rollout 2, but the plan has 2", [](Plan& plan) { plan.stages[1].rollout = 2; }},
      {"no rollout has it as its block", [](Plan& plan) { block_of(plan, BlockKind::Hook).kind = BlockKind::Rollout; }},
      {"a freeze ends before it begins", [](Plan& plan) { plan.rollout.freezes[0].to = 0; }},
      {"its text is longer than 200 bytes", [](Plan& plan) { plan.spots[0].text = std::string(201, 'x'); }},
      {"a parameter cannot be a missing value",
       [](Plan& plan) {
         plan.parameters[0].kind = ValueKind::Missing;
         plan.variables[0].kind = ValueKind::Any;
       }},
  });
}

TEST_CASE("what runs itself is refused") {
  check({
      {"block 5 `kubernetes.set_image` uses block 5 `kubernetes.set_image`: it would never end",
       [](Plan& plan) { block_of(plan, BlockKind::Action).undo = find(plan, Op::Run).b = 5; }},
      {"it would never end", [](Plan& plan) { plan.blocks[0].probe = 0; }},
      {"it would never end",
       [](Plan& plan) { plan.children[0].hooks = {{HookKind::Rollback, plan.children[0].block}}; }},
      {"it would never end", [](Plan& plan) { plan.responses[1].otherwise = 1; }},
      {"it would never end", [](Plan& plan) { plan.channels[0].acknowledged = 2; }},
      {"it would never end", [](Plan& plan) { plan.blocks[2].guards = {0}; }},
      {"it would never end", [](Plan& plan) { plan.metrics[2].configuration = {{"x", find(plan, Op::JumpUnless).c}}; }},
  });
  // A long ring is shown by its beginning.
  Plan ring = with_steps([](PlanBuilder& build) {
    std::vector<BlockId> blocks;
    for (int index = 0; index < 20; ++index) {
      blocks.push_back(build.begin_block(BlockKind::Step));
      build.end_block();
    }
    for (int index = 0; index < 20; ++index)
      build.block(blocks[static_cast<std::size_t>(index)]).undo = blocks[static_cast<std::size_t>((index + 1) % 20)];
  });
  CHECK(reason(ring) ==
        "the plan is not valid: block 1 uses block 2 uses block 3 uses block 4 uses block 5 uses block 6 uses block 7 "
        "uses "
        "block 8 uses ... uses block 1: it would never end");
}

TEST_CASE("a guard may send the rollout back to the stage that it stands in") {
  Plan plan = sample_plan();
  plan.responses[1].outcome = OutcomeKind::RollbackTo;
  plan.responses[1].stage = 0;
  CHECK(reason(plan) == "verified");
}

TEST_CASE("what is too deep or too large when written out is refused") {
  const auto chain = [](int length, int uses) {
    return with_steps([&](PlanBuilder& build) {
      BlockId inner = build.begin_block(BlockKind::Step);
      build.end_block();
      for (int depth = 2; depth < length; ++depth) {
        const BlockId outer = build.begin_block(BlockKind::Step);
        for (int use = 0; use < uses; ++use) build.emit(Op::Run, inner);
        inner = build.end_block();
        CHECK(inner == outer);
      }
      build.emit(Op::Run, inner);
    });
  };
  CHECK(reason(chain(64, 1)) == "verified");
  CHECK(reason(chain(65, 1)).find("runs blocks more than 64 deep") != std::string::npos);
  CHECK(reason(chain(60, 2)).find("has more than 10000000 steps when written out") != std::string::npos);
  CHECK(reason(chain(16, 2)) == "verified");
  const auto retried = with_steps([](PlanBuilder& build) {
    for (int depth = 0; depth < 3; ++depth) {
      const BlockId step = build.begin_block(BlockKind::Step);
      build.block(step).retries = 1000;
    }
    BlockId inner = kNone;
    for (int depth = 0; depth < 3; ++depth) {
      if (inner != kNone) build.emit(Op::Run, inner);
      inner = build.end_block();
    }
    build.emit(Op::Run, inner);
  });
  CHECK(reason(retried).find("steps when written out") != std::string::npos);
  const auto responses = with_steps([](PlanBuilder& build) {
    ResponseId last = kNone;
    for (int index = 0; index < 1000; ++index)
      last = build.add(Response{.outcome = OutcomeKind::Pause, .otherwise = last});
  });
  CHECK(reason(responses).find("refers to others more than 512 deep") != std::string::npos);
}

TEST_CASE("tables, texts and stacks have limits") {
  Plan rows = sample_plan();
  rows.variables.resize(kMaxVariables + 1);
  CHECK(reason(std::move(rows)) == "the plan is not valid: table `variables` has 10001 rows, the most is 10000");
  Plan text = sample_plan();
  text.rollout.description = std::string(kMaxStringBytes + 1, 'x');
  CHECK(reason(std::move(text)) == "the plan is not valid: rollout 0 holds a text over 1 MiB");
  const auto deep = [](std::uint32_t values) {
    return with_steps([&](PlanBuilder& build) {
      build.begin_routine();
      for (std::uint32_t index = 0; index < values; ++index) build.push_constant(Value::number(1));
      build.push(Op::MakeList, values);
      build.end_routine(ValueKind::List);
    });
  };
  CHECK(reason(deep(kMaxStack)) == "verified");
  CHECK(reason(deep(kMaxStack + 1)).find("needs more than 256 values at a time") != std::string::npos);
}

TEST_CASE("names from a plan are short and printable in messages") {
  Plan plan = sample_plan();
  plan.guards[0].text = "\x1b[2J\n" + std::string(100, 'x');
  plan.guards[0].response = 99;
  const std::string answer = reason(plan);
  CHECK(answer.find('\x1b') == std::string::npos);
  CHECK(answer.find('\n') == std::string::npos);
  CHECK(answer.find("xxx...`") != std::string::npos);
}

}  // namespace rollout::plan
