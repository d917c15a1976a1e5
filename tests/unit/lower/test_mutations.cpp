#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "compiler/check/check.hpp"
#include "compiler/lower/lower.hpp"
#include "support.hpp"

// Whatever the checker lets through, lowering turns into a plan that verifies. The programs here are golden ones with
// some lines moved, doubled, dropped or changed in a word. ROLLOUT_MUTATIONS sets how many; the default takes some
// seconds.

using namespace rollout;
using namespace rollout::lower::test;

namespace {

constexpr const char* kSeeds[] = {"tests/golden/lower/actions.rollout", "tests/golden/lower/expressions.rollout",
                                  "tests/golden/lower/gates.rollout",   "tests/golden/lower/guards.rollout",
                                  "tests/golden/lower/header.rollout",  "tests/golden/lower/metrics.rollout",
                                  "tests/golden/lower/steps.rollout",   "examples/portal-api/portal-api.rollout"};

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t size) {
  return std::uniform_int_distribution<std::size_t>(0, size - 1)(random);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The words of a line, each with the blanks behind it.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (const char c : line) {
    const bool starts = words.empty() || (words.back().back() == ' ' && c != ' ');
    if (starts) words.emplace_back();
    words.back() += c;
  }
  return words;
}

void change_word(Random& random, std::vector<std::string>& lines) {
  std::string& line = lines[below(random, lines.size())];
  std::vector<std::string> words = words_of(line);
  const std::vector<std::string> others = words_of(lines[below(random, lines.size())]);
  if (words.empty() || others.empty()) return;
  words[below(random, words.size())] = others[below(random, others.size())];
  line.clear();
  for (const std::string& word : words) line += word;
}

std::string mutated(Random& random, const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  for (std::size_t times = 1 + below(random, 2); times > 0; --times) {
    const std::size_t at = below(random, lines.size());
    const std::size_t to = below(random, lines.size());
    switch (below(random, 4)) {
      case 0: lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 1: lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(to), std::string(lines[at])); break;
      case 2: std::swap(lines[at], lines[to]); break;
      case 3: change_word(random, lines); break;
    }
  }
  std::string result;
  for (const std::string& line : lines) result += line + "\n";
  return result;
}

}  // namespace

TEST_CASE("what the checker lets through becomes a valid plan") {
  const char* wanted = std::getenv("ROLLOUT_MUTATIONS");
  const int count = wanted ? std::atoi(wanted) : 200;
  Random random(20'261'121);
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    const std::string text = mutated(random, read_source(kSeeds[below(random, std::size(kSeeds))]));
    const check::ModuleLoader loader{
        [](std::string_view, std::string_view) -> std::optional<grammar::SourceFile> { return std::nullopt; }};
    diagnostics::Sink sink;
    const check::CheckedModule module = check::check({"mutated.rollout", text}, loader, sink);
    if (sink.has_errors()) continue;
    ++accepted;
    for (const check::RolloutDecl& rollout : module.rollouts) {
      const auto verified = plan::verify(lower::lower_rollout(module, module.symbols[rollout.symbol].name));
      const std::string reason = verified ? std::string{} : verified.error().message;
      INFO(text);
      REQUIRE(reason == "");
    }
    CHECK(lower::lower_scenarios(module).size() == module.scenarios.size());
  }
  INFO(accepted << " of " << count);
  CHECK(accepted * 20 > count);
}
