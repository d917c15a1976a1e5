#include "compiler/lints/allow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"
#include "grammar/words.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::Report;
using diagnostics::Applicability;
using diagnostics::Code;
using diagnostics::Diagnostic;
using diagnostics::FileId;
using diagnostics::Severity;
using grammar::Event;
using grammar::Span;
using grammar::SyntaxKind;

struct AllowedCode {
  std::string text;
  Span span;  // in the file
  bool silenced_something = false;
};

// One `# allow W0403 W0404: why`.
struct Allow {
  FileId file{};
  Span comment;
  std::vector<AllowedCode> codes;
  bool has_reason = false;
  bool own_line = false;
  bool whole_file = false;
  Span covered;  // what begins in it is silenced
};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// A letter and digits: what a code looks like, known or not. Anything else after `# allow` is prose.
bool looks_like_code(std::string_view word) {
  return word.size() >= 2 && is_letter(word.front()) && std::ranges::all_of(word.substr(1), grammar::is_digit);
}

// The codes of an allow comment; none where the comment is prose.
Allow read_comment(std::string_view text, FileId file, Span comment) {
  constexpr std::string_view kWord = "allow";
  Allow allow;
  allow.file = file;
  allow.comment = comment;
  std::uint32_t at = comment.begin + 1;
  const auto skip_blanks = [&] {
    while (at < comment.end && is_blank(text[at])) ++at;
  };
  skip_blanks();
  if (!text.substr(at, comment.end - at).starts_with(kWord)) return allow;
  at += static_cast<std::uint32_t>(kWord.size());
  if (at == comment.end || !is_blank(text[at])) return allow;
  while (true) {
    while (at < comment.end && (is_blank(text[at]) || text[at] == ',')) ++at;
    std::uint32_t end = at;
    while (end < comment.end && (is_letter(text[end]) || grammar::is_digit(text[end]))) ++end;
    const std::string_view word = text.substr(at, end - at);
    if (!looks_like_code(word)) break;
    allow.codes.push_back({std::string(word), {at, end}});
    at = end;
  }
  skip_blanks();
  if (at < comment.end && text[at] == ':') {
    ++at;
    skip_blanks();
    allow.has_reason = at < comment.end;
  }
  return allow;
}

std::uint32_t line_begin(std::string_view text, std::uint32_t offset) {
  while (offset > 0 && text[offset - 1] != '\n') --offset;
  return offset;
}

std::uint32_t line_end(std::string_view text, std::uint32_t offset) {
  const std::size_t found = text.find('\n', offset);
  return static_cast<std::uint32_t>(found == std::string_view::npos ? text.size() : found);
}

// Whether a line without anything lies in the range.
bool has_blank_line(std::string_view text, Span range) {
  std::size_t line_ends = 0;
  for (std::uint32_t at = range.begin; at < range.end; ++at) {
    if (text[at] == '\n') {
      if (++line_ends == 2) return true;
    } else if (!is_blank(text[at])) {
      line_ends = 0;
    }
  }
  return false;
}

// The comments of one file, with what they cover.
std::vector<Allow> allows_of(const grammar::SyntaxTree& tree, FileId file) {
  std::vector<Allow> allows;
  std::vector<std::size_t> waiting;  // comments on a line of their own, for what follows
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> followed;  // by where that begins
  const std::string_view text = tree.text();
  bool behind_head = false;
  for (const Event& event : tree.events()) {
    const Span span{event.begin, event.end};
    if (event.kind == SyntaxKind::Comment) {
      Allow allow = read_comment(text, file, span);
      if (allow.codes.empty()) continue;
      const std::uint32_t begin = line_begin(text, span.begin);
      allow.own_line = std::ranges::all_of(text.substr(begin, span.begin - begin), is_blank);
      allow.covered = {begin, span.begin};
      if (allow.own_line) waiting.push_back(allows.size());
      allows.push_back(std::move(allow));
      continue;
    }
    if (grammar::is_trivia(event.kind) || span.empty()) continue;
    const bool at_head = !std::exchange(behind_head, true);
    // A line, and the whole of the statement or declaration that begins on it. Nodes come after what is in them.
    if (!waiting.empty()) {
      for (const std::size_t index : waiting) {
        Allow& allow = allows[index];
        allow.whole_file = at_head && has_blank_line(text, {allow.comment.end, span.begin});
        allow.covered = allow.whole_file ? Span{0, static_cast<std::uint32_t>(text.size())}
                                         : Span{span.begin, line_end(text, span.begin)};
      }
      followed.emplace(span.begin, std::move(waiting));
      waiting.clear();
    }
    if (followed.empty() || event.kind == SyntaxKind::File) continue;
    const auto found = followed.find(span.begin);
    if (found == followed.end()) continue;
    for (const std::size_t index : found->second) {
      allows[index].covered.end = std::max(allows[index].covered.end, span.end);
    }
  }
  return allows;
}

