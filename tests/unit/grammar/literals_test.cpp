#include "grammar/literals.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "grammar/quantity_scanner.hpp"
#include "grammar/views.hpp"
#include "support.hpp"

namespace rollout::grammar::test {
namespace {

// The first node of the kind in `let x = <text>`; the tree is kept so that the node stays valid.
struct Parsed {
  Parsed(const std::string& text, SyntaxKind kind) : tree(parse_text("let x = " + text + "\n")) {
    const std::vector<NodeRef> found = tree.root().descendants(kind);
    REQUIRE_FALSE(found.empty());
    node = found.front();
  }
  SyntaxTree tree;
  std::optional<NodeRef> node;
};

std::optional<std::string> string_value(const std::string& text) {
  return constant_text(*Parsed(text, SyntaxKind::StringLiteral).node);
}

// The words of a command, each with its inserts in angle brackets.
std::vector<std::string> command_words(const std::string& text) {
  const Parsed parsed(text, SyntaxKind::CommandLiteral);
  std::vector<std::string> words;
  for (const CommandWord& word : decode_command(*parsed.node).words) {
    std::string joined;
    for (const TextPart& part : word.parts) {
      joined += part.insert ? "<" + std::string(text_of(part.expression())) + ">" : part.text;
    }
    words.push_back(joined);
  }
  return words;
}

std::vector<CommandFault> command_faults(const std::string& text) {
  return decode_command(*Parsed(text, SyntaxKind::CommandLiteral).node).faults;
}

}  // namespace

TEST_CASE("numbers and ratios") {
  CHECK(decode_number("1_000.25").value == 1000.25);
  CHECK(decode_number("x").fault == LiteralFault::Malformed);
  CHECK(decode_number(std::string(400, '9')).fault == LiteralFault::Overflow);
  CHECK(decode_ratio("5%").value.parts_per_billion == 50'000'000);
  CHECK(decode_ratio("0.05%").value.parts_per_billion == 500'000);
  CHECK(decode_ratio("0.05%").value.value == 0.0005);
  CHECK(decode_ratio("0.7%").value.value == 0.007);
  CHECK(decode_ratio("0.00000001%").fault == LiteralFault::TooFine);
  CHECK(decode_ratio("99999999999999999999%").fault == LiteralFault::Overflow);
}

TEST_CASE("durations") {
  CHECK(decode_duration("1h30m").value == 5'400'000'000'000);
  CHECK(decode_duration("1.5h").value == 5'400'000'000'000);
  CHECK(decode_duration("250ms").value == 250'000'000);
  CHECK(decode_duration("1w2d3h4m5s6ms7us8ns").value ==
        ((((7 + 2) * 24 + 3) * 60 + 4) * 60 + 5) * 1'000'000'000LL + 6'007'008);
  CHECK(decode_duration("1h1h").fault == LiteralFault::RepeatedUnit);
  CHECK(decode_duration("30m1h").fault == LiteralFault::UnitOrder);
  CHECK(decode_duration("0.5ns").fault == LiteralFault::TooFine);
  CHECK(decode_duration("15250w").ok());
  CHECK(decode_duration("15251w").fault == LiteralFault::Overflow);
  CHECK(decode_duration("99999999999999999999s").fault == LiteralFault::Overflow);
  CHECK(decode_duration("5x").fault == LiteralFault::Malformed);
}

TEST_CASE("sizes, rates, times and instants") {
  CHECK(decode_size("512MiB").value == 512LL << 20);
  CHECK(decode_size("1.5kB").value == 1500);
  CHECK(decode_size("0.5B").fault == LiteralFault::TooFine);
  CHECK(decode_size("9000000TiB").fault == LiteralFault::Overflow);
  CHECK(decode_rate("15/s").value.amount == 15);
  CHECK(decode_rate("15/s").value.per_nanoseconds == 1'000'000'000);
  CHECK(decode_rate("2%/h").value.amount_kind == SyntaxKind::Ratio);
  CHECK(decode_rate("2%/h").value.amount == 0.02);
  CHECK(decode_rate("10MB/s").value.amount == 10'000'000);
  CHECK(decode_time_of_day("14:30").value == (14 * 60 + 30) * 60'000'000'000LL);
  CHECK(decode_instant("1970-01-01T00:00Z").value == 0);
  CHECK(decode_instant("2026-12-01T02:00Z").value == 1'796'090'400'000'000'000);
  CHECK(decode_instant("2026-12-01T02:00:30.125+02:00").value == 1'796'083'230'125'000'000);
  CHECK(decode_instant("1969-12-31T23:59:59Z").value == -1'000'000'000);
  CHECK(decode_instant("9999-12-31T00:00Z").fault == LiteralFault::Overflow);
}

TEST_CASE("units of quantities that do not exist are one leaf") {
  CHECK(scan_quantity("5min").length == 4);
  CHECK(scan_quantity("5 m,").length == 3);
  CHECK(scan_quantity("5 minutes").kind == SyntaxKind::Number);
  CHECK(scan_quantity("1..5").length == 1);
  CHECK(scan_quantity("15/sum").kind == SyntaxKind::Number);
  CHECK(scan_quantity("2026-12-01T02:00Z..2026").kind == SyntaxKind::Instant);
  CHECK(scan_quantity("2026-12-01T99:00Z..2026").length == 17);
  CHECK(scan_quantity("1e-5)").length == 4);
}

TEST_CASE("strings") {
  CHECK(string_value(R"("a\n\t\"\\\$\u{e9}")") == "a\n\t\"\\$\xC3\xA9");
  CHECK(string_value(R"("")") == "");
  CHECK(string_value(R"("\u{110000}")") == "\xEF\xBF\xBD");
  CHECK(string_value("\"a${b}\"") == std::nullopt);
  const Parsed parsed(R"("a${b}c\n${d + 1}")", SyntaxKind::StringLiteral);
  const std::vector<TextPart> parts = decode_string(*parsed.node);
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].text == "a");
  CHECK(text_of(parts[1].expression()) == "b");
  CHECK(parts[2].text == "c\n");
  CHECK(text_of(parts[3].expression()) == "d + 1");
  CHECK(displayed_text(*parsed.node) == "a${b}c\n${d + 1}");
}

TEST_CASE("triple-quoted strings lose the first line end and the common indentation") {
  CHECK(string_value("\"\"\"\n  a\n    b\n\n  c\n\"\"\"") == "a\n  b\n\nc\n");
  CHECK(string_value("\"\"\"\r\n  a\r\n  b\"\"\"") == "a\nb");
  CHECK(string_value("\"\"\"one line\"\"\"") == "one line");
  CHECK(string_value("\"\"\"a\n  b\"\"\"") == "a\nb");
  CHECK(string_value("\"\"\"\n  \\n \\${x} \\\"\"\" \"quoted\"\n  \"\"\"") == "\\n ${x} \"\"\" \"quoted\"\n");
  const Parsed parsed("\"\"\"\n    ${a}\n      b\n\"\"\"", SyntaxKind::StringLiteral);
  const std::vector<TextPart> parts = decode_string(*parsed.node);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].insert);
  CHECK(parts[1].text == "\n  b\n");
}

TEST_CASE("commands are split into words") {
  CHECK(command_words("`kubectl get ${x} -o=json`") == std::vector<std::string>{"kubectl", "get", "<x>", "-o=json"});
  CHECK(command_words("`a \"b c\" 'd e'f ''`") == std::vector<std::string>{"a", "b c", "d ef", ""});
  CHECK(command_words("`a\\ b \\` \\\"c`") == std::vector<std::string>{"a b", "`", "\"c"});
  CHECK(command_words("`a \\\n   b\\\nc`") == std::vector<std::string>{"a", "b", "c"});
  CHECK(command_words("`a \"x=${b}y\"${c}`") == std::vector<std::string>{"a", "x=<b>y<c>"});
  CHECK(command_faults("`a b`").empty());
  CHECK(command_faults("`a '|' \"*\" \\*`").empty());
}

TEST_CASE("what only a shell understands is reported") {
  const auto faults = command_faults("`a | b > c $(d) *`");
  REQUIRE(faults.size() == 4);
  CHECK(faults[0].kind == CommandFaultKind::ShellCharacter);
  CHECK(faults[0].span == Span{11, 12});
  CHECK(faults[2].span.size() == 2);
  CHECK(command_faults("`a 'b`").front().kind == CommandFaultKind::UnclosedQuote);
  CHECK(command_faults("`  `").front().kind == CommandFaultKind::Empty);
}

}  // namespace rollout::grammar::test
