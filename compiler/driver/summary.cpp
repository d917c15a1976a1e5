#include "compiler/driver/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "compiler/diagnostics/display.hpp"
#include "runtime/plan/enum_names.hpp"
#include "runtime/plan/time_bounds.hpp"

namespace rollout::driver {
namespace {

using plan::kNone;
using plan::Most;
using plan::most_text;
using plan::Nanoseconds;
using plan::range_text;
using plan::time_text;
using plan::Value;

struct SummaryGate {
  const plan::Gate* gate = nullptr;
  plan::BlockId block = kNone;  // in which it stands
  std::string who;
  Most within;
};

// What both forms show.
struct Summary {
  const plan::Plan& plan;
  plan::KnownValues values;
  plan::TimeBounds bounds;
  bool assumes_defaults = false;  // other values of parameters give other times
  std::vector<SummaryGate> gates;
};

// The text of a value, or its source where only a run knows it.
std::string text_of(const Summary& summary, plan::RoutineId routine) {
  const Value value = summary.values.value(routine);
  if (!value.is_missing()) return plan::to_text(value);
  return routine < summary.plan.routines.size() ? summary.plan.routines[routine].text : std::string();
}

std::string who_of(const Summary& summary, const plan::Gate& gate) {
  if (gate.role >= summary.plan.roles.size()) return "people";
  const Value needed = summary.values.value(gate.needed);
  const std::string& role = summary.plan.roles[gate.role].name;
  const bool several = needed.kind() == plan::ValueKind::Number && needed.as_double() > 1;
  return several ? fmt::format("{} of {}", plan::to_literal(needed), role) : role;
}

void find_gates(Summary& summary) {
  for (plan::BlockId id = 0; id < summary.plan.blocks.size(); ++id) {
    if (!summary.bounds.blocks[id].reached) continue;
    const plan::Block& block = summary.plan.blocks[id];
    for (const plan::Instruction& one : std::span(summary.plan.code).subspan(block.begin, block.end - block.begin)) {
      if (one.op != plan::Op::Gate || one.b >= summary.plan.gates.size()) continue;
      const plan::Gate& gate = summary.plan.gates[one.b];
      const Most within = gate.within == kNone ? std::nullopt : summary.values.duration(gate.within);
      summary.gates.push_back({&gate, id, who_of(summary, gate), within});
    }
  }
}

Summary summary_of(const plan::Plan& plan) {
  const plan::KnownValues unknown(plan, {}, plan::Defaults::Unknown);
  plan::KnownValues assumed(plan, {}, plan::Defaults::Assumed);
  plan::TimeBounds bounds = plan::time_bounds(plan, assumed);
  const plan::TimeBounds certain = plan::time_bounds(plan, unknown);
  const bool differs = bounds.rollouts != certain.rollouts || bounds.guards != certain.guards;
  Summary summary{plan, std::move(assumed), std::move(bounds), differs, {}};
  find_gates(summary);
  return summary;
}

// ---------------------------------------------------------------- for people

using Row = std::vector<std::string>;

// Columns with two blanks between them; the first row is the head.
void add_table(std::string& text, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at)
      widths[at] = std::max(widths[at], diagnostics::cell_count(diagnostics::printable(row[at])));
  }
  text += '\n';
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t at = 0; at < row.size(); ++at) {
      const std::string cell = diagnostics::printable(row[at]);
      line += ' ' + cell + std::string(widths[at] - diagnostics::cell_count(cell) + 1, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
}

// The stage or block in which something stands.
std::string place_of(const Summary& summary, plan::BlockId id) {
  const plan::BlockTime& time = summary.bounds.blocks[id];
  if (time.stage < summary.plan.stages.size()) return summary.plan.stages[time.stage].name;
  const plan::Block& block = summary.plan.blocks[id];
  return block.kind == plan::BlockKind::Response ? "an answer" : block.name;
}

std::string looks_text(const Summary& summary, const plan::GuardTime& time) {
  const plan::Guard& guard = summary.plan.guards[time.guard];
  std::string text = time.cadence ? "every " + time_text(*time.cadence) : "as `sample` says";
  if (time.warmup > 0) text += ", after " + time_text(time.warmup);
  if (guard.of_m > 0) text += fmt::format(", {} of {}", guard.of_m, guard.of_n);
  if (time.window > 0) text += ", " + time_text(time.window) + " back";
  return text;
}

void add_stages(std::string& text, const Summary& summary) {
  std::vector<Row> rows = {{"stage", "entered after", "least", "most", "way back"}};
  for (const plan::RolloutTime& rollout : summary.bounds.rollouts) {
    for (const plan::StageTime& stage : rollout.stages) {
      rows.push_back({summary.plan.stages[stage.stage].name, time_text(stage.entered), time_text(stage.takes.least),
                      most_text(stage.takes.most), most_text(stage.undo)});
    }
  }
  if (rows.size() > 1) add_table(text, rows);
}

void add_guards(std::string& text, const Summary& summary) {
  std::vector<Row> rows = {{"guard", "watches", "can fire after", "looks"}};
  for (const plan::GuardTime& time : summary.bounds.guards) {
    rows.push_back({summary.plan.guards[time.guard].text, place_of(summary, time.scope), time_text(time.earliest),
                    looks_text(summary, time)});
  }
  if (rows.size() > 1) add_table(text, rows);
}

void add_people(std::string& text, const Summary& summary) {
  std::vector<Row> rows = {{"who answers", "what", "within", "where"}};
  for (const SummaryGate& one : summary.gates) {
    rows.push_back({one.who,
                    fmt::format("{} \"{}\"", plan::enum_name(one.gate->kind), text_of(summary, one.gate->text)),
                    most_text(one.within), place_of(summary, one.block)});
  }
  if (rows.size() > 1) add_table(text, rows);
}

void add_way_back(std::string& text, const Summary& summary) {
  for (plan::RolloutId id = 0; id < summary.bounds.rollouts.size(); ++id) {
    const plan::RolloutTime& time = summary.bounds.rollouts[id];
    const std::string name = id == 0 ? "way back" : "way back of " + plan::rollout_row(summary.plan, id).path;
    text += fmt::format("  {}: undo steps {}, with hooks {}", name, most_text(time.undo), most_text(time.back));
    if (time.budget) text += "; `rollback within " + time_text(*time.budget) + "`";
    text += '\n';
  }
}

// ---------------------------------------------------------------- for programs

Value seconds(const Most& time) {
  return time ? Value::number(static_cast<double>(*time) / 1e9) : Value::missing();
}

Value range_value(const plan::TimeRange& range) {
  return Value::map({{"least", seconds(range.least)}, {"most", seconds(range.most)}});
}

Value guard_value(const Summary& summary, const plan::GuardTime& time) {
  const plan::Guard& guard = summary.plan.guards[time.guard];
  plan::Map map{{"guard", Value::string(guard.text)},
                {"watches", Value::string(place_of(summary, time.scope))},
                {"watched", range_value(summary.bounds.blocks[time.scope].watched)},
                {"cadence", seconds(time.cadence)},
                {"warmup", seconds(time.warmup)},
                {"held", seconds(time.held)},
                {"window", seconds(time.window)},
                {"earliest", seconds(time.earliest)},
                {"exact", Value::boolean(time.exact)},
                {"blind_after", seconds(time.blind_after)}};
  return Value::map(std::move(map));
}

Value gate_value(const Summary& summary, const SummaryGate& one) {
  return Value::map({{"kind", Value::string(std::string(plan::enum_name(one.gate->kind)))},
                     {"text", Value::string(text_of(summary, one.gate->text))},
                     {"who", Value::string(one.who)},
                     {"within", seconds(one.within)},
                     {"where", Value::string(place_of(summary, one.block))}});
}

Value way_back_value(const plan::RolloutTime& time) {
  return Value::map(
      {{"undo", seconds(time.undo)}, {"with_hooks", seconds(time.back)}, {"budget", seconds(time.budget)}});
}

}  // namespace

