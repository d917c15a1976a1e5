#include "runtime/plan/builtins.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plan/opcodes.hpp"

namespace rollout::plan {

namespace {

using Arguments = std::span<const Value>;

// A list of lines costs far more memory than the text that it comes from.
constexpr std::size_t kMostLines = 100'000;
constexpr std::size_t kMostSlots = 100'000;

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

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

Value shorten(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::Shorten, arguments[0]);
  if (arguments[1].kind() != ValueKind::Number) return wrong_kind(Builtin::Shorten, arguments[1]);
  const double most = arguments[1].as_double();
  if (!(most >= 1)) return Value::missing("`shorten` leaves at least one character");
  const std::string& text = arguments[0].as_string();
  double characters = 0;
  std::size_t kept = 0;  // bytes up to the place of the ellipsis
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!begins_character(text[at])) continue;
    characters += 1;
    if (characters <= most) kept = at;
  }
  return characters <= most ? arguments[0] : Value::string(text.substr(0, kept) + "\u2026");
}

Value json_at(Arguments arguments) {
  if (arguments[1].kind() != ValueKind::String) return wrong_kind(Builtin::JsonAt, arguments[1]);
  const std::string& pointer = arguments[1].as_string();
  if (!pointer.empty() && pointer.front() != '/')
    return Value::missing("`" + pointer + "` is not a JSON pointer, which begins with `/`");
  const Value* found = find_by_pointer(arguments[0], pointer);
  return found == nullptr ? Value::missing("there is no `" + pointer + "` in it") : *found;
}

Value length(Arguments arguments) {
  const Value& value = arguments[0];
  if (value.kind() == ValueKind::List) return Value::number(static_cast<double>(value.as_list().size()));
  if (value.kind() == ValueKind::Map) return Value::number(static_cast<double>(value.as_map().size()));
  if (value.kind() != ValueKind::String) return wrong_kind(Builtin::Length, value);
  std::size_t characters = 0;
  for (const char c : value.as_string()) characters += begins_character(c) ? 1 : 0;
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

Value count_matching(Arguments arguments) {
  for (const Value& argument : arguments) {
    if (argument.kind() != ValueKind::String) return wrong_kind(Builtin::CountMatching, argument);
  }
  const auto count = count_matching_lines(arguments[0].as_string(), arguments[1].as_string());
  return count ? Value::number(static_cast<double>(*count)) : Value::missing(count.error().message);
}

Value sha256(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::Sha256, arguments[0]);
  return Value::string(sha256_hex(arguments[0].as_string()));
}

// A list of parts shares them with the list that they come from.
Value column(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::List) return wrong_kind(Builtin::Column, arguments[0]);
  const Value& key = arguments[1];
  if (key.kind() != ValueKind::String && key.kind() != ValueKind::Number) return wrong_kind(Builtin::Column, key);
  List parts;
  for (const Value& row : arguments[0].as_list()) {
    const Value* part = nullptr;
    if (key.kind() == ValueKind::String) {
      part = row.find(key.as_string());
    } else if (key.as_double() >= 0 && key.as_double() < static_cast<double>(row.as_list().size())) {
      part = &row.as_list()[static_cast<std::size_t>(key.as_double())];
    }
    parts.push_back(part == nullptr ? Value::missing("an element has no such part") : *part);
  }
  return Value::list(std::move(parts));
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

Value url_encode(Arguments arguments) {
  if (arguments[0].kind() != ValueKind::String) return wrong_kind(Builtin::UrlEncode, arguments[0]);
  return Value::string(url_encoded(arguments[0].as_string()));
}

struct Point {
  Nanoseconds time = 0;
  Value value;
};

// Both lists as points, the oldest first. A time or a value that is none is left out: it was no measurement.
std::optional<std::vector<Point>> points_of(const List& times, const List& values, Nanoseconds unit) {
  if (times.size() != values.size()) return std::nullopt;
  std::vector<Point> points;
  for (std::size_t index = 0; index < times.size(); ++index) {
    const double time = times[index].as_double() * static_cast<double>(unit);
    const bool is_time = times[index].kind() == ValueKind::Number && std::abs(time) < 9e18;
    if (!is_time || values[index].is_missing()) continue;
    // Prometheus and Loki write numbers as texts.
    const Value read = number({&values[index], 1});
    points.push_back({static_cast<Nanoseconds>(time), read.is_missing() ? values[index] : read});
  }
  std::ranges::stable_sort(points, {}, &Point::time);
  return points;
}

Value at_slots(Arguments arguments) {
  for (const Value& list : arguments.first(2)) {
    if (list.kind() != ValueKind::List) return wrong_kind(Builtin::AtSlots, list);
  }
  const Nanoseconds unit = arguments[2].as_integer(), from = arguments[3].as_integer(), to = arguments[4].as_integer(),
                    step = arguments[5].as_integer(), look_back = arguments[6].as_integer();
  if (unit <= 0 || step <= 0 || look_back < 0) return Value::missing("`at_slots` needs a unit and a step above zero");
  if (from < 0 || to < from || (to / step) - (from / step) > static_cast<Nanoseconds>(kMostSlots))
    return Value::missing("`at_slots` needs a `to` behind its `from`, at most 100000 slots away, and none before 1970");
  const auto points = points_of(arguments[0].as_list(), arguments[1].as_list(), unit);
  if (!points) return Value::missing("there are not as many times as values");
  List slots;
  std::size_t next = 0;
  for (Nanoseconds slot = from;; slot += step) {
    while (next < points->size() && (*points)[next].time <= slot) ++next;
    const bool fresh = next > 0 && (*points)[next - 1].time >= slot - look_back;
    slots.push_back(fresh ? (*points)[next - 1].value : Value::missing("no value at that time"));
    if (slot > to - step) break;
  }
  return Value::list(std::move(slots));
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
    case Builtin::UrlEncode: return url_encode(arguments);
    case Builtin::AtSlots: return at_slots(arguments);
    case Builtin::CountMatching: return count_matching(arguments);
    case Builtin::Sha256: return sha256(arguments);
    case Builtin::Column: return column(arguments);
    case Builtin::JsonAt: return json_at(arguments);
    case Builtin::Shorten: return shorten(arguments);
    case Builtin::Round:
      if (arguments[0].kind() != ValueKind::Number) return wrong_kind(builtin, arguments[0]);
      return Value::number(std::round(arguments[0].as_double()));
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

std::string url_encoded(std::string_view bytes) {
  constexpr std::string_view kHexadecimal = "0123456789ABCDEF";
  std::string text;
  for (const char byte : bytes) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       std::string_view("-._~").find(byte) != std::string_view::npos;
    if (plain) {
      text += byte;
      continue;
    }
    const auto number = static_cast<unsigned char>(byte);
    text += {'%', kHexadecimal[number >> 4], kHexadecimal[number & 15]};
  }
  return text;
}

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
