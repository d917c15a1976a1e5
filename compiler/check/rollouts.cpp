#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"

// Rollouts: stages by name first, then headers, then everything in the order of the text.

namespace rollout::check {
namespace {

struct HookRow {
  std::string_view event;
  plan::HookKind kind;
  bool in_rollback;
};

constexpr auto kHooks = std::to_array<HookRow>({
    {"start", plan::HookKind::Start, false},
    {"stage", plan::HookKind::StageEntered, false},
    {"stage done", plan::HookKind::StageDone, false},
    {"pause", plan::HookKind::Pause, false},
    {"resume", plan::HookKind::Resume, false},
    {"rolling back", plan::HookKind::RollingBack, true},
    {"rollback", plan::HookKind::Rollback, true},
    {"rollback incomplete", plan::HookKind::RollbackIncomplete, true},
    {"fallback", plan::HookKind::Fallback, false},
    {"success", plan::HookKind::Success, false},
    {"failure", plan::HookKind::Failure, false},
});

void check_hook(Checker& c, RolloutDecl& rollout, const grammar::HookView& view) {
  const std::string event = view.event();
  const auto row = std::ranges::find(kHooks, event, &HookRow::event);
  if (row == kHooks.end()) return;
  const BlockScope scope(c);
  c.at.place.reason_name = true;
  c.at.place.beside = true;
  c.at.place.in_rollback = row->in_rollback;
  const std::string what = fmt::format("`on {}`", event);
  c.at.place.what = what;
  const BlockId body = check_block(c, view.block());
  rollout.hooks.push_back({row->kind, body});
}

plan::Anchor anchor_of(MaybeNode word) {
  if (word && word->is(SyntaxKind::KeywordSuccess)) return plan::Anchor::Success;
  if (word && word->is(SyntaxKind::KeywordRollback)) return plan::Anchor::Rollback;
  return word && word->is(SyntaxKind::KeywordFailure) ? plan::Anchor::Failure : plan::Anchor::Start;
}

// The sum of the signed durations behind the anchor; kNone where there are none.
ExprId check_offset(Checker& c, const grammar::ScheduleView& view) {
  const auto terms = view.offsets();
  const auto signs = view.signs();
  const TypeId duration = type_id(TypeKind::Duration);
  ExprId sum = kNone;
  for (std::size_t i = 0; i < terms.size() && i < signs.size(); ++i) {
    const ExprId term = check_as(c, terms[i], duration, "the time of a schedule");
    Expr expr;
    expr.location = c.here(terms[i]);
    expr.type = is_error(c, term) ? kErrorType : duration;
    const bool minus = signs[i].is(SyntaxKind::Minus);
    if (sum == kNone && !minus) {
      sum = term;
      continue;
    }
    expr.kind = sum == kNone ? ExprKind::Unary : ExprKind::Binary;
    expr.op = sum == kNone ? plan::Op::Negate : minus ? plan::Op::Subtract : plan::Op::Add;
    expr.children = sum == kNone ? std::vector<ExprId>{term} : std::vector<ExprId>{sum, term};
    sum = add_expr(c, std::move(expr));
  }
  return sum;
}

void check_schedule(Checker& c, RolloutDecl& rollout, const grammar::ScheduleView& view) {
  const TypeId duration = type_id(TypeKind::Duration);
  const BlockScope scope(c);
  c.at.place.reason_name = true;
  c.at.place.beside = true;
  c.at.place.what = "a schedule";
  ScheduleDecl schedule;
  schedule.anchor = anchor_of(view.anchor());
  schedule.offset = check_offset(c, view);
  schedule.every = check_optional(c, view.every(), duration, "`every`");
  schedule.for_duration = check_optional(c, view.for_duration(), duration, "`for`");
  schedule.always = view.is_always();
  if (schedule.every != kNone)
    demand_constant_range(c, schedule.every, 1, 9.3e18, "an interval must be longer than nothing", {});
  const auto offset = constant_value(c, schedule.offset);
  if (schedule.anchor != plan::Anchor::Start && offset && offset->as_integer() < 0) {
    c.report(Code::OutOfRange, c.expr(schedule.offset).location,
             "only the start can be planned for, so only `at start` may lie before its event");
  }
  if (view.block()) {
    schedule.text = folded_text(c, c.at.file, {view.span().begin, view.block()->span().begin});
    schedule.body = check_block(c, view.block());
  }
  rollout.schedules.push_back(std::move(schedule));
}

void check_stage_instance(Checker& c, std::uint32_t index, NodeRef used) {
  const SymbolId id = resolve_kind(c, used, SymbolKind::StageTemplate, "a template of a stage");
  if (id == kNone) return;
  const auto arguments = check_arguments(c, call_site(c, used, id), parameters_of(c, id));
  StageDecl& stage = c.module.stages[index];
  stage.of_template = c.symbol(id).index;
  stage.arguments = arguments;
  const auto& node = c.origins[id].node;
  const bool moves_traffic = node && !node->descendants(SyntaxKind::Traffic).empty();
  if (!moves_traffic || c.module.rollouts[c.at.place.rollout].traffic_via != kNone) return;
  c.report(Code::TrafficWithoutVia, c.here(used),
           fmt::format("`{}` moves traffic, and this rollout has no `traffic via`", c.symbol(id).name))
      .help("say how: `traffic via kubernetes.service_weights(canary: \"...\", stable: \"...\")`");
}

void check_rollout_stage(Checker& c, std::uint32_t index, NodeRef node, Block& body) {
  const grammar::StageView view{{node}};
  const BlockScope scope(c);
  const auto& stages = c.module.rollouts[c.at.place.rollout].stages;
  c.at.place.stage_index = static_cast<std::uint32_t>(std::ranges::find(stages, index) - stages.begin());
  if (!view.parameters().empty()) {
    c.report(Code::NotATemplate, c.here(node.child(SyntaxKind::Params).value_or(node)),
             "a stage of a rollout takes no arguments")
        .help("declare it outside of the rollout and use it here: `stage canary = step(5%, 15m)`");
  }
  if (view.instance_of())
    check_stage_instance(c, index, *view.instance_of());
  else
    check_stage(c, index, node);
  body.steps.push_back(add_step(c, StageStep{index}, {}, c.here(node)));
}

// What the rollout reaches from its stages is in their order; a stage without a name is passed over.
std::vector<std::uint32_t> declare_stages(Checker& c, std::span<const NodeRef> items) {
  std::vector<std::uint32_t> stages;
  for (const NodeRef item : items) {
    if (item.is(SyntaxKind::Stage)) stages.push_back(declare_stage(c, item));
  }
  return stages;
}

void report_duplicate_stages(Checker& c, std::span<const std::uint32_t> stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Symbol& stage = c.symbol(c.module.stages[stages[i]].symbol);
    for (std::size_t k = 0; k < i; ++k) {
      const Symbol& other = c.symbol(c.module.stages[stages[k]].symbol);
      if (other.name != stage.name || stage.name.empty()) continue;
      c.report(Code::DuplicateStage, stage.declared,
               fmt::format("there are two stages `{}` in this rollout", stage.name))
          .label("named again")
          .also(other.declared, "first here");
      break;
    }
  }
}

void check_items_in_order(Checker& c, RolloutDecl& rollout, std::span<const NodeRef> items, Block& body) {
  std::size_t next_stage = 0;
  std::vector<NodeRef> steps;
  const auto flush = [&] {
    check_items(c, steps, body);
    steps.clear();
  };
  for (const NodeRef item : items) {
    if (item.is(SyntaxKind::Stage)) {
      flush();
      check_rollout_stage(c, rollout.stages[next_stage++], item, body);
    } else if (const auto hook = grammar::as<grammar::HookView>(item)) {
      check_hook(c, rollout, *hook);
    } else if (const auto schedule = grammar::as<grammar::ScheduleView>(item)) {
      check_schedule(c, rollout, *schedule);
    } else if (grammar::is_step(item.kind())) {
      steps.push_back(item);
    }
  }
  flush();
}

}  // namespace

