#include "tests/unit/console/golden.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

void check_golden(const std::string& name, const std::vector<std::string>& lines) {
  const std::string path = std::string(ROLLOUT_SOURCE_DIRECTORY) + "/tests/golden/console/" + name;
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  const char* update = std::getenv("ROLLOUT_UPDATE_GOLDENS");
  if (update && std::string(update) == "1") {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream expected;
  expected << file.rdbuf();
  CAPTURE(path);
  CHECK(text == expected.str());
}
