#pragma once

#include <optional>
#include <string>

#include "runtime/command/parameters.hpp"
#include "runtime/plan/plan.hpp"

namespace rollout::command {

// `given` with --prometheus, else the environment's that the plan runs in, else $PROMETHEUS_URL, else the engine's
// default.
std::string prometheus_url(const std::string& given, const plan::Plan& plan);

// Asks every Prometheus that the plan measures with whether it answers, before anything is started: a rollout whose
// source is down would only go blind. Gives what is wrong, or nothing.
std::optional<std::string> unreachable_source(const plan::VerifiedPlan& plan, const ParameterValues& parameters,
                                              const std::string& prometheus_url);

}  // namespace rollout::command
