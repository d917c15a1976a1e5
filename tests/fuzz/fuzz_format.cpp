// format: any text keeps its tokens, meaning and broken parts when formatted, whole or in ranges; its findings render
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <random>

#include "compiler/check/check.hpp"
#include "compiler/diagnostics/render.hpp"
#include "compiler/driver/compile.hpp"
#include "compiler/format/diff.hpp"
#include "compiler/format/format.hpp"
#include "grammar/parse.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

using grammar::SyntaxKind;
using grammar::SyntaxTree;

SyntaxTree parse_text(std::string_view text) {
  return grammar::parse({"fuzz.rollout", std::string(text)});
}

// Kind and text of each token and comment; a comment's without the blanks at its end.
std::vector<std::pair<SyntaxKind, std::string_view>> tokens_of(const SyntaxTree& tree) {
  std::vector<std::pair<SyntaxKind, std::string_view>> tokens;
  for (const grammar::Event& event : tree.events()) {
    const bool comment = event.kind == SyntaxKind::Comment || event.kind == SyntaxKind::DocComment;
    if (event.width != 1 || event.begin == event.end || (grammar::is_trivia(event.kind) && !comment)) continue;
    std::string_view token = tree.text().substr(event.begin, event.end - event.begin);
    if (comment) token = token.substr(0, token.find_last_not_of(" \t\r") + 1);
    tokens.emplace_back(event.kind, token);
  }
  return tokens;
}

void check_same_program(const SyntaxTree& before, const SyntaxTree& after, const char* what) {
  if (tokens_of(before) != tokens_of(after)) broken(fmt::format("{}: tokens or comments changed", what));
  if (!std::ranges::equal(before.problems(), after.problems(), {}, &grammar::Problem::kind, &grammar::Problem::kind)) {
    broken(fmt::format("{}: the problems of the syntax changed", what));
  }
}

// Edits are in order, replace nothing but blanks, and nothing that could have stayed.
void check_edits(std::string_view text, const std::vector<format::Edit>& edits) {
  std::uint32_t at = 0;
  for (const format::Edit& edit : edits) {
    if (edit.span.begin < at || edit.span.end < edit.span.begin || edit.span.end > text.size()) {
      broken("edits overlap, or lie outside of the text");
    }
    at = edit.span.end;
    const std::string_view there = text.substr(edit.span.begin, edit.span.size());
    if (there.find_first_not_of(" \t\r\n") != std::string_view::npos) broken("an edit replaces more than blanks");
    if (edit.text.find_first_not_of(" \r\n") != std::string::npos) broken("an edit puts in more than blanks");
    if (there == edit.text) broken("an edit changes nothing");
    if (there.empty() || edit.text.empty()) continue;
    if (there.front() == edit.text.front() || there.back() == edit.text.back()) broken("an edit is not minimal");
  }
}

// Nothing moves inside of what the parser could not read.
void check_faults_are_left(const SyntaxTree& tree, const std::vector<format::Edit>& edits) {
  std::vector<grammar::Span> faults;
  for (const grammar::Event& event : tree.events()) {
    if (event.kind == SyntaxKind::Error) faults.push_back({event.begin, event.end});
  }
  for (const format::Edit& edit : edits) {
    for (const grammar::Span fault : faults) {
      if (edit.span.begin > fault.begin && edit.span.end < fault.end) broken("an edit inside of what does not parse");
    }
  }
}

// The offset at which a line begins, counted from 1; the end of the text where it has fewer lines.
std::size_t line_begin(std::string_view text, std::uint32_t line) {
  std::size_t at = 0;
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  return at;
}

void check_range(const SyntaxTree& tree, std::uint32_t first, std::uint32_t last) {
  const std::string_view text = tree.text();
  const std::vector<format::Edit> edits = format::format_range(tree, first, last);
  check_edits(text, edits);
  check_faults_are_left(tree, edits);
  const std::string after = format::apply_edits(text, edits);
  const std::string_view head = text.substr(0, line_begin(text, first));
  const std::string_view tail = text.substr(line_begin(text, last + 1));
  if (!after.starts_with(head) || !after.ends_with(tail) || after.size() < head.size() + tail.size()) {
    broken(fmt::format("lines {} to {}: a line outside of them changed", first, last));
  }
  check_same_program(tree, parse_text(after), "a range");
}

