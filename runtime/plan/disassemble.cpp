#include <fmt/format.h>

#include <algorithm>

#include "runtime/plan/enum_names.hpp"
#include "runtime/plan/fields.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plan/opcodes.hpp"
#include "runtime/plan/verification.hpp"

// The text of a plan. It reads any plan, verified or not: an id that points nowhere is printed as it is.

namespace rollout::plan {

namespace {

template <typename Row>
std::string row_text(const std::vector<Row>& table, Id id) {
  if (id >= table.size()) return {};
  if constexpr (requires { table[id].name.size(); }) {
    return shown(table[id].name);
  } else {
    return shown(table[id].text);
  }
}

// What a reader wants to see in place of an id.
std::string target_text(const Plan& plan, Table table, Id id) {
  switch (table) {
    case Table::Constant: return id < plan.constants.size() ? shown(to_literal(plan.constants[id])) : std::string();
    case Table::Routine: return row_text(plan.routines, id);
    case Table::Variable: return row_text(plan.variables, id);
    case Table::Secret: return row_text(plan.secrets, id);
    case Table::Role: return row_text(plan.roles, id);
    case Table::Metric: return row_text(plan.metrics, id);
    case Table::Effect: return row_text(plan.effects, id);
    case Table::Guard: return row_text(plan.guards, id);
    case Table::Hold: return row_text(plan.holds, id);
    case Table::Channel: return row_text(plan.channels, id);
    case Table::Block: return row_text(plan.blocks, id);
    case Table::Stage: return row_text(plan.stages, id);
    case Table::Response:
      return id < plan.responses.size() ? std::string(enum_name(plan.responses[id].outcome)) : std::string();
    case Table::Gate:
      return id < plan.gates.size() ? target_text(plan, Table::Routine, plan.gates[id].text) : std::string();
    case Table::Notification:
      return id < plan.notifications.size() ? target_text(plan, Table::Routine, plan.notifications[id].text)
                                            : std::string();
    case Table::File: return id < plan.files.size() ? shown(plan.files[id].path) : std::string();
    case Table::Rollout:
      return id < rollout_count(plan) ? shown(id == 0 ? plan.rollout.name : plan.children[id - 1].path) : std::string();
    case Table::None:
    case Table::Spot: return {};
  }
  return {};
}

std::string place(const Plan& plan, SpotId id) {
  if (id >= plan.spots.size()) return {};
  const Spot& spot = plan.spots[id];
  return fmt::format("{}:{}:{}", target_text(plan, Table::File, spot.file), spot.line, spot.column);
}

std::string reference_text(const Plan& plan, Table table, Id id) {
  if (table == Table::Spot) return place(plan, id);
  const std::string text = target_text(plan, table, id);
  if (text.empty()) return fmt::format("{} {}", table_name(table), id);
  return fmt::format("{} {} ({})", table_name(table), id, text);
}

// ---------------------------------------------------------------- rows

class RowPrinter {
 public:
  RowPrinter(const Plan& plan, std::string separator) : plan_(plan), separator_(std::move(separator)) {}

  // The fields of a row that say something, but for some, each as "name=value".
  template <typename Row>
  std::string print(const Row& row, std::initializer_list<std::string_view> without = {}) const {
    std::string out;
    for_each_field(row, [&](const auto& field, const auto& member) {
      if (std::find(without.begin(), without.end(), field.name) != without.end()) return;
      const std::string text = field_text(field, member);
      if (!text.empty()) out += fmt::format("{}{}={}", separator_, field.name, text);
    });
    return out;
  }

 private:
  template <typename Descriptor, typename Member>
  std::string field_text(const Descriptor& field, const Member& member) const {
    if constexpr (std::is_same_v<Member, Id>) {
      if (field.table != Table::None)
        // That something belongs to the main rollout goes without saying.
        return member == kNone || (field.table == Table::Rollout && member == 0)
                   ? std::string()
                   : reference_text(plan_, field.table, member);
    }
    if constexpr (std::is_same_v<Member, std::vector<Id>>) {
      std::string list;
      for (const Id id : member)
        list += fmt::format("{}{}", list.empty() ? "" : ", ", reference_text(plan_, field.table, id));
      return list;
    } else {
      return member_text(member);
    }
  }

