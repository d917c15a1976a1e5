#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "editor-support/language-server/protocol/uri.hpp"
#include "editor-support/language-server/queries/names.hpp"
#include "stdlib/modules.hpp"
#include "tests/unit/language_server/support.hpp"

// What the server takes from the disk, and what it writes there.

namespace {

using namespace rollout::language_server;
using namespace rollout::language_server::test;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "rollout-lsp-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::string path_;
};

const std::string kSlo = "use std.prometheus\nmetric p95: duration = prometheus.query(\"x\") unit s\n";
const std::string kShop = "use \"./slo.rollout\"\nrollout shop {\n  when slo.p95 > 1s then rollback\n  hold 5m\n}\n";

std::vector<std::string> codes(const Compiled& file) {
  std::vector<std::string> found;
  for (const auto& one : file->diagnostics) found.emplace_back(rollout::diagnostics::code_text(one.code));
  return found;
}

}  // namespace

TEST_CASE("what is open shadows the disk, and what is closed is read from it again") {
  const Folder folder;
  const std::string slo = folder.write("slo.rollout", kSlo), shop = folder.write("shop.rollout", kShop);
  Workspace workspace;
  workspace.set_text(shop, kShop);
  CHECK(codes(workspace.compiled(shop)).empty());
  CHECK_FALSE(workspace.is_stale(shop));
  workspace.set_text(slo, "let p95 = 3\n");
  CHECK(workspace.is_stale(shop));
  CHECK_FALSE(codes(workspace.compiled(shop)).empty());
  workspace.close(slo);
  CHECK(codes(workspace.compiled(shop)).empty());
}

TEST_CASE("a file that appears mends the `use` that missed it") {
  const Folder folder;
  const std::string shop = folder.write("shop.rollout", kShop);
  Workspace workspace;
  workspace.set_text(shop, kShop);
  CHECK(codes(workspace.compiled(shop)) == std::vector<std::string>{"E0205"});
  folder.write("slo.rollout", kSlo);
  CHECK_FALSE(workspace.is_stale(shop));
  workspace.forget_disk();
  CHECK(codes(workspace.compiled(shop)).empty());
}

TEST_CASE("uses are found in files that are not open, and not in folders of tools") {
  const Folder folder;
  const std::string slo = folder.write("slo.rollout", kSlo), shop = folder.write("shop.rollout", kShop);
  folder.write("node_modules/shop.rollout", "use \"../slo.rollout\"\nlet x = slo.p95\n");
  Workspace workspace;
  workspace.set_text(slo, kSlo);
  const Compiled file = workspace.compiled(slo);
  const auto name = name_at(file->module, static_cast<std::uint32_t>(kSlo.find("p95")));
  REQUIRE(name);
  const auto places =
      places_of(file->module, name->symbol, workspace.everything({std::filesystem::path(slo).parent_path().string()}));
  REQUIRE(places.size() == 2);
  CHECK(places[0].path == shop);
  CHECK(places[1].path == slo);
}

TEST_CASE("files that are not open are compiled again only where something that they were made of has changed") {
  const Folder folder;
  const std::string slo = folder.write("slo.rollout", kSlo), shop = folder.write("shop.rollout", kShop);
  const std::vector<std::string> folders = {std::filesystem::path(slo).parent_path().string()};
  const auto compiled = [&](Workspace& workspace, const std::string& path) {
    for (const Compiled& file : workspace.everything(folders)) {
      if (file->path == path) return file;
    }
    return Compiled();
  };
  Workspace workspace;
  const Compiled before = compiled(workspace, shop);
  REQUIRE(before);
  CHECK(compiled(workspace, shop) == before);
  workspace.set_text(slo, kSlo + "let unsaved = 1\n");
  const Compiled with_unsaved = compiled(workspace, shop);
  CHECK(with_unsaved != before);
  CHECK(with_unsaved->module.files.files.at(1).text.ends_with("unsaved = 1\n"));
  CHECK(compiled(workspace, shop) == with_unsaved);
  workspace.close(slo);
  CHECK_FALSE(compiled(workspace, shop)->module.files.files.at(1).text.ends_with("unsaved = 1\n"));
  folder.write("slo.rollout", kSlo + "let longer = 1\n");
  CHECK(compiled(workspace, shop)->module.files.files.at(1).text.ends_with("longer = 1\n"));
}

TEST_CASE("a file that is not open is reported through the open one that uses it, and cleared with it") {
  const Folder folder;
  const std::string slo = folder.write("slo.rollout", "let a = 1 +\n"), shop = folder.path("shop.rollout");
  Client client;
  client.open(shop, "use \"./slo.rollout\"\n");
  const auto findings = [](const std::vector<json::value>& messages, const std::string& path) {
    const auto found = std::ranges::find_if(messages, [&](const json::value& one) {
      return protocol::text_member(one, "uri") == protocol::uri_of_path(path);
    });
    return found == messages.end() ? -1 : static_cast<int>(found->at("diagnostics").as_array().size());
  };
  CHECK(findings(client.published(), slo) == 1);
  client.notify("textDocument/didClose", about(shop));
  const auto cleared = client.published();
  CHECK(findings(cleared, slo) == 0);
  CHECK(findings(cleared, shop) == 0);
}

TEST_CASE("a module of the library and the page of a code are written out for the editor") {
  const Folder folder;
  Session session;
  session.pages_folder = folder.path("pages");
  const auto text_at = [](const std::string& uri) { return read_text(protocol::path_of_uri(uri).value_or("")); };
  const std::string module = session.uri_of("std/slack.rollout");
  CHECK(text_at(module) == rollout::stdlib::module_text("slack"));
  // What was damaged is written anew.
  const std::filesystem::path page = *protocol::path_of_uri(module);
  using std::filesystem::perms;
  CHECK((std::filesystem::status(page).permissions() & (perms::owner_write | perms::others_write)) == perms::none);
  std::filesystem::permissions(page, perms::owner_all);
  std::ofstream(page) << "x";
  CHECK(text_at(session.uri_of("std/slack.rollout")) == rollout::stdlib::module_text("slack"));
  CHECK(text_at(session.explanation_uri(rollout::diagnostics::Code::UnknownName)).starts_with("#"));
  session.pages_folder = "/proc/nowhere";
  CHECK(session.explanation_uri(rollout::diagnostics::Code::UnknownName) == "");
}
