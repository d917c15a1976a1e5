// The module that the benches measure with, for benches that are no C++: print_large_module LINES.
#include <fmt/format.h>

#include <cstdlib>

#include "tests/bench/large_module.hpp"

int main(int count, char** arguments) {
  const std::size_t lines = count == 2 ? std::strtoul(arguments[1], nullptr, 10) : 0;
  if (lines == 0) {
    fmt::print(stderr, "usage: print_large_module LINES\n");
    return 2;
  }
  fmt::print("{}", rollout::bench::large_module(lines));
  return 0;
}
