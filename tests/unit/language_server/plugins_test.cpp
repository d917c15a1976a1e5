#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "runtime/plugins/schema/lock.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"
#include "tests/unit/language_server/support.hpp"

// Programs beside a lock file: which plugins and which of their operations are offered.

namespace rollout::language_server::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = R"({
  "plugin": {"name": "NAME", "version": "1.0.0"},
  "operations": [{"name": "shift", "doc": "Moves traffic.", "effect": "idempotent", "params": [{"name": "share", "type": "ratio"}]}],
  "checks": [{"name": "answers", "params": []}],
  "metrics": [{"name": "depth", "type": "number", "params": []}]
})";

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("rollout-completed-plugins-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
    plugins::Lock lock;
    for (const std::string name : {"queue", "router"}) {
      std::string text(kSchema);
      text.replace(text.find("NAME"), 4, name);
      const auto schema = plugins::parse_strict(text);
      REQUIRE(schema);
      lock.plugins.push_back(
          {{name, "1.0.0", name, std::string(64, 'a'), plugins::schema_digest(*schema)}, {1}, *schema});
    }
    std::ofstream(path_ / plugins::kLockName) << plugins::write_lock(lock);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file() const { return (path_ / "shop.rollout").string(); }

 private:
  fs::path path_;
};

// What is offered at the `|`, in the order of the answer.
std::vector<std::string> offered(const std::string& text) {
  const Folder folder;
  const Marked at = marked(text);
  Client client;
  client.open(folder.file(), at.text);
  const auto line = std::count(at.text.begin(), at.text.begin() + at.offset, '\n');
  const auto begin = at.text.rfind('\n', at.offset - 1);
  const auto column = begin == std::string::npos ? at.offset : at.offset - begin - 1;
  const json::value result = client.result(
      "textDocument/completion", json::object{{"textDocument", json::object{{"uri", "file://" + folder.file()}}},
                                              {"position", json::object{{"line", line}, {"character", column}}}});
  std::vector<std::string> labels;
  for (const json::value& item : result.at("items").as_array())
    labels.push_back(json::value_to<std::string>(item.at("label")));
  return labels;
}

bool has(const std::vector<std::string>& labels, const std::string& label) {
  return std::ranges::find(labels, label) != labels.end();
}

}  // namespace

TEST_CASE("the plugins of the lock file are offered where one is named") {
  using Labels = std::vector<std::string>;
  CHECK(offered("use plugin \"|") == Labels{"queue", "router"});
  CHECK(offered("use plugin \"|\"\n\nrollout shop { }\n") == Labels{"queue", "router"});
  CHECK(offered("use std.http\n  use  plugin \"ro|\" as r\n") == Labels{"queue", "router"});
  // Not in any other text.
  CHECK(offered("rollout shop {\n  owner \"|\"\n}\n").empty());
  CHECK(offered("use plugin \"queue\" as \"|\"\n").empty());
}

TEST_CASE("what a locked plugin can do is offered behind its name") {
  const std::string program =
      "use plugin \"router\" as r\nmetric m: number = r.depth()\nrollout shop {\n  stage one {\n    ";
  const auto steps = offered(program + "r.|\n  }\n}\n");
  CHECK(has(steps, "shift"));
  CHECK_FALSE(has(steps, "depth"));
  CHECK(has(offered(program + "r.shift(|\n  }\n}\n"), "share: "));
  CHECK(has(offered(program + "verify r.|\n  }\n}\n"), "answers"));
  CHECK(has(offered("use plugin \"router\"\nmetric m: number = router.|\n"), "depth"));
}

}  // namespace rollout::language_server::test
