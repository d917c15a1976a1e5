// Cursors, documentation, words, and positions in a text.
#include <catch2/catch.hpp>

#include "grammar/utf8.hpp"
#include "grammar/views.hpp"
#include "grammar/words.hpp"
#include "support.hpp"

namespace rollout::grammar::test {

TEST_CASE("cursors walk children, parents and leaves") {
  const SyntaxTree tree = parse_text("let x = f(a, b: 2) # c\nlet y = x\n");
  const NodeRef root = tree.root();
  const std::vector<NodeRef> lets = root.children(SyntaxKind::Let);
  REQUIRE(lets.size() == 2);
  CHECK(lets[0].text() == "let x = f(a, b: 2)");
  CHECK(lets[0].parent() == root);
  CHECK_FALSE(root.parent());
  CHECK(lets[0].first_token()->is(SyntaxKind::KeywordLet));
  CHECK(lets[0].children().size() == 4);
  CHECK(lets[0].all_children().size() == 7);
  CHECK(root.descendants(SyntaxKind::NameExpression).size() == 3);
  CHECK(tree.leaf_at(0).is(SyntaxKind::KeywordLet));
  CHECK(tree.leaf_at(3).is(SyntaxKind::KeywordLet));
  CHECK(tree.leaf_at(4).text() == "x");
  CHECK(tree.leaf_at(8).text() == "f");
  CHECK(tree.leaf_at(1000).is(SyntaxKind::LineEnd) == false);
  CHECK_FALSE(lets[0].has_error());
}

TEST_CASE("an error is known to every node around it, and to no other") {
  const SyntaxTree tree = parse_text("let x = f(1,, 2)\nlet y = 3\n");
  const std::vector<NodeRef> lets = tree.root().children(SyntaxKind::Let);
  REQUIRE(lets.size() == 2);
  CHECK(tree.root().has_error());
  CHECK(lets[0].has_error());
  CHECK_FALSE(lets[1].has_error());
}

TEST_CASE("documentation stands right above a declaration or at the head of the file") {
  const SyntaxTree tree = parse_text(
      "## The file.\n##  Indented.\n\n## Of x.\n##\n## More.\nlet x = 1 ## not of y\nlet y = 2\n# plain\nlet z = 3\n"
      "rollout r {\n  ## The canary.\n  stage canary { }\n}\n");
  CHECK(tree.root().documentation() == "The file.\n Indented.");
  const std::vector<NodeRef> lets = tree.root().children(SyntaxKind::Let);
  REQUIRE(lets.size() == 3);
  CHECK(lets[0].documentation() == "Of x.\n\nMore.");
  CHECK(lets[1].documentation().empty());
  CHECK(lets[2].documentation().empty());
  CHECK(tree.root().descendants(SyntaxKind::Stage).front().documentation() == "The canary.");
  CHECK(parse_text("## Of x.\nlet x = 1\n").root().documentation().empty());
  CHECK(parse_text("## Of x.\nlet x = 1\n").root().children(SyntaxKind::Let).front().documentation() == "Of x.");
}

TEST_CASE("words") {
  CHECK(kind_of_word("then") == SyntaxKind::KeywordThen);
  CHECK(kind_of_word("during") == SyntaxKind::KeywordDuring);
  CHECK(kind_of_word("thenx") == SyntaxKind::Name);
  CHECK(kind_of_word("_") == SyntaxKind::Underscore);
  CHECK(is_reserved(SyntaxKind::KeywordEach));
  CHECK_FALSE(is_reserved(SyntaxKind::KeywordUse));
  CHECK(display_of(SyntaxKind::KeywordThen) == "`then`");
  CHECK(name_of(SyntaxKind::KeywordThen) == "KeywordThen");
  CHECK(first_words(SyntaxKind::Declaration).size() > 10);
  CHECK(summary_of(ProblemKind::UnclosedBrace).size() > 10);
  CHECK(name_of(ProblemKind::UnclosedBrace) == "UnclosedBrace");
}

TEST_CASE("offsets and columns") {
  const std::string text =
      "\xEF\xBB\xBF"
      "a\xC3\xA9\xF0\x9F\x9A\x80z\r\n\nlast \x80";
  const LineTable lines(text);
  CHECK(lines.line_count() == 3);
  CHECK(lines.line_text(0) == "a\xC3\xA9\xF0\x9F\x9A\x80z");
  CHECK(lines.line_text(2) == "last \x80");
  const auto at = static_cast<std::uint32_t>(text.find('z'));
  CHECK(lines.position(at, ColumnUnit::Utf8) == LineColumn{0, 7});
  CHECK(lines.position(at, ColumnUnit::Utf16) == LineColumn{0, 4});
  CHECK(lines.position(at, ColumnUnit::CodePoint) == LineColumn{0, 3});
  CHECK(lines.position(0, ColumnUnit::Utf8) == LineColumn{0, 0});
  for (const ColumnUnit unit : {ColumnUnit::Utf8, ColumnUnit::Utf16, ColumnUnit::CodePoint}) {
    CHECK(lines.offset(lines.position(at, unit), unit) == at);
  }
  CHECK(lines.offset({0, 99}, ColumnUnit::Utf8) == text.find('\r'));
  CHECK(lines.offset({99, 0}, ColumnUnit::Utf8) == text.size());
  CHECK(lines.position(1000, ColumnUnit::Utf8).line == 2);
  CHECK(LineTable("").position(0, ColumnUnit::Utf16) == LineColumn{0, 0});
}

TEST_CASE("well-formed and other UTF-8") {
  CHECK(find_invalid_utf8("plain text, \xC3\xA9 and \xF0\x9F\x9A\x80") == std::string_view::npos);
  CHECK(find_invalid_utf8("0123456789\xC3") == 10);
  CHECK(find_invalid_utf8("\xC0\x80") == 0);
  CHECK(find_invalid_utf8("a\xED\xA0\x80") == 1);
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);
  std::string text;
  CHECK(append_utf8(text, 0x1F680));
  CHECK(text == "\xF0\x9F\x9A\x80");
  CHECK_FALSE(append_utf8(text, 0xD800));
}

}  // namespace rollout::grammar::test
