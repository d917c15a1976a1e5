// `every D { }` whose steps take longer than D.
#include <fmt/format.h>

#include "compiler/lints/time/timing.hpp"

namespace rollout::lints {

void round_too_long(const Timing& timing, diagnostics::Sink& sink) {
  Findings findings;
  for (const TimedRollout& rollout : timing.rollouts()) {
    for (plan::BlockId id = 0; id < rollout.plan.blocks.size(); ++id) {
      const plan::Block& block = rollout.plan.blocks[id];
      const auto place = timing.place(rollout.plan, block.spot);
      if (!place || block.kind != plan::BlockKind::Every || !rollout.time(id).reached) continue;
      const check::Step* step = timing.step_at(*place);
      const auto* recur = step ? std::get_if<check::RecurStep>(&step->body) : nullptr;
      const Location primary = recur ? timing.expression(recur->every, *place) : *place;
      const Most every = rollout.values.duration(block.every);
      const Nanoseconds least = rollout.time(id).takes.least;
      if (!every || least <= *every) {
        findings.use(primary, std::nullopt);
        continue;
      }
      Diagnostic made;
      made.code = Code::RoundTooLong;
      made.message = fmt::format("a round of this block takes at least {}, and the next is due after {}", text(least),
                                 text(*every));
      made.primary = primary;
      made.primary_label = "rounds are left out while one runs";
      made.helps.push_back(fmt::format("let them be at least {} apart, or wait less inside", text(least)));
      findings.use(primary, std::move(made));
    }
  }
  findings.report(sink);
}

}  // namespace rollout::lints
