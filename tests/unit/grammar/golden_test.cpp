// The programs of the language's description, and the trees of a few files.
#include <catch2/catch.hpp>

#include "support.hpp"

namespace rollout::grammar::test {

TEST_CASE("every program of the language's description parses without a problem") {
  const auto programs = programs_in("language");
  CHECK(programs.size() >= 5);
  for (const auto& path : programs) {
    INFO(path);
    CHECK(print_problems(parse_text(read_text(path))).empty());
  }
}

// ROLLOUT_UPDATE_GOLDENS=1 writes the goldens anew; read the difference before keeping it.
TEST_CASE("trees are as recorded") {
  for (const auto& path : programs_in("trees")) {
    auto golden = path;
    golden.replace_extension(".tree");
    const std::string printed = print_tree(parse_text(read_text(path)));
    INFO(path);
    CHECK(printed == rollout::test::recorded(golden, printed));
  }
}

TEST_CASE("tokens are as recorded") {
  const SyntaxTree tree = parse_text("let x = \"a${b}\" # c\n");
  CHECK(print_tokens(tree) ==
        "0 KeywordLet \"let\"\n3 Blank \" \"\n4 Name \"x\"\n5 Blank \" \"\n6 Assign \"=\"\n7 Blank \" \"\n"
        "8 StringQuote \"\\\"\"\n9 StringText \"a\"\n10 InsertStart \"${\"\n12 Name \"b\"\n13 RightBrace \"}\"\n"
        "14 StringQuote \"\\\"\"\n15 Blank \" \"\n16 Comment \"# c\"\n19 LineEnd \"\\n\"\n");
}

}  // namespace rollout::grammar::test
