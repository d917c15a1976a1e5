// How fast `rolloutc fmt` is on a large file: a generated module of 100,000 lines, parsed, formatted and put together
// again, once as it should be and once without indentation and blanks around `=`. The median of several
// runs; seconds are this process's own.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "compiler/format/format.hpp"
#include "grammar/parse.hpp"
#include "tests/bench/large_module.hpp"

namespace {

using namespace rollout;

constexpr std::size_t kLines = 100'000;
constexpr int kRuns = 5;
constexpr double kGoalPerSecond = 10;  // MB

// No line keeps its indentation, outside of multi-line strings; no `=` its blanks.
std::string untidy(const std::string& text) {
  std::string result;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    std::string line = text.substr(at, end - at);
    const bool quote = line.find("\"\"\"") != std::string::npos;
    if (!in_string) line.erase(0, line.find_first_not_of(' '));
    if (!in_string && !quote) {
      if (const std::size_t sign = line.find(" = "); sign != std::string::npos) line.replace(sign, 3, "=");
    }
    in_string ^= quote;
    result += line;
    at = end;
  }
  return result;
}

// Whether the goal was reached, and the text as it came out.
bool measure(const char* name, const std::string& text, std::string& formatted) {
  std::vector<double> rates;
  std::size_t edits = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::clock_t begin = std::clock();
    const grammar::SyntaxTree tree = grammar::parse({"module.rollout", text});
    const std::vector<format::Edit> found = format::format_edits(tree);
    formatted = format::apply_edits(tree.text(), found);
    rates.push_back(static_cast<double>(text.size()) / 1e6 * CLOCKS_PER_SEC /
                    static_cast<double>(std::clock() - begin));
    edits = found.size();
  }
  std::ranges::sort(rates);
  const double median = rates[rates.size() / 2];
  fmt::print("{:<25} {:>12.2f} MB/s   goal at least {:>9} MB/s   {}   ({:.2f} to {:.2f}, {} bytes, {} edits)\n", name,
             median, kGoalPerSecond, median >= kGoalPerSecond ? "reached" : "MISSED", rates.front(), rates.back(),
             text.size(), edits);
  return median >= kGoalPerSecond;
}

}  // namespace

int main() {
  const std::string text = bench::large_module(kLines);
  std::string once, mended;
  const bool tidy_reached = measure("format a tidy module", text, once);
  const bool untidy_reached = measure("format an untidy module", untidy(text), mended);
  if (once != mended) {
    fmt::print(stderr, "format_bench: the tidy and the untidy module differ once they are formatted\n");
    return 1;
  }
  return tidy_reached && untidy_reached ? 0 : 1;
}
