// A fuzz target: one function that must survive any bytes, and the inputs that mutation begins with. libFuzzer runs it
// in the fuzz preset, mutate_main.cpp everywhere else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::fuzz {

// Checks what must hold for these bytes; calls `broken` where it does not.
void test_one(std::string_view bytes);

// Inputs made by the program itself, so that they never lag behind a format; files of the corpus come on top.
std::vector<std::string> built_in_seeds();

// Says what does not hold, then aborts, so that every driver keeps the input.
[[noreturn]] void broken(const std::string& what);

// A small rollout with most constructs, and the example of the documentation where it is there.
std::vector<std::string> example_sources();

}  // namespace rollout::fuzz
