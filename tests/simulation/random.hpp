// Chance, as a function of the seed: the same seed brings the same world.
#pragma once

#include <cstdint>
#include <string_view>

namespace rollout::simulation {

// Scatters all bits of a number.
constexpr std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

// What a thing of that name, the n-th time, is like in the world of this seed: independent of the order in which the
// world is asked.
constexpr std::uint64_t lot(std::uint64_t seed, std::string_view name, std::uint64_t count = 0) {
  std::uint64_t state = mixed(seed);
  for (const char byte : name) state = (state ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  return mixed(state ^ mixed(count));
}

// A sequence of numbers; copied, it goes on the same way.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mixed(state_++); }
  // 0 to limit - 1; 0 where the limit is 0.
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : next() % limit; }
  bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability; }

 private:
  std::uint64_t state_;
};

}  // namespace rollout::simulation
