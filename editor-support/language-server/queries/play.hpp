// Scenarios that are played for an editor: where they can be started, and what happened in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {

enum class LensKind : std::uint8_t { RunScenario, ShowTimeline, Simulate, RunAll };
// Something to start at a place of the text.
struct Lens {
  Span span;
  LensKind kind{};
  std::string title;
  std::string name;  // of the scenario, or of the rollout
};
// For each scenario of the main file, and for each of its rollouts that has one; in the order of the text.
std::vector<Lens> lenses(const CheckedModule& module);

struct PlayedRow {
  std::string at;                     // since the start: `5m 30s`
  std::string stage;                  // that runs; empty: none
  std::string share;                  // of traffic, where it changed
  std::string kind;                   // what kind of news: step, begin, ask, good, careful, bad, back, wait, say
  std::string text;                   // one line
  std::optional<std::uint32_t> line;  // of the main file, from 0, where it speaks of something written there
};
struct Played {
  std::string title;  // the scenario's name
  bool passed = false;
  std::vector<std::string> failures;  // each expectation that did not hold, with what was seen instead
  std::vector<PlayedRow> rows;
  std::string text;  // the timeline as a terminal shows it, without colours
};
// The scenario of the main file with that name. The error is for people.
plan::Expected<Played, std::string> play_scenario(const driver::CompiledFile& file, const std::string& name);
// The first scenario of that rollout.
plan::Expected<Played, std::string> play_rollout(const driver::CompiledFile& file, const std::string& rollout);
// Every scenario of the rollout.
plan::Expected<std::vector<Played>, std::string> play_all(const driver::CompiledFile& file, const std::string& rollout);

}  // namespace rollout::language_server
