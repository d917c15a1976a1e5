#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compiler/driver/plugins.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/output.hpp"
#include "runtime/console/text.hpp"
#include "runtime/plan/plugin_access.hpp"
#include "runtime/plan/value.hpp"
#include "runtime/plugins/client.hpp"
#include "runtime/plugins/confinement.hpp"
#include "runtime/plugins/kit.hpp"
#include "runtime/plugins/programs.hpp"
#include "runtime/plugins/schema/lock.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

// `rollout plugin ...`: writing the lock file, showing what is in it, and trying a plugin out.

namespace rollout::command {

namespace {

namespace fs = std::filesystem;
using plan::Value;

std::string path_of_lock(const PluginArguments& arguments) {
  return arguments.lock_file.empty() ? driver::lock_path("") : arguments.lock_file;
}

void print_json(const Value& value) {
  fmt::print("{}\n", plan::to_json(value));
}

// From the folder of the lock file, where the program lies below it; else absolute.
std::string path_in_lock(const std::string& lock, const std::string& program) {
  std::error_code error;
  const fs::path folder = fs::absolute(lock, error).lexically_normal().parent_path();
  const fs::path path = fs::absolute(program, error).lexically_normal();
  const fs::path relative = path.lexically_relative(folder);
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

std::size_t size_of(const plugins::Schema& schema) {
  return schema.operations.size() + schema.checks.size() + schema.metrics.size() + schema.channels.size();
}

// Whether it can describe itself within what it says that it touches.
std::string confined_problem(const std::string& path, const plugins::Schema& schema, const boost::json::value& first) {
  if (!schema.access) return {};
  const auto again = plugins::describe_program(path, schema.access);
  const std::string mend = "; let the schema's `access` read what its program needs, such as the folder of a library";
  if (!again) return fmt::format("kept to its own `access` it does not work: {}{}", again.error(), mend);
  if (plugins::schema_digest(again->schema) == plugins::schema_digest(first)) return {};
  return fmt::format("kept to its own `access` `{}` describes itself otherwise{}", path, mend);
}

// What it may touch, for people.
std::string rights_of(const plugins::Schema& schema) {
  if (!schema.access) return "it has all rights of who starts it: its schema has no `access`";
  return fmt::format("it is kept to what it says that it touches: it {}", plan::access_text(*schema.access));
}

Value row_of(const plugins::LockedPlugin& one) {
  return Value::map({{"name", Value::string(one.plugin.name)},
                     {"version", Value::string(one.plugin.version)},
                     {"path", Value::string(one.plugin.path)},
                     {"sha256", Value::string(one.plugin.executable)},
                     {"schema_sha256", Value::string(one.plugin.schema)}});
}

// Whether the program at hand is the one that was locked, for `list`.
std::string state_of(const std::string& lock, const plugins::LockedPlugin& one) {
  const std::string path = (fs::path(lock).parent_path() / one.plugin.path).string();
  std::error_code error;
  if (!fs::exists(path, error)) return "not here";
  const auto digest = plugins::program_digest(path);
  if (!digest) return digest.error();
  return digest->text == one.plugin.executable ? "as locked" : "changed since it was locked";
}

void tell_missing(const std::vector<std::string>& paths) {
  for (const std::string& path : paths)
    fmt::print("`{}` is not there now: it gets no right to it until it is\n", console::escaped(path));
}

std::string_view mark_of(plugins::Verdict verdict) {
  switch (verdict) {
    case plugins::Verdict::Kept: return "ok     ";
    case plugins::Verdict::Broken: return "BROKEN ";
    case plugins::Verdict::Skipped: return "skipped";
  }
  return "";
}

void tell(const plugins::Finding& finding) {
  fmt::print("{} {:<18} {}\n", mark_of(finding.verdict), finding.probe, finding.rule);
  if (!finding.observed.empty())
    fmt::print("        {}{}\n", finding.verdict == plugins::Verdict::Broken ? "it " : "",
               console::escaped(finding.observed));
  if (!finding.mend.empty()) fmt::print("        to mend it: {}\n", finding.mend);
  std::fflush(stdout);
}

Value row_of(const plugins::Finding& finding) {
  constexpr std::string_view kNames[] = {"kept", "broken", "skipped"};
  return Value::map({{"probe", Value::string(finding.probe)},
                     {"verdict", Value::string(std::string(kNames[static_cast<std::size_t>(finding.verdict)]))},
                     {"rule", Value::string(finding.rule)},
                     {"observed", Value::string(finding.observed)},
                     {"mend", Value::string(finding.mend)}});
}

}  // namespace

Exit plugin_lock(const PluginArguments& arguments) {
  const std::string path = path_of_lock(arguments);
  auto file = driver::read_lock_file(path);
  if (!file.lock) return complain(fmt::format("`{}` cannot be added to: {}", path, file.lock.error()));
  const auto digest = plugins::program_digest(arguments.path);
  if (!digest) return complain(digest.error());
  const auto described = plugins::describe_program(arguments.path);
  if (!described) return complain(described.error());
  const auto schema = plugins::read_schema(described->schema);
  if (!schema) {
    return complain(fmt::format("the schema of `{}` cannot be used: {}", arguments.path, schema.error()));
  }
  if (const std::string problem = confined_problem(arguments.path, *schema, described->schema); !problem.empty())
    return complain(problem);
  if (schema->name != arguments.name) {
    return complain(fmt::format("`{}` calls itself `{}`; lock it under that name", arguments.path, schema->name));
  }
  plugins::LockedPlugin locked{{schema->name, schema->version, path_in_lock(path, arguments.path), digest->text,
                                plugins::schema_digest(described->schema)},
                               described->majors,
                               described->schema};
  std::erase_if(file.lock->plugins, [&](const auto& one) { return one.plugin.name == schema->name; });
  file.lock->plugins.push_back(locked);
  std::ranges::sort(file.lock->plugins, {}, [](const auto& one) { return one.plugin.name; });
  if (const std::string problem = driver::write_bytes(path, plugins::write_lock(*file.lock)); !problem.empty()) {
    return complain(problem);
  }
  if (arguments.format == Format::Json) {
    print_json(row_of(locked));
  } else {
    fmt::print("locked {} {} in {}: {} things that it can do; keep the file with your programs\n{}\n", schema->name,
               console::escaped(schema->version), path, size_of(*schema), console::escaped(rights_of(*schema)));
    if (schema->access) tell_missing(plugins::missing_paths(*schema->access, arguments.path));
  }
  return Exit::Ok;
}

Exit plugin_list(const PluginArguments& arguments) {
  const std::string path = path_of_lock(arguments);
  const auto file = driver::read_lock_file(path);
  if (!file.lock) return complain(fmt::format("`{}` cannot be read: {}", path, file.lock.error()));
  plan::List rows;
  for (const plugins::LockedPlugin& one : file.lock->plugins) {
    const std::string state = state_of(path, one);
    const auto schema = plugins::read_schema(one.schema);
    const std::string rights = schema ? rights_of(*schema) : "its schema cannot be used: " + schema.error();
    plan::Map row = row_of(one).as_map();
    row.emplace_back("state", Value::string(state));
    row.emplace_back("access", schema && schema->access ? Value::string(plan::access_text(*schema->access)) : Value{});
    rows.push_back(Value::map(std::move(row)));
    if (arguments.format == Format::Text)
      fmt::print("{:<24} {:<10} {:<28} {}\n    {}\n", one.plugin.name, console::escaped(one.plugin.version),
                 console::escaped(state), console::escaped(one.plugin.path), console::escaped(rights));
  }
  if (arguments.format == Format::Json) {
    print_json(Value::list(std::move(rows)));
  } else if (file.lock->plugins.empty()) {
    fmt::print("no plugins are locked in {}\n", path);
  }
  return Exit::Ok;
}

Exit plugin_describe(const PluginArguments& arguments) {
  const std::string path = path_of_lock(arguments);
  const auto file = driver::read_lock_file(path);
  if (!file.lock) return complain(fmt::format("`{}` cannot be read: {}", path, file.lock.error()));
  const plugins::LockedPlugin* locked = file.lock->find(arguments.name);
  if (locked == nullptr) {
    return complain(fmt::format("`{}` is not in {}; lock it with `rollout plugin lock {} PATH`", arguments.name, path,
                                arguments.name));
  }
  const auto schema = plugins::read_schema(locked->schema);
  if (!schema) return complain(fmt::format("the schema of `{}` cannot be used: {}", arguments.name, schema.error()));
  if (arguments.format == Format::Json) {
    fmt::print("{}\n", plugins::canonical(locked->schema));
  } else {
    fmt::print("{}", plugins::module_text(*schema));
  }
  return Exit::Ok;
}

Exit plugin_test(const PluginArguments& arguments) {
  std::error_code error;
  const std::string path = fs::absolute(arguments.path, error).string();
  const bool text = arguments.format == Format::Text;
  const auto findings = plugins::run_kit(path, [&](const plugins::Finding& finding) {
    if (text) tell(finding);
  });
  const auto count = [&](plugins::Verdict verdict) {
    return std::ranges::count(findings, verdict, &plugins::Finding::verdict);
  };
  const auto broken = count(plugins::Verdict::Broken);
  if (text) {
    fmt::print("\n{} rules kept, {} broken, {} skipped\n", count(plugins::Verdict::Kept), broken,
               count(plugins::Verdict::Skipped));
  } else {
    plan::List rows;
    for (const plugins::Finding& finding : findings) rows.push_back(row_of(finding));
    print_json(Value::list(std::move(rows)));
  }
  return broken == 0 ? Exit::Ok : Exit::Failed;
}

}  // namespace rollout::command
