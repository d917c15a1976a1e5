#include "compiler/diagnostics/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/diagnostics/display.hpp"
#include "compiler/diagnostics/slips.hpp"
#include "compiler/diagnostics/suggest.hpp"
#include "grammar/problem.hpp"
#include "grammar/words.hpp"

namespace rollout::diagnostics {
namespace {

using grammar::Problem;
using grammar::ProblemKind;
using grammar::Span;
using grammar::SyntaxKind;
using grammar::word_end;

constexpr auto kCodes = std::to_array<Code>({
#define PROBLEM_KIND(name, summary) Code::name,
#include "grammar/problem_kind.def"
});

// What is said of a problem. `{text}` is its source, `{expected}` and `{found}` are kinds of the grammar, `{before}`
// and
// `{next}` what stands around it. An empty part is left out.
struct Wording {
  ProblemKind kind;
  std::string_view message;
  std::string_view label, related_label, note, help;
};

// clang-format off
constexpr auto kWordings = std::to_array<Wording>({
    {ProblemKind::Expected, "expected {expected}{before}, found {next}", "", "", "", ""},
    {ProblemKind::Unexpected, "unexpected `{text}`", "", "", "{expected} could stand here", ""},
    {ProblemKind::WrongContainer, "{found} cannot stand in this block", "", "the block begins here", "the block takes {expected}", ""},
    {ProblemKind::UnclosedBrace, "`{{` without its `}}`{suspect}", "opened here",
     "this line seems to begin outside of the block", "", "close the block with `}}`"},
    {ProblemKind::UnclosedBracket, "unclosed `{opener}`", "`{closer}` is missing", "opened here", "", ""},
    {ProblemKind::UnmatchedBrace, "`}}` closes nothing{suspect}", "", "this one may be one too many", "", ""},
    {ProblemKind::UnterminatedString, "string without its closing `{quote}`", "begins here", "",
     "a string ends on the line where it begins; a longer one stands between `\"\"\"` and `\"\"\"`", ""},
    {ProblemKind::UnterminatedCommand, "command without its closing backtick", "", "", "", "end the command with a backtick; a `\\` at the end of a line goes on in the next"},
    {ProblemKind::UnterminatedInsert, "`${{` without its `}}`", "", "", "", "close the insert, or write `\\${{` for the text itself"},
    {ProblemKind::MalformedInsert, "`{text}` is no insert", "", "", "an insert holds one expression, as in `${{version}}`", "write `\\${{` for the text itself"},
    {ProblemKind::UnknownUnit, "`{text}` has a unit that does not exist", "", "",
     "durations are written in `ns us ms s m h d w`, sizes in `B kB MB GB TB KiB MiB GiB TiB`, ratios in `%`, rates as `15/s`", ""},
    {ProblemKind::SpacedUnit, "`{text}` has a blank between the number and its unit", "", "", "", ""},
    {ProblemKind::DateWithoutTime, "`{text}` is a date without a time", "", "", "an instant says its time and zone", "write `{text}T00:00Z` for midnight UTC"},
    {ProblemKind::NoSuchTime, "`{text}` is no time of day", "", "", "hours run from 00 to 23, minutes from 00 to 59", ""},
    {ProblemKind::NoSuchInstant, "`{text}` is no instant", "", "", "", "write a day and a time that exist, with their zone: `2026-12-01T02:00Z`"},
    {ProblemKind::MalformedNumber, "`{text}` is no number", "", "", "numbers have decimal digits, as in `0.25` and `1_000`; there are no exponents and no hexadecimal digits", ""},
    {ProblemKind::UnknownEscape, "`{text}` is no escape", "", "", "a string knows `\\n \\t \\\" \\\\ \\$` and `\\u{{1F680}}`", "write `\\\\` for a backslash"},
    {ProblemKind::ChainedComparison, "comparisons do not chain", "", "the first comparison", "", "write `a < b and b < c`, or test a range: `b in a..c`"},
    {ProblemKind::AssignInsteadOfEqual, "`=` where a comparison needs `==`", "", "", "", ""},
    {ProblemKind::AssignInsteadOfColon, "`=` where an argument needs `:`", "", "", "", ""},
    {ProblemKind::GuardWithoutThen, "this guard does not say what happens when it fires", "", "", "", "add `then` and a response, as in `then rollback`"},
    {ProblemKind::SpacedCall, "blank before the parenthesis of a call", "", "", "the `(` of a call is glued to the name: `traffic (5%)` is the step `traffic`, `traffic(5%)` a call", ""},
    {ProblemKind::ReservedName, "`{text}` is a reserved word, it cannot be a name", "", "",
     "reserved are `and or not in is true false let if else when then for until each _`", "choose another name, for example `{text}_`"},
    {ProblemKind::ForAfterFor, "`or` cannot follow a `for`", "", "", "a `for` covers all that stands left of it, so only `and` may follow", "write two guards, or `(a or b) for 5m`"},
    {ProblemKind::RepeatedClause, "`{word}` cannot stand here again or after `else`", "", "the first one", "each clause stands once, `else` last", ""},
    {ProblemKind::ElseBlockBeforeItems, "block after the `else` of a checklist that has its items still to come", "", "", "the braces after `else` would be taken for the items", "write a response without braces, or put the `else` behind the items"},
    {ProblemKind::AnyArgumentHere, "`_` outside of a scenario or a world", "", "", "`_` stands for any argument where a scenario says what the world does", "write the argument"},
    {ProblemKind::TooDeep, "expressions or blocks nested deeper than the limit", "", "", "deeper text was not read", "name parts of it with `let`"},
    {ProblemKind::TooLarge, "file larger than the limit", "", "", "nothing of it was read", "split it into modules and `use` them"},
    {ProblemKind::InvalidUtf8, "bytes that are not UTF-8", "", "", "", "save the file as UTF-8"},
    {ProblemKind::ControlCharacter, "control character in the text", "", "", "", "remove it; in a string it is written `\\u{{...}}`"},
});
// clang-format on

constexpr bool wordings_are_in_order() {
  for (std::size_t i = 0; i < kWordings.size(); ++i) {
    if (kWordings[i].kind != static_cast<ProblemKind>(i)) return false;
  }
  return kWordings.size() == kCodes.size();
}
static_assert(wordings_are_in_order());

// The source of a span for a message: its first line, cut where it is long.
std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 40;
  const std::size_t line_end = std::min(text.find_first_of("\r\n"), text.size());
  std::size_t end = 0;
  for (std::size_t points = 0; end < line_end && points < kMost; ++points) end += decode_point(text, end).size;
  return std::string(text.substr(0, end)) + (end < text.size() ? "..." : "");
}

// Says the words around and in one problem.
class Speaker {
 public:
  Speaker(const grammar::SyntaxTree& tree, const Problem& problem)
      : tree_(tree), text_(tree.text()), problem_(problem) {}

