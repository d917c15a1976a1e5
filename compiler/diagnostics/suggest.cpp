#include "compiler/diagnostics/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace rollout::diagnostics {
namespace {

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::size_t allowed_edits(std::size_t length) {
  if (length <= 1) return 0;
  return length <= 4 ? 1 : length / 3;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit) {
  const std::size_t too_far = limit + 1;
  const std::size_t difference = std::max(left.size(), right.size()) - std::min(left.size(), right.size());
  if (difference > limit) return too_far;

  // Rows of the table for one byte of `left` each: the one before last serves the swaps of neighbours.
  std::vector<std::size_t> before_last(right.size() + 1), last(right.size() + 1), row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
  std::size_t least_of_last = 0;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    std::size_t least = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    // A swap reaches over one row, so only two rows beyond the limit are the end.
    if (least > limit && least_of_last > limit) return too_far;
    least_of_last = least;
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return std::min(last[right.size()], too_far);
}

std::optional<std::string> closest(std::string_view name, std::span<const std::string> candidates) {
  const std::string lower_name = lower_case(name);
  std::size_t least = allowed_edits(name.size()) + 1;
  std::optional<std::string> result;
  for (const std::string& candidate : candidates) {
    if (candidate == name || candidate.empty()) continue;
    const std::size_t distance = edit_distance(lower_name, lower_case(candidate), least);
    if (distance < least) {
      least = distance;
      result = candidate;
    }
  }
  return result;
}

}  // namespace rollout::diagnostics
