// Conditions that are true, or false, whatever is measured; comparisons that another one makes superfluous.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "compiler/check/report.hpp"
#include "compiler/lints/conditions.hpp"
#include "compiler/lints/lints.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::Expr;
using check::ExprId;
using check::ExprKind;
using check::kNone;
using check::Report;
using diagnostics::Code;
using diagnostics::Location;

// Whether the value may change while the run lasts: a baseline is taken once.
bool reads_live(const CheckedModule& module, ExprId id) {
  if (id == kNone) return false;
  const Expr& expr = module.exprs[id];
  if (expr.kind == ExprKind::Baseline) return false;
  if (expr.kind == ExprKind::MetricUse || expr.kind == ExprKind::CheckUse || expr.kind == ExprKind::Context)
    return true;
  return std::ranges::any_of(expr.children, [&](ExprId child) { return reads_live(module, child); });
}

bool is_comparison(const Expr& expr) {
  return expr.kind == ExprKind::Binary && expr.op >= plan::Op::Equal && expr.op <= plan::Op::GreaterEqual;
}

class Conditions {
 public:
  Conditions(const LintInput& input, diagnostics::Sink& sink) : input_(input), module_(input.module), sink_(sink) {}

  // The whole condition of a guard, a hold, an `if` or a `require`. `watched`: it is asked again and again.
  void look_at(ExprId id, bool watched) {
    if (id == kNone || !input_.is_own(where(id))) return;
    if (watched && reads_metric(module_, id) && !reads_live(module_, id)) report_baseline(id);
    look_at(read_condition(module_, id));
  }

 private:
  Location where(ExprId id) const { return module_.exprs[id].location; }
  std::string text(ExprId id) const { return source_text(module_, where(id)); }

  void look_at(const Condition& condition) {
    if (condition.expr == kNone || !input_.is_own(where(condition.expr))) return;
    switch (condition.kind) {
      case Condition::Kind::Comparison: return look_at_comparison(condition);
      case Condition::Kind::Other: return look_at_sides(condition.expr);
      case Condition::Kind::And:
      case Condition::Kind::Or: break;
    }
    for (const Condition& part : condition.parts) look_at(part);
    if (!look_at_together(condition)) look_for_superfluous(condition);
  }

  // Whoever writes a threshold below zero has a metric that can be below zero.
  static bool is_signed(const Condition& condition) {
    return std::ranges::any_of(condition.values, [](const Interval& one) {
      return (std::isfinite(one.low) && one.low < 0) || (std::isfinite(one.high) && one.high < 0);
    });
  }

  void look_at_comparison(const Condition& condition) {
    if (!reads_metric(module_, condition.expr)) return;
    if (is_signed(condition)) return;
    const Values all = possible_values(module_, condition);
    const bool always = contains(condition.values, all);
    if (!always && !intersection(condition.values, all).empty()) return;
    const ExprId side = measured_side(module_, condition.expr);
    const bool share = all.front().high == 1;
    Report(sink_, Code::FixedCondition, where(condition.expr),
           fmt::format("`{}` is {} whatever is measured", text(condition.expr), always ? "true" : "false"))
        .note(share ? fmt::format("`{}` is a share: it lies between 0% and 100%", text(side))
                    : fmt::format("`{}` is never below zero", text(side)))
        .help("was another threshold, or the other direction, meant?");
  }

  // `p95 > p95`.
  void look_at_sides(ExprId id) {
    const Expr& expr = module_.exprs[id];
    if (!is_comparison(expr) || !reads_metric(module_, expr.children[0])) return;
    const std::string left = identity_of(module_, expr.children[0]);
    if (left.empty() || left != identity_of(module_, expr.children[1])) return;
    Report(sink_, Code::ComparedWithItself, where(id), fmt::format("`{}` compares something with itself", text(id)))
        .note("both sides have the same value in every slot")
        .help("compare with a threshold, with `baseline(...)`, or with another metric");
  }

  void report_baseline(ExprId id) {
    Report(sink_, Code::ComparedWithItself, where(id),
           fmt::format("`{}` reads nothing but baselines, and they never change", text(id)))
        .note("a baseline is taken once, before the start: there is nothing to watch")
        .help("compare the metric with its baseline, for example `p95 > 20% above baseline(p95)`");
  }

