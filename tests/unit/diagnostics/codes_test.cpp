#include <catch2/catch.hpp>
#include <set>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {
namespace {

struct Row {
  Code code;
  std::string_view text;
  Severity severity;
  std::string_view alias;
};
constexpr Row kRows[] = {
#define DIAGNOSTIC(name, text, severity, alias) {Code::name, text, Severity::severity, alias},
#include "compiler/diagnostics/codes.def"
#undef DIAGNOSTIC
};

TEST_CASE("every code is unique, well-formed and fits its severity") {
  std::set<std::string_view> texts, aliases;
  for (const Row& row : kRows) {
    CAPTURE(row.text, row.alias);
    CHECK(texts.insert(row.text).second);
    CHECK(aliases.insert(row.alias).second);
    REQUIRE(row.text.size() == 5);
    CHECK(row.text.find_first_not_of("0123456789", 1) == std::string_view::npos);
    CHECK(row.text.front() == (row.severity == Severity::Error ? 'E' : row.severity == Severity::Warning ? 'W' : 'I'));
    CHECK(row.alias.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos);
  }
}

TEST_CASE("a code knows its text, alias and severity") {
  CHECK(code_text(Code::Unexpected) == "E0102");
  CHECK(code_alias(Code::Unexpected) == "unexpected-text");
  CHECK(severity_of(Code::Unexpected) == Severity::Error);
}

Diagnostic at(Code code, std::uint32_t file, std::uint32_t begin, std::string message) {
  return {.code = code, .message = std::move(message), .primary = {FileId{file}, {begin, begin + 1}}};
}

TEST_CASE("a sink gives source order without repetitions") {
  Sink sink;
  sink.add(at(Code::Unexpected, 1, 5, "second file"));
  sink.add(at(Code::Unexpected, 0, 9, "later"));
  sink.add(at(Code::UnclosedBrace, 0, 5, "same place, larger code"));
  sink.add(at(Code::Unexpected, 0, 5, "first"));
  sink.add(at(Code::Unexpected, 0, 9, "later"));
  const auto sorted = sink.sorted();
  REQUIRE(sorted.size() == 4);
  CHECK(sorted[0].message == "first");
  CHECK(sorted[1].message == "same place, larger code");
  CHECK(sorted[2].message == "later");
  CHECK(sorted[3].message == "second file");
  CHECK(sink.has_errors());
}

}  // namespace
}  // namespace rollout::diagnostics
