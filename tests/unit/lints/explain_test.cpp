#include "compiler/diagnostics/explain.hpp"

#include <catch2/catch.hpp>

#include "support.hpp"

// Every lint has a page, and what the page shows is true.

using namespace rollout;
using diagnostics::Code;
using lints::test::codes;
using lints::test::compiled;
using lints::test::lines;

namespace {

// The program below a heading of the page; empty where there is none.
std::string program_below(const std::string& page, const std::string& heading) {
  const std::string start = "## " + heading + "\n\n```rollout\n";
  const std::size_t begin = page.find(start);
  if (begin == std::string::npos) return {};
  return page.substr(begin + start.size(), page.find("```", begin + start.size()) - begin - start.size());
}

}  // namespace

TEST_CASE("every lint has a page whose programs show it") {
  for (const Code code : diagnostics::all_codes()) {
    if (code <= Code::NotYet) continue;
    const std::string name(diagnostics::code_text(code));
    INFO(name);
    const std::string page(diagnostics::explanation_of(code).value_or(""));
    CHECK(page.starts_with("# " + name + ": "));
    const auto wrong = compiled(program_below(page, "Wrong")), right = compiled(program_below(page, "Right"));
    {
      INFO(lines(wrong));
      CHECK(codes(wrong) == std::set<std::string>{name});
    }
    INFO(lines(right));
    CHECK(!program_below(page, "Right").empty());
    CHECK(codes(right).empty());
  }
}
