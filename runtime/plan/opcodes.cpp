#include "runtime/plan/opcodes.hpp"

#include <array>

namespace rollout::plan {

namespace {

constexpr OpInfo kOps[] = {
#define EXPRESSION(name, pops, pushes, operand, text) \
  {Op::name, #name, OpSort::Expression, pops, pushes, OperandKind::operand, false, text},
#define STATEMENT(name, operand, terminator, text) \
  {Op::name, #name, OpSort::Statement, 0, 0, OperandKind::operand, terminator, text},
#include "runtime/plan/opcodes.def"
#undef EXPRESSION
#undef STATEMENT
};

constexpr BuiltinInfo kBuiltins[] = {
#define BUILTIN(name, text, least, most, doc) {Builtin::name, text, least, most, doc},
#include "runtime/plan/builtins.def"
#undef BUILTIN
};

constexpr std::array<std::string_view, kContextValues> kContextNames = {"reason",   "stage_name", "run_id", "text",
                                                                        "severity", "now",        "share"};
constexpr std::array<std::string_view, kAggregates> kAggregateNames = {"avg",   "min",      "max", "sum",
                                                                       "count", "quantile", "rate"};

struct OpText {
  Op op;
  std::string_view text;
};
constexpr OpText kOperators[] = {
    {Op::Add, "+"},       {Op::Subtract, "-"},  {Op::Multiply, "*"},           {Op::Divide, "/"},
    {Op::Negate, "-"},    {Op::Above, "above"}, {Op::Below, "below"},          {Op::Equal, "=="},
    {Op::NotEqual, "!="}, {Op::Less, "<"},      {Op::LessEqual, "<="},         {Op::Greater, ">"},
    {Op::And, "and"},     {Op::Or, "or"},       {Op::GreaterEqual, ">="},      {Op::Not, "not"},
    {Op::InRange, "in"},  {Op::InList, "in"},   {Op::IsMissing, "is missing"},
};

}  // namespace

std::span<const OpInfo> op_table() {
  return kOps;
}
std::span<const BuiltinInfo> builtin_table() {
  return kBuiltins;
}
const OpInfo& info(Op op) {
  return kOps[static_cast<std::size_t>(op)];
}
const BuiltinInfo& info(Builtin builtin) {
  return kBuiltins[static_cast<std::size_t>(builtin)];
}

std::string_view op_text(Op op) {
  for (const OpText& row : kOperators) {
    if (row.op == op) return row.text;
  }
  return info(op).name;
}

std::string_view context_name(ContextValue value) {
  return kContextNames[static_cast<std::size_t>(value)];
}
std::string_view aggregate_name(Aggregate aggregate) {
  return kAggregateNames[static_cast<std::size_t>(aggregate)];
}

}  // namespace rollout::plan
