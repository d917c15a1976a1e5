#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/plan/plan.hpp"

// JSON as plugins speak it: one reading of every text. What parsers disagree about (a key twice, deep nesting, integers
// that a double cannot hold, bytes that are no UTF-8) is refused by name.

namespace rollout::plugins {

inline constexpr std::size_t kDeepest = 32;

// The document, or why it is none, for people.
plan::Expected<boost::json::value, std::string> parse_strict(std::string_view text);

// The same document always as the same bytes: compact, the keys of each object in the order of their bytes.
std::string canonical(const boost::json::value& value);

// The member as that type; what it gives where the member is missing or of another type is empty.
std::string text_member(const boost::json::object& object, std::string_view name);
bool flag_member(const boost::json::object& object, std::string_view name);
const boost::json::object* object_member(const boost::json::object& object, std::string_view name);
const boost::json::array* array_member(const boost::json::object& object, std::string_view name);

}  // namespace rollout::plugins
