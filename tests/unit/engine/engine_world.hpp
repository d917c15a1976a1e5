#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "runtime/engine/engine.hpp"
#include "runtime/engine/log.hpp"
#include "runtime/plan/builder.hpp"
#include "tests/unit/engine/folder.hpp"

// Small plans of real commands, and an engine with a journal to run them.

namespace rollout::engine::test {

using plan::kMillisecond;
using plan::kSecond;
using plan::Op;
using plan::Value;

struct CommandPlan {
  plan::PlanBuilder build;

  CommandPlan() {
    build.rollout().name = "demo";
    build.rollout().block = build.begin_block(plan::BlockKind::Rollout, "demo");
  }
  std::shared_ptr<const plan::VerifiedPlan> finish() {
    build.end_block();
    auto verified = plan::verify(build.finish());
    INFO((verified ? "" : verified.error().message));
    REQUIRE(verified);
    return *verified;
  }

  static Value words(const std::vector<std::string>& command) {
    plan::List list;
    for (const std::string& word : command) list.push_back(Value::string(word));
    return Value::list(std::move(list));
  }
  plan::EffectId command(const std::vector<std::string>& command, plan::EffectClass effect_class) {
    plan::Effect row;
    row.kind = plan::EffectKind::Process;
    row.effect_class = effect_class;
    row.text = command.front();
    row.arguments.push_back({"command", build.constant_routine(words(command))});
    row.timeout = build.duration_routine(30 * kSecond);
    return build.add(std::move(row));
  }
  plan::BlockId step(plan::EffectId effect, plan::EffectClass effect_class, plan::BlockId undo = plan::kNone) {
    const plan::BlockId block = build.begin_block(plan::BlockKind::Step, build.plan().effects[effect].text);
    build.emit(Op::Effect, effect);
    build.end_block();
    build.block(block).undo = undo;
    build.block(block).effect_class = effect_class;
    build.emit(Op::Run, block);
    return block;
  }
  // run `sh -c SCRIPT`, undone by another where given.
  plan::BlockId script(const std::string& script, const std::string& undo = {},
                       plan::EffectClass effect_class = plan::EffectClass::Opaque) {
    plan::BlockId back = plan::kNone;
    if (!undo.empty()) {
      back = build.begin_block(plan::BlockKind::Undo, "undo");
      build.emit(Op::Effect, command({"sh", "-c", undo}, plan::EffectClass::Opaque));
      build.end_block();
    }
    return step(command({"sh", "-c", script}, effect_class), effect_class, back);
  }
  void hold(Nanoseconds time) {
    plan::Hold row;
    row.least = build.duration_routine(time);
    row.text = "hold";
    build.emit(Op::Hold, build.add(std::move(row)));
  }
};

inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct World {
  explicit World(EngineOptions options = {"http://127.0.0.1:1", 1 << 20, kSecond})
      : journal(open()), engine(io, *scheduler, *journal, std::move(options)) {
    observe();
  }
  explicit World(journal::Journal& other) : engine(io, *scheduler, other, {"http://127.0.0.1:1", 1 << 20, kSecond}) {
    observe();
  }

  std::unique_ptr<journal::Journal> open() const {
    auto opened = journal::open_sqlite(folder.file("journal"), journal::OpenMode::ReadWrite);
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    return std::move(*opened);
  }
  void observe() {
    engine.set_observer({.record = [this](const machine::Record& record) { records.push_back(record); },
                         .changed =
                             [this](const machine::Machine& machine) {
                               state = machine.state();
                               if (machine.finished()) io.stop();
                             },
                         .broken =
                             [this](const std::string&, const std::string& error) {
                               broken = error;
                               io.stop();
                             }});
  }
  void start(const std::shared_ptr<const plan::VerifiedPlan>& plan) {
    const auto started = engine.start(plan, {.run_id = "r1", .parameters = {}});
    INFO((started ? "" : started.error().message));
    REQUIRE(started);
  }
  // Until it ends, breaks or stands still for as long.
  void run(std::chrono::milliseconds at_most = std::chrono::seconds(10)) {
    io.restart();
    io.run_for(at_most);
  }
  machine::RunState play(const std::shared_ptr<const plan::VerifiedPlan>& plan) {
    start(plan);
    run();
    INFO(text());
    return state;
  }
  std::string text() const {
    std::string result;
    for (const machine::Record& record : records) {
      result += std::string(machine::record_name(record.kind)) + " " + plan::to_json(Value::map(record.fields)) + "\n";
    }
    return result;
  }
  const machine::Record* first(machine::RecordKind kind) const {
    for (const machine::Record& record : records) {
      if (record.kind == kind) return &record;
    }
    return nullptr;
  }
  std::string first_text(machine::RecordKind kind, const std::string& field) const {
    const machine::Record* record = first(kind);
    const Value* value = record == nullptr ? nullptr : record->find(field);
    return value == nullptr ? "(none)" : plan::to_text(*value);
  }
  std::vector<std::string> kinds_of(const std::vector<std::string>& wanted) {
    std::vector<std::string> kinds;
    const auto entries = journal->entries("r1", 0, 0);
    REQUIRE(entries);
    for (const journal::Entry& entry : *entries) {
      if (std::find(wanted.begin(), wanted.end(), entry.kind) != wanted.end()) kinds.push_back(entry.kind);
    }
    return kinds;
  }

  Folder folder;
  boost::asio::io_context io;
  std::unique_ptr<Scheduler> scheduler = make_real_scheduler(io);
  std::unique_ptr<journal::Journal> journal;
  Engine engine;
  std::vector<machine::Record> records;
  machine::RunState state{};
  std::string broken;
};

}  // namespace rollout::engine::test
