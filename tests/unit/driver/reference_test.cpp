#include "compiler/driver/reference.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "stdlib/modules.hpp"
#include "tests/support/golden.hpp"

// docs/std/NAME.md is what `rolloutc doc std.NAME` prints.

namespace rollout::driver {
namespace {

const std::filesystem::path kPages = ROLLOUT_SOURCE_DIRECTORY "/docs/std";

}  // namespace

TEST_CASE("the library's reference pages are those of its modules") {
  for (const stdlib::Module& module : stdlib::modules()) {
    const std::string name(module.name);
    const auto page = library_reference(name);
    REQUIRE(page);
    INFO(name);
    CHECK(*page == test::recorded(kPages / (name + ".md"), *page));
  }
  for (const auto& path : test::files_in(kPages, ".md")) {
    INFO(path);
    CHECK((path.stem() == "README" || stdlib::module_text(path.stem().string())));
  }
}

TEST_CASE("everything in the library is documented") {
  for (const stdlib::Module& module : stdlib::modules()) {
    const std::string page = *library_reference(module.name);
    // A heading, its head, and then neither the next heading nor the effect nor the end.
    for (auto at = page.find("\n## "); at != std::string::npos; at = page.find("\n## ", at + 1)) {
      const std::size_t behind = page.find("\n```\n", at) + 5;
      INFO(std::string(module.name) << ": " << page.substr(at + 4, page.find('\n', at + 4) - at - 4));
      CHECK(behind + 1 < page.size());
      CHECK(page.compare(behind, 4, "\n## ") != 0);
      CHECK(page.compare(behind, 8, "\nEffect:") != 0);
    }
  }
}

TEST_CASE("a page says what an action does to the world, and first what there is") {
  const std::string page = reference_page("\"./tools.rollout\"", R"(## Tools.

## Restarts it. Nothing else.
idempotent action restart(name: string) { run `service restart ${name}` }

## Adds a thing | a bar.
action add() { run `add` undo { idempotent run `remove` } }
)");
  CHECK(page.find("| action | [`restart`](#action-restart) | Restarts it |") != std::string::npos);
  CHECK(page.find("Adds a thing \\| a bar") != std::string::npos);
  CHECK(page.find("```rollout\nidempotent action restart(name: string)\n```") != std::string::npos);
  CHECK(page.find("Effect: `idempotent`.") != std::string::npos);
  CHECK_FALSE(library_reference("std.kubernets"));
}

}  // namespace rollout::driver
