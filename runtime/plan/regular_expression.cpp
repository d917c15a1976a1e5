#include <boost/regex.hpp>
#include <exception>
#include <string>

#include "runtime/plan/builtins.hpp"

// Boost.Regex rather than std::regex: it matches without recursion and gives up after a bounded number of steps, while
// the standard library's needs stack for each character and may take exponential time.

namespace rollout::plan {

namespace {

constexpr std::size_t kLongestPattern = 256;
constexpr std::size_t kLongestText = 4096;

}  // namespace

Value matches(std::string_view text, std::string_view pattern) {
  if (pattern.size() > kLongestPattern) return Value::missing("the regular expression is longer than 256 bytes");
  if (text.size() > kLongestText) return Value::missing("the text is longer than 4 KiB, too long for `matches`");
  boost::regex compiled;
  try {
    compiled.assign(pattern.begin(), pattern.end(), boost::regex::ECMAScript);
  } catch (const std::exception& error) {
    const std::string_view why = error.what();
    return Value::missing("`" + std::string(pattern) +
                          "` is not a regular expression: " + std::string(why.substr(0, why.find('.'))));
  }
  try {
    // ECMAScript's meaning of `^`, `$` and `.`, which Boost's defaults widen to lines and line ends.
    const auto flags = boost::match_single_line | boost::match_not_dot_newline;
    return Value::boolean(boost::regex_search(text.begin(), text.end(), compiled, flags));
  } catch (const std::exception&) {
    return Value::missing("the regular expression `" + std::string(pattern) + "` takes too long on this text");
  }
}

}  // namespace rollout::plan
