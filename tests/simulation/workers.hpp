// Work in processes of its own: SQLite's storage and the counts of situations are a process's.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace rollout::simulation {

// Runs the tasks, so many at a time, each in a child process, and gives what each returned, in their order. A task that
// ends its process instead has its place filled with "died: ..." and how.
std::vector<std::string> in_processes(std::size_t at_once, const std::vector<std::function<std::string()>>& tasks);

}  // namespace rollout::simulation
