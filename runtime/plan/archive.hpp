#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/plan/enum_names.hpp"
#include "runtime/plan/fields.hpp"
#include "runtime/plan/verify.hpp"

// How a plan's structs become bytes and back: little-endian, every text and list behind its length. Writer and Reader
// have one function for each shape of a field; which fields a struct has stands in fields.hpp alone.

namespace rollout::plan {

std::uint32_t crc32c(std::string_view bytes);

// Not a number has many bit patterns; a file holds this one.
inline constexpr std::uint64_t kNotANumber = 0x7ff8000000000000;

class Writer {
 public:
  std::string take() { return std::move(out_); }

  template <typename Integer>
    requires std::is_unsigned_v<Integer>
  void write(Integer value) {
    for (std::size_t shift = 0; shift < sizeof(Integer); ++shift) {
      out_ += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * shift) & 0xff);
    }
  }
  void write(bool value) { write(static_cast<std::uint8_t>(value)); }
  void write(std::int64_t value) { write(static_cast<std::uint64_t>(value)); }
  void write(double value) { write(value != value ? kNotANumber : std::bit_cast<std::uint64_t>(value)); }
  void write(const std::string& text) {
    write(static_cast<std::uint32_t>(text.size()));
    out_ += text;
  }
  void write(const Value& value);

  template <typename Enum>
    requires std::is_enum_v<Enum>
  void write(Enum value) {
    write(static_cast<std::uint8_t>(value));
  }

  template <typename Element>
  void write(const std::vector<Element>& list) {
    write(static_cast<std::uint32_t>(list.size()));
    for (const Element& element : list) write(element);
  }

  template <HasFields Row>
  void write(const Row& row) {
    for_each_field(row, [this](const auto&, const auto& member) { this->write(member); });
  }

 private:
  std::string out_;
};

// What may still be read; shared by the readers of one file, so that many small lists count like one large one.
struct ReadBudget {
  std::uint64_t items = kMaxListedItems;
  std::uint64_t longest_text = kMaxStringBytes;
};

// Reads what may be anything. After the first problem every read answers nothing and `ok` is false; nothing is
// allocated that the remaining bytes could not fill.
class Reader {
 public:
  // The budget outlives the reader.
  Reader(std::string_view bytes, ReadBudget* budget) : bytes_(bytes), budget_(budget) {}

  bool ok() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }
  std::size_t position() const { return at_; }
  std::size_t remaining() const { return bytes_.size() - at_; }
  void fail(std::string problem);

  template <typename Integer>
    requires std::is_unsigned_v<Integer>
  void read(Integer& value) {
    value = 0;
    if (!has(sizeof(Integer))) return;
    std::uint64_t bits = 0;
    for (std::size_t index = 0; index < sizeof(Integer); ++index) {
      bits |= std::uint64_t{static_cast<unsigned char>(bytes_[at_ + index])} << (8 * index);
    }
    value = static_cast<Integer>(bits);
    at_ += sizeof(Integer);
  }
  void read(bool& value);
  void read(std::int64_t& value);
  void read(double& value);
  void read(std::string& text);
  void read(Value& value) { read_value(value, 0); }

  template <typename Enum>
    requires std::is_enum_v<Enum>
  void read(Enum& value) {
    std::uint8_t number = 0;
    read(number);
    if (number >= enum_count<Enum>()) return fail("it holds a number that has no meaning: " + std::to_string(number));
    value = static_cast<Enum>(number);
  }

  template <typename Element>
  void read(std::vector<Element>& list) {
    const std::uint32_t count = read_count();
    for (std::uint32_t index = 0; index < count && ok(); ++index) read(list.emplace_back());
  }

  template <HasFields Row>
  void read(Row& row) {
    for_each_field(row, [this](const auto&, auto& member) {
      if (this->ok()) this->read(member);
    });
  }

 private:
  bool has(std::size_t count);
  std::uint32_t read_count();
  void read_value(Value& value, std::uint32_t depth);
  void read_list(Value& value, std::uint32_t depth);
  void read_map(Value& value, std::uint32_t depth);
  void read_secret(Value& value);

  std::string_view bytes_;
  std::size_t at_ = 0;
  ReadBudget* budget_;
  std::string problem_;
};

}  // namespace rollout::plan
