#include "runtime/machine/archive.hpp"

namespace rollout::machine {

using plan::Value;
using plan::ValueKind;

namespace {

constexpr int kDeepestValue = 100;

bool is_real(ValueKind kind) {
  return kind == ValueKind::Number || kind == ValueKind::Ratio || kind == ValueKind::NumberRate ||
         kind == ValueKind::RatioRate || kind == ValueKind::SizeRate;
}

}  // namespace

void ArchiveWriter::write_integer(std::uint64_t value, std::size_t width) {
  for (std::size_t byte = 0; byte < width; ++byte) bytes_.push_back(static_cast<char>((value >> (8 * byte)) & 0xff));
}

void ArchiveWriter::write_value(const Value& value) {
  const ValueKind kind = value.kind();
  write_integer(static_cast<std::uint64_t>(kind), 1);
  if (kind == ValueKind::List) {
    write_count(value.as_list().size());
    for (const Value& element : value.as_list()) write_value(element);
  } else if (kind == ValueKind::Map) {
    write_count(value.as_map().size());
    for (const auto& [key, element] : value.as_map()) {
      write_count(key.size());
      bytes_ += key;
      write_value(element);
    }
  } else if (kind == ValueKind::Secret) {
    write_count(value.as_secret().size());
    for (const plan::SecretPart& part : value.as_secret()) {
      write_count(part.text.size());
      bytes_ += part.text;
      write_integer(part.secret ? std::uint64_t{*part.secret} + 1 : 0, 8);
    }
  } else if (is_real(kind)) {
    write_integer(std::bit_cast<std::uint64_t>(value.as_double()), 8);
  } else if (kind == ValueKind::Bool) {
    write_integer(value.as_bool() ? 1 : 0, 1);
  } else if (kind == ValueKind::Missing || kind == ValueKind::String) {
    write_count(value.as_string().size());
    bytes_ += value.as_string();
  } else if (kind == ValueKind::Enum) {
    write_count(value.as_string().size());
    bytes_ += value.as_string();
    write_integer(static_cast<std::uint64_t>(value.as_integer()), 8);
  } else {
    write_integer(static_cast<std::uint64_t>(value.as_integer()), 8);
  }
}

std::uint64_t ArchiveReader::read_integer(std::size_t width) {
  if (failed_ || bytes_.size() - offset_ < width) {
    failed_ = true;
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t byte = 0; byte < width; ++byte) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes_[offset_ + byte])} << (8 * byte);
  }
  offset_ += width;
  return value;
}

std::size_t ArchiveReader::read_count() {
  const std::uint64_t count = read_integer(4);
  // Every element takes at least one byte, so a larger count is damage and must not reserve memory.
  if (count > bytes_.size() - offset_) failed_ = true;
  return failed_ ? 0 : static_cast<std::size_t>(count);
}

void ArchiveReader::read(std::string& value) {
  const std::size_t size = read_count();
  value = std::string(bytes_.substr(offset_, size));
  offset_ += size;
}

Value ArchiveReader::read_container(ValueKind kind, int depth) {
  plan::List list;
  plan::Map map;
  plan::SecretTemplate parts;
  for (std::size_t left = read_count(); left > 0 && !failed_; --left) {
    std::string key;
    if (kind != ValueKind::List) read(key);
    if (kind == ValueKind::List) {
      list.push_back(read_value(depth + 1));
    } else if (kind == ValueKind::Map) {
      map.emplace_back(std::move(key), read_value(depth + 1));
    } else {
      const std::uint64_t secret = read_integer(8);
      parts.push_back({std::move(key), std::nullopt});
      if (secret > 0) parts.back().secret = static_cast<std::uint32_t>(secret - 1);
      if (secret > 0xffffffff) failed_ = true;
    }
  }
  if (kind == ValueKind::List) return Value::list(std::move(list));
  if (kind == ValueKind::Map) return Value::map(std::move(map));
  return Value::secret(std::move(parts));
}

Value ArchiveReader::read_value(int depth) {
  const auto kind = static_cast<ValueKind>(read_integer(1));
  if (kind >= ValueKind::Any || depth > kDeepestValue) failed_ = true;
  if (failed_) return {};
  if (kind == ValueKind::List || kind == ValueKind::Map || kind == ValueKind::Secret)
    return read_container(kind, depth);
  if (kind == ValueKind::Bool) return Value::boolean(read_integer(1) != 0);
  if (kind == ValueKind::Number) return Value::number(std::bit_cast<double>(read_integer(8)));
  if (kind == ValueKind::Ratio) return Value::ratio(std::bit_cast<double>(read_integer(8)));
  if (is_real(kind)) return Value::rate(kind, std::bit_cast<double>(read_integer(8)));
  std::string text;
  if (kind == ValueKind::Missing || kind == ValueKind::String || kind == ValueKind::Enum) read(text);
  if (kind == ValueKind::Missing) return Value::missing(std::move(text));
  if (kind == ValueKind::String) return Value::string(std::move(text));
  const auto integer = static_cast<std::int64_t>(read_integer(8));
  if (kind == ValueKind::Enum) return Value::label(std::move(text), integer);
  if (kind == ValueKind::Duration) return Value::duration(integer);
  if (kind == ValueKind::Size) return Value::size(integer);
  if (kind == ValueKind::TimeOfDay) return Value::time_of_day(integer);
  return Value::instant(integer);
}

}  // namespace rollout::machine