  template <typename Member>
  std::string member_text(const Member& member) const {
    if constexpr (std::is_same_v<Member, std::string>) {
      return member.empty() ? std::string() : to_literal(Value::string(member));
    } else if constexpr (std::is_same_v<Member, bool>) {
      return member ? "yes" : "";
    } else if constexpr (std::is_same_v<Member, EffectClass>) {
      return member == EffectClass::Opaque ? "" : std::string(enum_name(member));
    } else if constexpr (std::is_enum_v<Member>) {
      return std::string(enum_name(member));
    } else if constexpr (std::is_same_v<Member, double>) {
      return to_literal(Value::number(member));
    } else if constexpr (std::is_same_v<Member, Nanoseconds>) {
      return member > kLongestTimeOfDay ? instant_text(member) : duration_text(member);
    } else if constexpr (std::is_integral_v<Member>) {
      return member == 0 ? std::string() : std::to_string(member);
    } else if constexpr (std::is_same_v<Member, Value>) {
      return to_literal(member);
    } else if constexpr (HasFields<Member>) {
      const std::string inner = RowPrinter(plan_, " ").print(member);
      return inner.empty() ? inner : "{" + inner + " }";
    } else {
      std::string list;
      for (const auto& element : member) list += fmt::format("{}{}", list.empty() ? "" : ", ", member_text(element));
      return list;
    }
  }

  // Windows hold times of day, freezes instants: nobody freezes the first days of 1970.
  static constexpr Nanoseconds kLongestTimeOfDay = 86'400'000'000'000;

