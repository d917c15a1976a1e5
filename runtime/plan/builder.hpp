#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/plan/plan.hpp"

// Builds a Plan row by row: for the compiler's lowering and for tests. It interns constants and spots, keeps the code
// of every open block apart and lays all code out in finish(), so that blocks and routines may be built while others
// are open. It checks nothing: verify() does.
//
//   PlanBuilder build;
//   const MetricId p95 = build.add(Metric{.name = "p95", .provider = MetricProvider::None, .kind =
//   ValueKind::Duration}); const BlockId stage = build.begin_block(BlockKind::Stage, "canary"); build.emit(Op::Hold,
//   build.add(Hold{.least = build.duration_routine(15 * kMinute)})); build.end_block();

namespace rollout::plan {

inline constexpr Nanoseconds kMillisecond = 1'000'000;
inline constexpr Nanoseconds kSecond = 1'000 * kMillisecond;
inline constexpr Nanoseconds kMinute = 60 * kSecond;
inline constexpr Nanoseconds kHour = 60 * kMinute;
inline constexpr Nanoseconds kDay = 24 * kHour;

class PlanBuilder {
 public:
  // A place in the innermost block that jumps may name before it is known.
  struct Label {
    BlockId block = kNone;
    std::uint32_t index = 0;
  };

  explicit PlanBuilder(std::string compiler_version = "test");

  // The tables so far. Rows may be completed in place until finish(); code positions are not yet known.
  Plan& plan() { return plan_; }
  Block& block(BlockId id) { return plan_.blocks[id]; }
  // The main rollout, or a child's row.
  Rollout& rollout(RolloutId id = 0) { return id == 0 ? plan_.rollout : plan_.children[id - 1]; }

  // Rows. constant, spot and file answer the id of an equal row where there is one.
  ConstantId constant(const Value& value);
  SpotId spot(const Spot& spot);
  std::uint32_t file(const std::string& path, const std::string& sha256);
  VariableId variable(std::string name, ValueKind kind = ValueKind::Any);
  Id add(Parameter row);
  Id add(Secret row);
  RoleId add(Role row);
  MetricId add(Metric row);
  EffectId add(Effect row);
  ResponseId add(Response row);
  GuardId add(Guard row);
  HoldId add(Hold row);
  GateId add(Gate row);
  ChannelId add(Channel row);
  NotificationId add(Notification row);
  // Also names the stage in its block, and appends it to its rollout's stages.
  StageId add(Stage row);
  // A child.
  RolloutId add(Rollout row);
  void add(Plugin row);
  void add(PluginAccess row);
  // A module's `let`: the variable gets the routine's value when the run is created.
  void global(VariableId variable, RoutineId value);

  // The source place of the instructions that follow, in routines and blocks alike.
  void at(SpotId spot) { spot_ = spot; }

  // Routines: begin, push instructions, end (adds Return). May nest: a routine may be built while another is open.
  void begin_routine(std::string text = {});
  void push(Op op, Id b = 0, std::uint16_t a = 0, Id c = 0);
  void push_constant(const Value& value);
  void push_call(Builtin builtin, std::uint16_t arguments);
  RoutineId end_routine(ValueKind kind);

  // Whole routines in one call. Those of constants are shared.
  RoutineId constant_routine(const Value& value);
  RoutineId duration_routine(Nanoseconds value);
  RoutineId string_routine(std::string value);
  RoutineId ratio_routine(double value);
  RoutineId load_routine(VariableId variable);
  // `metric OP value`, as in a guard.
  RoutineId comparison_routine(MetricId metric, Op op, const Value& value);

  // Blocks: begin, emit statements, end (adds End). May nest: statements go to the innermost open one. The id is valid
  // at once.
  BlockId begin_block(BlockKind kind, std::string name = {});
  void emit(Op op, Id b = 0, Id c = 0);
  Label new_label();
  void bind(Label label);  // here
  void jump(Label label);
  void jump_unless(Label label, RoutineId condition);
  BlockId end_block();

  // Lays out all code and hands over the plan; the builder is empty afterwards. All routines and blocks must be closed.
  Plan finish();

 private:
  struct OpenRoutine {
    std::string text;
    std::vector<Instruction> code;
  };
  struct BlockCode {
    std::vector<Instruction> code;
    std::vector<std::uint32_t> labels;  // position of each label, kNone while it is not bound
    std::vector<std::uint32_t> jumps;   // instructions whose operand b is a label yet
  };

  Plan plan_;
  SpotId spot_ = kNone;
  std::vector<OpenRoutine> open_routines_;
  std::vector<BlockId> open_blocks_;
  std::vector<BlockCode> block_code_;  // by block
  std::unordered_multimap<std::string, ConstantId> constants_by_key_;
  std::unordered_multimap<std::uint64_t, SpotId> spots_by_place_;
  std::vector<RoutineId> constant_routines_;  // by constant; kNone where it has none
};

}  // namespace rollout::plan
