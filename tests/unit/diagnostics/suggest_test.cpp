#include "compiler/diagnostics/suggest.hpp"

#include <catch2/catch.hpp>

namespace rollout::diagnostics {
namespace {

TEST_CASE("edit distance counts edits and swaps of neighbours") {
  struct Case {
    std::string_view left, right;
    std::size_t distance;
  };
  const Case cases[] = {
      {"", "", 0},    {"abc", "abc", 0}, {"abc", "abd", 1},     {"abc", "acb", 1},        {"abcd", "badc", 2},
      {"abc", "", 3}, {"", "ab", 2},     {"stage", "satge", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}};
  for (const Case& c : cases) {
    CAPTURE(c.left, c.right);
    CHECK(edit_distance(c.left, c.right, 10) == c.distance);
    CHECK(edit_distance(c.right, c.left, 10) == c.distance);
    CHECK(edit_distance(c.left, c.right, 0) == std::min<std::size_t>(c.distance, 1));
  }
}

TEST_CASE("the closest name is what was probably meant") {
  const std::vector<std::string> names = {"error_rate", "p95", "health", "breaker", "rollback", "Owner"};
  CHECK(closest("eror_rate", names) == "error_rate");
  CHECK(closest("p59", names) == "p95");
  CHECK(closest("rolback", names) == "rollback");
  CHECK(closest("owner", names) == "Owner");
  CHECK(closest("helath", names) == "health");
}

TEST_CASE("nothing is suggested where no name is near") {
  const std::vector<std::string> names = {"error_rate", "p95", "x", ""};
  CHECK_FALSE(closest("latency", names));
  CHECK_FALSE(closest("y", names));
  CHECK_FALSE(closest("p95", std::vector<std::string>{"p95"}));
  CHECK_FALSE(closest("", names));
  CHECK_FALSE(closest("abc", {}));
}

}  // namespace
}  // namespace rollout::diagnostics
