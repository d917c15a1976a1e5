#include "compiler/format/format.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "grammar/parse.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/golden.hpp"

// The style, as text before and after; and what holds for any text at all.

namespace rollout::format {
namespace {

using grammar::SyntaxTree;

const std::filesystem::path kRoot = ROLLOUT_SOURCE_DIRECTORY;

SyntaxTree parse_text(std::string text) {
  return grammar::parse({"test.rollout", std::move(text)});
}

std::string formatted(const std::string& text) {
  return format(parse_text(text));
}

// Kind and text of every token and comment; a comment's without the blanks at its end.
std::vector<std::string> tokens(const std::string& text) {
  std::vector<std::string> result;
  const SyntaxTree tree = parse_text(text);
  for (const grammar::Event& event : tree.events()) {
    const bool comment = event.kind == grammar::SyntaxKind::Comment || event.kind == grammar::SyntaxKind::DocComment;
    if (event.width != 1 || event.begin == event.end || (grammar::is_trivia(event.kind) && !comment)) continue;
    std::string token = text.substr(event.begin, event.end - event.begin);
    if (comment) token.erase(token.find_last_not_of(" \t\r") + 1);
    result.push_back(std::string(grammar::name_of(event.kind)) + " " + token);
  }
  return result;
}

std::vector<std::filesystem::path> programs() {
  std::vector<std::filesystem::path> result;
  for (const char* folder : {"examples", "stdlib", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / folder)) {
      if (entry.path().extension() == ".rollout") result.push_back(entry.path());
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

void check_properties(const std::string& text) {
  INFO(text);
  const std::string once = formatted(text);
  CHECK(tokens(once) == tokens(text));
  CHECK(formatted(once) == once);
  const SyntaxTree before = parse_text(text), after = parse_text(once);
  REQUIRE(after.problems().size() == before.problems().size());
  for (std::size_t at = 0; at < before.problems().size(); ++at) {
    CHECK(after.problems()[at].kind == before.problems()[at].kind);
  }
  for (const Edit& edit : format_edits(parse_text(text))) {
    const std::string there = text.substr(edit.span.begin, edit.span.size());
    CHECK(there.find_first_not_of(" \t\r\n") == std::string::npos);
    CHECK(there != edit.text);
    if (there.empty() || edit.text.empty()) continue;
    CHECK(there.front() != edit.text.front());
    CHECK(there.back() != edit.text.back());
  }
}

}  // namespace

TEST_CASE("the style, before and after") {
  struct Row {
    const char *before, *after;
  };
  const Row row = GENERATE(
      // Blanks around operators and in brackets.
      Row{"let  x=1+2*3\n", "let x = 1 + 2 * 3\n"}, Row{"let x = [ 1,2 , 3 ]", "let x = [1, 2, 3]\n"},
      Row{"let x = - 3 - -4\n", "let x = -3 - -4\n"}, Row{"let x = ( 1+2 )*3\n", "let x = (1 + 2) * 3\n"},
      Row{"let x = a.b.c[ 0 ]\n", "let x = a.b.c[0]\n"}, Row{"fn f( x :number )= x\n", "fn f(x: number) = x\n"},
      Row{"enum e {a=1,b = -2}\n", "enum e { a = 1, b = -2 }\n"},
      Row{"metric m: size / time=f( x:1 )  unit MB/s\n", "metric m: size/time = f(x: 1) unit MB/s\n"},
      // One indentation a bracket, one more for what goes on.
      Row{"rollout r {\ntraffic 5%\n    hold 5m\n}\n", "rollout r {\n  traffic 5%\n  hold 5m\n}\n"},
      Row{"rollout r { traffic 5%\n}\n", "rollout r {\n  traffic 5%\n}\n"},
      Row{"rollout r {traffic 5%}\n", "rollout r { traffic 5% }\n"},
      Row{"rollout r { traffic 5%;hold 5m }\n", "rollout r { traffic 5%; hold 5m }\n"},
      Row{"rollout r { stage a {\ntraffic 5% } }\n", "rollout r {\n  stage a {\n    traffic 5%\n  }\n}\n"},
      Row{"rollout r {\nwhen a > 1\nfor 5m\nthen rollback\n}\n",
          "rollout r {\n  when a > 1\n    for 5m\n    then rollback\n}\n"},
      Row{"let x = f(\n1,\n2\n)\n", "let x = f(\n  1,\n  2\n)\n"}, Row{"let x =\n5\n", "let x =\n  5\n"},
      Row{"channel c() {\n}\n", "channel c() { }\n"},
      // Empty lines: at most one, none at the edges.
      Row{"\n\nlet a = 1\n\n\n\nlet b = 2\n\n\n", "let a = 1\n\nlet b = 2\n"},
      Row{"rollout r {\n\ntraffic 5%\n\n\nhold 5m\n\n}\n", "rollout r {\n  traffic 5%\n\n  hold 5m\n}\n"},
      // Comments stay where they are.
      Row{"let a = 1 # one  \n", "let a = 1  # one\n"}, Row{"   # head\nlet a = 1\n", "# head\nlet a = 1\n"},
      Row{"rollout r {# why\n# what\ntraffic 5%\n# end\n}\n",
          "rollout r {  # why\n  # what\n  traffic 5%\n  # end\n}\n"},
      Row{"let a  = f (1)\n", "let a = f (1)\n"}, Row{"when", "when"}, Row{"", ""}, Row{"\n\n", ""},
      Row{"# only\n\n\n# comments\n\n", "# only\n\n# comments\n"},
      // Tables that are there are kept; blanks that align nothing go.
      Row{"let a   = 1\nlet bcd = 2\n", "let a   = 1\nlet bcd = 2\n"},
      Row{"let a     = 1\nlet bcd   = 2\n", "let a   = 1\nlet bcd = 2\n"},
      Row{"let a   = 1\nlet bc = 2\n", "let a = 1\nlet bc = 2\n"},
      Row{"let a = 1    # one\nlet bc = 22  # two\n", "let a = 1    # one\nlet bc = 22  # two\n"},
      Row{"let a   = 1\n\nlet bcd = 2\n", "let a = 1\n\nlet bcd = 2\n"},
      // What a string holds is its own.
      Row{"let a = \"x  ${ b+c }\"\n", "let a = \"x  ${ b+c }\"\n"},
      Row{"let a = \"\"\"\n   x\n  y\"\"\"\n", "let a = \"\"\"\n   x\n  y\"\"\"\n"},
      // CRLF stays CRLF.
      Row{"let a=1\r\nlet b=2\r\n", "let a = 1\r\nlet b = 2\r\n"},
      // The first line that stays is what the others go by.
      Row{"\nlet a=1\r\nlet b=2\n", "let a = 1\r\nlet b = 2\r\n"},
      Row{"\r\nlet a=1\nlet b=2\r\n", "let a = 1\nlet b = 2\n"},
      // What does not parse stays, what is around it does not.
      Row{"let a=1\n\nlet  = 5\n\nlet b=1\n", "let a = 1\n\nlet  = 5\n\nlet b = 1\n"});
  INFO(row.before);
  CHECK(formatted(row.before) == row.after);
  CHECK(formatted(row.after) == row.after);
}

TEST_CASE("a range changes its own lines only") {
  struct Row {
    std::uint32_t first, last;
    const char *before, *after;
  };
  const Row row = GENERATE(
      Row{2, 2, "let a=1\nlet b=2\nlet c=3\n", "let a=1\nlet b = 2\nlet c=3\n"},
      Row{1, 9999, "let a=1\nlet b=2\nlet c=3\n", "let a = 1\nlet b = 2\nlet c = 3\n"},
      Row{3, 3, "let a=1\nlet b=2\nlet c=3", "let a=1\nlet b=2\nlet c = 3\n"},
      // The indentation of the next line is that line's, and so are the blanks at the end of the one before.
      Row{2, 2, "let a=1  \n let b=2 \n  let c=3\n", "let a=1  \nlet b = 2\n  let c=3\n"},
      // Empty lines go where they are in the range, though the lines around them are not.
      Row{3, 4, "let a=1\n\n\n\n  let b=2\n", "let a=1\n\n  let b=2\n"},
      Row{1, 1, "let a=1\n\n\n\n  let b=2\n", "let a = 1\n\n\n\n  let b=2\n"}, Row{2, 3, "let a=1\n\n\n", "let a=1\n"},
      // What would join two lines needs both.
      Row{1, 1, "channel c()  {\n}\n", "channel c() {\n}\n"}, Row{2, 2, "channel c()  {\n}\n", "channel c()  {\n}\n"},
      Row{1, 2, "channel c()  {\n}\n", "channel c() { }\n"},
      // A line may become several.
      Row{1, 1, "rollout r { traffic 5%\n}\n", "rollout r {\n  traffic 5%\n}\n"},
      Row{2, 2, "let a=1\r\n let b=2  \r\n let c=3\r\n", "let a=1\r\nlet b = 2\r\n let c=3\r\n"},
      Row{2, 1, "let a=1\nlet b=2\n", "let a=1\nlet b=2\n"}, Row{7, 9, "let a=1\n", "let a=1\n"}, Row{1, 1, "", ""});
  INFO(row.before);
  CHECK(apply_edits(row.before, format_range(parse_text(row.before), row.first, row.last)) == row.after);
}

TEST_CASE("edits are as small as they can be") {
  CHECK(format_edits(parse_text("let a  =1\n")) == std::vector<Edit>{{{6, 7}, ""}, {{8, 8}, " "}});
  CHECK(format_edits(parse_text("let a = 1  \n\n  \n\n  let b = 2\n")) ==
        std::vector<Edit>{{{9, 11}, ""}, {{13, 17}, ""}, {{17, 19}, ""}});
  CHECK(format_edits(parse_text("let a = 1\n")).empty());
}

TEST_CASE("no program loses a token, and once is enough") {
  for (const auto& path : programs()) {
    INFO(path);
    check_properties(test::read_text(path));
  }
}

TEST_CASE("no damaged program loses a token either, and once is enough") {
  std::mt19937 random(7);
  const auto files = programs();
  const auto most = test::number_from_environment("ROLLOUT_FUZZ_COUNT", 400);
  const std::string bytes = "{}()[]\"`#\n \t;,.=-+<>$aw15m%:";
  for (std::uint64_t round = 0; round < most; ++round) {
    std::string text = test::read_text(files[random() % files.size()]);
    if (text.size() > 4000) text = text.substr(random() % (text.size() - 3000), 3000);
    for (int change = 0; change < 4 && !text.empty(); ++change) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0: text.erase(at, 1 + random() % 8); break;
        case 1: text.insert(at, 1, bytes[random() % bytes.size()]); break;
        default: text[at] = bytes[random() % bytes.size()]; break;
      }
    }
    check_properties(text);
  }
}

}  // namespace rollout::format
