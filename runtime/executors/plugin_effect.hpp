#pragma once

#include <string>

#include "runtime/executors/plugin_caller.hpp"
#include "runtime/executors/secrets.hpp"

namespace rollout::executors {

// The call that a Plugin effect stands for; the error says which argument has no value.
plan::Expected<PluginCall> plugin_call(const machine::StartEffect& effect, const Secrets& secrets);

// What came of it, for the machine: secrets masked, a measurement's numbers in the metric's kind.
machine::EffectDone plugin_outcome(const machine::StartEffect& effect, const PluginResult& result,
                                   const Masker& masker);

}  // namespace rollout::executors
