#include "grammar/literals.hpp"

#include <fmt/format.h>

#include <cmath>

#include "compiler/check/checker.hpp"
#include "grammar/words.hpp"

// Literals: quantities with their units, strings with their inserts, commands with their arguments.

namespace rollout::check {
namespace {

using grammar::LiteralFault;

void report_fault(Checker& c, NodeRef leaf, LiteralFault fault) {
  switch (fault) {
    case LiteralFault::None:
    case LiteralFault::Malformed: return;
    case LiteralFault::Overflow:
      c.report(Code::LiteralOverflow, c.here(leaf), fmt::format("`{}` is too large", leaf.text()))
          .note("durations end at about 292 years, sizes at 8 EiB");
      return;
    case LiteralFault::TooFine:
      c.report(Code::LiteralTooFine, c.here(leaf), fmt::format("`{}` is finer than the language can keep", leaf.text()))
          .note("the smallest steps are 1ns, 1B and a billionth of 100%");
      return;
    case LiteralFault::UnitOrder:
      c.report(Code::UnitOrder, c.here(leaf),
               fmt::format("the units of `{}` do not go from large to small", leaf.text()))
          .help("write the largest unit first, as in `1h30m`");
      return;
    case LiteralFault::RepeatedUnit:
      c.report(Code::UnitOrder, c.here(leaf), fmt::format("`{}` has one unit twice", leaf.text()))
          .help("write each unit once, as in `1h30m`");
      return;
  }
}

// The literal as a value, or an error that was reported.
template <typename Decoded, typename Make>
ExprId literal_expr(Checker& c, NodeRef leaf, const Decoded& decoded, TypeKind kind, Make make) {
  if (!decoded.ok()) {
    report_fault(c, leaf, decoded.fault);
    return error_expr(c, c.here(leaf));
  }
  return constant_expr(c, make(decoded.value), type_id(kind), c.here(leaf));
}

ExprId rate_expr(Checker& c, NodeRef leaf) {
  const auto decoded = grammar::decode_rate(leaf.text());
  TypeKind type = TypeKind::NumberRate;
  plan::ValueKind kind = plan::ValueKind::NumberRate;
  if (decoded.value.amount_kind == SyntaxKind::Ratio) {
    type = TypeKind::RatioRate;
    kind = plan::ValueKind::RatioRate;
  } else if (decoded.value.amount_kind == SyntaxKind::Size) {
    type = TypeKind::SizeRate;
    kind = plan::ValueKind::SizeRate;
  }
  return literal_expr(c, leaf, decoded, type, [kind](const grammar::RateValue& rate) {
    return Value::rate(kind, rate.amount / (static_cast<double>(rate.per_nanoseconds) / 1e9));
  });
}

ExprId text_expr(Checker& c, std::string text, Location where) {
  return constant_expr(c, Value::string(std::move(text)), type_id(TypeKind::String), where);
}

std::string print_help(const Checker& c, ExprId expr) {
  switch (c.kind_of(expr)) {
    case TypeKind::List: return "join it first: `${join(x, \", \")}`";
    case TypeKind::RunResult: return "choose a part of it: `.stdout`, `.exit`";
    case TypeKind::HttpResult: return "choose a part of it: `.status`, `.text`, `.json`";
    case TypeKind::Record: return "choose a field of it";
    case TypeKind::Map: return "choose an entry of it: `x[\"key\"]`";
    case TypeKind::Error:
    case TypeKind::Bool:
    case TypeKind::Number:
    case TypeKind::Ratio:
    case TypeKind::Duration:
    case TypeKind::Size:
    case TypeKind::NumberRate:
    case TypeKind::RatioRate:
    case TypeKind::SizeRate:
    case TypeKind::TimeOfDay:
    case TypeKind::Instant:
    case TypeKind::String:
    case TypeKind::Command:
    case TypeKind::Enum:
    case TypeKind::Json:
    case TypeKind::Secret:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: return {};
  }
  return {};
}

// The value of an insert, as something that has a text.
ExprId insert_expr(Checker& c, const grammar::TextPart& part) {
  const auto node = part.expression();
  const ExprId value = check_expression(c, node);
  if (is_error(c, value) || is_printable(c, c.expr(value).type)) return value;
  c.report(Code::NotPrintable, c.here(*node), fmt::format("{} has no text", type_phrase(c, c.expr(value).type)))
      .help(print_help(c, value));
  return error_expr(c, c.here(*node));
}

// `$version` where `${version}` was meant: only where the name stands for something here. Queries and scripts in triple
// quotes have names of their own.
void warn_of_dollars(Checker& c, Location where) {
  const std::string_view file = c.module.files[where.file].text;
  const std::string_view text = file.substr(where.span.begin, where.span.size());
  const bool triple = where.span.begin >= 3 && file.substr(where.span.begin - 3, 3) == "\"\"\"";
  for (std::size_t at = text.find('$'); at != std::string_view::npos && !triple; at = text.find('$', at + 1)) {
    const std::size_t end = grammar::word_end(text, at + 1);
    const std::string_view name = text.substr(at + 1, end - at - 1);
    if (name.empty() || (at > 0 && text[at - 1] == '\\')) continue;
    const SymbolId found = find_name(c, name);
    if (found == kNone || c.symbol(found).type == kNone) continue;
    const auto begin = where.span.begin + static_cast<std::uint32_t>(at);
    const Location place{where.file, {begin, begin + static_cast<std::uint32_t>(name.size() + 1)}};
    const std::string written = fmt::format("${{{}}}", name);
    c.report(Code::PlainDollar, place, fmt::format("`${}` is plain text here", name))
        .also(c.symbol(found).declared, "this is not put in")
        .note(fmt::format("`\\${}` says that plain text is meant", name))
        .replace(place, written, fmt::format("write `{}` to put the value in", written));
  }
}

// A string or one word of a command of several parts. A single text is a constant.
ExprId joined(Checker& c, const std::vector<grammar::TextPart>& parts, Location where) {
  for (const grammar::TextPart& part : parts) {
    if (!part.insert) warn_of_dollars(c, {c.at.file, part.span});
  }
  if (parts.empty()) return text_expr(c, "", where);
  if (parts.size() == 1 && !parts.front().insert) return text_expr(c, parts.front().text, where);
  Expr expr;
  expr.kind = ExprKind::Concatenate;
  expr.type = type_id(TypeKind::String);
  expr.location = where;
  for (const grammar::TextPart& part : parts) {
    const Location place{c.at.file, part.span};
    const ExprId child = part.insert ? insert_expr(c, part) : text_expr(c, part.text, place);
    if (is_error(c, child)) expr.type = kErrorType;
    if (expr.type != kErrorType && is_secret(c, c.expr(child).type)) expr.type = type_id(TypeKind::Secret);
    expr.children.push_back(child);
  }
  return add_expr(c, std::move(expr));
}

void report_command_fault(Checker& c, NodeRef literal, const grammar::CommandFault& fault) {
  const Location where{c.at.file, fault.span};
  const std::string_view text = c.module.files[c.at.file].text;
  switch (fault.kind) {
    case grammar::CommandFaultKind::ShellCharacter:
      c.report(
           Code::ShellCharacter, where,
           fmt::format("`{}` needs a shell, and a command has none", text.substr(fault.span.begin, fault.span.size())))
          .help("quote it if it is plain text, or write `shell(\"\"\"...\"\"\")`");
      return;
    case grammar::CommandFaultKind::UnclosedQuote:
      c.report(Code::UnclosedCommandQuote, where, "this quote of the command is never closed");
      return;
    case grammar::CommandFaultKind::Empty:
      c.report(Code::EmptyCommand, c.here(literal), "a command needs a program to run");
      return;
  }
}

}  // namespace

ExprId check_quantity(Checker& c, NodeRef node) {
  const auto leaf = node.first_token();
  if (!leaf) return error_expr(c, c.here(node));
  const std::string_view text = leaf->text();
  if (leaf->is(SyntaxKind::Number)) {
    return literal_expr(c, *leaf, grammar::decode_number(text), TypeKind::Number, Value::number);
  }
  if (leaf->is(SyntaxKind::Ratio)) {
    return literal_expr(c, *leaf, grammar::decode_ratio(text), TypeKind::Ratio,
                        [](const grammar::RatioValue& ratio) { return Value::ratio(ratio.value); });
  }
  if (leaf->is(SyntaxKind::Duration)) {
    return literal_expr(c, *leaf, grammar::decode_duration(text), TypeKind::Duration, Value::duration);
  }
  if (leaf->is(SyntaxKind::Size)) {
    return literal_expr(c, *leaf, grammar::decode_size(text), TypeKind::Size, Value::size);
  }
  if (leaf->is(SyntaxKind::Rate)) return rate_expr(c, *leaf);
  if (leaf->is(SyntaxKind::TimeOfDay)) {
    return literal_expr(c, *leaf, grammar::decode_time_of_day(text), TypeKind::TimeOfDay, Value::time_of_day);
  }
  if (leaf->is(SyntaxKind::Instant)) {
    return literal_expr(c, *leaf, grammar::decode_instant(text), TypeKind::Instant, Value::instant);
  }
  return error_expr(c, c.here(node));
}

ExprId check_string(Checker& c, NodeRef literal) {
  return joined(c, grammar::decode_string(literal), c.here(literal));
}

ExprId check_command(Checker& c, NodeRef literal) {
  const grammar::DecodedCommand decoded = grammar::decode_command(literal);
  Expr expr;
  expr.kind = ExprKind::Command;
  expr.type = type_id(TypeKind::Command);
  expr.location = c.here(literal);
  for (const grammar::CommandFault& fault : decoded.faults) {
    report_command_fault(c, literal, fault);
    expr.type = kErrorType;
  }
  for (const grammar::CommandWord& word : decoded.words) {
    const ExprId child = joined(c, word.parts, {c.at.file, word.span});
    if (is_error(c, child)) expr.type = kErrorType;
    if (!is_error(c, child) && is_secret(c, c.expr(child).type)) {
      c.report(Code::SecretLeak, {c.at.file, word.span},
               "a secret on a command line is visible to every user of the machine")
          .help("pass it through the environment: `run(CMD, env: { \"NAME\": secret })`");
      expr.type = kErrorType;
    }
    expr.children.push_back(child);
  }
  return add_expr(c, std::move(expr));
}

std::string constant_text(Checker& c, MaybeNode literal, std::string_view what) {
  if (!literal) return {};
  const auto text = grammar::constant_text(*literal);
  if (text) return *text;
  if (!literal->has_error()) {
    c.report(Code::NotConstantText, c.here(*literal), fmt::format("{} is constant text, without inserts", what));
  }
  return {};
}

std::string with_unit(const Checker& c, std::string_view number, TypeId want, std::string_view time_unit) {
  if (want == kNone) return {};
  const auto decoded = grammar::decode_number(number);
  if (!decoded.ok()) return {};
  switch (c.module.types[want].kind) {
    case TypeKind::Ratio:
      // Below one it is meant as a share of one: 0.05 is 5%.
      if (decoded.value < 1 && decoded.value != 0) return fmt::format("{:.10g}%", decoded.value * 100);
      return fmt::format("{}%", number);
    case TypeKind::Duration: return fmt::format("{}{}", number, time_unit);
    case TypeKind::Size: return fmt::format("{}MiB", number);
    case TypeKind::NumberRate: return fmt::format("{}/s", number);
    case TypeKind::RatioRate: return fmt::format("{}%/h", number);
    case TypeKind::SizeRate: return fmt::format("{}MB/s", number);
    case TypeKind::Error:
    case TypeKind::Bool:
    case TypeKind::Number:
    case TypeKind::TimeOfDay:
    case TypeKind::Instant:
    case TypeKind::String:
    case TypeKind::Command:
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Enum:
    case TypeKind::Record:
    case TypeKind::Json:
    case TypeKind::RunResult:
    case TypeKind::HttpResult:
    case TypeKind::Secret:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: return {};
  }
  return {};
}

}  // namespace rollout::check
