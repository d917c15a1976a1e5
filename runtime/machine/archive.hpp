#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/plan/value.hpp"

// One description of a struct's fields serves both directions: `template <typename A> void fields(A& a) { a(x, y); }`.
// Little-endian, fixed widths, counts before elements. Reading never faults: after the first problem every read gives
// zeros and `failed()` is true.

namespace rollout::machine {

class ArchiveWriter {
 public:
  template <typename... Fields>
  void operator()(Fields&... fields) {
    (write(fields), ...);
  }
  std::string take() { return std::move(bytes_); }

 private:
  template <typename T>
  void write(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      bytes_.push_back(value ? '\1' : '\0');
    } else if constexpr (std::is_enum_v<T>) {
      auto number = static_cast<std::underlying_type_t<T>>(value);
      write(number);
    } else if constexpr (std::is_integral_v<T>) {
      write_integer(static_cast<std::uint64_t>(value), sizeof(T));
    } else {
      value.fields(*this);
    }
  }
  void write(std::string& value) {
    write_count(value.size());
    bytes_ += value;
  }
  void write(plan::Value& value) { write_value(value); }
  template <typename T>
  void write(std::vector<T>& values) {
    write_count(values.size());
    for (auto& value : values) write(value);
  }
  template <typename Key, typename T>
  void write(std::map<Key, T>& values) {
    write_count(values.size());
    for (auto& [key, value] : values) {
      Key copy = key;
      write(copy);
      write(value);
    }
  }
  template <typename First, typename Second>
  void write(std::pair<First, Second>& pair) {
    write(pair.first);
    write(pair.second);
  }
  template <typename T>
  void write(std::optional<T>& value) {
    bool present = value.has_value();
    write(present);
    if (present) write(*value);
  }
  void write_count(std::size_t count) { write_integer(count, 4); }
  void write_integer(std::uint64_t value, std::size_t width);
  void write_value(const plan::Value& value);

  std::string bytes_;
};

class ArchiveReader {
 public:
  explicit ArchiveReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename... Fields>
  void operator()(Fields&... fields) {
    (read(fields), ...);
  }
  bool failed() const { return failed_; }
  bool at_end() const { return offset_ == bytes_.size(); }
  std::size_t offset() const { return offset_; }

 private:
  template <typename T>
  void read(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      const std::uint64_t byte = read_integer(1);
      if (byte > 1) failed_ = true;
      value = byte == 1;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(read_integer(sizeof(T)));
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(read_integer(sizeof(T)));
    } else {
      value.fields(*this);
    }
  }
  void read(std::string& value);
  void read(plan::Value& value) { value = read_value(0); }
  template <typename T>
  void read(std::vector<T>& values) {
    values.clear();
    for (std::size_t left = read_count(); left > 0 && !failed_; --left) {
      T value{};
      read(value);
      values.push_back(std::move(value));
    }
  }
  template <typename Key, typename T>
  void read(std::map<Key, T>& values) {
    values.clear();
    for (std::size_t left = read_count(); left > 0 && !failed_; --left) {
      Key key{};
      T value{};
      read(key);
      read(value);
      if (!values.empty() && !(values.rbegin()->first < key))
        failed_ = true;  // one order only: equal states, equal bytes
      values.emplace_hint(values.end(), std::move(key), std::move(value));
    }
  }
  template <typename First, typename Second>
  void read(std::pair<First, Second>& pair) {
    read(pair.first);
    read(pair.second);
  }
  template <typename T>
  void read(std::optional<T>& value) {
    value.reset();
    bool present = false;
    read(present);
    if (present) read(value.emplace());
  }
  std::size_t read_count();
  std::uint64_t read_integer(std::size_t width);
  plan::Value read_value(int depth);
  plan::Value read_container(plan::ValueKind kind, int depth);

  std::string_view bytes_;
  std::size_t offset_ = 0;
  bool failed_ = false;
};

}  // namespace rollout::machine
