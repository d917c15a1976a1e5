#include "runtime/plan/builtins.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/opcodes.hpp"

namespace rollout::plan {

namespace {

using Arguments = std::span<const Value>;

// A list of lines costs far more memory than the text that it comes from.
constexpr std::size_t kMostLines = 100'000;

Value wrong_kind(Builtin builtin, const Value& argument) {
  return Value::missing("`" + std::string(info(builtin).name) + "` does not apply to " +
                        std::string(kind_name(argument.kind())));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

Value trim(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::Trim, arguments[0]);
  return Value::string(std::string(trimmed(arguments[0].as_string())));
}

Value lines(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::Lines, arguments[0]);
  std::string_view text = arguments[0].as_string();
  List list;
  while (!text.empty()) {
    if (list.size() == kMostLines) return Value::missing("the text has more than 100000 lines");
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    list.push_back(Value::string(std::string(line)));
  }
  return Value::list(std::move(list));
}

Value number(Arguments arguments) {
  if (arguments[0].kind() == ValueKind::Number) return arguments[0];
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::Number, arguments[0]);
  std::string_view text = trimmed(arguments[0].as_string());
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size() || !std::isfinite(value)) {
    return Value::missing("the text is not a number");
  }
  return Value::number(value);
}

Value length(Arguments arguments) {
  const Value& value = arguments[0];
  if (value.kind() == ValueKind::List) return Value::number(static_cast<double>(value.as_list().size()));
  if (value.kind() == ValueKind::Map) return Value::number(static_cast<double>(value.as_map().size()));
  if (value.kind() != ValueKind::String) return wrong_kind(Builtin::Length, value);
  std::size_t characters = 0;
  for (const char c : value.as_string()) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return Value::number(static_cast<double>(characters));
}

Value contains(Arguments arguments) {
  if (arguments[0].kind() == ValueKind::List) return in_list(arguments[1], arguments[0]);
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::Contains, arguments[0]);
  if (arguments[1].kind() != ValueKind::String) return wrong_kind(Builtin::Contains, arguments[1]);
  return Value::boolean(arguments[0].as_string().find(arguments[1].as_string()) != std::string::npos);
}

Value match(Arguments arguments) {
  for (const Value& argument : arguments) {
    if (argument.kind() != ValueKind::String) return wrong_kind(Builtin::Matches, argument);
  }
  return matches(arguments[0].as_string(), arguments[1].as_string());
}

Value join(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::List) return wrong_kind(Builtin::Join, arguments[0]);
  if (arguments[1].kind() != ValueKind::String) return wrong_kind(Builtin::Join, arguments[1]);
  return concatenate(arguments[0].as_list(), arguments[1].as_string());
}

Value replace(Arguments arguments) {
  for (const Value& argument : arguments) {
    if (argument.kind() != ValueKind::String) return wrong_kind(Builtin::Replace, argument);
  }
  const std::string &text = arguments[0].as_string(), &old = arguments[1].as_string(),
                    &fresh = arguments[2].as_string();
  if (old.empty()) return Value::missing("nothing cannot be replaced: the second text is empty");
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find(old); at != std::string::npos; at = text.find(old, done)) {
    result.append(text, done, at - done).append(fresh);
    done = at + old.size();
    if (result.size() > kMaxValueWeight) return Value::missing("the text is larger than 16 MiB");
  }
  return Value::string(result.append(text, done));
}

Value end_of_list(Builtin builtin, const Value& list) {
  if (list.kind() != ValueKind::List) return wrong_kind(builtin, list);
  if (list.as_list().empty()) return Value::missing("the list is empty");
  return builtin == Builtin::First ? list.as_list().front() : list.as_list().back();
}

Value json_parse(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::JsonParse, arguments[0]);
  auto value = from_json(arguments[0].as_string());
  return value ? std::move(*value) : Value::missing("the text is not JSON");
}

Value with_unit(Arguments arguments) {
  const auto unit = unit_scale(arguments[1].as_string());
  if (!unit) return Value::missing("`" + arguments[1].as_string() + "` is not a unit");
  if (arguments[0].kind() != ValueKind::Number) {
    return Value::missing(std::string(kind_name(arguments[0].kind())) + " is not a bare number");
  }
  return quantity(unit->first, arguments[0].as_double() * unit->second);
}

Value as_argument(const Value& value) {
  std::string text = to_text(value);
  if (!text.starts_with('-')) return Value::string(std::move(text));
  return Value::missing("an argument from data begins with `-` and would be read as an option: `" + text +
                        "`; put `--` before it, or write the option into the command");
}

Value apply(Builtin builtin, Arguments arguments) {
  switch (builtin) {
    case Builtin::Trim: return trim(arguments);
    case Builtin::Lines: return lines(arguments);
    case Builtin::Number: return number(arguments);
    case Builtin::Length: return length(arguments);
    case Builtin::Contains: return contains(arguments);
    case Builtin::Matches: return match(arguments);
    case Builtin::Replace: return replace(arguments);
    case Builtin::Join: return join(arguments);
    case Builtin::First:
    case Builtin::Last: return end_of_list(builtin, arguments[0]);
    case Builtin::JsonParse: return json_parse(arguments);
    case Builtin::Format: return Value::string(to_text(arguments[0]));
    case Builtin::Quantity: return with_unit(arguments);
    case Builtin::Argument: return as_argument(arguments[0]);
  }
  return Value::missing("there is no such function");
}

void append_text(SecretTemplate& parts, std::string text) {
  if (text.empty()) return;
  if (parts.empty() || parts.back().secret) {
    parts.push_back({std::move(text), std::nullopt});
  } else {
    parts.back().text += text;
  }
}

}  // namespace

Value call_builtin(Builtin builtin, Arguments arguments) {
  if (static_cast<std::size_t>(builtin) >= builtin_table().size()) return Value::missing("there is no such function");
  const BuiltinInfo& row = info(builtin);
  if (arguments.size() < row.least || arguments.size() > row.most) {
    return Value::missing("`" + std::string(row.name) + "` takes another number of arguments");
  }
  for (const Value& argument : arguments) {
    if (argument.is_missing()) return argument;
    if (argument.kind() == ValueKind::Secret) return Value::missing("a secret cannot be looked into");
  }
  return apply(builtin, arguments);
}

Value concatenate(std::span<const Value> values, std::string_view separator) {
  SecretTemplate parts;
  bool is_secret = false;
  std::uint64_t weight = 0;
  for (std::size_t index = 0; index < values.size(); ++index) {
    const Value& value = values[index];
    if (value.is_missing()) return value;
    if (index != 0) append_text(parts, std::string(separator));
    weight += value.weight() + separator.size();
    if (weight > kMaxValueWeight) return Value::missing("the text is larger than 16 MiB");
    if (value.kind() != ValueKind::Secret) {
      append_text(parts, to_text(value));
      continue;
    }
    is_secret = true;
    for (const SecretPart& part : value.as_secret()) {
      if (part.secret) {
        parts.push_back(part);
      } else {
        append_text(parts, part.text);
      }
    }
  }
  if (is_secret) return Value::secret(std::move(parts));
  return Value::string(parts.empty() ? std::string() : std::move(parts.front().text));
}

}  // namespace rollout::plan