  std::string say(std::string_view words) const {
    const std::string source = problem_text();
    const std::string_view opener = slice(problem_.related);
    return fmt::format(fmt::runtime(words), fmt::arg("text", source), fmt::arg("word", first_word(source)),
                       fmt::arg("expected", display_of(problem_.expected)),
                       fmt::arg("found", display_of(problem_.found)), fmt::arg("before", before()),
                       fmt::arg("next", next()), fmt::arg("opener", opener),
                       fmt::arg("closer", opener == "[" ? "]" : ")"), fmt::arg("suspect", suspect()),
                       fmt::arg("quote", source.starts_with("\"\"\"") ? "\"\"\"" : "\""));
  }
  std::string problem_text() const { return quoted(slice(problem_.span)); }
  std::string_view slice(Span span) const {
    return text_.substr(std::min<std::size_t>(span.begin, text_.size()), span.size());
  }
  // The word that begins at the offset, or behind the blanks there.
  Span word_at(std::uint32_t offset) const {
    std::size_t begin = std::min<std::size_t>(offset, text_.size());
    while (begin < text_.size() && (text_[begin] == ' ' || text_[begin] == '\t')) ++begin;
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(word_end(text_, begin))};
  }

 private:
  // Where the indentation says that a brace is missing, or one too many.
  std::string suspect() const {
    if (problem_.related.empty()) return "";
    const auto line = 1 + std::ranges::count(text_.substr(0, problem_.related.begin), '\n');
    return problem_.kind == ProblemKind::UnclosedBrace ? fmt::format(": it probably belongs before line {}", line)
                                                       : fmt::format(": the one in line {} may be one too many", line);
  }
  // The whole text where it does not begin with a word.
  static std::string first_word(const std::string& text) {
    const std::size_t end = word_end(text, 0);
    return end == 0 ? text : text.substr(0, end);
  }
  // " after `then`", or nothing where no word stands before.
  std::string before() const {
    std::size_t end = std::min<std::size_t>(problem_.span.begin, text_.size());
    while (end > 0 && (text_[end - 1] == ' ' || text_[end - 1] == '\t')) --end;
    if (end == 0) return "";
    const grammar::NodeRef leaf = tree_.leaf_at(static_cast<std::uint32_t>(end - 1));
    const bool tells = leaf.is_leaf() && !is_trivia(leaf.kind()) && leaf.span().end == end &&
                       leaf.kind() != SyntaxKind::StringQuote && leaf.kind() != SyntaxKind::CommandQuote;
    return tells ? fmt::format(" after `{}`", quoted(leaf.text())) : "";
  }
  std::string next() const {
    if (!problem_.span.empty()) return fmt::format("`{}`", first_word(problem_text()));
    std::size_t begin = std::min<std::size_t>(problem_.span.end, text_.size());
    while (begin < text_.size() && (text_[begin] == ' ' || text_[begin] == '\t')) ++begin;
    if (begin == text_.size()) return "the end of the file";
    if (text_[begin] == '\n' || text_[begin] == '\r') return "the end of the line";
    if (text_[begin] == '#') return "a comment";
    std::size_t end = word_end(text_, begin);
    if (end == begin) end = begin + decode_point(text_, begin).size;
    return fmt::format("`{}`", quoted(text_.substr(begin, end - begin)));
  }

