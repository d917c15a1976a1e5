#pragma once

#include "compiler/driver/shell/manual.hpp"

namespace rollout::command {

// What the manual page of `rolloutc` says beside its verbs.
shell::ManualText manual_text();

}  // namespace rollout::command
