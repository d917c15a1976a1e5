#include "compiler/driver/fix.hpp"

#include <catch2/catch.hpp>

#include "support.hpp"

// What `rolloutc check --fix` does about the findings of lints.

using namespace rollout;
using lints::test::compiled;

namespace {

// The text after as many rounds as there is something to fix.
std::string fixed(std::string text) {
  for (int round = 0; round < 10; ++round) {
    const auto files = driver::apply_safe_fixes(compiled(text));
    if (files.empty()) return text;
    text = files.front().text;
  }
  return text;
}

}  // namespace

TEST_CASE("comments that silence nothing are removed, with the line that they have for themselves") {
  CHECK(fixed("# allow W0401: why\nlet a = 1\n") == "let a = 1\n");
  CHECK(fixed("let a = 1  # allow W0401: why\nlet b = 2\n") == "let a = 1\nlet b = 2\n");
  CHECK(fixed("guards g {\n  # allow E0302: why\n}\n") == "guards g {\n}\n");
  CHECK(fixed("let a = 1 # allow W9999: why") == "let a = 1");
}

TEST_CASE("of several codes only those go that silence nothing") {
  const std::string guard =
      "use std.prometheus\nmetric e: ratio = prometheus.query(\"e\")\nguards g {\n"
      "  when e > 1% blind continue then rollback";
  CHECK(fixed(guard + "  # allow W0401 W0402 W0403: why\n}\n") == guard + "  # allow W0402: why\n}\n");
  CHECK(fixed(guard + "  # allow W0402, W0403: why\n}\n") == guard + "  # allow W0402: why\n}\n");
  CHECK(fixed(guard + "  # allow W0402: why\n}\n") == guard + "  # allow W0402: why\n}\n");
}

TEST_CASE("line ends of Windows are kept whole") {
  CHECK(fixed("# allow W0401: why\r\nlet a = 1\r\n") == "let a = 1\r\n");
}

TEST_CASE("what stands behind a module on its line stays") {
  const std::string text = "use std.slack; use std.prometheus\nmetric e: ratio = prometheus.query(\"e\")\n";
  CHECK(fixed(text) == "use std.prometheus\nmetric e: ratio = prometheus.query(\"e\")\n");
}

TEST_CASE("a module that nothing uses is removed with its line") {
  CHECK(fixed("## The file.\n\nuse std.slack\nuse std.prometheus\nmetric e: ratio = prometheus.query(\"e\")\n") ==
        "## The file.\n\nuse std.prometheus\nmetric e: ratio = prometheus.query(\"e\")\n");
}
