#include "compiler/diagnostics/slips.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/words.hpp"

namespace rollout::diagnostics {
namespace {

using grammar::Problem;
using grammar::ProblemKind;
using grammar::Span;

struct UnitName {
  std::string_view wrong, right;
};
constexpr auto kUnitNames = std::to_array<UnitName>({
    {"sec", "s"},     {"secs", "s"},  {"second", "s"}, {"seconds", "s"}, {"min", "m"},   {"mins", "m"}, {"minute", "m"},
    {"minutes", "m"}, {"hr", "h"},    {"hrs", "h"},    {"hour", "h"},    {"hours", "h"}, {"day", "d"},  {"days", "d"},
    {"week", "w"},    {"weeks", "w"}, {"msec", "ms"},  {"millis", "ms"}, {"usec", "us"}, {"b", "B"},    {"bytes", "B"},
    {"K", "KiB"},     {"KB", "kB"},   {"kb", "kB"},    {"kib", "KiB"},   {"M", "MiB"},   {"Mi", "MiB"}, {"mb", "MB"},
    {"mib", "MiB"},   {"G", "GiB"},   {"Gi", "GiB"},   {"gb", "GB"},     {"gib", "GiB"}, {"T", "TiB"},  {"tb", "TB"},
    {"percent", "%"}, {"pct", "%"},   {"rps", "/s"},   {"rpm", "/m"},    {"qps", "/s"},  {"S", "s"},    {"H", "h"},
});

// Marks of other languages, and what is written instead.
struct MarkRow {
  std::string_view mark, written;
};
constexpr auto kMarks = std::to_array<MarkRow>({{"&&", "and"}, {"||", "or"}, {"!", "not"}, {"//", "#"}, {"/*", "#"}});

// One place in a text, with the words around it on its line.
class Place {
 public:
  Place(std::string_view text, FileId file, Span span) : text_(text), file_(file) {
    begin_ = std::min<std::size_t>(span.begin, text.size());
    while (begin_ < text.size() && (text[begin_] == ' ' || text[begin_] == '\t')) ++begin_;
  }

  bool starts_with(std::string_view mark) const { return text_.substr(begin_).starts_with(mark); }
  std::string_view word() const { return word_from(begin_); }
  std::string_view word_before() const {
    std::size_t end = begin_;
    while (end > 0 && (text_[end - 1] == ' ' || text_[end - 1] == '\t')) --end;
    std::size_t begin = end;
    while (begin > 0 && (grammar::is_word_part(text_[begin - 1]) || text_[begin - 1] == '.' || text_[begin - 1] == '%'))
      --begin;
    return text_.substr(begin, end - begin);
  }
  std::string_view first_word() const {
    std::size_t begin = text_.rfind('\n', begin_ == 0 ? 0 : begin_ - 1);
    begin = begin == std::string_view::npos ? 0 : begin + 1;
    return word_from(text_.find_first_not_of(" \t", begin));
  }
  // From the place to the last letter of its line.
  std::string_view rest() const { return text_.substr(begin_, text_.substr(begin_).find_first_of("\r\n")); }
  Span span(std::size_t size) const {
    return {static_cast<std::uint32_t>(begin_), static_cast<std::uint32_t>(begin_ + size)};
  }
  Span span_of(std::string_view part) const {
    const auto begin = static_cast<std::uint32_t>(part.data() - text_.data());
    return {begin, begin + static_cast<std::uint32_t>(part.size())};
  }
  Edit edit(Span span, std::string written) const { return {{file_, span}, std::move(written)}; }

 private:
  std::string_view word_from(std::size_t begin) const {
    if (begin >= text_.size()) return {};
    return text_.substr(begin, grammar::word_end(text_, begin) - begin);
  }

