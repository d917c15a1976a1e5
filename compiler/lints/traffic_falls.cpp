// Shares of traffic that fall or repeat on the way forward.
#include <fmt/format.h>

#include <optional>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lints/walk.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::kNone;
using check::Report;
using check::TrafficStep;
using diagnostics::Code;
using diagnostics::Location;

// What the arguments of a stage's template stand for in this stage; what a run alone knows is left out.
check::Bindings bindings_of(const CheckedModule& module, const check::StageDecl& stage) {
  check::Bindings bindings;
  if (stage.of_template == kNone) return bindings;
  const auto& parameters = module.stages[stage.of_template].parameters;
  for (std::size_t i = 0; i < parameters.size() && i < stage.arguments.size(); ++i) {
    const auto value = check::constant_value(module, stage.arguments[i]);
    if (value) bindings.emplace_back(parameters[i].symbol, *value);
  }
  return bindings;
}

class Shares {
 public:
  Shares(const LintInput& input, diagnostics::Sink& sink) : input_(input), module_(input.module), sink_(sink) {}

  void add(const check::Step& step, const TrafficStep& traffic, std::span<const Scope> scopes) {
    check::Bindings bindings;
    Location where = step.location;
    for (const Scope& scope : scopes) {
      if (scope.stage == kNone) continue;
      const check::StageDecl& stage = module_.stages[scope.stage];
      bindings = bindings_of(module_, stage);
      // The step of a template is the same for all of its stages: what differs is the stage.
      if (stage.of_template != kNone) where = module_.symbols[stage.symbol].declared;
    }
    const auto first = check::constant_value(module_, traffic.share, bindings);
    const bool is_ramp = traffic.ramp_to != kNone;
    const auto last = is_ramp ? check::constant_value(module_, traffic.ramp_to, bindings) : first;
    if (!scopes.back().certain || !first || !last) {
      before_.reset();
      return;
    }
    if (before_ && input_.is_own(where)) compare(first->as_double(), where, is_ramp);
    before_ = Known{last->as_double(), where};
  }

 private:
  struct Known {
    double share = 0;
    Location where;
  };

  static std::string text(double share) { return plan::to_literal(plan::Value::ratio(share)); }

  void compare(double share, const Location& where, bool is_ramp) {
    const bool repeats = share == before_->share;
    // The share is taken away where the new version goes, at the end of a canary; a ramp begins where the traffic is.
    if (share > before_->share || share == 0 || (repeats && is_ramp)) return;
    Report report(sink_, Code::TrafficFalls, where,
                  repeats ? fmt::format("the share of traffic is {} already", text(share))
                          : fmt::format("the share of traffic falls from {} to {}", text(before_->share), text(share)));
    report.label(text(share));
    report.also(before_->where, fmt::format("{} since here", text(before_->share)));
    if (repeats) {
      report.note("the step changes nothing, and this part of the rollout tests what the one before it has tested");
    } else {
      report.note(
          "on the way forward the new version gets more traffic from step to step; a rollback takes it away by "
          "itself");
    }
    report.help(repeats ? "give it a larger share, or remove the step" : "are two steps in the wrong order?");
  }

  const LintInput& input_;
  const CheckedModule& module_;
  diagnostics::Sink& sink_;
  std::optional<Known> before_;
};

}  // namespace

void traffic_falls(const LintInput& input, diagnostics::Sink& sink) {
  for (const check::RolloutDecl& rollout : input.module.rollouts) {
    if (!input.is_own(rollout.location)) continue;
    Shares shares(input, sink);
    visit_steps(input.module, rollout, [&](const check::Step& step, std::span<const Scope> scopes) {
      if (const auto* traffic = std::get_if<TrafficStep>(&step.body)) shares.add(step, *traffic, scopes);
    });
  }
}

}  // namespace rollout::lints
