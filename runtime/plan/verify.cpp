#include "runtime/plan/verify.hpp"

#include <algorithm>
#include <string>

#include "runtime/plan/enum_names.hpp"
#include "runtime/plan/verification.hpp"

namespace rollout::plan {

namespace {

struct TableWords {
  std::string_view table;
  std::string_view words;  // for people
};

constexpr TableWords kTableWords[] = {
    {"files", "files"},
    {"spots", "places in the source"},
    {"constants", "values"},
    {"routines", "expressions"},
    {"code", "instructions"},
    {"blocks", "blocks (an action counts once for each use)"},
    {"metrics", "metrics (each with its arguments)"},
    {"variables", "variables"},
    {"effects", "calls"},
};

// What the rows of a table are in a message for those who write the source; the table's name where that says it.
std::string_view words_of(std::string_view table) {
  const auto found = std::ranges::find(kTableWords, table, &TableWords::table);
  return found == std::end(kTableWords) ? table : found->words;
}

Reject check_size(std::string_view table, std::size_t size, std::size_t most) {
  if (size <= most) return std::nullopt;
  return Refusal(fmt::format("table `{}` has {} rows, the most is {}", table, size, most),
                 {.kind = table == "metrics" ? Excess::Kind::Metrics : Excess::Kind::Rows,
                  .what = std::string(words_of(table)),
                  .counted = size,
                  .most = most});
}

std::size_t row_limit(std::string_view table) {
  if (table == "code") return kMaxInstructions;
  if (table == "metrics") return kMaxMetrics;
  if (table == "variables") return kMaxVariables;
  return kMaxTableRows;
}

// The longest text in a row and whatever is inside it.
template <typename Member>
std::size_t longest_text(const Member& member) {
  std::size_t longest = 0;
  if constexpr (std::is_same_v<Member, std::string>) {
    longest = member.size();
  } else if constexpr (HasFields<Member>) {
    for_each_field(member, [&](const auto&, const auto& inner) { longest = std::max(longest, longest_text(inner)); });
  } else if constexpr (requires { typename Member::value_type; }) {
    for (const auto& element : member) longest = std::max(longest, longest_text(element));
  }
  return longest;
}

// The reason why this id of this row is refused.
template <typename Row>
std::string wrong_id(const Plan& plan, std::string_view table, std::size_t index, const Row& row,
                     const Reference& ref) {
  const std::string where = describe(table, index, row);
  if (ref.id == kNone) return fmt::format("{}: `{}` is missing", where, ref.field);
  const std::size_t size = table_size(plan, ref.table);
  if (ref.id >= size) {
    return fmt::format("{}: `{}` is {} {}, but the plan has {}", where, ref.field, table_name(ref.table), ref.id, size);
  }
  return fmt::format("{}: `{}` must give {}, but {} gives {}", where, ref.field, kind_name(ref.kind),
                     describe_routine(plan, ref.id), kind_name(plan.routines[ref.id].kind));
}

bool is_right(const Plan& plan, const Reference& ref) {
  if (ref.id == kNone) return ref.need == Need::Optional;
  if (ref.id >= table_size(plan, ref.table)) return false;
  return ref.table != Table::Routine || fits(ref.kind, plan.routines[ref.id].kind);
}

Reject check_globals(const Plan& plan) {
  if (plan.globals.size() % 2 != 0) return "table `globals` has an odd number of entries, they come in pairs";
  for (std::size_t index = 0; index < plan.globals.size(); index += 2) {
    const Id variable = plan.globals[index], value = plan.globals[index + 1];
    if (variable >= plan.variables.size() || value >= plan.routines.size()) {
      return fmt::format("global {}: variable {} or routine {} does not exist", index / 2, variable, value);
    }
    if (!fits(plan.variables[variable].kind, plan.routines[value].kind)) {
      return fmt::format("global {} `{}` holds {}, but its value is {}", index / 2,
                         shown(plan.variables[variable].name), kind_name(plan.variables[variable].kind),
                         kind_name(plan.routines[value].kind));
    }
  }
  return std::nullopt;
}

PlanError error_of(const Plan& plan, Refusal refusal) {
  const bool placed = refusal.spot < plan.spots.size() && plan.spots[refusal.spot].file < plan.files.size();
  if (refusal.excess && placed) {
    refusal.excess->place = plan.spots[refusal.spot];
    refusal.excess->path = plan.files[plan.spots[refusal.spot].file].path;
  }
  return {"the plan is not valid: " + refusal.text, 0, std::move(refusal.excess)};
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string result;
  for (const char c : text.substr(0, kLongest)) result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  // Not in the middle of a character.
  if (text.size() > kLongest) {
    while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xc0) == 0x80) result.pop_back();
    if (!result.empty() && (static_cast<unsigned char>(result.back()) & 0x80) != 0) result.pop_back();
    result += "...";
  }
  return result;
}

Reject check_limits(const Plan& plan) {
  Reject reject;
  for_each_field(plan, [&](const auto& field, const auto& member) {
    if (reject) return;
    if constexpr (!HasFields<std::remove_cvref_t<decltype(member)>>)
      reject = check_size(field.name, member.size(), row_limit(field.name));
  });
  if (reject) return reject;
  for_each_row(plan, [&](std::string_view table, std::size_t index, const auto& row) {
    if (!reject && longest_text(row) > kMaxStringBytes) {
      reject = Refusal(fmt::format("{} {} holds a text over 1 MiB", table, index), {.kind = Excess::Kind::Size,
                                                                                    .what = "bytes in one text",
                                                                                    .counted = longest_text(row),
                                                                                    .most = kMaxStringBytes});
    }
  });
  return reject;
}

Reject check_references(const Plan& plan) {
  Reject reject;
  for_each_row(plan, [&](std::string_view table, std::size_t index, const auto& row) {
    if (reject) return;
    for_each_reference(row, [&](const Reference& ref) {
      if (!reject && !is_right(plan, ref)) reject = wrong_id(plan, table, index, row, ref);
    });
  });
  if (reject) return reject;
  for (std::size_t index = 0; index < plan.code.size(); ++index) {
    const Instruction& instruction = plan.code[index];
    if (static_cast<std::size_t>(instruction.op) >= kOpCount) return fmt::format("instruction {} is unknown", index);
    if (instruction.spot != kNone && instruction.spot >= plan.spots.size()) {
      return fmt::format("instruction {}: `spot` is spot {}, but the plan has {}", index, instruction.spot,
                         plan.spots.size());
    }
  }
  return check_globals(plan);
}

Expected<std::shared_ptr<const VerifiedPlan>> verify(Plan plan) {
  constexpr Reject (*kChecks[])(const Plan&) = {check_limits,   check_references, check_rows, check_layout,
                                                check_routines, check_blocks,     check_graph};
  for (const auto check : kChecks) {
    if (auto refusal = check(plan)) return error_of(plan, std::move(*refusal));
  }
  return std::shared_ptr<const VerifiedPlan>(new VerifiedPlan(std::move(plan)));
}

}  // namespace rollout::plan
