// What holds for any bytes: the leaves tile the text, the events form one tree, the time is linear.
#include <catch2/catch.hpp>
#include <ctime>
#include <random>

#include "support.hpp"
#include "tests/support/environment.hpp"

namespace rollout::grammar::test {
namespace {

// Nothing where the tree is sound, else what is wrong with it.
std::string fault_of(const SyntaxTree& tree) {
  const std::vector<Event>& events = tree.events();
  if (events.empty() || events.back().kind != SyntaxKind::File) return "the last event is no file";
  if (events.back().width != events.size()) return "the file does not hold all events";
  std::uint32_t place = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (event.width > i + 1) return "a node is wider than what stands before it";
    if (event.width > 1 || i + 1 == events.size()) {
      // Children fill a node exactly: jumping from child to child ends at its first event.
      std::size_t child = i;
      const std::size_t stop = i + 1 - event.width;
      while (child > stop) child -= std::min<std::size_t>(child, events[child - 1].width);
      if (child != stop) return "the children of a node do not fill it";
      if (event.begin > event.end) return "a node ends before it begins";
    } else if (class_of(event.kind) != SyntaxClass::Node) {
      if (event.begin != place) return "a leaf does not begin where the last one ended";
      if (event.end < event.begin) return "a leaf ends before it begins";
      if ((event.begin == event.end) != (event.kind == SyntaxKind::Missing)) return "only missing leaves are empty";
      place = event.end;
    }
  }
  return place == tree.text().size() ? "" : "the leaves do not reach the end of the text";
}

std::string problem_fault_of(const SyntaxTree& tree) {
  const auto size = static_cast<std::uint32_t>(tree.text().size());
  std::uint32_t last = 0;
  bool any_fault = false;
  for (const Problem& problem : tree.problems()) {
    if (problem.span.begin > problem.span.end || problem.span.end > size) return "a problem lies outside of the text";
    if (problem.related.begin > problem.related.end || problem.related.end > size)
      return "a related place lies outside";
    if (problem.span.begin < last) return "problems are not in the order of the text";
    last = problem.span.begin;
  }
  for (const Event& event : tree.events()) {
    any_fault = any_fault || event.kind == SyntaxKind::Missing || event.kind == SyntaxKind::Error;
  }
  return any_fault && tree.problems().empty() ? "a faulty tree without a problem" : "";
}

std::string readable(const std::string& text) {
  return text.size() < 600 ? text : text.substr(0, 600) + "...";
}

// One random change: bytes deleted, inserted or overwritten, the end cut off, or two stretches swapped.
std::string mutated(std::string text, std::mt19937& random) {
  static const std::string kInteresting =
      "{}()[]\"`$\\#;:,.=<>+-*/%\n\r\t _0159smhdwTZ\xC3\xA9\xFF\x80\xED\xA0\xC0\x01\x7f";
  const auto below = [&random](std::size_t limit) { return random() % std::max<std::size_t>(1, limit); };
  const std::size_t changes = 1 + below(4);
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const std::size_t at = below(text.size());
    const std::size_t length = 1 + below(random() % 4 == 0 ? 60 : 4);
    switch (below(6)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, 1, kInteresting[below(kInteresting.size())]); break;
      case 2: text[at] = kInteresting[below(kInteresting.size())]; break;
      case 3: text[at] = static_cast<char>(random()); break;
      case 4: text.insert(below(text.size()), text.substr(at, length)); break;
      default:
        if (below(20) == 0) text.resize(at);
        break;
    }
  }
  return text;
}

std::string swapped_tokens(const SyntaxTree& tree, std::mt19937& random) {
  std::vector<std::string> leaves;
  std::vector<std::size_t> tokens;
  for (const Event& event : tree.events()) {
    if (event.width != 1 || event.begin == event.end) continue;
    if (!is_trivia(event.kind)) tokens.push_back(leaves.size());
    leaves.emplace_back(tree.text().substr(event.begin, event.end - event.begin));
  }
  for (int i = 0; i < 2; ++i)
    std::swap(leaves[tokens[random() % tokens.size()]], leaves[tokens[random() % tokens.size()]]);
  std::string text;
  for (const std::string& leaf : leaves) text += leaf;
  return text;
}

// The processor's time: what other processes take does not count.
double seconds_to_parse(const std::string& text) {
  double best = 1e9;
  for (int i = 0; i < 2; ++i) {
    const std::clock_t begin = std::clock();
    const SyntaxTree tree = parse_text(text);
    best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return best;
}

std::string times(std::string_view piece, std::size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

const char* const kProgram = "language/portal_api.rollout";

}  // namespace

TEST_CASE("the leaves of every program tile its text") {
  for (const std::string folder : {"language", "trees"}) {
    for (const auto& path : programs_in(folder)) {
      INFO(path);
      const SyntaxTree tree = parse_text(read_text(path));
      CHECK(fault_of(tree).empty());
      CHECK(problem_fault_of(tree).empty());
    }
  }
}

TEST_CASE("any mutation of a program gives a sound tree") {
  std::vector<std::string> programs;
  for (const auto& path : programs_in("language")) programs.push_back(read_text(path));
  const std::size_t count = rollout::test::number_from_environment("ROLLOUT_FUZZ_COUNT", 5000);
  std::mt19937 random(20260101);
  std::size_t broken = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& program = programs[random() % programs.size()];
    const std::string text = i % 8 == 0 ? swapped_tokens(parse_text(program), random) : mutated(program, random);
    const SyntaxTree tree = parse_text(text);
    const std::string fault = fault_of(tree) + problem_fault_of(tree);
    if (fault.empty()) continue;
    ++broken;
    INFO(fault << " in\n" << readable(text));
    CHECK(fault.empty());
    if (broken > 3) break;
  }
  CHECK(broken == 0);
}

