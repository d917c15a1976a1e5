#include "grammar/tree_builder.hpp"

#include <algorithm>

namespace rollout::grammar {
namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// The length of the line end at `at`, 0 where none is.
std::size_t line_end_length(const char* at, const char* end) {
  if (at == end) return 0;
  if (*at == '\n') return 1;
  return *at == '\r' && at + 1 != end && at[1] == '\n' ? 2 : 0;
}

const char* blanks_end(const char* at, const char* end) {
  while (at != end && is_blank(*at) && line_end_length(at, end) == 0) ++at;
  return at;
}

const char* comment_end(const char* at, const char* end) {
  const char* stop = std::find(at, end, '\n');
  return stop != end && stop != at && stop[-1] == '\r' ? stop - 1 : stop;
}

}  // namespace

TreeBuilder::TreeBuilder(std::string_view text, std::uint32_t limit)
    : depth_limit(limit), begin_(text.data()), end_(text.data() + text.size()), line_start_(text.data()) {
  events.reserve(text.size() / 2 + 16);
}

bool TreeBuilder::starts_with(const char* at, std::string_view text) const {
  return std::string_view(at, static_cast<std::size_t>(end_ - at)).substr(0, text.size()) == text;
}

void TreeBuilder::push(SyntaxKind kind, const char*& at, const char* leaf_end) {
  events.push_back({kind, SyntaxKind::Missing, offset(at), offset(leaf_end), 1});
  at = leaf_end;
}

void TreeBuilder::leaf(SyntaxKind kind, const char*& at, const char* leaf_end) {
  push(kind, at, leaf_end);
  settled_ = events.size();
  significant_end_ = offset(leaf_end);
}

void TreeBuilder::token(SyntaxKind kind, const char*& at, const char* leaf_end) {
  leaf(kind, at, leaf_end);
  trivia(at);
}

void TreeBuilder::take_trivia(const char*& at, bool with_line_ends) {
  while (at != end_) {
    if (const std::size_t length = line_end_length(at, end_)) {
      if (!with_line_ends) return;
      push(SyntaxKind::LineEnd, at, at + length);
      line_start_ = at;
    } else if (is_blank(*at)) {
      push(SyntaxKind::Blank, at, blanks_end(at, end_));
    } else if (*at == '#') {
      const bool documents = at + 1 != end_ && at[1] == '#';
      push(documents ? SyntaxKind::DocComment : SyntaxKind::Comment, at, comment_end(at, end_));
    } else {
      return;
    }
  }
}

void TreeBuilder::missing(SyntaxKind expected, const char* at) {
  const bool behind_token = settled_ >= floor_;
  const std::size_t index = std::max(settled_, floor_);
  const std::uint32_t place = behind_token ? significant_end_ : offset(at);
  events.insert(events.begin() + static_cast<std::ptrdiff_t>(index), {SyntaxKind::Missing, expected, place, place, 1});
  settled_ = index + 1;
  significant_end_ = place;
}

void TreeBuilder::retake_trivia(const char*& at) {
  const std::size_t keep = std::max(settled_, floor_);
  if (keep == events.size()) return;
  at = begin_ + events[keep].begin;
  while (line_start_ > at) --line_start_;
  while (line_start_ != begin_ && line_start_[-1] != '\n') --line_start_;
  events.resize(keep);
  trivia(at);
}

TreeBuilder::Mark TreeBuilder::mark(const char* at) {
  const Mark mark{at, events.size(), settled_, floor_, significant_end_, line_start_};
  floor_ = events.size();
  return mark;
}

void TreeBuilder::close(SyntaxKind kind, const Mark& mark, SyntaxKind expected) {
  const std::size_t index = std::max(settled_, mark.events);
  const std::uint32_t first = offset(mark.at);
  const auto width = static_cast<std::uint32_t>(index - mark.events + 1);
  const Event node{kind, expected, first, std::max(first, significant_end_), width};
  if (index == events.size()) {
    events.push_back(node);
  } else {
    events.insert(events.begin() + static_cast<std::ptrdiff_t>(index), node);
  }
  settled_ = index + 1;
  floor_ = mark.floor;
}

void TreeBuilder::abandon(const char*& at, const Mark& mark) {
  at = mark.at;
  events.resize(mark.events);
  settled_ = mark.settled;
  floor_ = mark.floor;
  significant_end_ = mark.significant_end;
  line_start_ = mark.line_start;
}

bool TreeBuilder::same_line(const char* at) const {
  return std::find(begin_ + significant_end_, at, '\n') == at;
}

bool TreeBuilder::has_triple_quote_from(const char* at) {
  if (triple_quote_ == nullptr || triple_quote_ < at) {
    constexpr std::string_view kTripleQuote = "\"\"\"";
    triple_quote_ = std::search(at, end_, kTripleQuote.begin(), kTripleQuote.end());
  }
  return triple_quote_ != end_;
}

bool TreeBuilder::at_line_end(const char* at) const {
  return line_end_length(at, end_) != 0;
}

PeekedWord TreeBuilder::scan_word(const char* at) const {
  if (at == end_ || !is_word_start(*at)) return {SyntaxKind::Missing, at, at};
  const char* stop = at + 1;
  while (stop != end_ && is_word_part(*stop)) ++stop;
  return {kind_of_word({at, static_cast<std::size_t>(stop - at)}), at, stop};
}

const PeekedWord& TreeBuilder::word(const char* at) {
  if (word_.begin != at) word_ = next_word_.begin == at ? next_word_ : scan_word(at);
  return word_;
}

const PeekedWord& TreeBuilder::next_word(const char* at) {
  if (next_word_from_ != at) {
    next_word_from_ = at;
    const char* place = skip_lines(at);
    if (place == at) {
      next_word_ = word(at);
    } else {
      next_word_ = scan_word(place);
    }
  }
  return next_word_;
}

const char* TreeBuilder::skip_blanks(const char* at) const {
  return blanks_end(at, end_);
}

const char* TreeBuilder::skip_lines(const char* at) const {
  while (at != end_) {
    if (is_blank(*at) || *at == '\n') {
      ++at;
    } else if (*at == '#') {
      at = comment_end(at, end_);
    } else {
      break;
    }
  }
  return at;
}

std::uint32_t TreeBuilder::indentation() {
  if (indentation_line_ != line_start_) {
    indentation_line_ = line_start_;
    indentation_ = static_cast<std::uint32_t>(blanks_end(line_start_, end_) - line_start_);
  }
  return indentation_;
}

bool TreeBuilder::first_on_line(const char* at) {
  return column(at) == indentation();
}

}  // namespace rollout::grammar
