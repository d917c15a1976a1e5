// A rollout: its header, its stages and what happens around them.

#include <utility>

#include "compiler/lower/lower.hpp"
#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

// The main file's; else that of a file which it uses, since scenarios may stand in a file of their own.
// Rows for all stages first, since responses anywhere may go back to one. Their blocks follow where they stand.
void declare_stages(Lowering& l, const check::RolloutDecl& rollout) {
  for (const std::uint32_t index : rollout.stages) {
    const check::StageDecl& stage = l.module.stages[index];
    const check::Symbol& symbol = l.symbol(stage.symbol);
    plan::Stage row;
    const std::string& path = l.build.rollout(l.rollout).path;
    row.name = path.empty() ? symbol.name : path + "." + symbol.name;
    row.rollout = l.rollout;
    row.documentation = symbol.documentation;
    row.windows = stage.windows;
    if (stage.of_template != kNone) {
      const check::StageDecl& pattern = l.module.stages[stage.of_template];
      if (row.windows.empty()) row.windows = pattern.windows;
      if (row.documentation.empty()) row.documentation = l.symbol(pattern.symbol).documentation;
    }
    l.stages[index] = l.build.add(std::move(row));
  }
}

void set_header(Lowering& l, const check::RolloutDecl& rollout) {
  plan::Rollout row;
  row.name = l.symbol(rollout.symbol).name;
  row.documentation = l.symbol(rollout.symbol).documentation;
  row.owner = rollout.owner;
  row.description = rollout.description;
  row.service = rollout.service;
  row.environment = rollout.environment;
  row.exclusive = rollout.exclusive;
  row.links = rollout.links;
  row.contacts = rollout.contacts;
  for (const check::SettingDecl& setting : rollout.settings) {
    row.settings.push_back({setting.name, lower_optional(l, setting.value), setting.reason});
  }
  row.windows = rollout.windows;
  row.freezes = rollout.freezes;
  row.requirements = rollout.requirements;
  row.rollback_within = lower_optional(l, rollout.rollback_within);
  row.rollback_expires = lower_optional(l, rollout.rollback_expires);
  if (const auto stage = l.stages.find(rollout.expires_after_stage); stage != l.stages.end()) {
    row.expires_after_stage = stage->second;
  }
  row.expires_at_end = rollout.expires_at_end;
  row.missing_for = lower_optional(l, rollout.missing_for);
  row.baseline_over = lower_optional(l, rollout.baseline_over);
  plan::Rollout& known = l.build.rollout(l.rollout);
  row.path = std::move(known.path);
  row.parent = known.parent;
  row.block = known.block;
  row.stages = std::move(known.stages);
  row.spot = l.spot;
  known = std::move(row);
}

void lower_header_responses(Lowering& l, const check::RolloutDecl& rollout) {
  const plan::ResponseId expired = lower_response(l, rollout.expired);
  const plan::ResponseId on_failure = lower_response(l, rollout.on_failure);
  const plan::ResponseId on_missing = lower_response(l, rollout.on_missing);
  plan::Rollout& row = l.build.rollout(l.rollout);
  row.expired = expired;
  row.on_failure = on_failure;
  row.on_missing = on_missing;
}

std::string_view hook_name(plan::HookKind kind) {
  switch (kind) {
    case plan::HookKind::Start: return "on start";
    case plan::HookKind::StageEntered: return "on stage";
    case plan::HookKind::StageDone: return "on stage done";
    case plan::HookKind::Pause: return "on pause";
    case plan::HookKind::Resume: return "on resume";
    case plan::HookKind::RollingBack: return "on rolling back";
    case plan::HookKind::Rollback: return "on rollback";
    case plan::HookKind::RollbackIncomplete: return "on rollback incomplete";
    case plan::HookKind::Fallback: return "on fallback";
    case plan::HookKind::Success: return "on success";
    case plan::HookKind::Failure: return "on failure";
  }
  return "on start";
}

// A stage that no statement leads to still has a block, so that its row is whole.
void complete_stages(Lowering& l) {
  for (const auto& [index, id] : l.stages) {
    if (l.build.plan().stages[id].block != kNone) continue;
    const InBlock block(l, plan::BlockKind::Stage, l.build.plan().stages[id].name, Location{});
    l.block().stage = id;
    l.build.plan().stages[id].block = block.id();
  }
}

