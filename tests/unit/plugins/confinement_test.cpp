#include "runtime/plugins/confinement.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

// What a plugin is kept to, as far as it can be said without starting one; tests/e2e/plugins.py starts some.

namespace rollout::plugins {
namespace {

namespace fs = std::filesystem;

// A home folder with a program in it.
class Home {
 public:
  Home() : path_(fs::temp_directory_path() / ("rollout-confinement-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_ / "plugins/lib");
    fs::create_directories(path_ / "tools/bin");
    std::ofstream(path_ / "plugins/router") << "#!/bin/sh\n";
    const char* before = std::getenv("HOME");
    if (before != nullptr) before_ = before;
    ::setenv("HOME", path_.c_str(), 1);
  }
  ~Home() {
    ::setenv("HOME", before_.c_str(), 1);
    fs::remove_all(path_);
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  std::string program() const { return (path_ / "plugins/router").string(); }
  std::string in(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
  std::string before_;
};

}  // namespace

TEST_CASE("what the kernel confines is said by the version of its Landlock") {
  CHECK(confines_text({0}) == "nothing");
  CHECK(confines_text({1}) == "files, not cutting files off, connections, signals");
  CHECK(confines_text({3}) == "files, cutting files off, not connections, signals");
  CHECK(confines_text({4}) == "files, cutting files off, connections, not signals");
  CHECK(confines_text({6}) == "files, cutting files off, connections, signals");
}

TEST_CASE("of PATH a confined plugin keeps the folders that it may read") {
  const Home home;
  const std::string path = home.in("tools/bin") + ":/usr/local/bin:/usr/bin:relative::" + home.in("plugins/lib");
  const plan::PluginAccess none{"router", {}, {}, {}};
  CHECK(readable_folders(path, none, home.program()) == "/usr/local/bin:/usr/bin:" + home.in("plugins/lib"));
  const plan::PluginAccess tools{"router", {"~/tools"}, {}, {}};
  CHECK(readable_folders(path, tools, home.program()).starts_with(home.in("tools/bin") + ":/usr/local/bin"));
  // A folder whose name only begins the same is another one.
  const plan::PluginAccess other{"router", {"~/tool"}, {}, {}};
  CHECK(readable_folders(home.in("tools/bin"), other, home.program()) == "/usr/bin:/bin");
}

TEST_CASE("paths are absolute, below the home folder, or relative to the program's folder") {
  const Home home;
  const plan::PluginAccess access{
      "router", {"lib", "~/tools", "~/nothing", home.in("tools")}, {"../plugins", "../none"}, {}};
  CHECK(missing_paths(access, home.program()) == std::vector<std::string>{"~/nothing", "../none"});
}

}  // namespace rollout::plugins
