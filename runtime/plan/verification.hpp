#pragma once

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "runtime/plan/fields.hpp"

// What the parts of the verifier share. Each part answers the reason why the plan is rejected, or nothing. They run in
// the order below, and each relies on those before it.

namespace rollout::plan {

// Why a plan is rejected.
struct Refusal {
  Refusal() = default;
  Refusal(std::string reason) : text(std::move(reason)) {}
  Refusal(const char* reason) : text(reason) {}
  // One that is only about the plan's size.
  Refusal(std::string reason, Excess beyond, SpotId at = kNone)
      : text(std::move(reason)), excess(std::move(beyond)), spot(at) {}

  std::string text;
  std::optional<Excess> excess;
  SpotId spot = kNone;  // where the excess is
};

// The same, said of a row.
inline Refusal operator+(const std::string& where, Refusal refusal) {
  refusal.text.insert(0, where);
  return refusal;
}

using Reject = std::optional<Refusal>;

Reject check_limits(const Plan& plan);  // sizes of tables and texts
Reject check_references(
    const Plan& plan);                  // every id of every row is in range, every routine leaves what its place needs
Reject check_rows(const Plan& plan);    // what the rows mean: windows, samples, stages, ...
Reject check_layout(const Plan& plan);  // every instruction belongs to exactly one routine or block
Reject check_routines(const Plan& plan);  // expression code: operands, stack, kinds
Reject check_series(const Plan& plan);    // of check_routines: code about the series of grouped metrics
Reject check_blocks(const Plan& plan);    // statement code: operands, jumps
Reject check_graph(const Plan& plan);     // nothing runs itself, nothing is too deep or too large when written out

inline constexpr std::array<std::string_view, kTables> kTableNames = {
    "nothing",  "file",  "spot", "constant", "routine", "variable",     "secret", "role",  "metric", "effect",
    "response", "guard", "hold", "gate",     "channel", "notification", "block",  "stage", "rollout"};

inline std::string_view table_name(Table table) {
  return kTableNames[static_cast<std::size_t>(table)];
}

inline std::size_t table_size(const Plan& plan, Table table) {
  switch (table) {
    case Table::None: return 0;
    case Table::File: return plan.files.size();
    case Table::Spot: return plan.spots.size();
    case Table::Constant: return plan.constants.size();
    case Table::Routine: return plan.routines.size();
    case Table::Variable: return plan.variables.size();
    case Table::Secret: return plan.secrets.size();
    case Table::Role: return plan.roles.size();
    case Table::Metric: return plan.metrics.size();
    case Table::Effect: return plan.effects.size();
    case Table::Response: return plan.responses.size();
    case Table::Guard: return plan.guards.size();
    case Table::Hold: return plan.holds.size();
    case Table::Gate: return plan.gates.size();
    case Table::Channel: return plan.channels.size();
    case Table::Notification: return plan.notifications.size();
    case Table::Block: return plan.blocks.size();
    case Table::Stage: return plan.stages.size();
    case Table::Rollout: return rollout_count(plan);
  }
  return 0;
}

// Names from a plan may hold anything; in a message they are short and printable.
std::string shown(std::string_view text);

// "guard 3 `p95 > 600ms`"; without the text where the row has none.
template <typename Row>
std::string describe(std::string_view table, std::size_t index, const Row& row) {
  std::string_view text;
  if constexpr (requires { row.text.size(); }) text = row.text;
  if constexpr (requires { row.name.size(); }) text = row.name;
  return text.empty() ? fmt::format("{} {}", table, index) : fmt::format("{} {} `{}`", table, index, shown(text));
}
inline std::string describe_block(const Plan& plan, Id id) {
  return describe("block", id, plan.blocks[id]);
}
inline std::string describe_routine(const Plan& plan, Id id) {
  return describe("routine", id, plan.routines[id]);
}

// Whether a value of a kind may stand where another is needed. What is only known at run time fits everywhere.
inline bool fits(ValueKind needed, ValueKind given) {
  return needed == given || needed == ValueKind::Any || given == ValueKind::Any;
}

// One id in a row, and what it must be.
struct Reference {
  std::string_view field;
  Table table;
  Need need;
  ValueKind kind;
  Id id;
};

// Calls visit(reference) for each id in the row, those of its lists and inner structs included; kNone as well.
template <typename Row, typename Visit>
void for_each_reference(const Row& row, Visit&& visit) {
  for_each_field(row, [&](const auto& field, const auto& member) {
    using Member = std::remove_cvref_t<decltype(member)>;
    if constexpr (HasFields<Member>) {
      for_each_reference(member, visit);
    } else if constexpr (std::is_same_v<Member, Id>) {
      if (field.table != Table::None) visit(Reference{field.name, field.table, field.need, field.kind, member});
    } else if constexpr (std::is_same_v<Member, std::vector<Id>>) {
      for (const Id id : member) visit(Reference{field.name, field.table, field.need, field.kind, id});
    } else if constexpr (kIsRowList<Member>) {
      for (const auto& element : member) for_each_reference(element, visit);
    }
  });
}

// Calls visit(table name, index, row) for each row of each table of structs, the rollout included; `code` is left out.
template <typename Visit>
void for_each_row(const Plan& plan, Visit&& visit) {
  const auto rows = [&](std::string_view name, const auto& table) {
    for (std::size_t index = 0; index < table.size(); ++index) visit(name, index, table[index]);
  };
  rows("file", plan.files);
  rows("spot", plan.spots);
  rows("routine", plan.routines);
  rows("variable", plan.variables);
  rows("parameter", plan.parameters);
  rows("secret", plan.secrets);
  rows("role", plan.roles);
  rows("metric", plan.metrics);
  rows("effect", plan.effects);
  rows("response", plan.responses);
  rows("guard", plan.guards);
  rows("hold", plan.holds);
  rows("gate", plan.gates);
  rows("channel", plan.channels);
  rows("notification", plan.notifications);
  rows("block", plan.blocks);
  rows("stage", plan.stages);
  rows("plugin", plan.plugins);
  rows("access of a plugin", plan.plugin_access);
  visit("rollout", 0, plan.rollout);
  for (std::size_t index = 0; index < plan.children.size(); ++index) visit("rollout", index + 1, plan.children[index]);
}

}  // namespace rollout::plan