// `sample` of the open block.
void set_sampling(Lowering& l, const std::vector<check::Cadence>& sampling) {
  std::vector<plan::Cadence> rows;
  rows.reserve(sampling.size());
  for (const check::Cadence& part : sampling) {
    rows.push_back({lower_routine(l, part.every), lower_optional(l, part.for_duration)});
  }
  l.block().sampling = std::move(rows);
}

void lower_hooks(Lowering& l, const check::RolloutDecl& rollout) {
  for (const check::HookDecl& hook : rollout.hooks) {
    const Location& location = l.module.blocks[hook.body].location;
    const plan::BlockId block =
        lower_block(l, plan::BlockKind::Hook, std::string(hook_name(hook.kind)), hook.body, location);
    l.build.rollout(l.rollout).hooks.push_back({hook.kind, block});
  }
}

void lower_schedules(Lowering& l, const check::RolloutDecl& rollout) {
  for (const check::ScheduleDecl& schedule : rollout.schedules) {
    plan::Schedule row;
    row.anchor = schedule.anchor;
    row.offset = lower_optional(l, schedule.offset);
    row.every = lower_optional(l, schedule.every);
    row.for_duration = lower_optional(l, schedule.for_duration);
    row.always = schedule.always;
    row.block =
        lower_block(l, plan::BlockKind::Hook, schedule.text, schedule.body, l.module.blocks[schedule.body].location);
    row.text = schedule.text;
    l.build.rollout(l.rollout).schedules.push_back(std::move(row));
  }
}

}  // namespace

void lower_stage(Lowering& l, std::uint32_t index) {
  const auto found = l.stages.find(index);
  if (found == l.stages.end()) return;
  const check::StageDecl& stage = l.module.stages[index];
  const check::StageDecl* pattern = stage.of_template == kNone ? nullptr : &l.module.stages[stage.of_template];
  const check::Symbol& symbol = l.symbol(stage.symbol);
  Arguments arguments;
  if (pattern) arguments = lower_arguments(l, pattern->parameters, stage.arguments);
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Stage, symbol.name, symbol.declared);
    id = block.id();
    l.block().stage = found->second;
    l.build.plan().stages[found->second].block = id;
    if (pattern) bind_in_block(l, pattern->parameters, arguments);
    const ExprId warmup = stage.warmup == kNone && pattern ? pattern->warmup : stage.warmup;
    const RoutineId delay = lower_optional(l, warmup);
    l.block().warmup = delay;
    set_sampling(l, stage.sampling.empty() && pattern ? pattern->sampling : stage.sampling);
    lower_body(l, pattern ? pattern->body : stage.body);
  }
  l.build.emit(Op::Run, id);
}

namespace {

// The row and the block of the rollout that is being lowered, with what runs around its steps. `arguments`: of a child.
plan::BlockId write_rollout(Lowering& l, const check::RolloutDecl& rollout, const Arguments* arguments) {
  const check::Symbol& symbol = l.symbol(rollout.symbol);
  const std::string& path = l.build.rollout(l.rollout).path;
  declare_stages(l, rollout);
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Rollout, path.empty() ? symbol.name : path, symbol.declared);
    id = block.id();
    // What is said of the steps around a child says nothing of the child's own.
    l.in.effect_class = EffectClass::Opaque;
    l.in.timeout = kNone;
    l.block().rollout = l.rollout;
    l.build.rollout(l.rollout).block = id;
    if (arguments) bind_in_block(l, rollout.parameters, *arguments);
    set_header(l, rollout);
    const RoutineId warmup = lower_optional(l, rollout.warmup);
    l.block().warmup = warmup;
    set_sampling(l, rollout.sampling);
    lower_body(l, rollout.body);
  }
  complete_stages(l);
  const plan::BlockId traffic_via = lower_traffic_via(l, rollout.traffic_via);
  l.build.rollout(l.rollout).traffic_via = traffic_via;
  lower_header_responses(l, rollout);
  lower_hooks(l, rollout);
  lower_schedules(l, rollout);
  return id;
}

