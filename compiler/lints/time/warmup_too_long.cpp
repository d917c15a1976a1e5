// A `warmup` that lasts as long as what it belongs to.
#include <fmt/format.h>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {
namespace {

check::ExprId warmup_of(const Timing& timing, const Location& place) {
  if (const check::RolloutDecl* rollout = timing.rollout_at(place)) return rollout->warmup;
  const check::StageDecl* stage = timing.stage_at(place);
  if (!stage) return check::kNone;
  const bool inherits = stage->warmup == check::kNone && stage->of_template != check::kNone;
  return inherits ? timing.module().stages[stage->of_template].warmup : stage->warmup;
}

}  // namespace

void warmup_too_long(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::BlockId id = 0; id < rollout.plan.blocks.size(); ++id) {
      const plan::Block& block = rollout.plan.blocks[id];
      const auto place = timing.place(rollout.plan, block.spot);
      if (!place || !rollout.time(id).reached || block.guards.empty()) continue;
      const Most warmup = block.warmup == plan::kNone ? std::nullopt : rollout.values.duration(block.warmup);
      const Most& most = rollout.time(id).watched.most;
      const Location primary = timing.expression(warmup_of(timing, *place), *place);
      if (!warmup || !most || *warmup < *most || *warmup == 0) {
        findings.use(primary, std::nullopt);
        continue;
      }
      const std::string scope = timing.scope_name(rollout, id);
      Diagnostic made;
      made.code = Code::WarmupTooLong;
      made.message = fmt::format("nothing is watched here: the warmup takes {}, and {} lasts at most {}", text(*warmup),
                                 scope, text(*most));
      made.primary = primary;
      made.primary_label = "its guards begin to watch after that";
      also(made, place, fmt::format("is over after {}", text(*most)));
      made.helps.push_back("shorten the warmup, or wait longer behind it");
      findings.use(primary, std::move(made));
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
