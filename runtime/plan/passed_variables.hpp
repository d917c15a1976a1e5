#pragma once

#include <optional>
#include <string>
#include <string_view>

// Environment variables that commands get as the runtime has them (`pass` in a project file). A plan holds their names
// alone, among the environment's variables, so that no value gets into a journal. What marks them there is a `=`, which
// no variable's name has; plans keep their format.

namespace rollout::plan {

// Whether it is a variable's name, or the beginning of one, of three letters or more, with a `*` behind it.
bool is_passed_pattern(std::string_view pattern);
// Whether the variable is one of the pattern's.
bool is_passed_by(std::string_view pattern, std::string_view variable);

// The pattern as the name of an EnvironmentVariable, and back; nothing where the name is that of a variable with a
// value.
std::string passed_entry(std::string_view pattern);
std::optional<std::string_view> passed_pattern(std::string_view name);

// Whether a variable of that name probably holds a credential.
bool looks_like_credential(std::string_view name);

}  // namespace rollout::plan
