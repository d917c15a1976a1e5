#pragma once

#include <string>
#include <vector>

// Compares lines with tests/golden/console/NAME; rewrites the file instead where ROLLOUT_UPDATE_GOLDENS=1.
void check_golden(const std::string& name, const std::vector<std::string>& lines);
