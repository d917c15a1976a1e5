#include "runtime/machine/machine.hpp"

namespace rollout::machine {

struct Machine::Impl {
  std::shared_ptr<const plan::VerifiedPlan> plan;
  RunOptions options;
};

plan::Expected<Machine> Machine::create(std::shared_ptr<const plan::VerifiedPlan> plan, RunOptions options,
                                        Nanoseconds) {
  return Machine(std::make_unique<Impl>(Impl{std::move(plan), std::move(options)}));
}

plan::Expected<Machine> Machine::restore(std::shared_ptr<const plan::VerifiedPlan>, std::string_view) {
  return plan::PlanError{"the snapshot is damaged", 0};
}

Machine::Machine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;
Machine::~Machine() = default;

Reaction Machine::apply(const Event&, Nanoseconds) {
  return {};
}
std::optional<Nanoseconds> Machine::next_wakeup() const {
  return std::nullopt;
}
std::string Machine::snapshot() const {
  return {};
}
View Machine::view() const {
  return {};
}
RunState Machine::state() const {
  return RunState::Waiting;
}
const std::string& Machine::run_id() const {
  return impl_->options.run_id;
}
bool Machine::finished() const {
  return false;
}

}  // namespace rollout::machine
