#include <span>

#include "runtime/plan/series.hpp"
#include "runtime/plan/verification.hpp"

// A grouped metric has a value for each of its series only. So code that reads one is the condition of a fold over
// them, and nothing else uses that code.

namespace rollout::plan {

namespace {

bool reads_metric(Op op) {
  return op == Op::Metric || op == Op::MetricMissing || op == Op::Window || op == Op::Baseline;
}

std::span<const Instruction> code_of(const Plan& plan, const Routine& routine) {
  return std::span(plan.code).subspan(routine.begin, routine.end - routine.begin);
}

// The first grouped metric that the routine reads by itself, kNone where there is none.
MetricId grouped_in(const Plan& plan, const Routine& routine) {
  for (const Instruction& one : code_of(plan, routine)) {
    if (reads_metric(one.op) && !plan.metrics[one.b].by.empty()) return one.b;
  }
  return kNone;
}

Reject check_condition(const Plan& plan, const Instruction& fold) {
  const std::vector<std::string>& labels = plan.metrics[fold.c].by;
  for (const Instruction& one : code_of(plan, plan.routines[fold.b])) {
    if (is_fold(one.op)) return "its condition asks about series again";
    if (!reads_metric(one.op) || plan.metrics[one.b].by.empty() || plan.metrics[one.b].by == labels) continue;
    return fmt::format("its condition reads {}, which has other labels than {}",
                       describe("metric", one.b, plan.metrics[one.b]),
                       describe("metric", fold.c, plan.metrics[fold.c]));
  }
  return std::nullopt;
}

// Whether each routine is the condition of a fold.
Expected<std::vector<bool>, Refusal> conditions(const Plan& plan) {
  std::vector<bool> result(plan.routines.size(), false);
  for (RoutineId id = 0; id < plan.routines.size(); ++id) {
    for (const Instruction& one : code_of(plan, plan.routines[id])) {
      if (!is_fold(one.op)) continue;
      if (auto reason = check_condition(plan, one)) return describe_routine(plan, id) + ": " + *reason;
      result[one.b] = true;
    }
  }
  return result;
}

}  // namespace

Reject check_series(const Plan& plan) {
  const auto inside = conditions(plan);
  if (!inside) return inside.error();
  for (RoutineId id = 0; id < plan.routines.size(); ++id) {
    const MetricId grouped = grouped_in(plan, plan.routines[id]);
    if (grouped == kNone || (*inside)[id]) continue;
    return fmt::format("{}: it reads {}, which is grouped, outside of a question about its series",
                       describe_routine(plan, id), describe("metric", grouped, plan.metrics[grouped]));
  }
  Reject reject;
  for_each_row(plan, [&](std::string_view table, std::size_t index, const auto& row) {
    for_each_reference(row, [&](const Reference& ref) {
      const bool wrong = ref.table == Table::Routine && ref.id != kNone && (*inside)[ref.id];
      if (wrong && !reject) {
        reject = fmt::format("{}: `{}` is {}, which is asked for each series", describe(table, index, row), ref.field,
                             describe_routine(plan, ref.id));
      }
    });
  });
  return reject;
}

}  // namespace rollout::plan
