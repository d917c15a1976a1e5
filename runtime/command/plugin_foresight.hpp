#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/command/parameters.hpp"
#include "runtime/plugins/foresight.hpp"

// What plugins say of a plan's calls before it is started, for people.

namespace rollout::command {

// Asks each plugin about its calls: their arguments, and with `with_plans` also what they would do.
std::vector<plugins::Foresight> ask_plugins(const plan::Plan& plan, const ParameterValues& parameters,
                                            const std::vector<plugins::Program>& programs, bool with_plans);

// "`pool.shift` (shop.rollout:12): share: it is more than everything".
std::string note_line(const plan::Plan& plan, const plugins::CallNote& note);
// Why the plan is not to be started: the first plugin that could not be asked, or what they refuse. Nothing where they
// have no objection.
std::optional<std::string> refusal_of(const plan::Plan& plan, const std::vector<plugins::Foresight>& seen);
// What plugins only warn of.
std::vector<std::string> warnings_of(const plan::Plan& plan, const std::vector<plugins::Foresight>& seen);
// What the calls would do, below a heading; nothing where no plugin says it.
std::vector<std::string> plan_lines(const plan::Plan& plan, const std::vector<plugins::Foresight>& seen);

}  // namespace rollout::command
