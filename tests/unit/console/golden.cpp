#include "tests/unit/console/golden.hpp"

#include <catch2/catch.hpp>

#include "tests/support/golden.hpp"

void check_golden(const std::string& name, const std::vector<std::string>& lines) {
  const std::string path = std::string(ROLLOUT_SOURCE_DIRECTORY) + "/tests/golden/console/" + name;
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  CAPTURE(path);
  CHECK(text == rollout::test::recorded(path, text));
}
