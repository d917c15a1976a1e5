// Guards, and what guards, failures and answers lead to.

#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

bool is_comparison(Op op) {
  return op == Op::Equal || op == Op::NotEqual || op == Op::Less || op == Op::LessEqual || op == Op::Greater ||
         op == Op::GreaterEqual;
}

std::string text_of(const Lowering& l, ExprId id) {
  return quoted(l, l.expr(id).location, {id});
}

// Both sides of a condition that is one comparison; the side with a metric is the observed one.
void set_sides(Lowering& l, plan::Guard& guard, ExprId condition) {
  const Expr* expr = &l.expr(condition);
  while (expr->kind == ExprKind::FnCall) {
    const check::FnDecl& function = l.module.fns[l.symbol(expr->symbol).index];
    substitute(l, function.parameters, lower_arguments(l, function.parameters, expr->children));
    expr = &l.expr(function.body);
  }
  if (expr->kind != ExprKind::Binary || !is_comparison(expr->op)) return;
  const Code left = lower_expression(l, expr->children[0]);
  const Code right = lower_expression(l, expr->children[1]);
  const RoutineId left_routine = routine_of(l, left, text_of(l, expr->children[0]));
  const RoutineId right_routine = routine_of(l, right, text_of(l, expr->children[1]));
  const bool swapped = metrics_read(l, left).empty() && !metrics_read(l, right).empty();
  guard.observed = swapped ? right_routine : left_routine;
  guard.threshold = swapped ? left_routine : right_routine;
}

// What the response ends in, into the row.
void set_outcome(Lowering& l, plan::Response& row, const check::Response& response) {
  row.outcome = response.outcome;
  row.reason = lower_optional(l, response.reason);
  row.retry = response.retry;
  row.at_most = lower_optional(l, response.at_most);
  row.after = lower_optional(l, response.after);
  row.within = lower_optional(l, response.within);
  if (const auto stage = l.stages.find(response.stage); stage != l.stages.end()) row.stage = stage->second;
  if (response.until) {
    plan::Hold until;
    until.least = l.build.duration_routine(0);
    until.until.push_back(lower_condition(l, *response.until));
    until.text = "until " + response.until->text;
    until.spot = spot_of(l, response.until->location);
    row.until = l.build.add(std::move(until));
  }
  row.otherwise = lower_response(l, response.otherwise);
}

// The outcome that a block of responses ends with: it competes with those of other guards, so it belongs to the row.
const check::Response* final_outcome(const Lowering& l, const check::Block& block) {
  if (block.steps.empty()) return nullptr;
  const auto* last = std::get_if<check::OutcomeStep>(&l.module.steps[block.steps.back()].body);
  return last && last->response != kNone ? &l.module.responses[last->response] : nullptr;
}

void set_steps(Lowering& l, plan::Response& row, const check::Response& response) {
  const check::Block& body = l.module.blocks[response.steps];
  const check::Response* last = response.outcome == plan::OutcomeKind::None ? final_outcome(l, body) : nullptr;
  const std::size_t count = body.steps.size() - (last ? 1 : 0);
  if (count > 0) {
    const InBlock block(l, plan::BlockKind::Response, quoted(l, response.location), response.location);
    row.steps = block.id();
    // What is said of the step around it says nothing of its response.
    l.in.effect_class = EffectClass::Opaque;
    l.in.timeout = kNone;
    for (std::size_t i = 0; i < count; ++i) lower_step(l, l.module.steps[body.steps[i]]);
  }
  if (last) set_outcome(l, row, *last);
}

}  // namespace

std::string watched_text(const Lowering& l, ExprId condition, ExprId for_duration, const std::string& written) {
  const auto shown_of = [&](ExprId id) { return shown_text(l, l.expr(id).location, {id}); };
  const std::string plain = source_text(l.module, l.expr(condition).location);
  if (!written.starts_with(plain)) return written;
  const std::string shown = shown_of(condition);
  if (for_duration == kNone) return shown + written.substr(plain.size());
  return shown + " for " + shown_of(for_duration);
}

plan::ResponseId lower_response(Lowering& l, check::ResponseId id) {
  if (id == kNone) return kNone;
  const check::Response& response = l.module.responses[id];
  const At at(l, response.location);
  plan::Response row;
  set_outcome(l, row, response);
  if (response.steps != kNone) set_steps(l, row, response);
  row.spot = l.spot;
  return l.build.add(row);
}

void lower_guard(Lowering& l, check::GuardId id) {
  const check::Guard& guard = l.module.guards[id];
  const At at(l, guard.location);
  plan::Guard row;
  const Code condition = lower_expression(l, guard.condition);
  row.condition = routine_of(l, condition, text_of(l, guard.condition));
  row.metrics = metrics_read(l, condition);
  if (l.is_complete()) set_sides(l, row, guard.condition);
  row.for_duration = lower_optional(l, guard.for_duration);
  row.of_m = constant_count(l, guard.of_m);
  row.of_n = constant_count(l, guard.of_n);
  row.response = lower_response(l, guard.response);
  row.blind = lower_response(l, guard.blind);
  row.repeat_every = lower_optional(l, guard.repeat_every);
  row.series = series_behind(l, guard.condition, false);
  if (l.is_complete()) row.text = watched_text(l, guard.condition, guard.for_duration, guard.text);
  row.spot = l.spot;
  const plan::GuardId added = l.build.add(std::move(row));
  l.block().guards.push_back(added);
}

void lower_watch(Lowering& l, const check::WatchStep& watch) {
  const check::GuardsDecl& guards = l.module.guard_sets[l.symbol(watch.guards).index];
  substitute(l, guards.parameters, lower_arguments(l, guards.parameters, watch.arguments));
  for (const check::StepId item : guards.items) lower_step(l, l.module.steps[item]);
}

}  // namespace rollout::lower
