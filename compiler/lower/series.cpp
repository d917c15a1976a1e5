// What is asked about the series of grouped metrics.

#include "runtime/plan/series.hpp"

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

bool counts(const Expr& expr) {
  return expr.kind == ExprKind::Series && (expr.op == Op::CountSeries || expr.op == Op::ShareSeries);
}

// A fold with its condition as a routine of its own, even where that is a constant: nothing else may use it.
Instruction fold_of(Lowering& l, const Expr& expr) {
  const Code condition = lower_expression(l, expr.children[0]);
  const plan::MetricId metric = metric_of(l, l.expr(expr.children[1]));
  const std::string text = quoted(l, l.expr(expr.children[0]).location);
  RoutineId routine = kNone;
  if (condition.is_constant()) {
    l.build.begin_routine(text);
    l.build.push_constant(*condition.constant);
    routine = l.build.end_routine(condition.kind);
  } else {
    routine = routine_of(l, condition, text);
  }
  return {.op = expr.op, .b = routine, .c = metric, .spot = spot_of(l, expr.location)};
}

ValueKind kind_of(Op fold) {
  if (fold == Op::CountSeries) return ValueKind::Number;
  if (fold == Op::ShareSeries) return ValueKind::Ratio;
  return fold == Op::WhichSeries ? ValueKind::List : ValueKind::Bool;
}

Code fold_code(Instruction fold, std::uint16_t form) {
  fold.a = form;
  return leaf_code(fold, kind_of(fold.op));
}

// The questions about series that a condition is made of, each with the series that speak for or against it.
class Speakers {
 public:
  Speakers(Lowering& l, bool against) : lowering_(l), against_(against) {}

  void find(ExprId id, bool negated, std::optional<Op> compared) {
    if (id == kNone) return;
    const Expr& expr = lowering_.expr(id);
    if (expr.kind == ExprKind::Series) {
      Instruction fold = fold_of(lowering_, expr);
      const plan::SeriesChoice choice =
          against_ ? of_the_refuting(expr.op, negated, compared) : of_the_true(expr.op, negated);
      fold.op = Op::WhichSeries;
      lists_.push_back(fold_code(fold, static_cast<std::uint16_t>(choice)));
    } else if (expr.kind == ExprKind::FnCall) {
      const check::FnDecl& function = lowering_.module.fns[lowering_.symbol(expr.symbol).index];
      substitute(lowering_, function.parameters, lower_arguments(lowering_, function.parameters, expr.children));
      find(function.body, negated, compared);
    } else {
      const bool flips = expr.kind == ExprKind::Unary && expr.op == Op::Not;
      const auto outer = expr.kind == ExprKind::Binary ? std::optional(expr.op) : compared;
      for (const ExprId child : expr.children) find(child, negated != flips, outer);
    }
  }

  const std::vector<Code>& lists() const { return lists_; }

 private:
  // A guard's condition holds because of these.
  static plan::SeriesChoice of_the_true(Op fold, bool negated) {
    return fold == Op::AllSeries && negated ? plan::SeriesChoice::False : plan::SeriesChoice::True;
  }

  // A hold's condition does not hold because of these.
  static plan::SeriesChoice of_the_refuting(Op fold, bool negated, std::optional<Op> compared) {
    const bool counted = fold == Op::CountSeries || fold == Op::ShareSeries;
    const bool wants_many = counted ? compared == Op::Greater || compared == Op::GreaterEqual : true;
    return wants_many != negated ? plan::SeriesChoice::NotTrue : plan::SeriesChoice::True;
  }

  Lowering& lowering_;
  bool against_;
  std::vector<Code> lists_;
};

}  // namespace

Code lower_series(Lowering& l, const Expr& expr) {
  return fold_code(fold_of(l, expr), static_cast<std::uint16_t>(plan::SeriesCount::Known));
}

// A number of series that some unknown ones could change still decides a comparison that comes out the same either way.
std::optional<Code> lower_series_comparison(Lowering& l, const Expr& expr, SpotId spot) {
  const bool left = counts(l.expr(expr.children[0])), right = counts(l.expr(expr.children[1]));
  if (left == right) return std::nullopt;
  const Instruction fold = fold_of(l, l.expr(expr.children[left ? 0 : 1]));
  const Code other = lower_expression(l, expr.children[left ? 1 : 0]);
  std::vector<Code> comparisons;
  for (const auto form : {plan::SeriesCount::Known, plan::SeriesCount::Least, plan::SeriesCount::Most}) {
    const Code number = fold_code(fold, static_cast<std::uint16_t>(form));
    const Code sides[] = {left ? number : other, left ? other : number};
    comparisons.push_back(combine(l.build, {.op = expr.op, .spot = spot}, sides, ValueKind::Bool));
  }
  return combine(l.build, {.op = Op::Agree, .spot = spot}, comparisons, ValueKind::Bool);
}

RoutineId series_behind(Lowering& l, ExprId condition, bool against) {
  Speakers speakers(l, against);
  speakers.find(condition, false, std::nullopt);
  if (speakers.lists().empty()) return kNone;
  return routine_of(l, make_list(l.build, speakers.lists(), l.spot), {});
}

std::vector<plan::MetricId> metrics_read(Lowering& l, const Code& code) {
  return plan::metrics_read(l.build.plan(), code.instructions);
}

}  // namespace rollout::lower
