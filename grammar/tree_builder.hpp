// The parser's state: the events so far, and what has been looked at ahead. Private to the grammar room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "grammar/syntax_tree.hpp"
#include "grammar/words.hpp"

namespace rollout::grammar {

// A word that was looked at: SyntaxKind::Missing where no word begins.
struct PeekedWord {
  SyntaxKind kind = SyntaxKind::Missing;
  const char* begin = nullptr;
  const char* end = nullptr;
};

// Collects events while PEGTL rules walk the text.
//
// Trivia are taken right after each token, so a rule always looks at something that means something (or at a line end,
// where line ends count). A node that closes is put before the trivia behind it: trivia belong to the node around both.
// `at` is always the rules' place in the text.
class TreeBuilder {
 public:
  // Everything that a rule which tried in vain has to put back.
  struct Mark {
    const char* at;
    std::size_t events;
    std::size_t settled;
    std::size_t floor;
    std::uint32_t significant_end;
    const char* line_start;
  };

  // An open `{`, for recovery: which body it opens, and how far its line is indented.
  struct OpenBody {
    SyntaxKind kind;
    std::uint32_t indentation;
  };

  TreeBuilder(std::string_view text, std::uint32_t depth_limit);

  std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - begin_); }
  const char* end() const { return end_; }
  bool at_end(const char* at) const { return at == end_; }
  char character(const char* at) const { return at == end_ ? '\0' : *at; }
  bool starts_with(const char* at, std::string_view text) const;

  // Leaves. `token` also takes the trivia behind it; `leaf` does not (inside strings).
  void leaf(SyntaxKind kind, const char*& at, const char* leaf_end);
  void token(SyntaxKind kind, const char*& at, const char* leaf_end);
  // Blanks and comments, and line ends where they are blanks.
  void trivia(const char*& at) { take_trivia(at, flat); }
  // Blanks, comments and line ends.
  void lines(const char*& at) { take_trivia(at, true); }
  // The three bytes at the head of a file.
  void byte_order_mark(const char*& at) { push(SyntaxKind::ByteOrderMark, at, at + 3); }
  // Something that should stand at the end of the last token.
  void missing(SyntaxKind expected, const char* at);
  // Gives back the trivia behind the last token and takes them again as the present line mode has it.
  void retake_trivia(const char*& at);

  // Nodes: open, then close with what came in between; `abandon` forgets it.
  Mark mark(const char* at);
  void close(SyntaxKind kind, const Mark& mark, SyntaxKind expected = SyntaxKind::Missing);
  void abandon(const char*& at, const Mark& mark);
  void leave(const Mark& mark) { floor_ = mark.floor; }

  // Nothing stands between the last token and `at`.
  bool glued(const char* at) const { return offset(at) == significant_end_; }
  // No line end stands between the last token and `at`.
  bool same_line(const char* at) const;
  bool at_line_end(const char* at) const;

  // The word at `at`; the word behind the line ends from `at` on.
  const PeekedWord& word(const char* at);
  const PeekedWord& next_word(const char* at);
  PeekedWord scan_word(const char* at) const;
  const char* skip_blanks(const char* at) const;
  // Past blanks, comments and line ends.
  const char* skip_lines(const char* at) const;

  // The indentation of the line that `at` stands in, in bytes; a word is first on its line where this is its column.
  std::uint32_t indentation();
  bool first_on_line(const char* at);
  std::uint32_t column(const char* at) const { return static_cast<std::uint32_t>(at - line_start_); }

  // Whether a `"""` stands anywhere from `at` on.
  bool has_triple_quote_from(const char* at);

  SyntaxKind last_kind() const { return settled_ == 0 ? SyntaxKind::Missing : events[settled_ - 1].kind; }

  std::vector<Event> events;
  std::vector<OpenBody> bodies;
  bool flat = false;  // a line end is a blank
  std::uint32_t depth = 0;
  const std::uint32_t depth_limit;

 private:
  void take_trivia(const char*& at, bool with_line_ends);
  void push(SyntaxKind kind, const char*& at, const char* leaf_end);

  const char* begin_;
  const char* end_;
  const char* line_start_;
  const char* indentation_line_ = nullptr;
  std::uint32_t indentation_ = 0;
  std::size_t settled_ = 0;  // the events up to here end with something that means something
  std::size_t floor_ = 0;    // where the innermost open node begins
  std::uint32_t significant_end_ = 0;
  PeekedWord word_;
  const char* next_word_from_ = nullptr;
  PeekedWord next_word_;
  const char* triple_quote_ = nullptr;  // the last one found; the end of the text once there are no more
};

}  // namespace rollout::grammar