  const grammar::SyntaxTree& tree_;
  std::string_view text_;
  const Problem& problem_;
};

struct FixBuilder {
  FileId file;
  const Speaker& speaker;
  const Problem& problem;

  Fix replace(Span span, std::string text, Applicability applicability) const {
    const std::string title = fmt::format("write `{}`", quoted(text));
    return {title, {{{file, span}, std::move(text)}}, applicability};
  }
  std::optional<Fix> equal() const { return replace(problem.span, "==", Applicability::Safe); }
  std::optional<Fix> colon() const { return replace(problem.span, ":", Applicability::Safe); }
  std::optional<Fix> unit() const;
  std::optional<Fix> word() const;
  std::optional<Fix> spaced() const;
  std::optional<Fix> brace() const;
};

std::optional<Fix> FixBuilder::unit() const {
  const std::string_view text = speaker.slice(problem.span);
  const std::size_t number_end = std::min(text.find_first_not_of("0123456789._"), text.size());
  const std::string_view unit = text.substr(number_end);
  const std::string_view meant = unit_of_word(unit);
  if (meant.empty()) return std::nullopt;
  return replace(problem.span, fmt::format("{}{}", text.substr(0, number_end), meant), Applicability::Maybe);
}

// A mistyped word of what could stand here: the first of the span, or the next on the line where something is missing.
std::optional<Fix> FixBuilder::word() const {
  const Span span = speaker.word_at(problem.span.begin);
  std::vector<SyntaxKind> kinds = grammar::first_words(problem.expected);
  if (is_keyword(problem.expected)) kinds.push_back(problem.expected);
  std::vector<std::string> candidates;
  for (const SyntaxKind kind : kinds) {
    std::string word(display_of(kind));
    std::erase(word, '`');
    candidates.push_back(std::move(word));
  }
  const std::optional<std::string> meant = closest(speaker.slice(span), candidates);
  if (!meant) return std::nullopt;
  Fix fix = replace(span, *meant, Applicability::Maybe);
  fix.title = fmt::format("did you mean `{}`?", *meant);
  return fix;
}

