#include "compiler/driver/plugins.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "compiler/driver/compile.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plan/plugin_access.hpp"
#include "runtime/plan/verify.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

// Programs that use plugins, checked against a lock file in a folder of their own.

namespace rollout::driver {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSchema = R"({
  "plugin": {"name": "router", "version": "1.0.0", "doc": "Weights of a pool.\n## not a heading ${of} anything"},
  "enums": [{"name": "pool", "labels": ["blue", "green"]}],
  "operations": [
    {"name": "weight", "effect": "readonly", "params": [{"name": "at", "type": "pool"}], "result": "ratio"},
    {"name": "restore", "effect": "idempotent", "params": [{"name": "at", "type": "pool"}, {"name": "before", "type": "json"}]},
    {"name": "has", "effect": "readonly", "params": [{"name": "share", "type": "ratio"}], "result": "bool"},
    {"name": "shift", "doc": "Moves traffic.", "effect": "opaque", "before": "weight", "undo": "restore", "probe": "has",
     "timeout_s": 30, "params": [{"name": "at", "type": "pool"}, {"name": "share", "type": "ratio"},
       {"name": "soak", "type": "duration", "default": 90}, {"name": "most", "type": "size", "default": 1000},
       {"name": "pace", "type": "rate", "default": 15}, {"name": "note", "type": "string", "default": "a \"${b}\""},
       {"name": "token", "type": "secret"}]}],
  "checks": [{"name": "answers", "params": []}],
  "metrics": [{"name": "p95", "type": "duration", "past": true, "params": [{"name": "at", "type": "pool"}]},
              {"name": "errors", "type": "ratio", "params": []}],
  "channels": [{"name": "room", "acknowledged": true, "params": [{"name": "called", "type": "string"}]}]
})";

constexpr std::string_view kUse = "use plugin \"router\" as r\n";

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("rollout-plugins-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_ / "inner");
    write("router", "#!/bin/sh\n");
    lock(kSchema);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, std::string_view text) const { std::ofstream(path_ / name) << text; }
  void lock(std::string_view schema, std::vector<int> majors = {1}) const {
    const auto parsed = plugins::parse_strict(schema);
    REQUIRE(parsed);
    plugins::Lock lock;
    lock.plugins.push_back(
        {{"router", "1.0.0", "router", plan::sha256_hex("#!/bin/sh\n"), plugins::schema_digest(*parsed)},
         std::move(majors),
         *parsed});
    write(std::string(plugins::kLockName), plugins::write_lock(lock));
  }
  std::string path() const { return path_.string(); }
  CompiledFile compile(const std::string& text, const std::string& name = "shop.rollout") const {
    return compile_source({(path_ / name).string(), text});
  }

 private:
  fs::path path_;
};

std::set<std::string> codes_of(const CompiledFile& file) {
  std::set<std::string> codes;
  for (const diagnostics::Diagnostic& one : file.diagnostics) {
    if (diagnostics::severity_of(one.code) == diagnostics::Severity::Error)
      codes.emplace(diagnostics::code_text(one.code));
  }
  return codes;
}

std::string rollout_with(const std::string& step) {
  return std::string(kUse) + "secret key = env(\"KEY\")\nmetric slow: duration = r.p95(r.pool.blue) every 15s\n" +
         "metric bad: ratio = r.errors()\nlet team = r.room(\"#ops\")\n" +
         "rollout shop {\n  stage only {\n    when slow > 250ms for 1m then rollback\n" +
         "    when bad > 5% for 1m then rollback\n    " + step +
         "\n    hold 5m\n  }\n  on pause { notify team \"paused: ${reason}\" }\n}\n";
}

}  // namespace

