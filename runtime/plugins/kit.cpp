#include "runtime/plugins/kit.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <optional>

#include "runtime/executors/text.hpp"
#include "runtime/plugins/kit_probes.hpp"

namespace rollout::plugins {

namespace {

struct ProbeRow {
  std::string_view name, rule, mend;
  Observed (*run)(Subject&);
};

constexpr ProbeRow kProbes[] = {
#define PROBE(name, function, rule, mend) {name, rule, mend, probes::function},
#include "runtime/plugins/kit.def"
#undef PROBE
};

Finding finding_of(const ProbeRow& row, const Observed& observed) {
  return {std::string(row.name), std::string(row.rule), observed.verdict, observed.words,
          observed.verdict == Verdict::Broken ? std::string(row.mend) : std::string()};
}

}  // namespace

std::vector<Finding> run_kit(const std::string& path, const std::function<void(const Finding&)>& told) {
  std::vector<Finding> findings;
  Subject subject(path);
  for (const ProbeRow& row : kProbes) {
    findings.push_back(finding_of(row, row.run(subject)));
    told(findings.back());
    // What does not start or greet keeps no other rule either.
    const bool hopeless = !subject.talks && findings.back().verdict == Verdict::Broken;
    if (hopeless) return findings;
  }
  return findings;
}

std::vector<std::string_view> probe_names() {
  std::vector<std::string_view> names;
  for (const ProbeRow& row : kProbes) names.push_back(row.name);
  return names;
}

}  // namespace rollout::plugins
