#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "stdlib/modules.hpp"
#include "tests/unit/check/support.hpp"

// Programs that would take too long or too much stack, and every module of the standard library.

using namespace rollout;
using check::test::check_text;

TEST_CASE("every module of the standard library is documented and sound") {
  REQUIRE(stdlib::modules().size() >= 6);
  for (const stdlib::Module& module : stdlib::modules()) {
    INFO(module.name);
    CHECK(module.text.starts_with("## "));
    const auto checked = check_text(std::string(module.text));
    INFO(checked.frames());
    CHECK(checked.sink.sorted().empty());
    for (const check::Symbol& symbol : checked.module.symbols) {
      const bool declared = symbol.kind == check::SymbolKind::Action || symbol.kind == check::SymbolKind::Check ||
                            symbol.kind == check::SymbolKind::Channel;
      INFO(symbol.path);
      if (declared) CHECK_FALSE(symbol.documentation.empty());
    }
  }
}

TEST_CASE("a chain of declarations that need each other ends with a message") {
  std::string lets;
  for (int i = 0; i < 5000; ++i) lets += fmt::format("let a{} = a{}\n", i, i + 1);
  lets += "let a5000 = 1\n";
  const auto checked = check_text(std::move(lets));
  CHECK(checked.sink.error_count() > 0);
  CHECK(checked.lines().find("E0128") != std::string::npos);
}

TEST_CASE("long chains and deep nests of operators end with a message") {
  std::string sum = "let a = 1", nest = "let b = ";
  for (int i = 0; i < 20000; ++i) sum += " + 1";
  for (int i = 0; i < 5000; ++i) nest += "(";
  CHECK(check_text(sum + "\n").sink.error_count() > 0);
  CHECK(check_text(nest + "\n").sink.error_count() > 0);
}

TEST_CASE("constants that take for ever to fold are left to the run") {
  std::string text = "fn f0(x: number): number = x + 1\n";
  for (int i = 1; i < 60; ++i) text += fmt::format("fn f{}(x: number): number = f{}(x) + f{}(x)\n", i, i - 1, i - 1);
  text += "let a = f59(1)\n";
  for (int i = 0; i < 60; ++i)
    text += fmt::format("let l{} = [{}, {}]\n", i, i == 0 ? "a" : fmt::format("l{}", i - 1),
                        i == 0 ? "a" : fmt::format("l{}", i - 1));
  const auto checked = check_text(std::move(text));
  INFO(checked.frames());
  CHECK(checked.sink.error_count() == 0);
}

TEST_CASE("one cause gives one diagnostic") {
  const auto one = [](std::string text) {
    const auto checked = check_text("use std.prometheus\n" + std::move(text));
    INFO(checked.frames());
    CHECK(checked.sink.sorted().size() == 1);
  };
  one("let a = unknown\nlet b = a + 5%\nlet c = \"${b}\"\ncheck d { require c == \"x\" and b < 5% }\n");
  one("metric m: numbr = prometheus.query(\"m\")\ncheck c { require m < 5% and avg(m, 5m) > 3s }\n");
  one("metric m: number = prometheus.qury(\"m\")\ncheck c { require m < 5 }\n");
  one("rollout a { traffic via splt(\"x\")\n traffic 5%\n traffic 10% }\n");
  one("role r = [5]\nrollout a { approve \"x\" by r }\n");
  one("fn f(x: durtion) = x * 2\nlet y = f(5)\n");
  one("use std.slck as s\nlet ops = s.channel(\"#x\")\nrollout a { notify ops \"x\" }\n");
  one("check c { let r = http.gt(\"x\")\n require r.status == 200 and r.json.x > 5 }\n");
}