std::string summary_text(const plan::Plan& plan) {
  const Summary summary = summary_of(plan);
  const plan::RolloutTime& main = summary.bounds.rollouts.front();
  std::string text = fmt::format("{}: {}{}\n", diagnostics::printable(plan.rollout.name), range_text(main.takes),
                                 summary.gates.empty() ? "" : ", waiting for people included");
  if (summary.assumes_defaults) text += "  with the defaults of its parameters; other values give other times\n";
  add_stages(text, summary);
  add_guards(text, summary);
  add_people(text, summary);
  text += '\n';
  add_way_back(text, summary);
  return text;
}

std::string summary_json(const plan::Plan& plan) {
  const Summary summary = summary_of(plan);
  plan::List stages, guards, people, back;
  for (plan::RolloutId id = 0; id < summary.bounds.rollouts.size(); ++id) {
    const plan::RolloutTime& rollout = summary.bounds.rollouts[id];
    for (const plan::StageTime& stage : rollout.stages) {
      stages.push_back(Value::map({{"stage", Value::string(plan.stages[stage.stage].name)},
                                   {"entered", seconds(stage.entered)},
                                   {"takes", range_value(stage.takes)},
                                   {"undo", seconds(stage.undo)}}));
    }
    if (id == 0) continue;
    Value way = way_back_value(rollout);
    back.push_back(Value::map({{"rollout", Value::string(plan::rollout_row(plan, id).path)}, {"way_back", way}}));
  }
  for (const plan::GuardTime& time : summary.bounds.guards) guards.push_back(guard_value(summary, time));
  for (const SummaryGate& one : summary.gates) people.push_back(gate_value(summary, one));
  const plan::RolloutTime& main = summary.bounds.rollouts.front();
  plan::Map map{{"rollout", Value::string(plan.rollout.name)},
                {"takes", range_value(main.takes)},
                {"assumes_defaults", Value::boolean(summary.assumes_defaults)},
                {"stages", Value::list(std::move(stages))},
                {"guards", Value::list(std::move(guards))},
                {"people", Value::list(std::move(people))},
                {"way_back", way_back_value(main)},
                {"children", Value::list(std::move(back))}};
  return plan::to_json(Value::map(std::move(map))) + '\n';
}

}  // namespace rollout::driver
