#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/verify.hpp"

// Guards, conditions over time, and what answers them.

namespace rollout::check {
namespace {

ExprId duration_of(Checker& c, MaybeNode node, std::string_view what) {
  const ExprId duration = check_optional(c, node, type_id(TypeKind::Duration), what);
  if (duration != kNone) demand_constant_range(c, duration, 0, 9.3e18, fmt::format("{} cannot be negative", what), {});
  return duration;
}

void check_reason(Checker& c, MaybeNode literal, Response& response) {
  response.reason = check_optional(c, literal, type_id(TypeKind::String), "a reason");
}

void check_rollback_to(Checker& c, const grammar::RollbackToOutcomeView& view, Response& response) {
  response.outcome = plan::OutcomeKind::RollbackTo;
  if (view.stage()) response.stage = find_stage(c, *view.stage());
  response.retry = view.is_retry();
  if (view.at_most()) {
    response.at_most = check_constant(c, view.at_most(), type_id(TypeKind::Number), "the number of retries");
    demand_constant_range(c, response.at_most, 1, 10'000, "a retry must happen at least once", {});
  }
  response.after = duration_of(c, view.after(), "the time before a retry");
  if (view.node.has(SyntaxKind::ElseClause)) response.otherwise = check_response(c, view.else_response());
}

void check_pause(Checker& c, const grammar::PauseOutcomeView& view, Response& response) {
  response.outcome = plan::OutcomeKind::Pause;
  check_reason(c, view.reason(), response);
  if (view.condition()) response.until = check_condition(c, *view.condition());
  response.within = duration_of(c, view.within(), "`within`");
  if (view.node.has(SyntaxKind::ElseClause)) response.otherwise = check_response(c, view.else_response());
}

// A block of responses: its last outcome becomes the response's own, since outcomes compete and steps do not.
void check_reply(Checker& c, NodeRef node, Response& response) {
  const auto items = grammar::BodyView{{node}}.items();
  Block block;
  block.location = c.here(node);
  const BlockScope scope(c);
  c.at.place.container = Container::Reply;
  check_items(c, items, block);
  if (!block.steps.empty()) {
    const auto* last = std::get_if<OutcomeStep>(&c.module.steps[block.steps.back()].body);
    if (last != nullptr) {
      const Location whole = response.location;
      response = c.module.responses[last->response];
      response.location = whole;
      block.steps.pop_back();
    }
  }
  if (!block.steps.empty()) response.steps = add_block(c, std::move(block));
}

void check_single(Checker& c, NodeRef node, Response& response) {
  Block block;
  block.location = c.here(node);
  const BlockScope scope(c);
  c.at.place.container = Container::Reply;
  const NodeRef items[] = {node};
  check_items(c, items, block);
  response.steps = add_block(c, std::move(block));
}

bool is_whole(const Value& value, double least) {
  return value.as_double() >= least && value.as_double() == std::floor(value.as_double()) &&
         value.as_double() <= plan::kMaxSampleCount;
}

void check_samples(Checker& c, NodeRef node, Guard& guard) {
  const grammar::SamplesView view{{node}};
  guard.of_m = check_constant(c, view.required(), type_id(TypeKind::Number), "the number of breaches");
  guard.of_n = check_constant(c, view.window(), type_id(TypeKind::Number), "the number of samples");
  const auto m = constant_value(c, guard.of_m), n = constant_value(c, guard.of_n);
  if (!m || !n) return;
  if (!is_whole(*m, 1) || !is_whole(*n, 1)) {
    c.report(Code::OutOfRange, c.here(node),
             fmt::format("samples are counted in whole numbers from 1 to {}", plan::kMaxSampleCount));
  } else if (m->as_double() > n->as_double()) {
    c.report(Code::OutOfRange, c.here(node),
             fmt::format("{} of {} samples can never be: the first number is at most the second", plan::to_literal(*m),
                         plan::to_literal(*n)));
  }
}

// A condition that the run evaluates again and again; calls of the outside have no place in it.
ExprId check_watched(Checker& c, MaybeNode node, std::string_view what) {
  const Place outer = c.at.place;
  c.at.place.metrics = true;
  c.at.place.calls = Calls::None;
  c.at.place.what = what;
  const ExprId condition = check_as(c, node, type_id(TypeKind::Bool), what);
  c.at.place = outer;
  return condition;
}

// `now` changes by itself, so waiting for a moment makes sense.
bool reads_clock(const Checker& c, ExprId id) {
  if (id == kNone) return false;
  const Expr& expr = c.expr(id);
  if (expr.kind == ExprKind::Context && expr.context == plan::ContextValue::Now) return true;
  return std::ranges::any_of(expr.children, [&](ExprId child) { return reads_clock(c, child); });
}

}  // namespace

bool reads_metric(const Checker& c, ExprId id) {
  if (id == kNone) return false;
  const Expr& expr = c.expr(id);
  if (expr.kind == ExprKind::MetricUse || expr.kind == ExprKind::CheckUse || expr.type == kErrorType) return true;
  return std::ranges::any_of(expr.children, [&](ExprId child) { return reads_metric(c, child); });
}

HoldCondition check_condition(Checker& c, NodeRef node) {
  const grammar::ConditionView view{{node}};
  HoldCondition condition;
  condition.location = c.here(node);
  condition.text = folded_text(c, c.at.file, node.span());
  condition.condition = check_watched(c, view.expression(), "a condition");
  condition.for_duration = duration_of(c, view.for_duration(), "`for`");
  if (!is_error(c, condition.condition) && !reads_metric(c, condition.condition) &&
      !reads_clock(c, condition.condition)) {
    c.report(Code::GuardWithoutMetric, c.here(*view.expression()),
             "this condition reads no metric, so it can never change");
  }
  return condition;
}

void report_blind_continue(Checker& c, NodeRef guard) {
  c.report(Code::BlindContinue, c.here(*grammar::WhenView{{guard}}.blind_response()),
           "the rollout goes on although this guard sees nothing")
      .note("a version that crashes and stops exporting its metrics looks like this, and would be promoted")
      .help("leave `blind` out, so that nothing is promoted until it sees again, or answer with `pause` or `rollback`");
}

GuardId check_guard(Checker& c, NodeRef node) {
  const grammar::WhenView view{{node}};
  Guard guard;
  guard.location = c.here(node);
  guard.condition = check_watched(c, view.condition(), "the condition of a guard");
  if (!is_error(c, guard.condition) && !reads_metric(c, guard.condition)) {
    c.report(Code::GuardWithoutMetric, c.here(*view.condition()),
             "this guard reads no metric, so it would watch nothing")
        .help("compare a metric, for example `errors > 1%`");
  }
  guard.for_duration = duration_of(c, view.for_duration(), "`for`");
  if (view.samples()) check_samples(c, *view.samples(), guard);
  if (view.blind_response()) {
    guard.blind = check_response(c, view.blind_response());
    const bool goes_on = guard.blind != kNone && c.module.responses[guard.blind].outcome == plan::OutcomeKind::Continue;
    if (goes_on) report_blind_continue(c, node);
  }
  guard.response = check_response(c, view.then_response());
  guard.repeat_every = duration_of(c, view.repeat_every(), "`repeat every`");
  if (view.condition()) {
    grammar::Span span = view.condition()->span();
    const auto for_clause = node.child(SyntaxKind::ForClause);
    if (for_clause) span.end = for_clause->span().end;
    if (view.samples()) span.end = view.samples()->span().end;
    guard.text = folded_text(c, c.at.file, span);
  }
  c.module.guards.push_back(std::move(guard));
  return static_cast<GuardId>(c.module.guards.size() - 1);
}

ResponseId add_response(Checker& c, Response response) {
  c.module.responses.push_back(std::move(response));
  return static_cast<ResponseId>(c.module.responses.size() - 1);
}

bool check_outcome(Checker& c, NodeRef node, Response& response) {
  const bool rolls_back = node.is(SyntaxKind::RollbackOutcome) || node.is(SyntaxKind::RollbackToOutcome);
  if (rolls_back && c.at.place.in_rollback) {
    c.report(Code::RollbackInRollback, c.here(node), "a rollback inside a rollback")
        .note(fmt::format("{} runs while the rollout is being rolled back", c.at.place.what))
        .help("what fails here makes the rollback incomplete, and a person decides");
  }
  if (const auto rollback = grammar::as<grammar::RollbackOutcomeView>(node)) {
    response.outcome = plan::OutcomeKind::Rollback;
    check_reason(c, rollback->reason(), response);
  } else if (const auto target = grammar::as<grammar::RollbackToOutcomeView>(node)) {
    check_rollback_to(c, *target, response);
  } else if (const auto abort = grammar::as<grammar::AbortOutcomeView>(node)) {
    response.outcome = plan::OutcomeKind::Abort;
    check_reason(c, abort->reason(), response);
  } else if (node.is(SyntaxKind::ContinueOutcome)) {
    response.outcome = plan::OutcomeKind::Continue;
  } else if (const auto pause = grammar::as<grammar::PauseOutcomeView>(node)) {
    check_pause(c, *pause, response);
  } else {
    return false;
  }
  return true;
}

ResponseId check_response(Checker& c, MaybeNode node) {
  Response response;
  if (node) {
    response.location = c.here(*node);
    if (node->is(SyntaxKind::Reply))
      check_reply(c, *node, response);
    else if (!check_outcome(c, *node, response))
      check_single(c, *node, response);
  }
  return add_response(c, std::move(response));
}

}  // namespace rollout::check
