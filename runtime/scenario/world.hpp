#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/events.hpp"
#include "runtime/scenario/points.hpp"

namespace rollout::scenario {

// How the world answers a call.
struct WorldAnswer {
  machine::EffectStatus status{};
  Value result;
  std::string error;
  std::optional<Nanoseconds> after = 0;  // nothing: it hangs
};

// An action, channel, check or HTTP request as scenarios name it: `http.get` with the URL first.
struct CallNames {
  std::string callable;
  std::vector<std::pair<std::string, Value>> arguments;
};
CallNames call_names(const machine::StartEffect& effect);

// Whether a text fits a pattern in which `*` stands for any characters.
bool glob_matches(std::string_view pattern, std::string_view text);

// Whether a command's text fits a pattern, whose words may be quoted as in the command that it is about.
bool command_matches(std::string_view pattern, std::string_view command);

// The scenario's world: which calls succeed, fail, hang or give values. Without a rule everything succeeds at once.
class World {
 public:
  explicit World(const Scenario& scenario);

  // To be called when stages were entered or left.
  void resolve(const Points& points);
  // Counts `fails ... N times` and `returns V then V` up.
  WorldAnswer answer(const machine::StartEffect& effect, Nanoseconds now);
  // Whether a check that nobody carries out passes; nothing: it hangs, so that it is unknown.
  std::optional<bool> check_passes(const std::string& check, const std::vector<Value>& arguments, Nanoseconds now);
  // How long after its creation the run learns that this rollout has succeeded; nothing: never.
  std::optional<Nanoseconds> requirement_met_after(const std::string& rollout) const;
  // After it no rule begins or ends any more; bounds that are not known yet do not count.
  Nanoseconds last_change() const { return last_change_; }

 private:
  struct Line {
    const WorldRule* rule = nullptr;
    Span span;
    std::uint32_t used = 0;
  };
  WorldAnswer apply(Line& line, const machine::StartEffect& effect);

  std::vector<Line> lines_;
  Nanoseconds last_change_ = 0;
};

}  // namespace rollout::scenario
