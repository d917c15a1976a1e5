#pragma once

#include <string>
#include <vector>

#include "runtime/engine/speaker.hpp"
#include "runtime/executors/process.hpp"
#include "runtime/journal/journal.hpp"
#include "runtime/machine/events.hpp"

// What stands in the journal: the machine's records, and the engine's own notes about processes.
//
//   "process started"  effect, key, pid, start_time (clock ticks since boot, as text), boot (the kernel's id of this
//   boot)
//   "orphan ended"     effect, key, pid, how ("terminated", "killed", "could not be ended")
//   "plugin found"     plugin, version, path, executable (its SHA-256)
//   "person spoke"     verb, who (as they call themselves), gate, user, login (see Speaker), refused (why it was not
//                      heard, or empty)

namespace rollout::engine {

using plan::Nanoseconds;

journal::NewEntry entry_of(const machine::Record& record);

// A process that an effect of some run was, as it was journalled.
struct ProcessNote {
  std::uint64_t effect = 0;
  std::string key;
  executors::ProcessIdentity process;
  std::string boot;
};
journal::NewEntry process_started_entry(const ProcessNote& note, Nanoseconds at);
journal::NewEntry orphan_ended_entry(const ProcessNote& note, const std::string& how, Nanoseconds at);
// Who it really was that said something. Stands before what it brought about, and is stored with it.
journal::NewEntry person_spoke_entry(const machine::PersonSaid& said, const Speaker& speaker,
                                     const std::string& refused, Nanoseconds at);
// "ana (unix user deploy) says approve "Go"", from such an entry's body.
std::string person_spoke_text(const plan::Value& body);
// The notes among a run's entries, in order.
std::vector<ProcessNote> process_notes(const std::vector<journal::Entry>& entries);

// A plugin's program as it was found when the run was created: taking the run up again looks there.
struct PluginNote {
  std::string name, version, path, executable;
};
journal::NewEntry plugin_found_entry(const PluginNote& note, Nanoseconds at);
std::vector<PluginNote> plugin_notes(const std::vector<journal::Entry>& entries);

// The kernel's id of this boot: process ids and start times mean nothing on another.
std::string boot_id();

}  // namespace rollout::engine
