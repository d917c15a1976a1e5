#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/simulation.hpp"

namespace rollout::simulation {

namespace {

struct Line {
  Nanoseconds at = 0;
  std::string text;
};

void add_calls(const World& world, std::vector<Line>& lines) {
  static constexpr const char* kEnds[] = {"open", "returned", "not started", "timed out", "cancelled", "killed"};
  for (const Call& call : world.ledger) {
    if (call.measures) continue;
    const std::string name = fmt::format("#{} `{}`", call.number, call.text);
    lines.push_back({call.started, fmt::format("outside  life {} starts {} as {}", call.life, name, call.key)});
    if (call.applied_at != kNotEver) lines.push_back({call.applied_at, "outside  takes effect " + name});
    if (call.end == CallEnd::Open) continue;
    lines.push_back({call.ended_at, fmt::format("outside  {} {} status {} {}", kEnds[static_cast<int>(call.end)], name,
                                                call.status, call.output)});
  }
}

}  // namespace

std::string timeline(const Report& report, std::size_t most) {
  std::vector<Line> lines;
  add_calls(report.world, lines);
  for (const journal::Entry& entry : report.chronicle.entries)
    lines.push_back({entry.at, fmt::format("journal  {} (epoch {}) {}", entry.kind, entry.epoch, entry.body)});
  for (const Saying& saying : report.chronicle.sayings) {
    static constexpr const char* kVerbs[] = {"approve", "reject", "tick",     "answer", "pause",      "resume",
                                             "promote", "abort",  "rollback", "retry",  "acknowledge"};
    lines.push_back({saying.at, fmt::format("people   {} says {} \"{}\" {}: {}", saying.said.who,
                                            kVerbs[static_cast<int>(saying.said.verb)], saying.said.gate,
                                            saying.said.text, saying.answer)});
  }
  for (const Fall& fall : report.chronicle.falls) {
    lines.push_back({fall.at, fmt::format("runtime  life {}: {}", fall.life, fall.how)});
    lines.push_back({fall.until, fmt::format("runtime  life {} begins", fall.life + 1)});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& left, const Line& right) { return left.at < right.at; });
  std::string text;
  const Nanoseconds start = lines.empty() ? 0 : lines.front().at;
  for (std::size_t index = lines.size() > most ? lines.size() - most : 0; index < lines.size(); ++index) {
    text += fmt::format("  {:>12.3f} s  {}\n", static_cast<double>(lines[index].at - start) / 1e9, lines[index].text);
  }
  return text;
}

}  // namespace rollout::simulation
