#include <algorithm>
#include <boost/regex.hpp>
#include <exception>
#include <optional>
#include <string>

#include "runtime/plan/builtins.hpp"

// Boost.Regex rather than std::regex: it matches without recursion and gives up after a bounded number of steps, while
// the standard library's needs stack for each character and may take exponential time.

namespace rollout::plan {

namespace {

constexpr std::size_t kLongestPattern = 256;
constexpr std::size_t kLongestText = 4096;

// ECMAScript's meaning of `^`, `$` and `.`, which Boost's defaults widen to lines and line ends.
const auto kFlags = boost::match_single_line | boost::match_not_dot_newline;

Expected<boost::regex> compile(std::string_view pattern) {
  if (pattern.size() > kLongestPattern) return PlanError{"the regular expression is longer than 256 bytes", 0};
  try {
    return boost::regex(pattern.begin(), pattern.end(), boost::regex::ECMAScript);
  } catch (const std::exception& error) {
    const std::string_view why = error.what();
    return PlanError{
        "`" + std::string(pattern) + "` is not a regular expression: " + std::string(why.substr(0, why.find('.'))), 0};
  }
}

// Nothing where it takes too long.
std::optional<bool> search(std::string_view text, const boost::regex& compiled) {
  try {
    return boost::regex_search(text.begin(), text.end(), compiled, kFlags);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string too_long(std::string_view pattern, std::string_view where) {
  return "the regular expression `" + std::string(pattern) + "` takes too long on " + std::string(where);
}

}  // namespace

Value matches(std::string_view text, std::string_view pattern) {
  if (text.size() > kLongestText) return Value::missing("the text is longer than 4 KiB, too long for `matches`");
  const auto compiled = compile(pattern);
  if (!compiled) return Value::missing(compiled.error().message);
  const auto found = search(text, *compiled);
  return found ? Value::boolean(*found) : Value::missing(too_long(pattern, "this text"));
}

Expected<std::size_t> count_matching_lines(std::string_view text, std::string_view pattern) {
  const auto compiled = compile(pattern);
  if (!compiled) return compiled.error();
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto found = search(line.substr(0, kLongestText), *compiled);
    if (!found) return PlanError{too_long(pattern, "one of the lines"), 0};
    count += *found ? 1 : 0;
  }
  return count;
}

}  // namespace rollout::plan
