#include "runtime/plan/archive.hpp"

#include <boost/crc.hpp>

namespace rollout::plan {

namespace {

// Fails to compile where a struct has got a field that its list in fields.hpp does not name.
struct Anything {
  template <typename T>
  operator T() const;
};
template <typename Row, std::size_t... index>
constexpr bool can_hold(std::index_sequence<index...>) {
  return requires { Row{(static_cast<void>(index), Anything{})...}; };
}
template <typename Row>
constexpr bool kLists = can_hold<Row>(std::make_index_sequence<kFieldCount<Row>>{}) &&
                        !can_hold<Row>(std::make_index_sequence<kFieldCount<Row> + 1>{});

static_assert(kLists<Instruction> && kLists<Spot> && kLists<SourceDigest> && kLists<Routine> && kLists<Variable>);
static_assert(kLists<Parameter> && kLists<Secret> && kLists<Role> && kLists<Argument> && kLists<Metric>);
static_assert(kLists<Response> && kLists<Guard> && kLists<HoldCondition> && kLists<Hold> && kLists<GateItem>);
static_assert(kLists<GateAnswer> && kLists<Gate> && kLists<Effect> && kLists<Channel> && kLists<Notification>);
static_assert(kLists<Block> && kLists<Weekdays> && kLists<Window> && kLists<Freeze> && kLists<Stage>);
static_assert(kLists<Hook> && kLists<Schedule> && kLists<Setting> && kLists<NamedText> && kLists<Rollout>);
static_assert(can_hold<Plan>(std::make_index_sequence<kFieldCount<Plan> + 1>{}) &&
              !can_hold<Plan>(std::make_index_sequence<kFieldCount<Plan> + 2>{}));  // and the compiler's version

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

void Writer::write(const Value& value) {
  write(value.kind());
  switch (value.kind()) {
    case ValueKind::Missing:
    case ValueKind::String: write(value.as_string()); return;
    case ValueKind::Bool: write(value.as_bool()); return;
    case ValueKind::Number:
    case ValueKind::Ratio:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: write(value.as_double()); return;
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant: write(value.as_integer()); return;
    case ValueKind::Enum:
      write(value.as_string());
      write(value.as_integer());
      return;
    case ValueKind::List: write(value.as_list()); return;
    case ValueKind::Map:
      write(static_cast<std::uint32_t>(value.as_map().size()));
      for (const auto& [key, element] : value.as_map()) {
        write(key);
        write(element);
      }
      return;
    case ValueKind::Secret:
      write(static_cast<std::uint32_t>(value.as_secret().size()));
      for (const SecretPart& part : value.as_secret()) {
        write(part.text);
        write(part.secret.value_or(kNone));
      }
      return;
    case ValueKind::Any: return;
  }
}

void Reader::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

bool Reader::has(std::size_t count) {
  if (!ok()) return false;
  if (remaining() >= count) return true;
  fail("its content ends early");
  return false;
}

std::uint32_t Reader::read_count() {
  std::uint32_t count = 0;
  read(count);
  // Every element takes a byte at least.
  if (count > remaining()) fail("it claims " + std::to_string(count) + " items, more than it has bytes");
  if (count > budget_->items) fail("it holds more items than a plan may have");
  if (!ok()) return 0;
  budget_->items -= count;
  return count;
}

void Reader::read(bool& value) {
  std::uint8_t number = 0;
  read(number);
  if (number > 1) fail("it holds a truth value that is neither 0 nor 1");
  value = number == 1;
}

void Reader::read(std::int64_t& value) {
  std::uint64_t bits = 0;
  read(bits);
  value = static_cast<std::int64_t>(bits);
}

void Reader::read(double& value) {
  std::uint64_t bits = 0;
  read(bits);
  value = std::bit_cast<double>(bits);
  if (value != value && bits != kNotANumber) fail("it holds an unusual not-a-number");
}

void Reader::read(std::string& text) {
  std::uint32_t length = 0;
  read(length);
  if (length > budget_->longest_text)
    return fail("it holds a text of " + std::to_string(length) + " bytes, over the limit");
  if (!has(length)) return;
  text.assign(bytes_.substr(at_, length));
  at_ += length;
}

void Reader::read_list(Value& value, std::uint32_t depth) {
  const std::uint32_t count = read_count();
  List list;
  for (std::uint32_t index = 0; index < count && ok(); ++index) read_value(list.emplace_back(), depth + 1);
  value = Value::list(std::move(list));
}

void Reader::read_map(Value& value, std::uint32_t depth) {
  const std::uint32_t count = read_count();
  Map map;
  for (std::uint32_t index = 0; index < count && ok(); ++index) {
    auto& [key, element] = map.emplace_back();
    read(key);
    read_value(element, depth + 1);
  }
  value = Value::map(std::move(map));
}

void Reader::read_secret(Value& value) {
  const std::uint32_t count = read_count();
  SecretTemplate parts;
  for (std::uint32_t index = 0; index < count && ok(); ++index) {
    SecretPart& part = parts.emplace_back();
    std::uint32_t secret = kNone;
    read(part.text);
    read(secret);
    if (secret != kNone) part.secret = secret;
  }
  value = Value::secret(std::move(parts));
}

void Reader::read_value(Value& value, std::uint32_t depth) {
  if (depth > kMaxValueDepth) return fail("it holds a value that nests more than 64 deep");
  ValueKind kind{};
  std::string text;
  std::int64_t integer = 0;
  double number = 0;
  bool truth = false;
  read(kind);
  if (!ok()) return;
  switch (kind) {
    case ValueKind::Missing:
      read(text);
      value = Value::missing(std::move(text));
      return;
    case ValueKind::String:
      read(text);
      value = Value::string(std::move(text));
      return;
    case ValueKind::Bool:
      read(truth);
      value = Value::boolean(truth);
      return;
    case ValueKind::Number:
    case ValueKind::Ratio:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate:
      read(number);
      value = Value::rate(kind, number);
      return;
    case ValueKind::Duration:
      read(integer);
      value = Value::duration(integer);
      return;
    case ValueKind::Size:
      read(integer);
      value = Value::size(integer);
      return;
    case ValueKind::TimeOfDay:
      read(integer);
      value = Value::time_of_day(integer);
      return;
    case ValueKind::Instant:
      read(integer);
      value = Value::instant(integer);
      return;
    case ValueKind::Enum:
      read(text);
      read(integer);
      value = Value::label(std::move(text), integer);
      return;
    case ValueKind::List: read_list(value, depth); break;
    case ValueKind::Map: read_map(value, depth); break;
    case ValueKind::Secret: read_secret(value); break;
    case ValueKind::Any: return fail("it holds a value without a kind");
  }
  if (value.kind() != kind) fail("it holds a value that is too deep or too large");
}

}  // namespace rollout::plan
