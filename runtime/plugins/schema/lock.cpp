#include "runtime/plugins/schema/lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins {

namespace {

namespace json = boost::json;

constexpr int kFormat = 1;

// JSON for people to review: two blanks a level, one member a line.
void write_pretty(std::string& out, const json::value& value, std::size_t depth) {
  const std::string indent(2 * (depth + 1), ' ');
  const auto* object = value.if_object();
  const auto* array = value.if_array();
  const bool flat = (object == nullptr || object->empty()) && (array == nullptr || array->empty());
  if (flat) {
    out += json::serialize(value);
    return;
  }
  bool first = true;
  out += object != nullptr ? "{" : "[";
  const auto begin_member = [&] { out += (std::exchange(first, false) ? "\n" : ",\n") + indent; };
  if (object != nullptr) {
    for (const auto& member : *object) {
      begin_member();
      out += json::serialize(member.key()) + ": ";
      write_pretty(out, member.value(), depth + 1);
    }
  } else {
    for (const json::value& element : *array) {
      begin_member();
      write_pretty(out, element, depth + 1);
    }
  }
  out += "\n" + std::string(2 * depth, ' ') + (object != nullptr ? "}" : "]");
}

std::vector<int> majors_in(const json::object& entry) {
  std::vector<int> majors;
  if (const auto* array = array_member(entry, "majors")) {
    for (const json::value& major : *array) {
      if (major.is_int64()) majors.push_back(static_cast<int>(major.get_int64()));
    }
  }
  return majors;
}

plan::Expected<LockedPlugin, std::string> read_entry(std::string_view name, const json::value& value) {
  const auto* entry = value.if_object();
  if (entry == nullptr) return fmt::format("the entry of `{}` is no object", name);
  LockedPlugin locked;
  locked.plugin.name = name;
  locked.plugin.version = text_member(*entry, "version");
  locked.plugin.path = text_member(*entry, "path");
  locked.plugin.executable = text_member(*entry, "sha256");
  locked.plugin.schema = text_member(*entry, "schema_sha256");
  locked.majors = majors_in(*entry);
  const json::value* schema = entry->if_contains("schema");
  if (locked.plugin.path.empty() || locked.plugin.executable.size() != 64 || schema == nullptr) {
    return fmt::format("the entry of `{}` lacks its `path`, `sha256` or `schema`", name);
  }
  locked.schema = *schema;
  if (schema_digest(locked.schema) != locked.plugin.schema) {
    return fmt::format("the schema of `{}` is not the one that was locked: its digest differs", name);
  }
  return locked;
}

}  // namespace

const LockedPlugin* Lock::find(std::string_view name) const {
  const auto found = std::ranges::find_if(plugins, [&](const auto& one) { return one.plugin.name == name; });
  return found == plugins.end() ? nullptr : &*found;
}

std::vector<std::string> Lock::names() const {
  std::vector<std::string> result;
  for (const LockedPlugin& one : plugins) result.push_back(one.plugin.name);
  return result;
}

plan::Expected<Lock, std::string> read_lock(std::string_view text) {
  const auto parsed = parse_strict(text);
  if (!parsed) return parsed.error();
  const auto* object = parsed->if_object();
  const json::value* format = object == nullptr ? nullptr : object->if_contains("format");
  if (format == nullptr || !format->is_int64()) return std::string("it is no lock file: it does not say its `format`");
  if (format->get_int64() != kFormat) {
    return fmt::format("it is of format {}, this program reads {}: update rollout", format->get_int64(), kFormat);
  }
  const auto* entries = object_member(*object, "plugins");
  if (entries == nullptr) return std::string("it has no `plugins`");
  Lock lock;
  for (const auto& member : *entries) {
    auto entry = read_entry(std::string_view(member.key()), member.value());
    if (!entry) return entry.error();
    lock.plugins.push_back(std::move(*entry));
  }
  std::ranges::sort(lock.plugins, {}, [](const LockedPlugin& one) { return one.plugin.name; });
  return lock;
}

std::string write_lock(const Lock& lock) {
  json::object entries;
  for (const LockedPlugin& one : lock.plugins) {
    json::array majors(one.majors.begin(), one.majors.end());
    entries[one.plugin.name] = json::object{{"version", one.plugin.version},   {"path", one.plugin.path},
                                            {"sha256", one.plugin.executable}, {"schema_sha256", one.plugin.schema},
                                            {"majors", std::move(majors)},     {"schema", one.schema}};
  }
  std::string out;
  write_pretty(out, json::object{{"format", kFormat}, {"plugins", std::move(entries)}}, 0);
  return out + "\n";
}

bool is_spoken(const std::vector<int>& majors) {
  return std::ranges::any_of(
      majors, [](int major) { return std::ranges::find(kProtocolMajors, major) != std::end(kProtocolMajors); });
}

std::string majors_text(const std::vector<int>& majors) {
  return majors.empty() ? "none" : fmt::format("{}", fmt::join(majors, ", "));
}

}  // namespace rollout::plugins
