#include "runtime/plan/value.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <variant>

namespace rollout::plan {

// What does not fit into the value itself, with the measures that bound every walk over it.
struct Value::Heap {
  std::variant<std::string, List, Map, SecretTemplate> content;
  std::uint32_t depth = 0;
  std::uint64_t weight = 0;
};

namespace {

const std::string kNoText;
const List kNoList;
const Map kNoMap;
const SecretTemplate kNoSecret;

constexpr std::string_view kTooDeep = "lists and maps nest more than 64 deep";
constexpr std::string_view kTooHeavy = "the value is larger than 16 MiB";

bool same_number(double left, double right) {
  return left == right || (std::isnan(left) && std::isnan(right));
}

}  // namespace

Value Value::missing(std::string reason) {
  Value value;
  if (reason.empty()) return value;
  const std::uint64_t weight = reason.size();
  value.heap_ = std::make_shared<const Heap>(Heap{std::move(reason), 0, weight});
  return value;
}

Value Value::boolean(bool value) {
  Value made;
  made.kind_ = ValueKind::Bool;
  made.integer_ = value ? 1 : 0;
  return made;
}

Value Value::number(double value) {
  return rate(ValueKind::Number, value);
}
Value Value::ratio(double value) {
  return rate(ValueKind::Ratio, value);
}

Value Value::rate(ValueKind kind, double per_second) {
  Value made;
  made.kind_ = kind;
  made.number_ = per_second;
  return made;
}

Value Value::duration(Nanoseconds value) {
  Value made;
  made.kind_ = ValueKind::Duration;
  made.integer_ = value;
  return made;
}

Value Value::size(std::int64_t bytes) {
  Value made;
  made.kind_ = ValueKind::Size;
  made.integer_ = bytes;
  return made;
}

Value Value::time_of_day(Nanoseconds since_midnight) {
  Value made;
  made.kind_ = ValueKind::TimeOfDay;
  made.integer_ = since_midnight;
  return made;
}

Value Value::instant(Nanoseconds since_epoch) {
  Value made;
  made.kind_ = ValueKind::Instant;
  made.integer_ = since_epoch;
  return made;
}

Value Value::string(std::string value) {
  const std::uint64_t weight = value.size();
  if (weight > kMaxValueWeight) return missing(std::string(kTooHeavy));
  Value made;
  made.kind_ = ValueKind::String;
  made.heap_ = std::make_shared<const Heap>(Heap{std::move(value), 0, weight});
  return made;
}

Value Value::label(std::string text, std::int64_t index) {
  Value made = string(std::move(text));
  if (made.is_missing()) return made;
  made.kind_ = ValueKind::Enum;
  made.integer_ = index;
  return made;
}

Value Value::list(List value) {
  std::uint32_t depth = 0;
  std::uint64_t weight = 0;
  for (const Value& element : value) {
    depth = std::max(depth, element.depth());
    weight += element.weight();
  }
  if (depth >= kMaxValueDepth) return missing(std::string(kTooDeep));
  if (weight > kMaxValueWeight) return missing(std::string(kTooHeavy));
  Value made;
  made.kind_ = ValueKind::List;
  made.heap_ = std::make_shared<const Heap>(Heap{std::move(value), depth + 1, weight});
  return made;
}

Value Value::map(Map value) {
  std::uint32_t depth = 0;
  std::uint64_t weight = 0;
  for (const auto& [key, element] : value) {
    depth = std::max(depth, element.depth());
    weight += key.size() + element.weight();
  }
  if (depth >= kMaxValueDepth) return missing(std::string(kTooDeep));
  if (weight > kMaxValueWeight) return missing(std::string(kTooHeavy));
  Value made;
  made.kind_ = ValueKind::Map;
  made.heap_ = std::make_shared<const Heap>(Heap{std::move(value), depth + 1, weight});
  return made;
}

Value Value::secret(SecretTemplate value) {
  std::uint64_t weight = value.size();
  for (const SecretPart& part : value) weight += part.text.size();
  if (weight > kMaxValueWeight) return missing(std::string(kTooHeavy));
  Value made;
  made.kind_ = ValueKind::Secret;
  made.heap_ = std::make_shared<const Heap>(Heap{std::move(value), 0, weight});
  return made;
}

const std::string& Value::as_string() const {
  const auto* text = heap_ ? std::get_if<std::string>(&heap_->content) : nullptr;
  return text ? *text : kNoText;
}

const List& Value::as_list() const {
  const auto* list = heap_ ? std::get_if<List>(&heap_->content) : nullptr;
  return list ? *list : kNoList;
}

const Map& Value::as_map() const {
  const auto* map = heap_ ? std::get_if<Map>(&heap_->content) : nullptr;
  return map ? *map : kNoMap;
}

const SecretTemplate& Value::as_secret() const {
  const auto* secret = heap_ ? std::get_if<SecretTemplate>(&heap_->content) : nullptr;
  return secret ? *secret : kNoSecret;
}

const Value* Value::find(std::string_view key) const {
  const Map& map = as_map();
  const auto found = std::find_if(map.begin(), map.end(), [&](const auto& entry) { return entry.first == key; });
  return found == map.end() ? nullptr : &found->second;
}

std::uint32_t Value::depth() const {
  return heap_ ? heap_->depth : 0;
}
std::uint64_t Value::weight() const {
  return heap_ ? heap_->weight + 1 : 1;
}

bool Value::operator==(const Value& other) const {
  if (kind_ != other.kind_ || integer_ != other.integer_ || !same_number(number_, other.number_)) return false;
  if (heap_ == other.heap_) return true;
  return heap_ && other.heap_ && heap_->content == other.heap_->content;
}

std::string_view kind_name(ValueKind kind) {
  switch (kind) {
    case ValueKind::Missing: return "a missing value";
    case ValueKind::Bool: return "a bool";
    case ValueKind::Number: return "a number";
    case ValueKind::Ratio: return "a ratio";
    case ValueKind::Duration: return "a duration";
    case ValueKind::Size: return "a size";
    case ValueKind::NumberRate: return "a rate";
    case ValueKind::RatioRate: return "a ratio per time";
    case ValueKind::SizeRate: return "a size per time";
    case ValueKind::TimeOfDay: return "a time of day";
    case ValueKind::Instant: return "an instant";
    case ValueKind::String: return "a string";
    case ValueKind::Enum: return "an enum label";
    case ValueKind::List: return "a list";
    case ValueKind::Map: return "a map";
    case ValueKind::Secret: return "a secret";
    case ValueKind::Any: return "a value known only at run time";
  }
  return "an unknown kind of value";
}

Value quantity(ValueKind kind, double amount) {
  if (std::isnan(amount)) return Value::missing("it is not a number (NaN)");
  switch (kind) {
    case ValueKind::Number:
    case ValueKind::Ratio:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return Value::rate(kind, amount);
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant: break;
    case ValueKind::Bool:
    case ValueKind::Missing:
    case ValueKind::String:
    case ValueKind::Enum:
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Secret:
    case ValueKind::Any: return Value::missing("a number does not make " + std::string(kind_name(kind)));
  }
  const double rounded = std::round(amount);
  // 2^63 itself is a double; the largest integer is not.
  if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0)) {
    return Value::missing("it does not fit into " + std::string(kind_name(kind)));
  }
  const auto integer = static_cast<std::int64_t>(rounded);
  if (kind == ValueKind::Duration) return Value::duration(integer);
  if (kind == ValueKind::Size) return Value::size(integer);
  if (kind == ValueKind::TimeOfDay) return Value::time_of_day(integer);
  return Value::instant(integer);
}

}  // namespace rollout::plan
