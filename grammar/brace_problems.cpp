#include "grammar/brace_problems.hpp"

#include <algorithm>
#include <optional>

namespace rollout::grammar {
namespace {

using K = SyntaxKind;

// Where the lines of a text begin.
class Layout {
 public:
  explicit Layout(std::string_view text) : text_(text) {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
      starts_.push_back(static_cast<std::uint32_t>(at + 1));
    }
  }

  std::uint32_t line_start(std::uint32_t offset) const { return *(std::ranges::upper_bound(starts_, offset) - 1); }
  std::uint32_t indentation(std::uint32_t offset) const {
    const std::uint32_t start = line_start(offset);
    const std::size_t first = text_.find_first_not_of(" \t", start);
    return static_cast<std::uint32_t>(std::min(first, text_.size()) - start);
  }
  std::uint32_t column(std::uint32_t offset) const { return offset - line_start(offset); }

 private:
  std::string_view text_;
  std::vector<std::uint32_t> starts_ = {0};
};

bool is_closed_by_brace(const Event& last) {
  return last.kind == K::RightBrace || (last.kind == K::Missing && last.expected == K::RightBrace);
}

}  // namespace

BraceLayout::BraceLayout(std::string_view text, const std::vector<Event>& events) : events_(events) {
  const Layout layout(text);
  for (std::uint32_t event = 1; event < events.size(); ++event) {
    if (events[event].width < 2 || !is_closed_by_brace(events[event - 1])) continue;
    const std::uint32_t first = event + 1 - events[event].width;
    if (events[first].kind != K::LeftBrace) continue;
    Braces braces;
    braces.first_event = first;
    braces.event = event;
    braces.opener = {events[first].begin, events[first].end};
    braces.closer = {events[event - 1].begin, events[event - 1].end};
    braces.indentation = layout.indentation(braces.opener.begin);
    const std::uint32_t closer = braces.closer.begin;
    const bool over_lines = layout.line_start(closer) != layout.line_start(braces.opener.begin);
    if (!braces.closer.empty() && over_lines) {
      const bool begins_line = layout.column(closer) == layout.indentation(closer);
      if (begins_line) braces.closer_column = layout.column(closer);
      braces.closes_behind_text = !begins_line;
    }
    braces_.push_back(braces);
  }
}

// The first block inside of `outer` (or that block itself) whose closing brace belongs to a line further out.
std::optional<BraceLayout::Braces> BraceLayout::closed_by_another(std::size_t outer) const {
  std::optional<Braces> suspect;
  for (std::size_t i = outer + 1; i > 0 && braces_[i - 1].first_event >= braces_[outer].first_event; --i) {
    const Braces& braces = braces_[i - 1];
    if (!braces.closer_column || *braces.closer_column >= braces.indentation) continue;
    if (!suspect || braces.closer.begin < suspect->closer.begin) suspect = braces;
  }
  return suspect;
}

// The first token behind the events up to `event`, empty at the end of the text.
Span BraceLayout::token_behind(std::uint32_t event) const {
  for (std::uint32_t i = event + 1; i < events_.size(); ++i) {
    const Event& next = events_[i];
    if (next.width == 1 && !is_trivia(next.kind) && next.begin < next.end) return {next.begin, next.end};
  }
  return {};
}

std::vector<Problem> BraceLayout::unclosed() const {
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < braces_.size(); ++i) {
    if (!braces_[i].closer.empty()) continue;
    const Braces& innermost = braces_[i];
    while (i + 1 < braces_.size() && braces_[i + 1].closer == innermost.closer) ++i;
    Problem problem{ProblemKind::UnclosedBrace, innermost.opener, K::RightBrace, K::Missing, {}};
    if (const auto suspect = closed_by_another(i)) {
      problem.span = suspect->opener;
      problem.related = suspect->closer;
    } else {
      problem.related = token_behind(innermost.event);
    }
    problems.push_back(problem);
  }
  return problems;
}

Span BraceLayout::closed_too_much(std::uint32_t unmatched) const {
  Span latest;
  for (const Braces& braces : braces_) {
    const bool too_deep = braces.closer_column && *braces.closer_column > braces.indentation;
    if ((too_deep || braces.closes_behind_text) && braces.closer.begin < unmatched &&
        braces.closer.begin >= latest.begin)
      latest = braces.closer;
  }
  return latest;
}

}  // namespace rollout::grammar
