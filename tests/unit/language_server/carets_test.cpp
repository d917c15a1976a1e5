#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "compiler/diagnostics/display.hpp"
#include "editor-support/language-server/queries/completion.hpp"
#include "editor-support/language-server/queries/hover.hpp"
#include "editor-support/language-server/queries/parts.hpp"
#include "editor-support/language-server/queries/signature_help.hpp"
#include "tests/unit/language_server/support.hpp"

// tests/golden/carets/*.rollout: plans with comments of carets, `#   ^^^ KIND TEXT`, each about the text above it, that
// say what the compiler reports there and what the language server answers. KIND is one of
//   error, warning  a diagnostic with exactly that place; its code. Every diagnostic of the file has one.
//   hover           what the hover there contains
//   definition      LINE:COLUMN in this file, or the module that declares it
//   references      the places of all uses in this file
//   completes       words that are offered where the carets begin, what stands before it kept
//   signature       the parameter that is being written

namespace {

using namespace rollout;
using namespace rollout::language_server;
using namespace rollout::language_server::test;

struct Caret {
  std::size_t line = 0;  // of the comment, from 1
  Span span;             // that it marks
  std::string kind, text;
};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<Caret> carets_in(const std::string& text) {
  std::vector<Caret> carets;
  std::size_t marked = 0, line = 0;  // the begin of the line that is marked
  for (std::size_t begin = 0; begin < text.size();) {
    ++line;
    const auto end = std::min(text.find('\n', begin), text.size());
    const std::string one = text.substr(begin, end - begin);
    const auto hash = one.find_first_not_of(' '), caret = one.find('^');
    const bool is_caret = hash != std::string::npos && one[hash] == '#' && caret != std::string::npos &&
                          one.find_first_not_of(' ', hash + 1) == caret;
    if (is_caret) {
      const auto last = one.find_first_not_of('^', caret);
      const std::string rest = last == std::string::npos ? std::string() : one.substr(last + 1);
      const auto blank = rest.find(' ');
      carets.push_back({line,
                        {static_cast<std::uint32_t>(marked + caret),
                         static_cast<std::uint32_t>(marked + std::min(last, one.size()))},
                        rest.substr(0, blank),
                        blank == std::string::npos ? std::string() : rest.substr(blank + 1)});
    } else {
      marked = begin;
    }
    begin = end + 1;
  }
  return carets;
}

std::string place_text(const grammar::LineTable& lines, std::uint32_t offset) {
  const auto place = lines.position(offset, grammar::ColumnUnit::CodePoint);
  return fmt::format("{}:{}", place.line + 1, place.column + 1);
}

// What the server answers to a caret, in the words of the caret.
std::string answer_to(const Caret& caret, const driver::CompiledFile& file, const driver::Times& times) {
  const check::CheckedModule& module = file.module;
  const std::uint32_t offset = caret.span.begin;
  const grammar::LineTable lines(module.files.files.front().text);
  if (caret.kind == "hover") {
    const auto hover = hover_at(module, [&]() -> const driver::Times& { return times; }, offset);
    if (!hover) return "nothing";
    return hover->markdown.find(caret.text) != std::string::npos && hover->span == caret.span ? caret.text
                                                                                              : hover->markdown;
  }
  if (caret.kind == "definition") {
    const auto name = name_at(module, offset);
    const auto part = part_at(module, offset);
    const auto place = name   ? declaration_of(module, name->symbol)
                       : part ? std::optional(part->declared)
                              : std::nullopt;
    if (!place) return "nothing";
    if (place->path == file.path) return place_text(lines, place->span.begin);
    return std::filesystem::path(place->path).stem().string();
  }
  if (caret.kind == "references") {
    const auto name = name_at(module, offset);
    std::string places;
    for (const NameAt& other : names_of_main_file(module)) {
      if (!name || other.symbol != name->symbol || other.is_declaration) continue;
      places += (places.empty() ? "" : " ") + place_text(lines, other.span.begin);
    }
    return places;
  }
  if (caret.kind == "completes") {
    std::string missing;
    const std::vector<Completion> offered = completions(module, offset);
    for (const std::string& word : words_of(caret.text)) {
      const bool found = std::ranges::any_of(offered, [&](const Completion& one) { return one.label == word; });
      if (!found) missing += " " + word;
    }
    return missing.empty() ? caret.text : "not" + missing;
  }
  if (caret.kind == "signature") {
    const auto help = signature_help(module, offset);
    if (!help || !help->active) return "nothing";
    const Span part = help->parameters.at(*help->active);
    const std::string parameter = help->label.substr(part.begin, part.size());
    return parameter.substr(0, parameter.find(':'));
  }
  return "`" + caret.kind + "` is no kind of caret";
}

}  // namespace

TEST_CASE("one file says what the compiler finds and what the server answers") {
  std::size_t count = 0;
  for (const auto& path :
       rollout::test::files_in(std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "tests/golden/carets", ".rollout")) {
    const std::string text = read_text(path);
    const driver::CompiledFile file = driver::compile_source({path.string(), text});
    const driver::Times times = driver::times_of(file);
    std::vector<std::string> expected, found;
    const auto described = [](std::string_view kind, Span span, std::string_view code) {
      return fmt::format("{} {}..{} {}", kind, span.begin, span.end, code);
    };
    for (const Caret& caret : carets_in(text)) {
      ++count;
      if (caret.kind == "error" || caret.kind == "warning") {
        expected.push_back(described(caret.kind, caret.span, caret.text));
        continue;
      }
      INFO(path.filename().string() << ":" << caret.line << ": " << caret.kind);
      CHECK(answer_to(caret, file, times) == caret.text);
    }
    for (const diagnostics::Diagnostic& one : file.diagnostics) {
      const bool error = diagnostics::severity_of(one.code) == diagnostics::Severity::Error;
      found.push_back(described(error ? "error" : "warning", one.primary.span, diagnostics::code_text(one.code)));
    }
    INFO(path.filename().string());
    CHECK(found == expected);
  }
  CHECK(count >= 20);
}
