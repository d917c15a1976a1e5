#include "runtime/plugins/schema/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <set>
#include <vector>

namespace rollout::plugins {

namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::int64_t kLargestInteger = std::int64_t{1} << 53;

// Looks at the parser's events for what would be read differently elsewhere.
struct StrictHandler {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  bool refuse(error_code& error, std::string why) {
    problem = std::move(why);
    error = json::error::exception;
    return false;
  }
  bool number_fits(std::int64_t number, error_code& error) {
    if (number <= kLargestInteger && number >= -kLargestInteger) return true;
    return refuse(error,
                  fmt::format("the integer {} is beyond 2^53, where numbers lose digits; send it as text", number));
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    keys.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    keys.pop_back();
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& error) {
    key.append(part.data(), part.size());
    const std::string whole = std::exchange(key, {});
    if (keys.back().insert(whole).second) return true;
    return refuse(error, fmt::format("the key `{}` stands twice in one object", whole.substr(0, 60)));
  }
  bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(json::string_view part, error_code&) {
    digits.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t number, json::string_view, error_code& error) {
    digits.clear();
    return number_fits(number, error);
  }
  bool on_uint64(std::uint64_t number, json::string_view, error_code& error) {
    digits.clear();
    return number <= static_cast<std::uint64_t>(kLargestInteger) ||
           refuse(error,
                  fmt::format("the integer {} is beyond 2^53, where numbers lose digits; send it as text", number));
  }
  // The parser's own value may be off by some last digits.
  bool on_double(double, json::string_view part, error_code& error) {
    digits.append(part.data(), part.size());
    const std::string whole = std::exchange(digits, {});
    const auto read = std::from_chars(whole.data(), whole.data() + whole.size(), fractions.emplace_back());
    return read.ec == std::errc() || refuse(error, fmt::format("the number {} is out of range", whole.substr(0, 60)));
  }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  std::vector<std::set<std::string>> keys;  // of the open objects
  std::vector<double> fractions;            // in the order of the text, as exactly as they are written
  std::string key, digits, problem;
};

json::parse_options options() {
  json::parse_options chosen;
  chosen.max_depth = kDeepest;
  return chosen;
}

std::string words_of(const error_code& error, std::size_t at) {
  if (error == json::error::too_deep) return fmt::format("it nests deeper than {}", kDeepest);
  return fmt::format("it is no JSON at byte {}: {}", at, error.message());
}

}  // namespace

namespace {

void make_exact(json::value& value, std::vector<double>::const_iterator& next) {
  if (value.is_double()) value = *next++;
  if (auto* array = value.if_array()) {
    for (json::value& element : *array) make_exact(element, next);
  }
  if (auto* object = value.if_object()) {
    for (auto& member : *object) make_exact(member.value(), next);
  }
}

// The shortest text that is read as the same number again, and as one that may have a fraction.
std::string fraction_text(double number) {
  const std::string text = fmt::format("{}", number);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

}  // namespace

plan::Expected<json::value, std::string> parse_strict(std::string_view text) {
  json::basic_parser<StrictHandler> strict(options());
  error_code error;
  const std::size_t read = strict.write_some(false, text.data(), text.size(), error);
  if (error) {
    const std::string& problem = strict.handler().problem;
    return problem.empty() ? words_of(error, read) : problem;
  }
  const auto rest = text.substr(read).find_first_not_of(" \t\r\n");
  if (rest != std::string_view::npos) return fmt::format("something stands behind the JSON, at byte {}", read + rest);
  json::value value = json::parse(text, error, {}, options());
  if (error) return words_of(error, 0);
  auto next = strict.handler().fractions.cbegin();
  make_exact(value, next);
  return value;
}

std::string canonical(const json::value& value) {
  std::string out;
  if (const auto* object = value.if_object()) {
    std::vector<const json::key_value_pair*> members;
    for (const auto& member : *object) members.push_back(&member);
    std::ranges::sort(members, {}, [](const auto* member) { return std::string_view(member->key()); });
    for (const auto* member : members) {
      out += (out.empty() ? "{" : ",") + json::serialize(member->key()) + ":" + canonical(member->value());
    }
    return out.empty() ? "{}" : out + "}";
  }
  if (const auto* array = value.if_array()) {
    for (const json::value& element : *array) out += (out.empty() ? "[" : ",") + canonical(element);
    return out.empty() ? "[]" : out + "]";
  }
  return value.is_double() ? fraction_text(value.get_double()) : json::serialize(value);
}

std::string text_member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

bool flag_member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const json::object* object_member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

const json::array* array_member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found == nullptr ? nullptr : found->if_array();
}

}  // namespace rollout::plugins
