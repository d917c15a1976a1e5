#include "runtime/plan/passed_variables.hpp"

#include <algorithm>
#include <cctype>

namespace rollout::plan {

namespace {

constexpr std::size_t kShortestBeginning = 3;
constexpr char kMark = '=';

bool is_name_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         letter == '_';
}

}  // namespace

bool is_passed_pattern(std::string_view pattern) {
  const bool open = pattern.ends_with('*');
  if (open) pattern.remove_suffix(1);
  const bool starts = !pattern.empty() && (pattern.front() < '0' || pattern.front() > '9');
  return starts && pattern.size() >= (open ? kShortestBeginning : 1) && std::ranges::all_of(pattern, is_name_letter);
}

bool is_passed_by(std::string_view pattern, std::string_view variable) {
  if (!pattern.ends_with('*')) return pattern == variable;
  return variable.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::string passed_entry(std::string_view pattern) {
  return kMark + std::string(pattern);
}

std::optional<std::string_view> passed_pattern(std::string_view name) {
  if (!name.starts_with(kMark)) return std::nullopt;
  return name.substr(1);
}

bool looks_like_credential(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](char byte) { return static_cast<char>(std::toupper(static_cast<unsigned char>(byte))); });
  constexpr std::string_view kWords[] = {"PASSWORD", "SECRET", "TOKEN", "_KEY", "CREDENTIAL"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return upper.ends_with(word); });
}

}  // namespace rollout::plan
