#include "runtime/console/text.hpp"

#include <catch2/catch.hpp>

using namespace rollout::console;

TEST_CASE("text from outside cannot steer the terminal", "[console]") {
  CHECK(escaped("plain text, ünïcode 日本 ✓") == "plain text, ünïcode 日本 ✓");
  CHECK(escaped("\x1b[2Jgone") == "\\x1b[2Jgone");
  CHECK(escaped("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(escaped("\x7f\xc2\x9b") == "\\x7f\\x9b");
  CHECK(escaped("\xff\xfe") == "\\xff\\xfe");
  CHECK(escaped("abc\xe2\x80\xae"
                "def") == "abc\\u202edef");
  CHECK(escaped("cut \xe6\x97") == "cut \\xe6\\x97");
  CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(escaped(std::string("nul\0x", 5)) == "nul\\x00x");
}

TEST_CASE("the summary of a documentation comment is its first paragraph", "[console]") {
  CHECK(summary("One sentence that\ngoes on.\n\nMore of it.") == "One sentence that goes on.");
  CHECK(summary("One line") == "One line");
  CHECK(summary("steered\x1b[2J\nby nobody") == "steered\\x1b[2J by nobody");
  CHECK(summary("").empty());
}

TEST_CASE("columns are counted as the terminal shows them", "[console]") {
  CHECK(columns("abc") == 3);
  CHECK(columns("█▌░") == 3);
  CHECK(columns("日本") == 4);
  CHECK(columns("e\xcc\x81") == 1);
  CHECK(columns(painted("abc", Tone::Bad, true)) == 3);
  CHECK(padded("日", 4) == "日  ");
  CHECK(right_aligned("5s", 4) == "  5s");
  CHECK(shortened("abcdef", 4) == "abc…");
  CHECK(shortened("abcd", 4) == "abcd");
  CHECK(shortened("日本日本", 4) == "日…");
}

TEST_CASE("colours appear only where they are wanted", "[console]") {
  CHECK(painted("x", Tone::Good, false) == "x");
  CHECK(painted("x", Tone::Good, true) == "\x1b[32mx\x1b[0m");
  CHECK(painted("x", Tone::Plain, true) == "x");
}

TEST_CASE("long lines are broken at blanks", "[console]") {
  CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("one two three", 100) == std::vector<std::string>{"one two three"});
  CHECK(wrapped("abcdefghij", 4) == std::vector<std::string>{"abcd", "efgh", "ij"});
  CHECK(wrapped("", 4) == std::vector<std::string>{""});
  CHECK(wrapped("日本", 1).size() >= 2);
}

TEST_CASE("a bar never hides a small share", "[console]") {
  CHECK(bar(0, 4) == "░░░░");
  CHECK(bar(1, 4) == "████");
  CHECK(bar(0.5, 4) == "██░░");
  CHECK(bar(0.0001, 4) == "▏░░░");
  CHECK(bar(0.99999, 4) == "███▉");
  CHECK(bar(7, 2) == "██");
  CHECK(bar(-1, 2) == "░░");
}

TEST_CASE("times are written for people", "[console]") {
  CHECK(clock_text(1'767'578'400LL * 1'000'000'000) == "Monday 2026-01-05 02:00:00 UTC");
  CHECK(clock_text(0) == "Thursday 1970-01-01 00:00:00 UTC");
  CHECK(time_of_day_text(-1) == "23:59:59");
  CHECK(readable(90'000'000'000) == "1m30s");
  CHECK(readable(1'234'567'890) == "1s");
  CHECK(readable(250'000'000) == "250ms");
  CHECK(readable(-7'200'000'000'000) == "-2h");
}
