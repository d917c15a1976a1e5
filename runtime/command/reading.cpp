#include "runtime/command/reading.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <thread>

#include "compiler/driver/clock.hpp"
#include "compiler/driver/compile.hpp"
#include "compiler/driver/source_reader.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/output.hpp"
#include "runtime/command/view_json.hpp"
#include "runtime/console/live.hpp"
#include "runtime/console/text.hpp"
#include "runtime/engine/entries.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/signing/key_file.hpp"

namespace rollout::command {

namespace {

using plan::PlanError;
using plan::Value;

constexpr std::chrono::milliseconds kFollowEvery{250};
constexpr std::size_t kEntriesAtOnce = 1000;

plan::Expected<std::unique_ptr<journal::Journal>> open_journal(const StateDirectory& state, const std::string& run_id) {
  auto journal = journal::open_sqlite(state.journal_of(run_id), journal::OpenMode::ReadOnly);
  if (!journal) return PlanError{journal.error().message};
  return std::move(*journal);
}

std::optional<machine::RecordKind> kind_named(std::string_view name) {
  static const std::map<std::string_view, machine::RecordKind> kinds = [] {
    std::map<std::string_view, machine::RecordKind> table;
#define RECORD(name, text, doc) table.emplace(text, machine::RecordKind::name);
#include "runtime/machine/records.def"
#undef RECORD
    return table;
  }();
  const auto found = kinds.find(name);
  return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

// Times are texts in a journal; as times they are shown like those of a run that is under way.
plan::Value as_time(const std::string& field, const plan::Value& value) {
  static const std::map<std::string_view, plan::ValueKind> kKinds{
      {"deadline", plan::ValueKind::Instant}, {"until", plan::ValueKind::Instant},
      {"held", plan::ValueKind::Duration},    {"delay", plan::ValueKind::Duration},
      {"ahead", plan::ValueKind::Duration},   {"budget", plan::ValueKind::Duration},
      {"least", plan::ValueKind::Duration},   {"most", plan::ValueKind::Duration},
      {"every", plan::ValueKind::Duration},
  };
  const auto kind = kKinds.find(field);
  if (kind == kKinds.end() || value.kind() != plan::ValueKind::String) return value;
  return plan::parse_literal(value.as_string(), kind->second).value_or(value);
}

std::string entry_json(const std::string& run_id, const journal::Entry& entry) {
  return fmt::format(
      "{{\"sequence\":{},\"run\":{},\"at\":{},\"kind\":{},\"body\":{},\"epoch\":{},\"nanoseconds\":{},\"link\":\"{}\"}"
      "}",
      entry.sequence, plan::to_json(Value::string(run_id)), plan::to_json(Value::string(plan::instant_text(entry.at))),
      plan::to_json(Value::string(entry.kind)), entry.body, entry.epoch, entry.at, entry.link);
}

// The engine's own entries have no record: which process an effect became, and what became of one that outlived its
// runtime.
std::string engine_line(const journal::Entry& entry) {
  const auto body = plan::from_json(entry.body).value_or(Value{});
  if (entry.kind == "person spoke") return console::escaped(engine::person_spoke_text(body));
  const auto text = [&](std::string_view name) {
    const Value* value = body.find(name);
    return value == nullptr ? std::string("?") : plan::to_text(*value);
  };
  const std::string how = body.find("how") == nullptr ? std::string() : fmt::format(" ({})", text("how"));
  return console::escaped(fmt::format("{}: pid {} for effect {}{}", entry.kind, text("pid"), text("effect"), how));
}

std::string entry_line(const journal::Entry& entry) {
  if (const auto record = record_of(entry)) return console::record_line(*record, false);
  return fmt::format("{}  · {}", console::time_of_day_text(entry.at), engine_line(entry));
}

void print_view(const machine::View& view, const journal::RunRow& row, plan::Nanoseconds now) {
  const auto terminal = driver::terminal_options(STDOUT_FILENO);
  const console::LiveOptions options{.now = now,
                                     .width = terminal.columns,
                                     .colour = terminal.colour == diagnostics::Colour::Always,
                                     .rollout = row.rollout,
                                     .run_id = row.run_id};
  for (const std::string& line : console::live_view(view, options)) fmt::print("{}\n", line);
}

// Reading checks the chain: all that is left to do is to say so.
Exit verify_journal(journal::Journal& journal, const std::string& run_id) {
  const auto entries = journal.entries(run_id, 0, 0);
  if (!entries) {
    complain(entries.error().message);
    return Exit::Failed;
  }
  fmt::print("{}: {} entries, each there and in its chain, which ends with {}\n", run_id, entries->size(),
             entries->empty() ? "nothing" : entries->back().link);
  return Exit::Ok;
}

Exit export_journal(journal::Journal& journal, const std::string& run_id, const LogArguments& arguments) {
  const auto entries = journal.entries(run_id, 0, 0);
  if (!entries) return complain(entries.error().message);
  std::string text;
  for (const journal::Entry& entry : *entries) text += entry_json(run_id, entry) + '\n';
  std::string signature;
  if (arguments.sign) {
    const auto key = signing::read_key_file({arguments.key, arguments.password_file});
    if (!key) return complain(key.error());
    const std::string comment = fmt::format("run:{}\tentries:{}\tlink:{}\thashed", run_id, entries->size(),
                                            entries->empty() ? "" : entries->back().link);
    signature = signing::signature_of(*key, text, comment);
  }
  std::string error = driver::write_bytes(arguments.export_to, text);
  if (error.empty() && arguments.sign) error = driver::write_bytes(arguments.export_to + ".minisig", signature);
  if (!error.empty()) return complain(error);
  fmt::print("{}: {} entries of {}{}\n", arguments.export_to, entries->size(), run_id,
             arguments.sign ? ", signed" : "");
  return Exit::Ok;
}

}  // namespace

std::optional<machine::Record> record_of(const journal::Entry& entry) {
  const auto kind = kind_named(entry.kind);
  const auto body = plan::from_json(entry.body);
  if (!kind || !body) return std::nullopt;
  machine::Record record{.kind = *kind, .at = entry.at, .fields = body->as_map()};
  for (auto& [name, value] : record.fields) value = as_time(name, value);
  return record;
}

plan::Expected<StoredRun> read_stored(const StateDirectory& state, const std::string& run_id) {
  auto journal = open_journal(state, run_id);
  if (!journal) return journal.error();
  auto row = (*journal)->run(run_id);
  if (!row) return PlanError{row.error().message};
  auto bytes = (*journal)->plan(row->plan_id);
  if (!bytes) return PlanError{bytes.error().message};
  auto snapshot = (*journal)->snapshot(run_id);
  if (!snapshot) return PlanError{snapshot.error().message};
  auto plan = plan::read_plan(*bytes);
  if (!plan) return plan.error();
  auto verified = plan::verify(std::move(*plan));
  if (!verified) return verified.error();
  return StoredRun{.row = *row, .plan = *verified, .snapshot = *snapshot};
}

Exit status(const Common& arguments, const std::string& run) {
  auto state = open_state_directory(arguments.state);
  if (!state) return complain(state.error().message);
  auto run_id = find_run(*state, run);
  if (!run_id) return complain(run_id.error().message);
  auto stored = read_stored(*state, *run_id);
  if (!stored) return complain(stored.error().message);
  auto machine = machine::Machine::restore(stored->plan, stored->snapshot);
  if (!machine) return complain(machine.error().message);
  const machine::View view = machine->view();
  const bool driven = is_driven(*state, *run_id);
  if (arguments.format == Format::Json) {
    fmt::print("{}\n", view_json(view, *run_id, driven));
    return Exit::Ok;
  }
  print_view(view, stored->row, driven ? driver::wall_clock() : stored->row.updated);
  if (!driven && !machine->finished()) {
    fmt::print("no process drives this run; `rollout resume {}` takes it up again\n", *run_id);
  }
  return Exit::Ok;
}

Exit log(const LogArguments& arguments) {
  auto state = open_state_directory(arguments.common.state);
  if (!state) return complain(state.error().message);
  auto run_id = find_run(*state, arguments.run);
  if (!run_id) return complain(run_id.error().message);
  auto journal = open_journal(*state, *run_id);
  if (!journal) return complain(journal.error().message);
  if (arguments.sign && arguments.export_to.empty()) return complain("`--sign` goes with `--export FILE`");
  if (arguments.verify) return verify_journal(**journal, *run_id);
  if (!arguments.export_to.empty()) return export_journal(**journal, *run_id, arguments);
  std::int64_t after = 0;
  while (true) {
    auto entries = (*journal)->entries(*run_id, after, kEntriesAtOnce);
    if (!entries) return complain(entries.error().message);
    for (const journal::Entry& entry : *entries) {
      fmt::print("{}\n", arguments.common.format == Format::Json ? entry_json(*run_id, entry) : entry_line(entry));
      after = entry.sequence;
    }
    std::fflush(stdout);
    if (!entries->empty()) continue;
    if (!arguments.follow) return Exit::Ok;
    std::this_thread::sleep_for(kFollowEvery);
  }
}

}  // namespace rollout::command