std::uint32_t find_stage(Checker& c, NodeRef name) {
  const Place& place = c.at.place;
  if (place.rollout == kNone) {
    c.report(Code::UnknownStage, c.here(name),
             fmt::format("stages have names only inside a rollout, not in {}", place.what));
    return kNone;
  }
  const auto& stages = c.module.rollouts[place.rollout].stages;
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < stages.size(); ++i) {
    const Symbol& stage = c.symbol(c.module.stages[stages[i]].symbol);
    names.push_back(stage.name);
    if (stage.name != name.text()) continue;
    c.note(name, c.module.stages[stages[i]].symbol);
    if (place.stage_index == kNone || i < place.stage_index) return stages[i];
    c.report(Code::StageNotEarlier, c.here(name),
             i == place.stage_index ? fmt::format("`{}` is this stage itself", stage.name)
                                    : fmt::format("`{}` comes after this stage", stage.name))
        .also(stage.declared, "the stage")
        .note("`rollback to` undoes back to the end of an earlier stage");
    return kNone;
  }
  if (is_in_broken_text(c, name.text())) return kNone;
  c.report(Code::UnknownStage, c.here(name), fmt::format("this rollout has no stage `{}`", name.text()))
      .meant(c.here(name), name.text(), names);
  return kNone;
}

