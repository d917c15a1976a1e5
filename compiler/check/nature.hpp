// What steps do to the world.
#pragma once

#include <vector>

#include "compiler/check/checked_module.hpp"

namespace rollout::check {

// The call that the step is about; kNone where it is none.
ExprId call_of(const Step& step);

// What steps do, actions looked into once.
class Nature {
 public:
  explicit Nature(const CheckedModule& module) : module_(module), actions_(module.actions.size()) {}

  // Changes the world: a call that is not readonly, a share of traffic.
  bool changes(const Step& step);
  // Does what no rollback crosses.
  bool is_irreversible(const Step& step);
  // Looks or asks whether all is well: verify, hold until, approve, checklist, ask.
  bool verifies(const Step& step);

 private:
  struct Known {
    bool known = false, changes = false, irreversible = false, verifies = false;
  };
  Known of_action(std::uint32_t action);
  Known of_step(const Step& step);
  Known of_block(BlockId block);

  const CheckedModule& module_;
  std::vector<Known> actions_;
};

}  // namespace rollout::check
