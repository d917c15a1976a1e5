#include "grammar/brace_problems.hpp"

#include <algorithm>
#include <optional>

namespace rollout::grammar {
namespace {

using K = SyntaxKind;

// A block in braces. Columns are in bytes.
struct Braces {
  std::uint32_t first_event = 0;
  std::uint32_t event = 0;
  Span opener;
  Span closer;                                 // empty where it is missing
  std::uint32_t indentation = 0;               // of the line with the opener
  std::optional<std::uint32_t> closer_column;  // where the closer is the first thing on its line
};

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

// Every block in braces, inner ones before outer ones.
std::vector<Braces> find_braces(std::string_view text, const std::vector<Event>& events) {
  const Layout layout(text);
  std::vector<Braces> found;
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
    const bool closes_line = !braces.closer.empty() &&
                             layout.column(braces.closer.begin) == layout.indentation(braces.closer.begin) &&
                             layout.line_start(braces.closer.begin) != layout.line_start(braces.opener.begin);
    if (closes_line) braces.closer_column = layout.column(braces.closer.begin);
    found.push_back(braces);
  }
  return found;
}

// The first block in `outer` whose closing brace belongs to a line further out.
std::optional<Braces> closed_by_another(const std::vector<Braces>& all, const Braces& outer) {
  std::optional<Braces> suspect;
  for (const Braces& braces : all) {
    const bool inside = outer.first_event <= braces.first_event && braces.event <= outer.event;
    if (!inside || !braces.closer_column || *braces.closer_column >= braces.indentation) continue;
    if (!suspect || braces.closer.begin < suspect->closer.begin) suspect = braces;
  }
  return suspect;
}

// The first token behind the events up to `event`, empty at the end of the text.
Span token_behind(const std::vector<Event>& events, std::uint32_t event) {
  for (std::uint32_t i = event + 1; i < events.size(); ++i) {
    if (events[i].width == 1 && !is_trivia(events[i].kind) && events[i].begin < events[i].end) {
      return {events[i].begin, events[i].end};
    }
  }
  return {};
}

}  // namespace

std::vector<Problem> find_unclosed_braces(std::string_view text, const std::vector<Event>& events) {
  const std::vector<Braces> all = find_braces(text, events);
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].closer.empty()) continue;
    const Braces& innermost = all[i];
    while (i + 1 < all.size() && all[i + 1].closer == innermost.closer) ++i;
    const auto suspect = closed_by_another(all, all[i]);
    Problem problem{ProblemKind::UnclosedBrace, innermost.opener, K::RightBrace, K::Missing, {}};
    problem.related = token_behind(events, innermost.event);
    if (suspect) {
      problem.span = suspect->opener;
      problem.related = suspect->closer;
    }
    problems.push_back(problem);
  }
  return problems;
}

Span find_brace_that_closed_too_much(std::string_view text, const std::vector<Event>& events, std::uint32_t unmatched) {
  Span latest;
  for (const Braces& braces : find_braces(text, events)) {
    const bool too_deep = braces.closer_column && *braces.closer_column > braces.indentation;
    if (too_deep && braces.closer.begin < unmatched && braces.closer.begin >= latest.begin) latest = braces.closer;
  }
  return latest;
}

}  // namespace rollout::grammar
