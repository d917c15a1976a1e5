// Traffic, holds and verifications.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

// More steps than that say no more about a share of traffic.
constexpr std::size_t kMaxRampSteps = 10'000;

// The shares of `A..B by R`, both ends included; only the last where a bound is known to the run alone.
std::vector<Code> ramp_shares(Lowering& l, const check::TrafficStep& traffic) {
  const Code last = lower_expression(l, traffic.ramp_to);
  const Code first = lower_expression(l, traffic.share);
  const Code by = lower_expression(l, traffic.ramp_by);
  if (!first.is_constant() || !last.is_constant() || !by.is_constant()) return {first, last};
  const double from = first.constant->as_double();
  const double to = last.constant->as_double();
  const double step = std::abs(by.constant->as_double());
  std::vector<Code> shares = {first};
  constexpr double kRounding = 1e-9;
  const double count = step > 0 ? std::ceil(std::abs(to - from) / step - kRounding) : 1;
  const auto steps = static_cast<std::size_t>(std::clamp(count, 1.0, static_cast<double>(kMaxRampSteps)));
  for (std::size_t i = 1; i < steps; ++i) {
    // Shares are written in whole parts of a percent: 5% and twice 10% are 25%, not 25.000000000000004%.
    const double share = from + (to < from ? -step : step) * static_cast<double>(i);
    shares.push_back(constant_code(Value::ratio(std::round(share * 1e12) / 1e12)));
  }
  shares.push_back(last);
  return shares;
}

void emit_traffic(Lowering& l, const check::TrafficStep& traffic) {
  if (traffic.ramp_to == kNone) {
    l.build.emit(Op::Traffic, lower_routine(l, traffic.share));
    return;
  }
  const RoutineId every = lower_routine(l, traffic.ramp_every);
  bool first = true;
  for (const Code& share : ramp_shares(l, traffic)) {
    if (!std::exchange(first, false)) {
      plan::Hold hold;
      hold.least = every;
      hold.text = "hold " + l.build.plan().routines[every].text;
      hold.spot = l.spot;
      l.build.emit(Op::Hold, l.build.add(std::move(hold)));
    }
    l.build.emit(Op::Traffic, routine_of(l, share, "traffic"));
  }
}

std::string verify_name(const Lowering& l, const check::VerifyStep& verify) {
  if (!verify.name.empty()) return fmt::format("verify {}", plan::to_literal(Value::string(verify.name)));
  std::vector<std::string> names;
  names.reserve(verify.checks.size());
  for (const ExprId check : verify.checks) names.push_back(quoted(l, l.expr(check).location, {check}));
  const std::string text = fmt::format("{}", fmt::join(names, ", "));
  return verify.all_of ? "verify all of [" + text + "]" : "verify " + text;
}

}  // namespace

void lower_traffic(Lowering& l, const check::Step& step, const check::TrafficStep& traffic) {
  if (!has_clauses(step.tail)) {
    emit_traffic(l, traffic);
    return;
  }
  plan::BlockId id = kNone;
  {
    const Location& share = l.expr(traffic.ramp_to == kNone ? traffic.share : traffic.ramp_to).location;
    Location shown = step.location;
    shown.span.end = std::max(shown.span.begin, share.span.end);
    const InBlock block(l, plan::BlockKind::Step, quoted(l, shown, {traffic.share, traffic.ramp_to}), step.location);
    id = block.id();
    emit_traffic(l, traffic);
  }
  set_clauses(l, id, step.tail);
  l.build.emit(Op::Run, id);
}

plan::HoldCondition lower_condition(Lowering& l, const check::HoldCondition& condition) {
  plan::HoldCondition row;
  const Code code = lower_expression(l, condition.condition);
  row.condition = routine_of(l, code, quoted(l, l.expr(condition.condition).location, {condition.condition}));
  row.metrics = metrics_read(l, code);
  row.for_duration = lower_optional(l, condition.for_duration);
  row.series = series_behind(l, condition.condition, true);
  row.text = watched_text(l, condition.condition, condition.for_duration, condition.text);
  return row;
}

void lower_hold(Lowering& l, const check::Step& step, const check::HoldStep& hold) {
  plan::Hold row;
  row.least = lower_routine(l, hold.least);
  row.most = lower_optional(l, hold.most);
  row.text = "hold " + quoted(l, l.expr(hold.least).location, {hold.least});
  if (hold.most != kNone) row.text += ".." + quoted(l, l.expr(hold.most).location, {hold.most});
  for (const check::HoldCondition& condition : hold.until) {
    row.text += row.until.empty() ? " until " : " and ";
    row.until.push_back(lower_condition(l, condition));
    row.text += row.until.back().text;
  }
  row.otherwise = lower_response(l, step.tail.otherwise);
  row.spot = l.spot;
  l.build.emit(Op::Hold, l.build.add(std::move(row)));
}

void lower_verify(Lowering& l, const check::Step& step, const check::VerifyStep& verify) {
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Verify, verify_name(l, verify), step.location);
    id = block.id();
    for (const ExprId check : verify.checks) l.build.emit(Op::Run, lower_check(l, l.expr(check)));
    if (verify.block != kNone) {
      l.build.emit(Op::Run, lower_check_body(l, verify.block, verify.name, step.location));
    }
  }
  set_clauses(l, id, step.tail);
  l.build.emit(Op::Run, id);
}

}  // namespace rollout::lower
