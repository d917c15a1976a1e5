#include "runtime/plan/undo_blocks.hpp"

namespace rollout::plan {

std::vector<bool> undo_blocks(const Plan& plan) {
  std::vector<bool> back(plan.blocks.size(), false);
  for (std::size_t id = 0; id < plan.blocks.size(); ++id) back[id] = plan.blocks[id].kind == BlockKind::Undo;
  // A block stands in the table anywhere: what a marked one runs is marked until nothing changes.
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t id = 0; id < plan.blocks.size(); ++id) {
      if (!back[id]) continue;
      for (std::uint32_t at = plan.blocks[id].begin; at < plan.blocks[id].end; ++at) {
        const Instruction& one = plan.code[at];
        if (one.op != Op::Run || one.b >= back.size() || back[one.b]) continue;
        back[one.b] = changed = true;
      }
    }
  }
  return back;
}

}  // namespace rollout::plan