std::optional<Fix> FixBuilder::spaced() const {
  std::string glued(speaker.slice(problem.span));
  std::erase_if(glued, [](char c) { return c == ' ' || c == '\t'; });
  if (glued.size() == problem.span.size()) return std::nullopt;
  if (glued.empty()) return Fix{"remove the blank", {{{file, problem.span}, ""}}, Applicability::Safe};
  return replace(problem.span, std::move(glued), Applicability::Safe);
}

std::optional<Fix> FixBuilder::brace() const {
  if (problem.related.empty()) return std::nullopt;
  const Span before{problem.related.begin, problem.related.begin};
  return Fix{"insert `}` before that line", {{{file, before}, "}\n"}}, Applicability::Maybe};
}

struct FixRow {
  ProblemKind kind;
  std::optional<Fix> (FixBuilder::*build)() const;
};
constexpr auto kFixes = std::to_array<FixRow>({
    {ProblemKind::AssignInsteadOfEqual, &FixBuilder::equal},
    {ProblemKind::AssignInsteadOfColon, &FixBuilder::colon},
    {ProblemKind::UnknownUnit, &FixBuilder::unit},
    {ProblemKind::SpacedUnit, &FixBuilder::spaced},
    {ProblemKind::SpacedCall, &FixBuilder::spaced},
    {ProblemKind::Expected, &FixBuilder::word},
    {ProblemKind::Unexpected, &FixBuilder::word},
    {ProblemKind::UnclosedBrace, &FixBuilder::brace},
});

std::optional<Fix> fix_of(const FixBuilder& builder) {
  const auto row = std::ranges::find(kFixes, builder.problem.kind, &FixRow::kind);
  return row == kFixes.end() ? std::nullopt : (builder.*row->build)();
}

// Where a statement belongs that stands in the wrong block.
std::string_view home_of(SyntaxKind kind) {
  if (is_header(kind)) return "move it to the head of the rollout";
  if (is_declaration(kind)) return "move it to the top level of the file";
  if (is_scenario_line(kind)) return "move it into a scenario";
  if (is_step(kind)) return "move it into a stage, or into the rollout itself";
  return "";
}

Diagnostic diagnostic_of(const grammar::SyntaxTree& tree, FileId file, const Problem& problem) {
  const Wording& wording = kWordings[static_cast<std::size_t>(problem.kind)];
  const Speaker speaker(tree, problem);
  const bool names_expected = problem.expected != SyntaxKind::Missing;
  const auto sayable = [&](std::string_view words) {
    return !words.empty() && (names_expected || words.find("{expected}") == std::string_view::npos);
  };

  Diagnostic result;
  result.code = kCodes[static_cast<std::size_t>(problem.kind)];
  result.message = speaker.say(wording.message);
  result.primary = {file, problem.span};
  result.primary_label = speaker.say(wording.label);
  if (!problem.related.empty()) result.labels.push_back({{file, problem.related}, speaker.say(wording.related_label)});
  if (auto slip = slip_at(tree.text(), file, problem)) {
    result.message = std::move(slip->message);
    result.primary.span = slip->span;
    if (slip->fix) result.fixes.push_back(std::move(*slip->fix));
    return result;
  }
  if (sayable(wording.note)) result.notes.push_back(speaker.say(wording.note));
  if (auto fix = fix_of({file, speaker, problem})) {
    // A mistyped word is the whole fault, whatever stands behind it.
    if (problem.kind == ProblemKind::Unexpected || problem.kind == ProblemKind::Expected) {
      result.primary = fix->edits.front().location;
    }
    if (problem.kind == ProblemKind::Unexpected) {
      result.message = fmt::format("unexpected `{}`", speaker.slice(result.primary.span));
    }
    result.fixes.push_back(std::move(*fix));
  } else if (sayable(wording.help)) {
    result.helps.push_back(speaker.say(wording.help));
  }
  if (problem.kind == ProblemKind::WrongContainer && !home_of(problem.found).empty()) {
    result.helps.emplace_back(home_of(problem.found));
  }
  return result;
}

}  // namespace

void report_syntax(const grammar::SyntaxTree& tree, FileId file, Sink& sink) {
  for (const Problem& problem : tree.problems()) sink.add(diagnostic_of(tree, file, problem));
}

}  // namespace rollout::diagnostics