std::uint32_t declare_stage(Checker& c, NodeRef node) {
  const auto name = grammar::StageView{{node}}.name();
  Symbol symbol;
  symbol.kind = SymbolKind::Stage;
  symbol.name = symbol.path = name ? std::string(name->text()) : std::string();
  symbol.declared = c.here(name.value_or(node));
  symbol.documentation = node.documentation();
  symbol.index = static_cast<std::uint32_t>(c.module.stages.size());
  StageDecl stage;
  stage.symbol = add_symbol(c, std::move(symbol), {c.at.file, node, Progress::Done});
  c.module.stages.push_back(std::move(stage));
  return static_cast<std::uint32_t>(c.module.stages.size() - 1);
}

namespace {

void report_second_sample(Checker& c, NodeRef node, NodeRef first) {
  c.report(Code::RepeatedHeader, c.here(node), "this stage has `sample` already")
      .also(c.here(first), "the first one")
      .help("write its parts behind each other: `sample every 1m for 1h, every 5m`");
}

}  // namespace

void check_stage(Checker& c, std::uint32_t index, NodeRef node) {
  const auto body = grammar::StageView{{node}}.body();
  Block block;
  std::vector<plan::Window> windows;
  std::vector<Cadence> sampling;
  MaybeNode sample;
  ExprId warmup = kNone;
  if (body) {
    block.location = c.here(*body);
    const BlockScope scope(c);
    const auto items = grammar::BodyView{{*body}}.items();
    for (const NodeRef item : items) {
      if (const auto window = check_window(c, item)) windows.push_back(*window);
      if (item.is(SyntaxKind::Sample)) {
        if (sample) report_second_sample(c, item, *sample);
        sample = item;
        sampling = check_sampling(c, item);
      }
      if (const auto view = grammar::as<grammar::WarmupView>(item)) {
        warmup = check_as(c, view->duration(), type_id(TypeKind::Duration), "`warmup`");
      }
    }
    check_items(c, items, block);
  }
  const BlockId id = add_block(c, std::move(block));
  StageDecl& stage = c.module.stages[index];
  stage.body = id;
  stage.windows = std::move(windows);
  stage.warmup = warmup;
  stage.sampling = std::move(sampling);
}

void check_rollout(Checker& c, SymbolId id, NodeRef node) {
  const std::uint32_t index = c.symbol(id).index;
  const auto body_node = grammar::RolloutView{{node}}.body();
  open_arguments(c, c.module.rollouts[index].parameters);
  Place& place = c.at.place;
  place.what = "a rollout";
  place.calls = Calls::All;
  place.metrics = true;
  place.run_names = true;
  place.rollout = index;
  RolloutDecl rollout = c.module.rollouts[index];
  rollout.location = c.here(node);
  Block body;
  if (body_node) {
    body.location = c.here(*body_node);
    const auto items = grammar::BodyView{{*body_node}}.items();
    rollout.stages = declare_stages(c, items);
    report_duplicate_stages(c, rollout.stages);
    c.module.rollouts[index].stages = rollout.stages;
    check_headers(c, rollout, items);
    c.module.rollouts[index].traffic_via = rollout.traffic_via;
    const BlockScope scope(c);
    check_items_in_order(c, rollout, items, body);
  }
  rollout.body = add_block(c, std::move(body));
  check_openings(c, rollout);
  c.module.rollouts[index] = std::move(rollout);
}

}  // namespace rollout::check
