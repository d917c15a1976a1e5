// How fast the lossless tree is built: a large generated file, and the program of a real rollout again and again.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "grammar/parse.hpp"

namespace {

using rollout::grammar::parse;
using rollout::grammar::SyntaxTree;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string repeated(const std::string& text, std::size_t at_least) {
  std::string out;
  while (out.size() < at_least) out += text;
  return out;
}

struct Figures {
  double best = 0;    // MB/s
  double median = 0;  // MB/s
};

// Parses the text `repeats` times in each of several runs; a run's figure is its mean.
Figures measure(const std::string& text, int repeats) {
  constexpr int kRuns = 7;
  std::vector<double> rates;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    std::size_t events = 0;
    for (int i = 0; i < repeats; ++i) events += parse({"bench.rollout", text}).events().size();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (events == 0) return {};
    rates.push_back(static_cast<double>(text.size()) * repeats / taken.count() / 1e6);
  }
  std::sort(rates.begin(), rates.end());
  return {rates.back(), rates[rates.size() / 2]};
}

void report(const char* name, const std::string& text, int repeats) {
  const SyntaxTree tree = parse({"bench.rollout", text});
  const Figures figures = measure(text, repeats);
  fmt::print("parse {:<34} {:>9} bytes {:>8} events {:>4} problems   median {:6.1f} MB/s   best {:6.1f} MB/s\n", name,
             text.size(), tree.events().size(), tree.problems().size(), figures.median, figures.best);
}

}  // namespace

int main() {
  constexpr std::size_t kLarge = 5'000'000;
  const std::string program =
      read_file(std::string(ROLLOUT_SOURCE_DIRECTORY) + "/tests/golden/parse/language/portal_api.rollout");
  const std::string large = repeated(program, kLarge);
  std::string faulty = large;
  for (std::size_t at = 997; at < faulty.size(); at += 997) faulty[at] = '?';
  report("a rollout, warm", program, 400);
  report("a large file", large, 1);
  report("a large file with a fault each kB", faulty, 1);
  return 0;
}