TEST_CASE("a locked plugin is a module: its calls are typed, and the plan keeps what was locked") {
  const Folder folder;
  const CompiledFile file = folder.compile(
      rollout_with("r.shift(r.pool.green, 5%, token: key)\n    verify r.answers()\n    notify team \"hi\""));
  INFO(render(file, diagnostics::Format::Text, {}));
  CHECK(file.diagnostics.empty());
  const auto plan = plan_of(file, "");
  REQUIRE(plan);
  REQUIRE(plan->plugins.size() == 1);
  CHECK(plan->plugins.front().name == "router");
  CHECK(plan->plugins.front().executable == plan::sha256_hex("#!/bin/sh\n"));
  CHECK(plan->plugin_access.empty());
  const auto again = plan::read_plan(plan::write_plan(*plan));
  INFO(again.error().message);
  REQUIRE(again);
  CHECK(*again == *plan);
  const auto verified = plan::verify(*plan);
  INFO(verified.error().message);
  CHECK(verified);
}

TEST_CASE("the plan keeps what a plugin says that it touches") {
  const Folder folder;
  std::string schema(kSchema);
  schema.replace(schema.find("\"enums\""), 0,
                 R"("access": {"read": ["~/.kube"], "write": ["state", "/var/lib/pools"], "connect": [443, 8443]}, )");
  folder.lock(schema);
  const auto plan = plan_of(folder.compile(rollout_with("r.shift(r.pool.green, 5%, token: key)")), "");
  REQUIRE(plan);
  REQUIRE(plan->plugin_access.size() == 1);
  CHECK(plan->plugin_access.front() ==
        plan::PluginAccess{"router", {"~/.kube"}, {"state", "/var/lib/pools"}, {443, 8443}});
  CHECK(plan::access_text(plan->plugin_access.front()) ==
        "reads `~/.kube`, writes `state`, `/var/lib/pools`, connects to ports 443, 8443");
  CHECK(plan::verify(*plan));
  // Of a rollout that does not call it, it is not kept.
  const auto other = plan_of(folder.compile(std::string(kUse) + "rollout shop { hold 5m }"), "");
  REQUIRE(other);
  CHECK(other->plugins.empty());
  CHECK(other->plugin_access.empty());
}

TEST_CASE("a wrong argument of a plugin is an error of the compiler") {
  const Folder folder;
  CHECK(codes_of(folder.compile(rollout_with("r.shift(r.pool.green, 5, token: key)"))).contains("E0301"));
  CHECK(codes_of(folder.compile(rollout_with("r.shift(r.pool.green, 5%)"))).contains("E0208"));
  CHECK(codes_of(folder.compile(rollout_with("r.shift(r.pool.red, 5%, token: key)"))).contains("E0202"));
  CHECK(codes_of(folder.compile(rollout_with("r.shfit(r.pool.green, 5%, token: key)"))).contains("E0202"));
  CHECK(codes_of(folder.compile(rollout_with("r.shift(r.pool.green, 5%, note: key, token: key)"))).contains("E0501"));
}

TEST_CASE("what a plugin's module calls is no name of programs") {
  const Folder folder;
  CHECK(codes_of(folder.compile("rollout a { plugin.call(plugin: \"x\", operation: \"y\") }")).contains("E0201"));
  const std::string inside = std::string(kUse) + "rollout a { r.plugin.call(plugin: \"x\", operation: \"y\") }";
  CHECK(codes_of(folder.compile(inside)).contains("E0202"));
}

TEST_CASE("the lock file is the nearest one above the program") {
  const Folder folder;
  const std::string program = rollout_with("r.shift(r.pool.green, 5%, token: key)");
  CHECK(codes_of(folder.compile(program, "inner/shop.rollout")).empty());
  // A project of its own in between has its own lock.
  folder.write("inner/rollout.toml", "");
  CHECK(codes_of(folder.compile(program, "inner/shop.rollout")) == std::set<std::string>{"E0217"});
}