TEST_CASE("every prefix of a program gives a sound tree") {
  const std::string program = read_text(golden_directory() / kProgram);
  for (std::size_t length = 0; length < program.size(); length += 3) {
    const SyntaxTree tree = parse_text(program.substr(0, length));
    INFO(length);
    CHECK((fault_of(tree) + problem_fault_of(tree)).empty());
  }
}

TEST_CASE("CRLF changes no structure") {
  std::string program = read_text(golden_directory() / kProgram);
  const SyntaxTree plain = parse_text(program);
  std::string with_returns;
  for (const char c : program) {
    if (c == '\n') with_returns += '\r';
    with_returns += c;
  }
  const SyntaxTree tree = parse_text("\xEF\xBB\xBF" + with_returns);
  CHECK(tree.problems().empty());
  CHECK(fault_of(tree).empty());
  CHECK(tree.events().size() == plain.events().size() + 1);
}

TEST_CASE("what nests deeper than the limit is one problem") {
  const std::vector<std::pair<std::string, std::string>> kNests = {
      {"let x = " + times("(", 5000), "1" + times(")", 5000) + "\n"},
      {"let x = " + times("[", 5000), times("]", 5000) + "\nlet y = 1\n"},
      {"let x = " + times("-", 5000) + "1", "\n"},
      {"let x = " + times("not ", 5000) + "a", "\n"},
      {"let x: " + times("[", 5000), "string" + times("]", 5000) + " = 1\n"},
      {"let x = " + times("\"${", 5000), times("}\"", 5000) + "\n"},
      {"let x = " + times("{a: ", 5000), times("}", 5000) + "\n"},
      {"rollout r {\n" + times("if a {\n", 5000), times("}\n", 5000) + "}\n"},
      {"rollout r {\nif a { }\n" + times("else if a { }\n", 5000), "}\n"},
      {"rollout r {\nhold 5m " + times("else pause until a ", 5000), "\n}\n"},
      {"let x = a" + times(".b", 5000), " + c\n"},
      {"let x = a" + times("(1)", 5000), "\n"},
      {"rollout r {\n" + times("f(x) undo {\n", 5000), times("}\n", 5000) + "}\n"},
  };
  for (const auto& [head, tail] : kNests) {
    INFO(head.substr(0, 60));
    const SyntaxTree tree = parse_text(head + tail);
    CHECK(fault_of(tree).empty());
    std::size_t too_deep = 0;
    for (const Problem& problem : tree.problems()) too_deep += problem.kind == ProblemKind::TooDeep;
    CHECK(too_deep == 1);
  }
}

TEST_CASE("a text beyond the limit is not parsed") {
  const SyntaxTree tree = parse({"large.rollout", "use std.slack\n"}, {256, 5, 200});
  REQUIRE(tree.problems().size() == 1);
  CHECK(tree.problems().front().kind == ProblemKind::TooLarge);
  CHECK(fault_of(tree).empty());
}

// Eight times the text may take no more than about eight times as long; a quadratic step would take sixty-four times.
TEST_CASE("hostile texts take linear time") {
  const std::vector<std::string> kPieces = {"(",
                                            ")",
                                            "[",
                                            "]",
                                            "{",
                                            "}",
                                            "{\n",
                                            "}\n",
                                            "\"",
                                            "`",
                                            "${",
                                            "\"${a ",
                                            "#\n",
                                            "\n",
                                            "a ",
                                            "a.",
                                            "a(",
                                            "f(a b",
                                            "f(\n",
                                            "a < ",
                                            "a,",
                                            "5",
                                            "\xff",
                                            "stage a {\n",
                                            "rollout a {\n",
                                            "x within ",
                                            "f(x) within 5m {\n",
                                            "when ",
                                            "checklist \"a\" ",
                                            "\"\"\"a",
                                            "by 2 of ",
                                            "let x = \n",
                                            "let x = (\n",
                                            "if a { } else ",
                                            "hold 5m until {\n",
                                            "? ( \n",
                                            "enum e { a, ",
                                            "  stage b\n",
                                            "    ",
                                            "a = b = ",
                                            "f(_)\n",
                                            "$",
                                            "\\",
                                            "scenario \"a\" of b {\nx = 1\n",
                                            "\"${\n",
                                            "`${a}",
                                            "}\n}\n",
                                            "rollout a {\nstage b {\n"};
  for (const std::string& piece : kPieces) {
    const std::size_t small = 8'000 / piece.size();
    const double once = seconds_to_parse(times(piece, small));
    const double eightfold = seconds_to_parse(times(piece, 8 * small));
    INFO(piece << ": " << once << " s, eight times as much: " << eightfold << " s");
    CHECK(eightfold < 30 * once + 0.02);
  }
}

}  // namespace rollout::grammar::test
