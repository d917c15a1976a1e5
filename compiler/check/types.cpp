#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"
#include "runtime/plan/evaluate.hpp"

// Types: their table, their names, what fits where.

namespace rollout::check {
namespace {

struct TypeRow {
  TypeKind kind;
  std::string_view text;    // in the source
  std::string_view phrase;  // in messages
  plan::ValueKind value;
  bool nameable;  // may be written where a type is asked for
};

// One row for each TypeKind, in its order. List, Map, Enum and Record are worded by what they are of.
constexpr auto kTypes = std::to_array<TypeRow>({
    {TypeKind::Error, "", "something unknown", plan::ValueKind::Any, false},
    {TypeKind::Bool, "bool", "a bool", plan::ValueKind::Bool, true},
    {TypeKind::Number, "number", "a number", plan::ValueKind::Number, true},
    {TypeKind::Ratio, "ratio", "a ratio", plan::ValueKind::Ratio, true},
    {TypeKind::Duration, "duration", "a duration", plan::ValueKind::Duration, true},
    {TypeKind::Size, "size", "a size", plan::ValueKind::Size, true},
    {TypeKind::NumberRate, "rate", "a rate", plan::ValueKind::NumberRate, true},
    {TypeKind::RatioRate, "ratio/time", "a ratio per time", plan::ValueKind::RatioRate, false},
    {TypeKind::SizeRate, "size/time", "a size per time", plan::ValueKind::SizeRate, false},
    {TypeKind::TimeOfDay, "time of day", "a time of day", plan::ValueKind::TimeOfDay, false},
    {TypeKind::Instant, "instant", "an instant", plan::ValueKind::Instant, true},
    {TypeKind::String, "string", "a string", plan::ValueKind::String, true},
    {TypeKind::Command, "command", "a command", plan::ValueKind::List, true},
    {TypeKind::List, "list", "a list", plan::ValueKind::List, false},
    {TypeKind::Map, "map", "a map", plan::ValueKind::Map, false},
    {TypeKind::Enum, "enum", "an enum", plan::ValueKind::Enum, false},
    {TypeKind::Record, "record", "a record", plan::ValueKind::Map, false},
    {TypeKind::Json, "json", "json", plan::ValueKind::Any, true},
    {TypeKind::RunResult, "run result", "the result of a command", plan::ValueKind::Map, false},
    {TypeKind::HttpResult, "http result", "the answer to an HTTP call", plan::ValueKind::Map, false},
    {TypeKind::Secret, "secret", "a secret", plan::ValueKind::Secret, true},
    {TypeKind::MetricSource, "source", "the source of a metric", plan::ValueKind::Any, false},
    {TypeKind::Channel, "channel", "a channel", plan::ValueKind::Any, false},
    {TypeKind::Nothing, "nothing", "nothing", plan::ValueKind::Any, false},
});

const TypeRow& row_of(TypeKind kind) {
  return kTypes[static_cast<std::size_t>(kind)];
}

const Type& type_at(const Checker& c, TypeId type) {
  return c.module.types[type == kNone ? kErrorType : type];
}

// Secrets made plain: what an argument that may receive a secret also takes.
bool fits_element(const Checker& c, TypeId type, TypeId wanted) {
  return type == kNone || wanted == kNone || fits(c, type, wanted);
}

bool may_be_json(TypeKind kind) {
  return kind == TypeKind::Bool || kind == TypeKind::Number || kind == TypeKind::String || kind == TypeKind::List ||
         kind == TypeKind::Map;
}

TypeId rate_type(TypeKind amount) {
  switch (amount) {
    case TypeKind::Number: return type_id(TypeKind::NumberRate);
    case TypeKind::Ratio: return type_id(TypeKind::RatioRate);
    case TypeKind::Size: return type_id(TypeKind::SizeRate);
    case TypeKind::Error:
    case TypeKind::Bool:
    case TypeKind::Duration:
    case TypeKind::NumberRate:
    case TypeKind::RatioRate:
    case TypeKind::SizeRate:
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
    case TypeKind::Nothing: return kErrorType;
  }
  return kErrorType;
}

std::vector<std::string> type_names(const Checker& c) {
  std::vector<std::string> names;
  for (const TypeRow& row : kTypes) {
    if (row.nameable) names.emplace_back(row.text);
  }
  for (const SymbolId id : c.files[static_cast<std::size_t>(c.at.file)].declared) {
    const SymbolKind kind = c.symbol(id).kind;
    if (kind == SymbolKind::Enum || kind == SymbolKind::Record) names.push_back(c.symbol(id).name);
  }
  return names;
}

TypeId check_named_type(Checker& c, NodeRef name) {
  const std::string_view text = name.text();
  for (const TypeRow& row : kTypes) {
    if (row.nameable && row.text == text) return type_id(row.kind);
  }
  const bool qualified = text.find('.') != std::string_view::npos;
  const SymbolId symbol = qualified ? resolve(c, name, "a type") : find_name(c, text);
  if (qualified && symbol == kNone) return kErrorType;
  if (symbol == kNone) {
    const auto names = type_names(c);
    c.report(Code::UnknownType, c.here(name), fmt::format("there is no type `{}`", text))
        .meant(c.here(name), text, names);
    return kErrorType;
  }
  const SymbolKind kind = c.symbol(symbol).kind;
  if (kind == SymbolKind::Enum || kind == SymbolKind::Record) {
    use_symbol(c, symbol, c.here(name));
    if (!qualified) c.note(name, symbol);
    return c.symbol(symbol).type == kNone ? kErrorType : c.symbol(symbol).type;
  }
  c.report(Code::UnknownType, c.here(name), fmt::format("`{}` is {}, not a type", text, kind_phrase(kind)))
      .also(c.symbol(symbol).declared, "declared here");
  return kErrorType;
}

TypeId check_map_type(Checker& c, grammar::MapTypeView view, std::string_view owner) {
  const TypeId key = check_type(c, view.key(), owner);
  const TypeId value = check_type(c, view.value(), owner);
  if (key != kErrorType && key != type_id(TypeKind::String)) {
    c.report(Code::TypeNotHere, c.here(*view.key()),
             fmt::format("the keys of a map are strings, not `{}`", type_text(c, key)));
  }
  return map_of(c, value);
}

Value enum_value(Checker& c, grammar::EnumValueView view, std::string_view name) {
  const MaybeNode literal = view.literal();
  if (!literal) return Value::missing();
  const ExprId expr = check_expression(c, literal);
  if (is_error(c, expr)) return Value::missing();
  const auto value = constant_value(c, expr);
  if (value && value->kind() == plan::ValueKind::Number) {
    return view.is_negative() ? plan::negate(*value) : *value;
  }
  if (value && value->kind() == plan::ValueKind::String && !view.is_negative()) return *value;
  c.report(
       Code::BadEnumValue, c.here(*literal),
       fmt::format("`{}` stands for {}, where a number or a string is needed", name, type_phrase(c, c.expr(expr).type)))
      .note("the value of a label is what a metric's source answers for it");
  return Value::missing();
}

}  // namespace

void add_basic_types(CheckedModule& module) {
  for (const TypeRow& row : kTypes) module.types.push_back({row.kind, kNone, kNone});
}

TypeId intern(Checker& c, Type type) {
  auto& types = c.module.types;
  const auto index = static_cast<TypeId>(std::ranges::find(types, type) - types.begin());
  if (index == types.size()) types.push_back(type);
  return index;
}

TypeId list_of(Checker& c, TypeId element) {
  return intern(c, {TypeKind::List, element, kNone});
}
TypeId map_of(Checker& c, TypeId element) {
  return intern(c, {TypeKind::Map, element, kNone});
}

TypeId check_type(Checker& c, MaybeNode node, std::string_view owner) {
  if (!node) return kErrorType;
  if (const auto named = grammar::as<grammar::NamedTypeView>(node)) {
    return named->name() ? check_named_type(c, *named->name()) : kErrorType;
  }
  if (node->is(SyntaxKind::TimeOfDayType)) return type_id(TypeKind::TimeOfDay);
  if (const auto list = grammar::as<grammar::ListTypeView>(node)) {
    return list_of(c, check_type(c, list->element(), owner));
  }
  if (const auto map = grammar::as<grammar::MapTypeView>(node)) return check_map_type(c, *map, owner);
  if (const auto enumeration = grammar::as<grammar::EnumTypeView>(node)) {
    const std::uint32_t index = check_enum(c, std::string(owner), enumeration->values());
    return intern(c, {TypeKind::Enum, kNone, index});
  }
  if (const auto rate = grammar::as<grammar::RateTypeView>(node)) {
    const TypeId amount = check_type(c, rate->amount(), owner);
    const TypeId type = rate_type(type_at(c, amount).kind);
    if (type == kErrorType && amount != kErrorType) {
      c.report(Code::TypeNotHere, c.here(*node), fmt::format("there is no `{}` per time", type_text(c, amount)))
          .help("numbers, ratios and sizes have rates: `number/time`, `ratio/time`, `size/time`");
    }
    return type;
  }
  return kErrorType;
}

std::string type_text(const CheckedModule& module, TypeId id) {
  const Type& type = module.types[id == kNone ? kErrorType : id];
  // The kind alone, as of `enum` before anybody has declared one.
  if (type.element == kNone && type.declaration == kNone) return std::string(row_of(type.kind).text);
  switch (type.kind) {
    case TypeKind::List: return fmt::format("[{}]", type_text(module, type.element));
    case TypeKind::Map: return fmt::format("{{ string: {} }}", type_text(module, type.element));
    case TypeKind::Enum: return module.enums[type.declaration].name;
    case TypeKind::Record: return module.records[type.declaration].name;
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
    case TypeKind::Json:
    case TypeKind::RunResult:
    case TypeKind::HttpResult:
    case TypeKind::Secret:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: break;
  }
  return std::string(row_of(type.kind).text);
}

std::string type_text(const Checker& c, TypeId id) {
  return type_text(c.module, id);
}

std::string type_phrase(const Checker& c, TypeId id) {
  const Type& type = type_at(c, id);
  if (type.kind == TypeKind::Enum) return fmt::format("a label of `{}`", type_text(c, id));
  if (type.kind == TypeKind::Record) return fmt::format("a `{}`", type_text(c, id));
  if ((type.kind == TypeKind::List || type.kind == TypeKind::Map) && type.element != kNone) {
    return fmt::format("{} (`{}`)", row_of(type.kind).phrase, type_text(c, id));
  }
  return std::string(row_of(type.kind).phrase);
}

bool fits(const Checker& c, TypeId id, TypeId wanted_id) {
  if (id == wanted_id || id == kNone || wanted_id == kNone) return true;
  const Type& type = type_at(c, id);
  const Type& wanted = type_at(c, wanted_id);
  if (type.kind == TypeKind::Error || wanted.kind == TypeKind::Error || type == wanted) return true;
  if (type.kind == TypeKind::List && wanted.kind == TypeKind::List)
    return fits_element(c, type.element, wanted.element);
  if (type.kind == TypeKind::Map && wanted.kind == TypeKind::Map) return fits_element(c, type.element, wanted.element);
  if (type.kind == TypeKind::Json) return may_be_json(wanted.kind);
  if (wanted.kind == TypeKind::Json) {
    return !is_secret(c, id) && type.kind != TypeKind::MetricSource && type.kind != TypeKind::Channel &&
           type.kind != TypeKind::Nothing;
  }
  // A string may become a secret, never the other way round.
  return type.kind == TypeKind::String && wanted.kind == TypeKind::Secret;
}

bool is_secret(const Checker& c, TypeId id) {
  const Type& type = type_at(c, id);
  if (type.kind == TypeKind::Secret) return true;
  if ((type.kind == TypeKind::List || type.kind == TypeKind::Map) && type.element != kNone) {
    return is_secret(c, type.element);
  }
  if (type.kind != TypeKind::Record) return false;
  return std::ranges::any_of(c.module.records[type.declaration].types,
                             [&](TypeId field) { return field != id && is_secret(c, field); });
}

plan::ValueKind value_kind(const Checker& c, TypeId id) {
  return row_of(type_at(c, id).kind).value;
}

TypeId type_of_kind(plan::ValueKind kind) {
  if (kind == plan::ValueKind::Any) return type_id(TypeKind::Json);
  for (const TypeRow& row : kTypes) {
    if (row.value == kind && row.kind != TypeKind::Error && row.kind != TypeKind::Command) return type_id(row.kind);
  }
  return kErrorType;
}

bool is_printable(const Checker& c, TypeId id) {
  const Type& type = type_at(c, id);
  switch (type.kind) {
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
    case TypeKind::Enum:
    case TypeKind::Json:
    case TypeKind::Secret: return true;
    case TypeKind::Command:
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Record:
    case TypeKind::RunResult:
    case TypeKind::HttpResult:
    case TypeKind::MetricSource:
    case TypeKind::Channel:
    case TypeKind::Nothing: return false;
  }
  return false;
}

bool is_error(const Checker& c, ExprId expr) {
  return expr == kNone || c.expr(expr).type == kErrorType || c.expr(expr).type == kNone;
}

std::uint32_t check_enum(Checker& c, std::string name, std::span<const NodeRef> values) {
  EnumDecl declaration;
  declaration.name = std::move(name);
  for (const NodeRef node : values) {
    const auto view = grammar::as<grammar::EnumValueView>(node);
    if (!view || !view->name()) continue;
    const std::string label(view->name()->text());
    if (std::ranges::find(declaration.labels, label) != declaration.labels.end()) {
      c.report(Code::BadEnumValue, c.here(*view->name()), fmt::format("`{}` stands twice in this enum", label));
      continue;
    }
    Value value = enum_value(c, *view, label);
    const auto same = value.is_missing() ? declaration.values.end() : std::ranges::find(declaration.values, value);
    if (same != declaration.values.end()) {
      const auto& first = declaration.labels[static_cast<std::size_t>(same - declaration.values.begin())];
      c.report(Code::BadEnumValue, c.here(node),
               fmt::format("`{}` and `{}` stand for the same value, {}", first, label, plan::to_literal(value)))
          .note("a metric could not tell which of the two it has read");
    }
    declaration.labels.push_back(label);
    declaration.values.push_back(std::move(value));
  }
  c.module.enums.push_back(std::move(declaration));
  return static_cast<std::uint32_t>(c.module.enums.size() - 1);
}

}  // namespace rollout::check
