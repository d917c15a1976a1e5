#include "compiler/diagnostics/explain.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "support.hpp"

// Every code has a page, and what the page shows is true.

namespace rollout::check::test {

namespace {

using diagnostics::Code;

// What these are about cannot be shown in a page: bytes, sizes, other files.
const std::set<std::string_view> kNotShown = {"E0128", "E0129", "E0130", "E0131", "E0206", "E0218", "E0219", "E0220"};

// What lints find, tests/unit/lints shows.
bool is_of_checker(Code code) {
  return code <= Code::NotYet;
}

// The program below a heading of the page; empty where there is none.
std::string program_below(const std::string& page, const std::string& heading) {
  const std::string start = "## " + heading + "\n\n```rollout\n";
  const std::size_t begin = page.find(start);
  if (begin == std::string::npos) return {};
  return page.substr(begin + start.size(), page.find("```", begin + start.size()) - begin - start.size());
}

std::set<std::string> codes_of(const std::string& program) {
  const Checked checked = check_text(program);
  std::set<std::string> codes;
  for (const diagnostics::Diagnostic& diagnostic : checked.sink.sorted()) {
    codes.emplace(diagnostics::code_text(diagnostic.code));
  }
  return codes;
}

}  // namespace

TEST_CASE("every code has a page whose programs show it") {
  for (const Code code : diagnostics::all_codes()) {
    if (!is_of_checker(code)) continue;
    const std::string name(diagnostics::code_text(code));
    INFO(name);
    const std::string page(diagnostics::explanation_of(code).value_or(""));
    CHECK(page.starts_with("# " + name + ": "));
    const std::string wrong = program_below(page, "Wrong"), right = program_below(page, "Right");
    CHECK(wrong.empty() == kNotShown.contains(name));
    if (!wrong.empty()) {
      INFO(check_text(wrong).lines());
      CHECK(codes_of(wrong) == std::set<std::string>{name});
    }
    CHECK_FALSE(right.empty());
    INFO(check_text(right).lines());
    CHECK(codes_of(right).empty());
  }
}

TEST_CASE("every page belongs to a code, and no code stands twice") {
  std::set<std::string_view> codes, aliases;
  for (const Code code : diagnostics::all_codes()) {
    CHECK(codes.insert(diagnostics::code_text(code)).second);
    CHECK(aliases.insert(diagnostics::code_alias(code)).second);
    CHECK(diagnostics::code_from(diagnostics::code_text(code)) == code);
    CHECK(diagnostics::code_from(diagnostics::code_alias(code)) == code);
  }
  const auto folder = std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "compiler/diagnostics/explain";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path());
    CHECK(codes.contains(entry.path().stem().string()));
  }
}

}  // namespace rollout::check::test