// The comment with the blanks before it; with its line end where it has the line for itself.
Span removed_with(const Allow& allow, std::string_view text) {
  Span span = allow.comment;
  while (span.begin > 0 && is_blank(text[span.begin - 1])) --span.begin;
  if (!allow.own_line) return span;
  if (span.end < text.size() && text[span.end] == '\r') ++span.end;
  if (span.end < text.size() && text[span.end] == '\n') ++span.end;
  return span;
}

// Removing the comment where it has one code, else the code with the blanks before it.
void offer_removal(Report& report, const Allow& allow, const AllowedCode& code, std::string_view text) {
  Span span = code.span;
  const bool alone = allow.codes.size() == 1;
  if (alone) {
    span = removed_with(allow, text);
  } else {
    while (is_blank(text[span.begin - 1]) || text[span.begin - 1] == ',') --span.begin;
    // The first one's blank stands before the second then.
    if (&code == &allow.codes.front()) span = {code.span.begin, allow.codes[1].span.begin};
  }
  report.replace({allow.file, span}, "", alone ? "remove the comment" : fmt::format("remove `{}`", code.text),
                 Applicability::Safe);
}

void report_code(diagnostics::Sink& sink, const Allow& allow, const AllowedCode& code, std::string_view text,
                 bool complete) {
  const check::Location where{allow.file, code.span};
  const auto known = diagnostics::code_from(code.text);
  if (!known || diagnostics::code_text(*known) != code.text) {
    Report report(sink, Code::AllowUnknown, where, fmt::format("there is no warning `{}`", code.text));
    report.note("`rolloutc check` shows the code of each warning in brackets");
    offer_removal(report, allow, code, text);
  } else if (diagnostics::severity_of(*known) == Severity::Error) {
    Report report(sink, Code::AllowUnknown, where,
                  fmt::format("`{}` is an error, and only warnings can be allowed", code.text));
    offer_removal(report, allow, code, text);
  } else if (complete && !code.silenced_something) {
    Report report(sink, Code::AllowNothing, where, fmt::format("nothing here is reported as `{}`", code.text));
    report.note(allow.whole_file ? "at the head of a file, before a blank line, the comment is about the whole file"
                : allow.own_line ? "on a line of its own, the comment is about the statement or declaration below it"
                                 : "at the end of a line, the comment is about what this line reports");
    offer_removal(report, allow, code, text);
  }
}

void report_reason(diagnostics::Sink& sink, const Allow& allow) {
  std::string codes;
  for (const AllowedCode& code : allow.codes) codes += " " + code.text;
  Report(sink, Code::AllowWithoutReason, {allow.file, allow.comment},
         fmt::format("say why after a colon: `# allow{}: ...`", codes))
      .note("whoever reads this next year has to know whether the reason still holds");
}

}  // namespace

std::vector<Diagnostic> apply_allows(const CheckedModule& module, std::vector<Diagnostic> diagnostics, bool complete) {
  std::vector<Allow> allows;
  const std::vector<bool> own = own_files(module);
  for (std::size_t file = 0; file < own.size() && file < module.trees.size(); ++file) {
    if (!own[file] || module.trees[file].text().find("allow") == std::string_view::npos) continue;
    std::ranges::move(allows_of(module.trees[file], FileId{static_cast<std::uint32_t>(file)}),
                      std::back_inserter(allows));
  }
  if (allows.empty()) return diagnostics;
  const auto place = [](FileId file, std::uint32_t offset) { return std::pair(file, offset); };
  const auto place_of = [&](const Diagnostic& diagnostic) {
    return place(diagnostic.primary.file, diagnostic.primary.span.begin);
  };
  std::vector<bool> silenced(diagnostics.size(), false);
  for (Allow& allow : allows) {
    const auto begin = std::ranges::lower_bound(diagnostics, place(allow.file, allow.covered.begin), {}, place_of);
    for (auto at = begin; at != diagnostics.end() && place_of(*at) < place(allow.file, allow.covered.end); ++at) {
      if (diagnostics::severity_of(at->code) != Severity::Warning) continue;
      const auto code = std::ranges::find(allow.codes, diagnostics::code_text(at->code), &AllowedCode::text);
      if (code == allow.codes.end()) continue;
      code->silenced_something = true;
      silenced[static_cast<std::size_t>(at - diagnostics.begin())] = true;
    }
  }
  diagnostics::Sink sink;
  for (std::size_t index = 0; index < diagnostics.size(); ++index) {
    if (!silenced[index]) sink.add(std::move(diagnostics[index]));
  }
  for (const Allow& allow : allows) {
    const std::string_view text = module.trees[static_cast<std::size_t>(allow.file)].text();
    for (const AllowedCode& code : allow.codes) report_code(sink, allow, code, text, complete);
    if (!allow.has_reason) report_reason(sink, allow);
  }
  return sink.sorted();
}

}  // namespace rollout::lints
