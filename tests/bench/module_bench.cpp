// How fast a whole module is checked: a generated one of 100,000 lines, read, parsed, its names and types checked. The
// median of several runs; seconds are this process's own.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "compiler/driver/compile.hpp"
#include "tests/bench/large_module.hpp"

namespace {

using namespace rollout;

constexpr std::size_t kLines = 100'000;
constexpr int kRuns = 5;
constexpr double kGoalPerSecond = 5;  // MB

}  // namespace

int main() {
  const std::string text = bench::large_module(kLines);
  std::vector<double> rates;
  std::size_t warnings = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::clock_t begin = std::clock();
    const driver::CompiledFile file = driver::compile_source({"module.rollout", text});
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    if (file.has_errors) {
      fmt::print(stderr, "{:.4000}", driver::render(file, diagnostics::Format::Text, {}));
      return 1;
    }
    warnings = file.warnings;
    rates.push_back(static_cast<double>(text.size()) / 1e6 / seconds);
  }
  std::ranges::sort(rates);
  const double median = rates[rates.size() / 2];
  fmt::print(
      "check a large module      {:>12.2f} MB/s   goal at least {:>9} MB/s   {}   ({:.2f} to {:.2f}, {} bytes, {} "
      "lines, {} warnings)\n",
      median, kGoalPerSecond, median >= kGoalPerSecond ? "reached" : "MISSED", rates.front(), rates.back(), text.size(),
      std::ranges::count(text, '\n'), warnings);
  return median >= kGoalPerSecond ? 0 : 1;
}
