#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// The conformance kit: asks a plugin everything that a host may, and much that none should, and says for each rule
// whether the plugin keeps it. Operations run only where the plugin's schema has an `example` for them.

namespace rollout::plugins {

enum class Verdict : std::uint8_t { Kept, Broken, Skipped };

struct Finding {
  std::string probe;  // "two-majors": stable, for scripts
  std::string rule;   // what is asked of plugins
  Verdict verdict{};
  std::string observed;  // Broken: what the plugin did; Skipped: why
  std::string mend;      // Broken: what to do
};

// Every probe, one after the other, each with a plugin of its own. `told` hears each finding as it is made.
std::vector<Finding> run_kit(const std::string& path, const std::function<void(const Finding&)>& told);

// The names of all probes, in order.
std::vector<std::string_view> probe_names();

}  // namespace rollout::plugins