  const Plan& plan_;
  std::string separator_;
};

template <typename Row>
void print_table(std::string& out, const Plan& plan, std::string_view title, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  out += fmt::format("\n{}\n", title);
  const RowPrinter printer(plan, "  ");
  for (std::size_t index = 0; index < rows.size(); ++index) {
    out += fmt::format("  {}{}\n", index, printer.print(rows[index]));
  }
}

void print_constants(std::string& out, const Plan& plan) {
  if (plan.constants.empty()) return;
  out += "\nconstants\n";
  for (std::size_t index = 0; index < plan.constants.size(); ++index) {
    const Value& value = plan.constants[index];
    out += fmt::format("  {}  {}  {}\n", index, enum_name(value.kind()), to_literal(value));
  }
}

void print_globals(std::string& out, const Plan& plan) {
  if (plan.globals.empty()) return;
  out += "\nglobals\n";
  for (std::size_t index = 0; index + 1 < plan.globals.size(); index += 2) {
    out += fmt::format("  {} = {}\n", reference_text(plan, Table::Variable, plan.globals[index]),
                       reference_text(plan, Table::Routine, plan.globals[index + 1]));
  }
}

// ---------------------------------------------------------------- code

Table operand_table(OperandKind operand) {
  switch (operand) {
    case OperandKind::Constant: return Table::Constant;
    case OperandKind::Variable: return Table::Variable;
    case OperandKind::Secret: return Table::Secret;
    case OperandKind::Metric: return Table::Metric;
    case OperandKind::Routine: return Table::Routine;
    case OperandKind::Block: return Table::Block;
    case OperandKind::Effect: return Table::Effect;
    case OperandKind::Hold: return Table::Hold;
    case OperandKind::Gate: return Table::Gate;
    case OperandKind::Notification: return Table::Notification;
    case OperandKind::Response: return Table::Response;
    case OperandKind::None:
    case OperandKind::Builtin:
    case OperandKind::Context:
    case OperandKind::Aggregate:
    case OperandKind::Count:
    case OperandKind::Target: return Table::None;
  }
  return Table::None;
}

struct Operands {
  std::string text, comment;
};

bool has_second_routine(Op op) {
  return op == Op::Let || op == Op::JumpUnless || op == Op::Require;
}

Operands plain_operand(const Instruction& instruction, OperandKind operand) {
  if (operand == OperandKind::Target) return {fmt::format("to {}", instruction.b), {}};
  if (operand == OperandKind::Count) return {fmt::format("{} values", instruction.b), {}};
  if (operand == OperandKind::Context && instruction.b < kContextValues) {
    return {std::string(context_name(static_cast<ContextValue>(instruction.b))), {}};
  }
  if (operand == OperandKind::Builtin && instruction.b < builtin_table().size()) {
    const std::string_view name = builtin_table()[instruction.b].name;
    return {fmt::format("{} of {}", name.empty() ? "quantity" : name, instruction.a), {}};
  }
  return {operand == OperandKind::None ? std::string() : std::to_string(instruction.b), {}};
}

// How a fold takes the series of which its condition is unknown, or which it names.
std::string_view fold_form(const Instruction& instruction) {
  constexpr std::string_view kCounts[] = {"known", "least", "most"};
  constexpr std::string_view kChoices[] = {"true", "false", "not true"};
  if (instruction.a >= std::size(kCounts)) return {};
  if (instruction.op == Op::WhichSeries) return kChoices[instruction.a];
  const bool counts = instruction.op == Op::CountSeries || instruction.op == Op::ShareSeries;
  return counts ? kCounts[instruction.a] : std::string_view();
}

Operands operands(const Plan& plan, const Instruction& instruction) {
  const OperandKind operand = info(instruction.op).operand;
  const Table table = operand_table(operand);
  Operands result = plain_operand(instruction, operand);
  if (table != Table::None) {
    result = {fmt::format("{} {}", table_name(table), instruction.b), target_text(plan, table, instruction.b)};
  }
  if (const std::string_view form = fold_form(instruction); !form.empty()) result.text += fmt::format(", {}", form);
  if (instruction.op == Op::Window && instruction.a < kAggregates) {
    result.text += fmt::format(", {}", aggregate_name(static_cast<Aggregate>(instruction.a)));
  }
  if (instruction.op == Op::Window && static_cast<Aggregate>(instruction.a) == Aggregate::Quantile) {
    result.text += " " + target_text(plan, Table::Constant, instruction.c);
  }
  if (has_second_routine(instruction.op) && instruction.c != kNone) {
    const std::string second = target_text(plan, Table::Routine, instruction.c);
    result.text += fmt::format(", routine {}", instruction.c);
    if (instruction.op == Op::Let) {
      result.comment += " = " + second;
    } else {
      result.comment += (result.comment.empty() ? "" : ", ") + second;
    }
  }
  return result;
}

// One instruction a line; the source place where it differs from that of the line before.
void print_code(std::string& out, const Plan& plan, std::uint32_t begin, std::uint32_t end) {
  const std::uint32_t last = std::min<std::uint32_t>(end, static_cast<std::uint32_t>(plan.code.size()));
  std::string last_source;
  for (std::uint32_t at = begin; at < last; ++at) {
    const Instruction& instruction = plan.code[at];
    const Operands shown_operands = operands(plan, instruction);
    std::string line = fmt::format("  {:>6}  {:<13} {:<24}", at, info(instruction.op).name, shown_operands.text);
    if (!shown_operands.comment.empty()) line += "  ; " + shown_operands.comment;
    const std::string source = place(plan, instruction.spot);
    if (!source.empty() && source != last_source) line += "  @ " + source;
    last_source = source;
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
}

void print_blocks(std::string& out, const Plan& plan) {
  const RowPrinter printer(plan, "\n    ");
  for (BlockId id = 0; id < plan.blocks.size(); ++id) {
    const Block& block = plan.blocks[id];
    out +=
        fmt::format("\nblock {}: {}{}{}", id, enum_name(block.kind), block.name.empty() ? "" : " ", shown(block.name));
    out += printer.print(block, {"kind", "name", "begin", "end"}) + "\n";
    print_code(out, plan, block.begin, block.end);
  }
}

// A routine of one constant is a line, any other a listing.
void print_routines(std::string& out, const Plan& plan) {
  out += "\nroutines\n";
  for (RoutineId id = 0; id < plan.routines.size(); ++id) {
    const Routine& routine = plan.routines[id];
    out += fmt::format("routine {} -> {}", id, enum_name(routine.kind));
    out += routine.text.empty() ? "" : fmt::format(": {}", shown(routine.text));
    const bool is_constant = routine.begin + 2 == routine.end && routine.end <= plan.code.size() &&
                             plan.code[routine.begin].op == Op::Constant;
    if (is_constant) {
      out += fmt::format("  (constant {} at {})\n", plan.code[routine.begin].b, routine.begin);
    } else {
      out += "\n";
      print_code(out, plan, routine.begin, routine.end);
    }
  }
}

}  // namespace

std::string disassemble(const Plan& plan) {
  std::string out =
      fmt::format("plan format {}.{}, compiler {}\n", kFormatMajor, kFormatMinor, shown(plan.compiler_version));
  out += "\nrollout" + RowPrinter(plan, "\n  ").print(plan.rollout) + "\n";
  for (std::size_t index = 0; index < plan.children.size(); ++index) {
    out +=
        fmt::format("\nrollout {}, a child", index + 1) + RowPrinter(plan, "\n  ").print(plan.children[index]) + "\n";
  }
  print_table(out, plan, "files", plan.files);
  if (!plan.plugins.empty()) print_table(out, plan, "plugins", plan.plugins);
  print_table(out, plan, "access of plugins", plan.plugin_access);
  print_table(out, plan, "stages", plan.stages);
  print_table(out, plan, "parameters", plan.parameters);
  print_table(out, plan, "secrets", plan.secrets);
  print_table(out, plan, "roles", plan.roles);
  print_table(out, plan, "variables", plan.variables);
  print_globals(out, plan);
  print_constants(out, plan);
  print_table(out, plan, "metrics", plan.metrics);
  print_table(out, plan, "guards", plan.guards);
  print_table(out, plan, "responses", plan.responses);
  print_table(out, plan, "holds", plan.holds);
  print_table(out, plan, "gates", plan.gates);
  print_table(out, plan, "effects", plan.effects);
  print_table(out, plan, "channels", plan.channels);
  print_table(out, plan, "notifications", plan.notifications);
  print_blocks(out, plan);
  print_routines(out, plan);
  return out;
}

}  // namespace rollout::plan
