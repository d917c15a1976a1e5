#include "compiler/diagnostics/display.hpp"

#include <catch2/catch.hpp>

namespace rollout::diagnostics {
namespace {

using namespace std::string_literals;

TEST_CASE("what a terminal must not be given is written out") {
  CHECK(printable("plain ä 漢") == "plain ä 漢");
  CHECK(printable("\x1b[31mred") == "<1B>[31mred");
  CHECK(printable("a\nb\tc") == "a<0A>b<09>c");
  CHECK(printable("\xFF\xC3") == "<FF><C3>");
  CHECK(printable("\xE2\x80\xAEx") == "<U+202E>x");
  CHECK(printable("\xC0\xAF \xED\xA0\x80") == "<C0><AF> <ED><A0><80>");
  CHECK(printable("\0"s) == "<00>");
}

TEST_CASE("cells of wide, combining and plain characters") {
  CHECK(cell_count("abc") == 3);
  CHECK(cell_count("漢字") == 4);
  CHECK(cell_count("e\xCC\x81") == 1);
  CHECK(cell_count("🚀") == 2);
}

TEST_CASE("a line is laid out with its tabs and odd bytes") {
  const DisplayLine line(
      "\ta漢\xFF"
      "b");
  CHECK(line.cells() == 4 + 1 + 2 + 4 + 1);
  CHECK(line.cell_of(0) == 0);
  CHECK(line.cell_of(1) == 4);
  CHECK(line.cell_of(2) == 5);
  CHECK(line.cell_of(3) == 5);
  CHECK(line.cell_of(5) == 7);
  CHECK(line.cell_of(6) == 11);
  CHECK(line.cell_of(7) == 12);
  CHECK(line.cell_of(700) == 12);
  CHECK(line.part(0, 12) == "    a漢<FF>b");
  CHECK(line.part(6, 12) == " <FF>b");
  CHECK(line.part(4, 6) == "a");
}

TEST_CASE("an empty line has no cells") {
  const DisplayLine line("");
  CHECK(line.cells() == 0);
  CHECK(line.cell_of(0) == 0);
  CHECK(line.part(0, 10).empty());
}

TEST_CASE("text is wrapped at blanks, and anywhere in a word that is too long") {
  CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("", 7) == std::vector<std::string>{""});
  CHECK(wrapped("abcdefghij", 4) == std::vector<std::string>{"abcd", "efgh", "ij"});
  CHECK(wrapped("漢字漢", 4) == std::vector<std::string>{"漢字", "漢"});
  CHECK(wrapped("a      b", 3) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("repaired text is UTF-8 whatever it was") {
  CHECK(repaired_utf8("a\xFFz") == "a\xEF\xBF\xBDz");
  CHECK(repaired_utf8("漢") == "漢");
}

}  // namespace
}  // namespace rollout::diagnostics