void check_ranges(const SyntaxTree& tree, const std::vector<format::Edit>& whole, std::mt19937& random) {
  const auto lines = static_cast<std::uint32_t>(std::ranges::count(tree.text(), '\n') + 1);
  if (format::format_range(tree, 1, lines) != whole) broken("the range of all lines differs from the whole");
  for (int round = 0; round < 2; ++round) {
    const std::uint32_t first = 1 + static_cast<std::uint32_t>(random() % lines);
    check_range(tree, first, first + static_cast<std::uint32_t>(random() % 5));
  }
}

driver::CompiledFile compile(std::string_view text) {
  const check::ModuleLoader nothing_beside{
      .file = [](std::string_view, std::string_view) -> std::optional<grammar::SourceFile> { return std::nullopt; }};
  diagnostics::Sink sink;
  check::CheckedModule module = check::check({"fuzz.rollout", std::string(text)}, nothing_beside, sink);
  return {"fuzz.rollout", std::move(module), sink.sorted(), sink.has_errors(), sink.warning_count()};
}

std::vector<diagnostics::Code> codes_of(const driver::CompiledFile& file) {
  std::vector<diagnostics::Code> codes;
  for (const diagnostics::Diagnostic& diagnostic : file.diagnostics) codes.push_back(diagnostic.code);
  return codes;
}

// What no checker says: spans that lie anywhere, even backwards, in a text of any bytes.
diagnostics::Diagnostic any_diagnostic(std::string_view text, std::mt19937& random) {
  const auto location = [&] {
    const auto offset = [&] { return static_cast<std::uint32_t>(random() % (text.size() + 8)); };
    return diagnostics::Location{diagnostics::FileId{0}, {offset(), offset()}};
  };
  const std::string piece(text.substr(random() % (text.size() + 1), 40));
  return {.code = diagnostics::Code::UnknownName,
          .message = piece,
          .primary = location(),
          .primary_label = random() % 2 == 0 ? piece : "",
          .labels = {{location(), piece}, {location(), "another"}},
          .notes = {piece},
          .helps = {piece},
          .fixes = {{.title = piece, .edits = {{location(), piece}}}}};
}

void check_json(std::string_view text, const char* what) {
  boost::system::error_code error;
  boost::json::parse(text, error);
  if (error) broken(fmt::format("{} is no JSON: {}", what, error.message()));
}

// Each format renders, the machines' ones as the machines read them: one line or one object a finding.
void check_rendering(const driver::CompiledFile& file, const diagnostics::RenderOptions& options) {
  using diagnostics::Format;
  static_cast<void>(driver::render(file, Format::Text, options));
  const auto count = static_cast<std::ptrdiff_t>(file.diagnostics.size());
  for (const Format format : {Format::Short, Format::Json, Format::Github}) {
    const std::string text = driver::render(file, format, {});
    if (std::ranges::count(text, '\n') != count) broken("not one line for each finding");
    if (format != Format::Json) continue;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      check_json(std::string_view(text).substr(at, end - at), "--format json");
      at = end + 1;
    }
  }
  check_json(driver::render(file, Format::Sarif, {}), "--format sarif");
}

}  // namespace

void test_one(std::string_view bytes) {
  std::mt19937 random(static_cast<std::uint32_t>(std::hash<std::string_view>{}(bytes)));
  const SyntaxTree tree = parse_text(bytes);
  const std::vector<format::Edit> edits = format::format_edits(tree);
  check_edits(bytes, edits);
  check_faults_are_left(tree, edits);
  const std::string once = format::apply_edits(bytes, edits);
  const SyntaxTree after = parse_text(once);
  check_same_program(tree, after, "the whole");
  if (format::format(after) != once) broken("the formatted text is formatted once more");
  static_cast<void>(format::unified_diff("fuzz.rollout", bytes, edits));
  check_ranges(tree, edits, random);

  driver::CompiledFile file = compile(bytes);
  if (!edits.empty() && codes_of(file) != codes_of(compile(once))) broken("the formatted text has other findings");
  for (int count = 0; count < 3; ++count) file.diagnostics.push_back(any_diagnostic(bytes, random));
  check_rendering(file, {random() % 200, random() % 2 == 0 ? diagnostics::Colour::Always : diagnostics::Colour::Never});
}

std::vector<std::string> built_in_seeds() {
  return example_sources();
}

}  // namespace rollout::fuzz