  std::string_view text_;
  FileId file_;
  std::size_t begin_ = 0;
};

Fix fix(std::string title, std::vector<Edit> edits, Applicability applicability = Applicability::Safe) {
  return {std::move(title), std::move(edits), applicability};
}

std::optional<Slip> foreign_mark(const Place& at) {
  const auto row = std::ranges::find_if(kMarks, [&](const MarkRow& mark) { return at.starts_with(mark.mark); });
  if (row == kMarks.end() || at.starts_with("!=")) return std::nullopt;
  const Span span = at.span(row->mark.size());
  const bool comment = row->written == "#";
  Slip slip{fmt::format("`{}` {}", row->mark, comment ? "begins no comment" : "is no operator here"), span,
            std::nullopt};
  // The end of a block comment is somewhere else.
  const auto applicability = row->mark == "/*" ? Applicability::Placeholder : Applicability::Safe;
  const std::string written = std::string(row->written) + (row->mark == "!" ? " " : "");
  slip.fix = fix(fmt::format("write `{}`", row->written), {at.edit(span, written)}, applicability);
  return slip;
}

// `'text'`
std::optional<Slip> single_quotes(const Place& at) {
  if (!at.starts_with("'")) return std::nullopt;
  const std::string_view rest = at.rest();
  const std::size_t end = rest.find('\'', 1);
  if (end == std::string_view::npos || rest.substr(0, end).find('"') != std::string_view::npos)
    return Slip{"a string stands in double quotes", at.span(1), std::nullopt};
  const std::string written = fmt::format("\"{}\"", rest.substr(1, end - 1));
  return Slip{"a string stands in double quotes", at.span(end + 1),
              fix(fmt::format("write `{}`", written), {at.edit(at.span(end + 1), written)})};
}

// `5 minutes`, `5 percent`
std::optional<Slip> unit_as_word(const Place& at) {
  const std::string_view number = at.word_before();
  const std::string_view unit = unit_of_word(at.word());
  const bool is_number = !number.empty() && number.find_first_not_of("0123456789_.") == std::string_view::npos;
  if (!is_number || unit.empty()) return std::nullopt;
  const Span span{at.span_of(number).begin, at.span(at.word().size()).end};
  const std::string written = fmt::format("{}{}", number, unit);
  return Slip{fmt::format("`{} {}` spells out its unit", number, at.word()), span,
              fix(fmt::format("write `{}`", written), {at.edit(span, written)})};
}

// `rollback when CONDITION`, `if CONDITION for 5m then rollback`
std::optional<Slip> turned_guard(const Place& at) {
  const std::string_view before = at.word_before(), word = at.word(), first = at.first_word();
  const bool outcome = before == "rollback" || before == "pause" || before == "abort";
  if (outcome && before == first && (word == "when" || word == "if")) {
    return Slip{fmt::format("a guard begins with its condition: `when ... then {}`", before),
                {at.span_of(before).begin, at.span(word.size()).end},
                std::nullopt};
  }
  if (first != "if" || (word != "for" && word != "then")) return std::nullopt;
  const Span span = at.span_of(first);
  return Slip{"`if` looks once; what is watched begins with `when`", span,
              fix("write `when`", {at.edit(span, "when")}, Applicability::Maybe)};
}

// `traffic: 5%`, `stage full: {`
std::optional<Slip> colon_after_word(const Place& at) {
  const std::string_view before = at.word_before();
  if (!at.starts_with(":") || before.empty()) return std::nullopt;
  return Slip{fmt::format("no `:` stands after `{}`", before), at.span(1),
              fix("remove it", {at.edit(at.span(1), "")}, Applicability::Maybe)};
}

// `verify smoke() for 5m`
std::optional<Slip> for_without_guard(const Place& at) {
  const std::string_view first = at.first_word();
  if (at.word() != "for" || first.empty() || first == "when" || first == "hold") return std::nullopt;
  return Slip{fmt::format("`{}` happens once; a `for` belongs to a guard or to `hold ... until`", first), at.span(3),
              std::nullopt};
}

// `smoke ()`
std::optional<Slip> blank_before_call(const Place& at) {
  const std::string_view name = at.word_before();
  if (!at.starts_with("(") || name.empty() || at.span_of(name).end == at.span(0).begin) return std::nullopt;
  const Span blank{at.span_of(name).end, at.span(0).begin};
  return Slip{fmt::format("blank between `{}` and its parenthesis", name), blank,
              fix("remove it", {at.edit(blank, "")}, Applicability::Maybe)};
}

// `param version = "v1"`
std::optional<Slip> parameter_without_type(const Place& at, const Problem& problem) {
  const std::string_view name = at.word_before(), first = at.first_word();
  if (problem.expected != grammar::SyntaxKind::Colon || !at.starts_with("=") || first != "param") return std::nullopt;
  const Span place{at.span_of(name).end, at.span_of(name).end};
  return Slip{"a parameter says its type", at.span(1),
              fix(fmt::format("write `param {}: string = ...`", name), {at.edit(place, ": string")},
                  Applicability::Placeholder)};
}

// `approve go by dana`, `notify "text"`
std::optional<Slip> quotes_or_channel(const Place& at, const Problem& problem) {
  const std::string_view before = at.word_before();
  if (before == "notify" && at.starts_with("\""))
    return Slip{"`notify` says first to whom: `notify ops \"...\"`", at.span(1), std::nullopt};
  if (problem.expected != grammar::SyntaxKind::StringLiteral || at.word().empty() || before.empty())
    return std::nullopt;
  return Slip{fmt::format("the text after `{}` stands in double quotes", before), at.span(at.word().size()),
              std::nullopt};
}

}  // namespace

std::string_view unit_of_word(std::string_view word) {
  const auto row = std::ranges::find(kUnitNames, word, &UnitName::wrong);
  return row == kUnitNames.end() ? std::string_view() : row->right;
}

std::optional<Slip> slip_at(std::string_view text, FileId file, const Problem& problem) {
  const bool fits = problem.kind == ProblemKind::Expected || problem.kind == ProblemKind::Unexpected ||
                    problem.kind == ProblemKind::GuardWithoutThen;
  if (!fits) return std::nullopt;
  const Place at(text, file, problem.span);
  for (const auto& look : {foreign_mark, single_quotes, unit_as_word, turned_guard, colon_after_word, for_without_guard,
                           blank_before_call}) {
    if (auto slip = look(at)) return slip;
  }
  // `5% // five`: the first slash was taken for a division.
  const Span before{problem.span.begin - std::min(problem.span.begin, 1u), problem.span.end};
  if (at.starts_with("/") && text.substr(before.begin, 2) == "//") return foreign_mark(Place(text, file, before));
  if (auto slip = parameter_without_type(at, problem)) return slip;
  return quotes_or_channel(at, problem);
}

}  // namespace rollout::diagnostics