  // All comparisons of one quantity together; true where something was reported.
  bool look_at_together(const Condition& condition) {
    const bool all = condition.kind == Condition::Kind::And;
    struct Together {
      Values values;
      std::vector<const Condition*> parts;
    };
    std::map<std::string, Together> quantities;
    for (const Condition& part : condition.parts) {
      if (part.kind != Condition::Kind::Comparison || !reads_metric(module_, part.expr)) continue;
      const auto [found, added] = quantities.try_emplace(part.quantity);
      Together& together = found->second;
      together.parts.push_back(&part);
      // One of them is enough for an `or`: their complements are all left out at once.
      const Values values = all ? part.values : complement(part.values);
      together.values =
          added ? intersection(values, possible_values(module_, part)) : intersection(together.values, values);
    }
    bool reported = false;
    for (const auto& [quantity, together] : quantities) {
      if (together.parts.size() < 2 || !together.values.empty()) continue;
      const Condition& first = *together.parts.front();
      const Condition& last = *together.parts.back();
      if (!input_.is_own(where(last.expr))) continue;
      // One of them alone decides it, which was reported there.
      if (std::ranges::any_of(together.parts, [&](const Condition* part) { return is_fixed(module_, *part); }))
        continue;
      Report(sink_, Code::FixedCondition, where(last.expr),
             all ? fmt::format("`{}` and `{}` are never true together", text(first.expr), text(last.expr))
                 : fmt::format("one of `{}` and `{}` is true whatever is measured", text(first.expr), text(last.expr)))
          .also(where(first.expr), "the other one")
          .help(all ? "was `or` meant, or another threshold?" : "was `and` meant, or another threshold?");
      reported = true;
    }
    return reported;
  }

  // In `a or b`, a where it implies b; in `a and b`, b.
  void look_for_superfluous(const Condition& condition) {
    constexpr std::size_t kMostParts = 64;
    const std::size_t count = std::min(condition.parts.size(), kMostParts);
    const bool all = condition.kind == Condition::Kind::And;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < count; ++k) {
        if (i == k) continue;
        const Condition& needless = condition.parts[i];
        const Condition& other = condition.parts[k];
        const bool follows = all ? implies(other, needless) : implies(needless, other);
        const bool equal = follows && (all ? implies(needless, other) : implies(other, needless));
        if (!follows || (equal && i < k)) continue;
        report_superfluous(needless, other, all, equal);
        break;
      }
    }
  }

  void report_superfluous(const Condition& needless, const Condition& other, bool all, bool equal) {
    if (needless.expr == kNone || other.expr == kNone || !input_.is_own(where(needless.expr))) return;
    // What a check requires stands in the check, where it may well be needed.
    if (where(needless.expr).file != where(other.expr).file) return;
    Report report(sink_, Code::NeedlessCondition, where(needless.expr),
                  fmt::format("`{}` makes no difference beside `{}`", text(needless.expr), text(other.expr)));
    report.also(where(other.expr), equal ? "says the same" : all ? "asks for more" : "is true already then");
    report.help("remove it; was another metric or threshold meant?");
  }

  const LintInput& input_;
  const CheckedModule& module_;
  diagnostics::Sink& sink_;
};

}  // namespace

void fixed_condition(const LintInput& input, diagnostics::Sink& sink) {
  const CheckedModule& module = input.module;
  Conditions conditions(input, sink);
  for (const check::Guard& guard : module.guards) conditions.look_at(guard.condition, true);
  for (const check::Response& response : module.responses) {
    if (response.until) conditions.look_at(response.until->condition, true);
  }
  for (const check::Step& step : module.steps) {
    if (const auto* hold = std::get_if<check::HoldStep>(&step.body)) {
      for (const check::HoldCondition& until : hold->until) conditions.look_at(until.condition, true);
    }
    if (const auto* require = std::get_if<check::RequireStep>(&step.body))
      conditions.look_at(require->condition, false);
    if (const auto* branch = std::get_if<check::IfStep>(&step.body)) conditions.look_at(branch->condition, false);
  }
}

}  // namespace rollout::lints