// How the child is called: the path of its parent, its name and its arguments, and a number where that is used again.
std::string child_path(Lowering& l, const check::Symbol& symbol, const Arguments& arguments) {
  std::string texts;
  for (const Code& value : arguments.values) {
    texts += (texts.empty() ? "" : ", ") + (value.is_constant() ? plan::to_literal(*value.constant) : std::string("_"));
  }
  const std::string& parent = l.build.rollout(l.rollout).path;
  std::string path = parent.empty() ? std::string() : parent + ".";
  path += arguments.values.empty() ? symbol.name : symbol.name + "(" + texts + ")";
  const std::uint32_t uses = ++l.children[path];
  return uses == 1 ? path : path + "[" + std::to_string(uses) + "]";
}

}  // namespace

void lower_child(Lowering& l, const check::Step& step, const check::ChildStep& child) {
  const check::RolloutDecl& rollout = l.module.rollouts[l.symbol(child.rollout).index];
  const Arguments arguments = lower_arguments(l, rollout.parameters, child.arguments);
  const std::string path = child_path(l, l.symbol(child.rollout), arguments);
  const auto run = [&] {
    const plan::RolloutId outer = l.rollout;
    std::map<std::uint32_t, plan::StageId> stages = std::exchange(l.stages, {});
    plan::Rollout row;
    row.path = path;
    row.parent = outer;
    l.rollout = l.build.add(std::move(row));
    const plan::BlockId block = write_rollout(l, rollout, &arguments);
    l.rollout = outer;
    l.stages = std::move(stages);
    l.build.emit(Op::Run, block);
  };
  if (!has_clauses(step.tail)) {
    run();
    return;
  }
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Step, path, step.location);
    id = block.id();
    run();
  }
  set_clauses(l, id, step.tail);
  l.build.emit(Op::Run, id);
}

namespace {

// A valid plan that does nothing but fail, with the reason.
plan::Plan refusing_plan(const CheckedModule& module, SourceTables& sources, std::string_view name,
                         const std::string& why) {
  Lowering l(module, sources, ROLLOUT_VERSION);
  l.build.rollout().name = name;
  l.build.rollout().block = l.build.begin_block(plan::BlockKind::Rollout, std::string(name));
  emit_failure(l, why);
  l.build.end_block();
  return l.build.finish();
}

// Those that the rollout calls; what else the files use, its runs do not need.
void add_plugins(Lowering& l) {
  for (const plan::Plugin& plugin : l.module.plugins) {
    if (l.plugins.contains(plugin.name)) l.build.add(plugin);
  }
  for (const plan::PluginAccess& access : l.module.plugin_access) {
    if (l.plugins.contains(access.plugin)) l.build.add(access);
  }
}

}  // namespace

void refuse_size(Lowering& l, plan::Excess excess, std::optional<Location> place) {
  if (!l.too_large) l.too_large = TooLarge{std::move(excess), place};
}

void Counted::exceed() {
  const bool deep = lowering_.depth > kMostDepth;
  refuse_size(lowering_, {.kind = deep ? plan::Excess::Kind::Depth : plan::Excess::Kind::Rows,
                          .what = deep ? "declarations that use each other in a chain" : "steps and expressions",
                          .most = deep ? kMostDepth : kMostWork});
}

const check::RolloutDecl* find_rollout(const CheckedModule& module, std::string_view name) {
  const check::RolloutDecl* used = nullptr;
  for (const check::RolloutDecl& rollout : module.rollouts) {
    if (module.symbols[rollout.symbol].name != name) continue;
    if (rollout.location.file == diagnostics::FileId{}) return &rollout;
    if (used == nullptr) used = &rollout;
  }
  return used;
}

plan::Plan lower_rollout(const CheckedModule& module, std::string_view name) {
  SourceTables sources;
  return lower_rollout(module, name, sources);
}

plan::Plan lower_rollout(const CheckedModule& module, std::string_view name, SourceTables& sources) {
  sources.too_large.reset();
  Lowering l(module, sources, ROLLOUT_VERSION);
  const check::RolloutDecl* rollout = find_rollout(module, name);
  if (!rollout) return refusing_plan(module, sources, name, "there is no rollout of this name");
  const check::Symbol& symbol = module.symbols[rollout->symbol];
  const At at(l, symbol.declared);
  declare_module_parameters(l);
  declare_rollout_parameters(l, rollout->parameters);
  write_rollout(l, *rollout, nullptr);
  sources.too_large = l.too_large;
  if (l.too_large) {
    return refusing_plan(module, sources, name,
                         "the program is too large once its functions, actions and checks are written out where they "
                         "are used: let them use each other less often");
  }
  add_plugins(l);
  return l.build.finish();
}

}  // namespace rollout::lower
