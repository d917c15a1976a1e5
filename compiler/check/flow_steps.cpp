#include <fmt/format.h>

#include <array>

#include "compiler/check/checker.hpp"

// Steps about traffic, waiting and the order of other steps.

namespace rollout::check {
namespace {

template <typename Body>
void push(Checker& c, Block& block, NodeRef node, Body body, Tail tail = {}) {
  block.steps.push_back(add_step(c, std::move(body), std::move(tail), c.here(node)));
}

bool has_traffic(Checker& c, NodeRef node) {
  const Place& place = c.at.place;
  if (place.in_template) return true;
  if (place.rollout != kNone && c.module.rollouts[place.rollout].traffic_via != kNone) return true;
  const NodeRef word = node.first_token().value_or(node);
  if (place.rollout == kNone) {
    c.report(Code::StepNotHere, c.here(word), fmt::format("`traffic` belongs into a rollout, not into {}", place.what));
  } else {
    c.report(Code::TrafficWithoutVia, c.here(word), "this rollout has no `traffic via`, so nothing would move traffic")
        .help("say how: `traffic via kubernetes.service_weights(canary: \"...\", stable: \"...\")`");
  }
  return false;
}

// A ramp is unrolled into its steps, so they are known now and finite.
void check_ramp(Checker& c, const grammar::TrafficView& view, TrafficStep& step) {
  constexpr double kMostSteps = 1000;
  const TypeId ratio = type_id(TypeKind::Ratio);
  step.share = check_constant(c, view.share(), ratio, "the begin of a ramp");
  step.ramp_to = check_constant(c, view.to(), ratio, "the end of a ramp");
  step.ramp_by = check_constant(c, view.step(), ratio, "the step of a ramp");
  step.ramp_every = check_as(c, view.every(), type_id(TypeKind::Duration), "the time between the steps of a ramp");
  const auto from = constant_value(c, step.share), to = constant_value(c, step.ramp_to),
             by = constant_value(c, step.ramp_by);
  if (!from || !to || !by) return;
  const double length = to->as_double() - from->as_double();
  if (length <= 0) {
    c.report(Code::BoundsReversed, c.here(view.node), "a ramp goes up: its end lies above its begin");
  } else if (by->as_double() <= 0 || length / by->as_double() > kMostSteps) {
    c.report(Code::OutOfRange, c.here(*view.step()), "a ramp has between 1 and 1000 steps");
  }
}

void check_traffic(Checker& c, NodeRef node, Block& block) {
  const grammar::TrafficView view{{node}};
  const TypeId ratio = type_id(TypeKind::Ratio);
  const bool known = has_traffic(c, node);
  TrafficStep step;
  if (!view.is_ramp()) step.share = check_as(c, view.share(), ratio, "a share of traffic");
  if (view.is_ramp()) check_ramp(c, view, step);
  for (const ExprId share : {step.share, step.ramp_to}) {
    if (share != kNone) demand_constant_range(c, share, 0, 1, "a share of traffic must lie between 0% and 100%", {});
  }
  if (known) push(c, block, node, step, check_tail(c, node));
}

// A second bound and an `else` are about a condition; without one the hold would end at its first bound, always.
void report_without_condition(Checker& c, NodeRef node, const HoldStep& step) {
  const auto otherwise = node.child(SyntaxKind::ElseClause);
  if (step.most != kNone) {
    const Location range = {c.at.file, {c.expr(step.least).location.span.begin, c.expr(step.most).location.span.end}};
    const std::string_view source = c.module.files[c.at.file].text;
    const grammar::Span least = c.expr(step.least).location.span;
    const std::string shortest(source.substr(least.begin, least.size()));
    c.report(Code::HoldWithoutCondition, range,
             "a hold from one time to another needs a condition to wait for: `until`")
        .label("nothing says when it may end")
        .help("say what has to be true: `until errors < 1% else rollback`")
        .replace(range, shortest, fmt::format("write `hold {}`, which always waits that long", shortest));
  } else if (otherwise) {
    c.report(Code::HoldWithoutCondition, c.here(*otherwise), "the `else` of a hold without `until` never answers")
        .label("a hold alone cannot fail")
        .help("say what has to be true at its end: `until errors < 1%`, or watch it with `when errors > 1% then ...`");
  }
}

void check_hold(Checker& c, NodeRef node, Block& block) {
  const grammar::HoldView view{{node}};
  HoldStep step;
  const Bounds bounds = check_bounds(c, view.duration(), type_id(TypeKind::Duration), "the time of a `hold`");
  step.least = bounds.low;
  step.most = bounds.high;
  for (const ExprId bound : {step.least, step.most}) {
    if (bound == kNone) continue;
    const Expr& expr = c.expr(bound);
    const bool difference = expr.kind == ExprKind::Binary && expr.op == plan::Op::Subtract;
    demand_constant_range(c, bound, 0, 9.3e18, "a hold cannot be shorter than nothing",
                          difference ? "a range is written `15m..30m`" : "");
  }
  for (const NodeRef condition : view.conditions()) step.until.push_back(check_condition(c, condition));
  Tail tail;
  if (node.has(SyntaxKind::ElseClause)) tail.otherwise = check_response(c, view.else_response());
  if (!node.has(SyntaxKind::UntilClause)) report_without_condition(c, node, step);
  push(c, block, node, std::move(step), tail);
}

void check_if(Checker& c, NodeRef node, Block& block) {
  const grammar::IfView view{{node}};
  IfStep step;
  step.condition = check_as(c, view.condition(), type_id(TypeKind::Bool), "the condition of an `if`");
  step.then = check_block(c, view.block());
  if (const auto otherwise = view.else_branch()) {
    if (otherwise->is(SyntaxKind::If)) {
      Block wrapped;
      wrapped.location = c.here(*otherwise);
      {
        const BlockScope scope(c);
        check_if(c, *otherwise, wrapped);
      }
      step.otherwise = add_block(c, std::move(wrapped));
    } else {
      step.otherwise = check_block(c, otherwise);
    }
  }
  push(c, block, node, step);
}

// What `each` goes through: a list or a range of whole numbers.
struct Sequence {
  ExprId in = kNone, in_to = kNone;
  TypeId element = kErrorType;
};

Sequence check_sequence(Checker& c, MaybeNode node) {
  Sequence sequence;
  if (!node) return sequence;
  if (node->is(SyntaxKind::Range)) {
    const Bounds bounds = check_bounds(c, node, type_id(TypeKind::Number), "a bound of `each`");
    sequence.in = bounds.low;
    sequence.in_to = bounds.high;
    sequence.element = type_id(TypeKind::Number);
  } else {
    sequence.in = check_expression(c, node);
    if (is_error(c, sequence.in)) return sequence;
    const Type& type = c.module.type_of(sequence.in);
    if (type.kind != TypeKind::List) {
      c.report(Code::TypeMismatch, c.here(*node),
               fmt::format("`each` goes through a list, not {}", type_phrase(c, c.expr(sequence.in).type)));
      return sequence;
    }
    sequence.element = type.element == kNone ? kErrorType : type.element;
  }
  return sequence;
}

void check_loop(Checker& c, NodeRef node, Block& block, MaybeNode name, MaybeNode list, MaybeNode body, EachStep step) {
  const Sequence sequence = check_sequence(c, list);
  step.in = sequence.in;
  step.in_to = sequence.in_to;
  const BlockScope scope(c);
  if (name) step.variable = declare_local(c, SymbolKind::EachVariable, *name, sequence.element);
  step.body = check_block(c, body);
  push(c, block, node, step);
}

void check_each(Checker& c, NodeRef node, Block& block) {
  const grammar::EachView view{{node}};
  check_loop(c, node, block, view.name(), view.list(), view.block(), {});
}

void check_parallel(Checker& c, NodeRef node, Block& block) {
  const grammar::ParallelView view{{node}};
  if (view.is_each()) {
    EachStep each;
    each.parallel = true;
    if (view.at_most()) {
      each.at_most = check_constant(c, view.at_most(), type_id(TypeKind::Number), "`at most`");
      demand_constant_range(c, each.at_most, 1, 10'000, "at least one must go at a time", {});
    }
    return check_loop(c, node, block, view.name(), view.list(), view.block(), each);
  }
  ParallelStep step;
  for (const NodeRef branch : view.branches()) {
    const grammar::BranchView part{{branch}};
    if (part.block()) {
      step.branches.push_back(check_block(c, part.block()));
      continue;
    }
    Block single;
    single.location = c.here(branch);
    if (part.step()) {
      const BlockScope scope(c);
      const NodeRef items[] = {*part.step()};
      check_items(c, items, single);
    }
    step.branches.push_back(add_block(c, std::move(single)));
  }
  push(c, block, node, std::move(step));
}

void check_within(Checker& c, NodeRef node, Block& block) {
  const grammar::WithinView view{{node}};
  WithinStep step;
  step.limit = check_as(c, view.limit(), type_id(TypeKind::Duration), "`within`");
  demand_constant_range(c, step.limit, 1, 9.3e18, "a limit must be longer than nothing", {});
  step.body = check_block(c, view.block());
  Tail tail;
  if (node.has(SyntaxKind::ElseClause)) tail.otherwise = check_response(c, view.else_response());
  push(c, block, node, step, tail);
}

void check_recur(Checker& c, NodeRef node, Block& block) {
  const grammar::RecurView view{{node}};
  RecurStep step;
  step.every = check_as(c, view.interval(), type_id(TypeKind::Duration), "`every`");
  demand_constant_range(c, step.every, 1, 9.3e18, "an interval must be longer than nothing", {});
  const BlockScope scope(c);
  c.at.place.beside = true;
  c.at.place.what = "an `every` block";
  step.body = check_block(c, view.block());
  push(c, block, node, step);
}

constexpr auto kSteps = std::to_array<StepRow>({
    // syntax, check, in a check, in a channel, in a reply
    {SyntaxKind::Traffic, check_traffic, false, false, false},
    {SyntaxKind::Hold, check_hold, false, false, false},
    {SyntaxKind::If, check_if, true, true, true},
    {SyntaxKind::Each, check_each, true, true, false},
    {SyntaxKind::Parallel, check_parallel, false, false, false},
    {SyntaxKind::Within, check_within, false, false, false},
    {SyntaxKind::Recur, check_recur, false, false, false},
});

}  // namespace

std::span<const StepRow> flow_steps() {
  return kSteps;
}

}  // namespace rollout::check
