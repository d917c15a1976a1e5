#include "compiler/format/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace rollout::format {

namespace {

constexpr std::size_t kContext = 3;

// Lines with their line ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// Lines `begin` to `end` of the text are replaced by `after`.
struct Change {
  std::size_t begin = 0, end = 0;
  std::string after;
};

class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), lines_(lines_of(text)) {}
  std::size_t count() const { return lines_.size(); }
  std::string_view at(std::size_t line) const { return lines_[line]; }
  std::size_t begin_of(std::size_t line) const {
    return line < lines_.size() ? static_cast<std::size_t>(lines_[line].data() - text_.data()) : text_.size();
  }
  std::size_t holding(std::size_t offset) const {
    const auto after = std::ranges::upper_bound(lines_, text_.data() + offset, {}, &std::string_view::data);
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(after - lines_.begin(), 1) - 1);
  }

 private:
  std::string_view text_;
  std::vector<std::string_view> lines_;
};

// Edits whose lines touch are one change.
std::vector<Change> changes_of(const Lines& lines, std::string_view text, const std::vector<Edit>& edits) {
  std::vector<Change> changes;
  for (std::size_t first = 0; first < edits.size();) {
    Change change;
    change.begin = lines.holding(edits[first].span.begin);
    change.end = std::min(lines.holding(edits[first].span.end) + 1, lines.count());
    std::size_t last = first + 1;
    for (; last < edits.size() && lines.holding(edits[last].span.begin) <= change.end; ++last) {
      change.end = std::min(lines.holding(edits[last].span.end) + 1, lines.count());
    }
    const std::size_t begin = lines.begin_of(change.begin), end = lines.begin_of(change.end);
    std::vector<Edit> own(edits.begin() + static_cast<std::ptrdiff_t>(first),
                          edits.begin() + static_cast<std::ptrdiff_t>(last));
    for (Edit& edit : own) {
      edit.span.begin -= static_cast<std::uint32_t>(begin);
      edit.span.end -= static_cast<std::uint32_t>(begin);
    }
    change.after = apply_edits(text.substr(begin, end - begin), own);
    changes.push_back(std::move(change));
    first = last;
  }
  return changes;
}

void put_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

// One hunk of changes that are near each other; `shift` is by how many lines the new text has moved so far.
void put_hunk(std::string& out, const Lines& lines, const std::vector<Change>& changes, std::ptrdiff_t& shift) {
  const std::size_t begin = changes.front().begin - std::min(changes.front().begin, kContext);
  const std::size_t end = std::min(changes.back().end + kContext, lines.count());
  std::string body;
  std::size_t at = begin, added = 0, removed = 0;
  for (const Change& change : changes) {
    std::vector<std::string_view> before, after = lines_of(change.after);
    for (std::size_t line = change.begin; line < change.end; ++line) before.push_back(lines.at(line));
    const auto same = std::ranges::mismatch(before, after);
    const auto head = static_cast<std::size_t>(same.in1 - before.begin());
    std::size_t tail = 0;
    while (tail < before.size() - head && tail < after.size() - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
      ++tail;
    }
    for (; at < change.begin + head; ++at) put_line(body, ' ', lines.at(at));
    for (std::size_t line = head; line < before.size() - tail; ++line) put_line(body, '-', before[line]);
    for (std::size_t line = head; line < after.size() - tail; ++line) put_line(body, '+', after[line]);
    removed += before.size() - tail - head;
    added += after.size() - tail - head;
    at = change.end - tail;
  }
  for (; at < end; ++at) put_line(body, ' ', lines.at(at));
  const std::size_t old_count = end - begin, new_count = old_count - removed + added;
  fmt::format_to(std::back_inserter(out), "@@ -{},{} +{},{} @@\n{}", begin + (old_count > 0 ? 1 : 0), old_count,
                 static_cast<std::ptrdiff_t>(begin + (new_count > 0 ? 1 : 0)) + shift, new_count, body);
  shift += static_cast<std::ptrdiff_t>(added) - static_cast<std::ptrdiff_t>(removed);
}

}  // namespace

std::string unified_diff(std::string_view path, std::string_view text, const std::vector<Edit>& edits) {
  if (edits.empty()) return {};
  const Lines lines(text);
  const std::vector<Change> changes = changes_of(lines, text, edits);
  std::string out = fmt::format("--- {}\n+++ {}\n", path, path);
  std::ptrdiff_t shift = 0;
  for (std::size_t first = 0; first < changes.size();) {
    std::size_t last = first + 1;
    while (last < changes.size() && changes[last].begin <= changes[last - 1].end + 2 * kContext) ++last;
    put_hunk(
        out, lines,
        {changes.begin() + static_cast<std::ptrdiff_t>(first), changes.begin() + static_cast<std::ptrdiff_t>(last)},
        shift);
    first = last;
  }
  return out;
}

}  // namespace rollout::format
