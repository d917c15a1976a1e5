// How well the structure of a damaged program survives.
#include <catch2/catch.hpp>

#include "grammar/views.hpp"
#include "support.hpp"

namespace rollout::grammar::test {
namespace {

std::vector<std::string> stage_names(const SyntaxTree& tree) {
  std::vector<std::string> names;
  for (const NodeRef stage : tree.root().descendants(SyntaxKind::Stage)) {
    names.emplace_back(text_of(as<StageView>(stage)->name()));
  }
  return names;
}

// The stages that stand where they should: directly in a rollout.
std::size_t stages_in_rollouts(const SyntaxTree& tree) {
  std::size_t count = 0;
  for (const NodeRef body : tree.root().descendants(SyntaxKind::RolloutBody)) {
    count += body.children(SyntaxKind::Stage).size();
  }
  return count;
}

std::string portal_api() {
  return read_text(golden_directory() / "language" / "portal_api.rollout");
}

// Offsets of braces that open or close blocks.
std::vector<std::uint32_t> block_braces(const SyntaxTree& tree) {
  std::vector<std::uint32_t> found;
  for (const NodeRef node : tree.root().descendants(SyntaxKind::LeftBrace)) found.push_back(node.span().begin);
  for (const NodeRef node : tree.root().descendants(SyntaxKind::RightBrace)) {
    if (!node.parent()->is(SyntaxKind::Insert)) found.push_back(node.span().begin);
  }
  return found;
}

std::vector<std::string> problems_of(const std::string& text) {
  std::istringstream lines(print_problems(parse_text(text)));
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) found.push_back(line);
  return found;
}

}  // namespace

TEST_CASE("all stages are found whichever brace is deleted") {
  const std::string program = portal_api();
  const SyntaxTree whole = parse_text(program);
  const std::vector<std::string> names = stage_names(whole);
  REQUIRE(names.size() == 4);
  std::size_t in_place = 0;
  std::size_t single_problem = 0;
  const std::vector<std::uint32_t> braces = block_braces(whole);
  for (const std::uint32_t brace : braces) {
    std::string damaged = program;
    damaged.erase(brace, 1);
    const SyntaxTree tree = parse_text(damaged);
    INFO("deleted the brace at " << brace << "\n" << print_problems(tree));
    CHECK(stage_names(tree) == names);
    CHECK_FALSE(tree.problems().empty());
    in_place += stages_in_rollouts(tree) == names.size();
    single_problem += tree.problems().size() == 1;
  }
  // A score that may not drop: in how many of the damaged programs each stage still stands in its rollout, and how many
  // give exactly one problem.
  INFO(in_place << " in place, " << single_problem << " with one problem, of " << braces.size());
  CHECK(in_place * 100 >= braces.size() * 90);
  CHECK(single_problem * 100 >= braces.size() * 70);
}

TEST_CASE("the suspect of a missing brace is the block that another brace closes") {
  const std::string text =
      "rollout r {\n  stage a {\n    hold 1m..2m until {\n      x > 5\n    traffic 5%\n  }\n"
      "  stage b {\n    hold 5m\n  }\n}\n";
  const SyntaxTree tree = parse_text(text);
  REQUIRE(tree.problems().size() == 1);
  const Problem& problem = tree.problems().front();
  CHECK(problem.kind == ProblemKind::UnclosedBrace);
  CHECK(problem.span.begin == text.find("{\n      x"));
  CHECK(problem.related.begin == text.find("traffic"));
}

TEST_CASE("one fault gives one problem, at its place") {
  const std::vector<std::pair<std::string, std::string>> kFaults = {
      {"rollout r {\n  when x > 5 then rolback\n}\n", "2:19 Expected, expected Response, at \"rolback\""},
      {"rollout r {\n  when x > 5\n}\n", "2:13 GuardWithoutThen, expected KeywordThen"},
      {"rollout r {\n  aprove \"x\" by kim\n  hold 5m\n}\n",
       "2:3 Unexpected, expected RolloutItem, at \"aprove \\\"x\\\" by kim\""},
      {"rollout r {\n  stagee a {\n    hold 5m\n  }\n}\n", "2:3 Unexpected, expected RolloutItem, at \"stagee a {\""},
      {"let x = f(1, 2\nlet y = 3\n", "1:15 UnclosedBracket, expected RightParenthesis, see 1:10"},
      {"let x = [\n  \"a\"\n  \"b\"\n]\n", "2:6 Expected, expected Comma"},
      {"let x = \"abc\nlet y = 3\n", "1:9 UnterminatedString, at \"\\\"abc\""},
      {"rollout r {\n  hold 5m foo bar\n}\n", "2:11 Unexpected, expected Separator, at \"foo bar\""},
      {"rollout r {\n  foo(a: 1,\n      b: 2) junk\n}\n", "3:13 Unexpected, expected Separator, at \"junk\""},
      {"guards g {\n  when x > 5 fr 3m then abort\n}\n",
       "2:14 Expected, expected KeywordThen, at \"fr 3m then abort\""},
      {"rollout r {\n  stage a {\n    hold 5m }}\n  stage b { }\n}\n", "5:1 UnmatchedBrace, at \"}\", see 3:14"},
      {"use std.slack\n}\n", "2:1 UnmatchedBrace, at \"}\""},
      {"rollout r {\n  stage a\n    hold 5m\n  }\n}\n", "2:10 Expected, expected LeftBrace"},
      {"let x = \"\x80\"\n", "1:10 InvalidUtf8, at \"\x80\""},
      {"let x = 1 \x01\n", "1:11 ControlCharacter, expected Separator, at \"\\x01\""},
      {"let s = \"a ${b + \"\n", "1:12 UnterminatedInsert, at \"${b + \\\"\""},
  };
  for (const auto& [text, expected] : kFaults) {
    INFO(text);
    CHECK(problems_of(text) == std::vector<std::string>{expected});
  }
}

TEST_CASE("faults do not hide each other") {
  const std::vector<std::string> found = problems_of(
      "rollout r {\n  stagee a {\n    hold\n    owner \"x\"\n  }\n  hold 5min\n  notify ops\n}\nmetric x = 3\n");
  CHECK(found == std::vector<std::string>{"2:3 Unexpected, expected RolloutItem, at \"stagee a {\"",
                                          "3:9 Expected, expected Expression", "6:8 UnknownUnit, at \"5min\"",
                                          "7:13 Expected, expected StringLiteral", "9:9 Expected, expected Colon"});
}

}  // namespace rollout::grammar::test
