// The cases of tests/golden/parse/ebnf_cases.txt: what each rule of the grammar accepts and rejects.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "support.hpp"

namespace rollout::grammar::test {
namespace {

struct Case {
  std::string rule;
  std::string place;
  bool accepted = false;
  std::string kind;  // of a node that must be there, or of a problem; empty where any will do
  std::string text;
  std::size_t line = 0;
};

std::string with_line_ends(std::string text) {
  const std::string mark = "⏎";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), "\n");
  }
  return text;
}

std::vector<Case> read_cases() {
  std::istringstream lines(read_text(golden_directory() / "ebnf_cases.txt"));
  std::vector<Case> cases;
  Case current;
  for (std::string line; std::getline(lines, line);) {
    ++current.line;
    if (line.starts_with("== ")) {
      std::istringstream head(line.substr(3));
      head >> current.rule >> current.place;
    } else if (line.starts_with("ok") || line.starts_with("bad")) {
      const std::size_t colon = line.find(':');
      REQUIRE(colon != std::string::npos);
      current.accepted = line.starts_with("ok");
      const std::size_t word = current.accepted ? 2 : 3;
      current.kind = colon > word ? line.substr(word + 1, colon - word - 1) : "";
      current.text = with_line_ends(line.substr(std::min(line.size(), colon + 2)));
      cases.push_back(current);
    }
  }
  return cases;
}

// The text with what has to stand around it.
std::string placed(const Case& one) {
  static const std::map<std::string, std::pair<std::string, std::string>> kPlaces = {
      {"file", {"", "\n"}},
      {"expr", {"let x = ", "\n"}},
      {"type", {"param x: ", "\n"}},
      {"rollout", {"rollout r {\n  ", "\n}\n"}},
      {"stage", {"rollout r {\n  stage s {\n    ", "\n  }\n}\n"}},
      {"step", {"rollout r {\n  stage s {\n    ", "\n  }\n}\n"}},
      {"line", {"scenario \"s\" of r {\n  ", "\n}\n"}},
  };
  const auto& [before, after] = kPlaces.at(one.place);
  return before + one.text + after;
}

bool has_node(const SyntaxTree& tree, const std::string& kind) {
  return std::any_of(tree.events().begin(), tree.events().end(),
                     [&](const Event& event) { return name_of(event.kind) == kind; });
}

bool has_problem(const SyntaxTree& tree, const std::string& kind) {
  return std::any_of(tree.problems().begin(), tree.problems().end(),
                     [&](const Problem& problem) { return name_of(problem.kind) == kind; });
}

}  // namespace

TEST_CASE("every rule accepts and rejects what the grammar says") {
  const std::vector<Case> cases = read_cases();
  CHECK(cases.size() >= 220);
  for (const Case& one : cases) {
    const SyntaxTree tree = parse_text(placed(one));
    INFO("ebnf_cases.txt:" << one.line << ", rule " << one.rule << ": " << one.text);
    INFO(print_tree(tree));
    if (one.accepted) {
      CHECK(tree.problems().empty());
      if (!one.kind.empty()) CHECK(has_node(tree, one.kind));
    } else {
      CHECK_FALSE(tree.problems().empty());
      if (!one.kind.empty()) CHECK(has_problem(tree, one.kind));
    }
  }
}

TEST_CASE("the analysis of the grammar finds no loop without progress") {
  CHECK(count_grammar_issues() == 0);
}

}  // namespace rollout::grammar::test