TEST_CASE("what is wrong with a lock has a code, and says how to lock again") {
  const Folder folder;
  const std::string program = rollout_with("r.shift(r.pool.green, 5%, token: key)");
  const auto is_told = [&](const std::string& code) {
    const CompiledFile file = folder.compile(program);
    const std::string text = render(file, diagnostics::Format::Text, {});
    INFO(text);
    CHECK(codes_of(file) == std::set<std::string>{code});
    CHECK(text.find("rollout plugin lock router") != std::string::npos);
  };
  folder.lock(kSchema, {2, 3});
  is_told("E0220");
  folder.lock(kSchema);
  folder.write("router", "#!/bin/sh\nanother\n");
  is_told("E0219");
  folder.write("router", "#!/bin/sh\n");
  const std::string lock_file = folder.path() + "/" + std::string(plugins::kLockName);
  std::string text(std::istreambuf_iterator<char>(std::ifstream(lock_file).rdbuf()), {});
  text.replace(text.find("Moves"), 5, "Takes");
  folder.write(std::string(plugins::kLockName), text);
  is_told("E0218");
  folder.write(std::string(plugins::kLockName), "{");
  is_told("E0218");
  folder.write(std::string(plugins::kLockName), "{\"format\": 1, \"plugins\": {}}");
  is_told("E0217");
}

TEST_CASE("a schema that cannot become a module is refused with its place") {
  const auto problem_of = [](std::string_view from, std::string_view to) {
    std::string text(kSchema);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    const auto parsed = plugins::parse_strict(text);
    if (!parsed) return parsed.error();
    const auto schema = plugins::read_schema(*parsed);
    return schema ? std::string() : schema.error();
  };
  CHECK(problem_of("\"opaque\"", "\"maybe\"").starts_with("operations[3].effect: "));
  CHECK(problem_of("\"undo\": \"restore\"", "\"undo\": \"nothing\"").starts_with("operations[3].undo: "));
  CHECK(problem_of("\"probe\": \"has\"", "\"probe\": \"weight\"").starts_with("operations[3].probe: "));
  CHECK(problem_of("\"type\": \"pool\"", "\"type\": \"lake\"").starts_with("operations[0].params[0].type: "));
  CHECK(problem_of("\"default\": 90", "\"default\": \"90\"").starts_with("operations[3].params[2].default: "));
  CHECK(problem_of("\"name\": \"has\"", "\"name\": \"plugin_x\"").starts_with("operations[2].name: "));
  CHECK(problem_of("\"name\": \"has\"", "\"name\": \"x } undo\"").starts_with("operations[2].name: "));
  CHECK(problem_of("\"name\": \"errors\"", "\"name\": \"p95\"").starts_with("metrics[1]: "));
  CHECK(problem_of("\"type\": \"duration\", \"past\"", "\"type\": \"string\", \"past\"")
            .starts_with("metrics[0].type: "));
  CHECK(problem_of("\"version\": \"1.0.0\"", "\"version\": 1").starts_with("plugin.version: "));
  CHECK(problem_of("\"result\": \"ratio\"", "\"result\": \"ratio\", \"result\": \"ratio\"").find("twice") !=
        std::string::npos);
  CHECK(problem_of("\"default\": 15", "\"default\": 9007199254740993").find("2^53") != std::string::npos);
  const auto access_problem = [&](const std::string& access) {
    return problem_of("\"enums\"", "\"access\": " + access + ", \"enums\"");
  };
  CHECK(access_problem("{}").empty());
  CHECK(access_problem("[]").starts_with("access: it is an object"));
  CHECK(access_problem(R"({"read": "/etc"})").starts_with("access.read: it is a list of texts"));
  CHECK(access_problem(R"({"write": [1]})").starts_with("access.write: it is a list of texts"));
  CHECK(access_problem(R"({"read": ["/etc", ""]})") == "access: read[1]: it is no path");
  CHECK(access_problem(R"({"write": ["a\nb"]})") == "access: write[0]: it holds control characters");
  CHECK(access_problem(R"({"connect": 443})").starts_with("access.connect: it is a list of ports"));
  for (const std::string port : {"0", "65536", "-1", "\"443\"", "4.5"})
    CHECK(access_problem("{\"connect\": [" + port + "]}") == "access: connect: ports are from 1 to 65535");
}

}  // namespace rollout::driver
