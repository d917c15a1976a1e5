#include "runtime/engine/entries.hpp"

#include <fmt/format.h>

#include <fstream>

#include "runtime/engine/control.hpp"

namespace rollout::engine {

namespace {

using plan::Value;

constexpr const char* kProcessStarted = "process started";
constexpr const char* kOrphanEnded = "orphan ended";
constexpr const char* kPersonSpoke = "person spoke";
constexpr const char* kPluginFound = "plugin found";

plan::Map fields_of(const ProcessNote& note) {
  return {{"effect", Value::number(static_cast<double>(note.effect))},
          {"key", Value::string(note.key)},
          {"pid", Value::number(note.process.pid)}};
}

std::string text_in(const Value& body, std::string_view name) {
  const Value* found = body.find(name);
  return found == nullptr ? std::string{} : found->as_string();
}

double number_in(const Value& body, std::string_view name) {
  const Value* found = body.find(name);
  return found == nullptr ? 0 : found->as_double();
}

}  // namespace

journal::NewEntry entry_of(const machine::Record& record) {
  return {record.at, std::string(machine::record_name(record.kind)), plan::to_json(Value::map(record.fields))};
}

journal::NewEntry process_started_entry(const ProcessNote& note, Nanoseconds at) {
  plan::Map fields = fields_of(note);
  // As text: a JSON number holds 53 bits.
  fields.emplace_back("start_time", Value::string(std::to_string(note.process.start_time)));
  fields.emplace_back("boot", Value::string(note.boot));
  return {at, kProcessStarted, plan::to_json(Value::map(std::move(fields)))};
}

journal::NewEntry orphan_ended_entry(const ProcessNote& note, const std::string& how, Nanoseconds at) {
  plan::Map fields = fields_of(note);
  fields.emplace_back("how", Value::string(how));
  return {at, kOrphanEnded, plan::to_json(Value::map(std::move(fields)))};
}

journal::NewEntry person_spoke_entry(const machine::PersonSaid& said, const Speaker& speaker,
                                     const std::string& refused, Nanoseconds at) {
  return {at, kPersonSpoke,
          plan::to_json(Value::map({{"verb", Value::string(std::string(verb_word(said.verb)))},
                                    {"who", Value::string(said.who)},
                                    {"gate", Value::string(said.gate)},
                                    {"user", Value::string(speaker.user)},
                                    {"login", Value::string(speaker.login)},
                                    {"refused", Value::string(refused)}}))};
}

std::string person_spoke_text(const Value& body) {
  const Speaker speaker{text_in(body, "user"), text_in(body, "login")};
  const std::string gate = text_in(body, "gate"), refused = text_in(body, "refused");
  return fmt::format("{} ({}) says {}{}{}", text_in(body, "who"), speaker.text(), text_in(body, "verb"),
                     gate.empty() ? "" : fmt::format(" \"{}\"", gate), refused.empty() ? "" : ": refused, " + refused);
}

std::vector<ProcessNote> process_notes(const std::vector<journal::Entry>& entries) {
  std::vector<ProcessNote> notes;
  for (const journal::Entry& entry : entries) {
    if (entry.kind != kProcessStarted) continue;
    const auto body = plan::from_json(entry.body);
    if (!body) continue;
    ProcessNote note;
    note.effect = static_cast<std::uint64_t>(number_in(*body, "effect"));
    note.key = text_in(*body, "key");
    note.process.pid = static_cast<pid_t>(number_in(*body, "pid"));
    note.process.start_time = std::strtoull(text_in(*body, "start_time").c_str(), nullptr, 10);
    note.boot = text_in(*body, "boot");
    notes.push_back(std::move(note));
  }
  return notes;
}

journal::NewEntry plugin_found_entry(const PluginNote& note, Nanoseconds at) {
  return {at, kPluginFound,
          plan::to_json(Value::map({{"plugin", Value::string(note.name)},
                                    {"version", Value::string(note.version)},
                                    {"path", Value::string(note.path)},
                                    {"executable", Value::string(note.executable)}}))};
}

std::vector<PluginNote> plugin_notes(const std::vector<journal::Entry>& entries) {
  std::vector<PluginNote> notes;
  for (const journal::Entry& entry : entries) {
    if (entry.kind != kPluginFound) continue;
    const auto body = plan::from_json(entry.body);
    if (!body) continue;
    notes.push_back(
        {text_in(*body, "plugin"), text_in(*body, "version"), text_in(*body, "path"), text_in(*body, "executable")});
  }
  return notes;
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace rollout::engine
