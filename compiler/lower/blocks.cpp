// Blocks, calls of the outside and actions, with their undo.

#include <algorithm>
#include <utility>

#include "compiler/check/probed.hpp"
#include "compiler/lower/lowering.hpp"
#include "runtime/plan/verify.hpp"

namespace rollout::lower {

namespace {

std::string upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// The strongest word that is said about a call: before itself, by what it calls, around the action that it stands in.
EffectClass class_of_call(const Lowering& l, const CallSite& site, EffectClass own) {
  if (site.has_modifier) return site.modifier;
  return own != EffectClass::Opaque ? own : l.in.effect_class;
}

void lower_native(Lowering& l, const CallSite& site, const Expr& call, const check::Native& native) {
  plan::Effect effect;
  effect.kind = native.effect;
  effect.effect_class = class_of_call(l, site, native.effect_class);
  effect.text = quoted(l, call.location, {site.call});
  effect.timeout = l.in.timeout;
  if (native.effect == plan::EffectKind::Http) {
    effect.arguments.push_back({"method", l.build.string_routine(upper_case(native.name))});
  }
  if (native.effect == plan::EffectKind::Plugin) {
    effect.arguments.push_back({"method", l.build.string_routine(std::string(native.name))});
    l.plugins.insert(l.expr(call.children.front()).value.as_string());
  }
  for (std::size_t i = 0; i < call.children.size(); ++i) {
    if (call.children[i] == kNone) continue;
    const RoutineId value = lower_routine(l, call.children[i]);
    if (call.labels[i] == "timeout") {
      effect.timeout = value;
    } else {
      effect.arguments.push_back({call.labels[i], value});
    }
  }
  if (site.tail && site.tail->timeout != kNone) effect.timeout = lower_routine(l, site.tail->timeout);
  effect.result = site.result;
  effect.spot = l.spot;
  if (l.in.calls_outside) *l.in.calls_outside = true;
  l.build.emit(Op::Effect, l.build.add(std::move(effect)));
}

// The body; where it returns something and has a probe, the steps that the probe answers for stand in a block of their
// own, so that a passing probe ends them alone and the rest is carried out: that block, else kNone. What watches the
// body watches all of it.
plan::BlockId lower_action_body(Lowering& l, const check::ActionDecl& action, const Location& location) {
  const std::size_t end = check::probed_steps(l.module, action).end;
  if (end == 0) {
    lower_body(l, action.body);
    return kNone;
  }
  const check::Block& body = l.module.blocks[action.body];
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::If, {}, location);
    id = block.id();
    for (std::size_t i = 0; i < end; ++i) lower_step(l, l.module.steps[body.steps[i]]);
  }
  l.block().guards = std::exchange(l.build.block(id).guards, {});
  l.block().companions = std::exchange(l.build.block(id).companions, {});
  l.build.emit(Op::Run, id);
  for (std::size_t i = end; i < body.steps.size(); ++i) lower_step(l, l.module.steps[body.steps[i]]);
  lower_undo(l, l.in.block, body.undo);
  return id;
}

void lower_action(Lowering& l, const CallSite& site, const Expr& call, const Code* share) {
  const check::Symbol& symbol = l.symbol(call.symbol);
  const check::ActionDecl& action = l.module.actions[symbol.index];
  const Arguments arguments = lower_arguments(l, action.parameters, call.children, share);
  RoutineId timeout = l.in.timeout;
  if (site.tail && site.tail->timeout != kNone) timeout = lower_routine(l, site.tail->timeout);
  if (l.in.calls_outside) *l.in.calls_outside = true;
  const EffectClass own = action.has_class ? action.effect_class : EffectClass::Opaque;
  const EffectClass effect_class = class_of_call(l, site, own);
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Action, symbol.path, call.location);
    id = block.id();
    l.in.effect_class = effect_class;
    l.in.timeout = timeout;
    l.block().effect_class = effect_class;
    l.block().result = site.result;
    l.block().arguments = bind_in_block(l, action.parameters, arguments);
    const plan::BlockId probed = lower_action_body(l, action, call.location);
    if (action.probe != kNone) {
      const plan::BlockId probe = lower_check_body(l, action.probe, "probe of " + symbol.path, call.location);
      l.block().probe = probe;
      if (probed != kNone) l.build.block(probed).probe = probe;
    }
  }
  l.build.emit(Op::Run, id);
}

void lower_bare_call(Lowering& l, const CallSite& site, const Code* share = nullptr) {
  const Expr& call = l.expr(site.call);
  const At at(l, call.location);
  const check::Symbol& symbol = l.symbol(call.symbol);
  if (symbol.kind == SymbolKind::Native) {
    lower_native(l, site, call, l.module.natives[symbol.index]);
  } else if (symbol.kind == SymbolKind::Action) {
    lower_action(l, site, call, share);
  }
}

}  // namespace

InBlock::InBlock(Lowering& l, plan::BlockKind kind, std::string name, const Location& location)
    : lowering_(l), outer_(l.in), at_(l, location), id_(l.build.begin_block(kind, std::move(name))) {
  l.in.block = id_;
}

InBlock::~InBlock() {
  lowering_.build.end_block();
  lowering_.in = outer_;
}

void lower_body(Lowering& l, check::BlockId body) {
  if (body == kNone) return;
  const check::Block& block = l.module.blocks[body];
  for (const check::StepId step : block.steps) lower_step(l, l.module.steps[step]);
  lower_undo(l, l.in.block, block.undo);
}

plan::BlockId lower_block(Lowering& l, plan::BlockKind kind, std::string name, check::BlockId body,
                          const Location& location) {
  const InBlock block(l, kind, std::move(name), location);
  lower_body(l, body);
  return block.id();
}

void lower_undo(Lowering& l, plan::BlockId owner, check::BlockId undo) {
  if (undo == kNone) return;
  std::set<VariableId> reads;
  const auto first_own = static_cast<VariableId>(l.build.plan().variables.size());
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Undo, l.build.block(owner).name, l.module.blocks[undo].location);
    id = block.id();
    l.in.reads = &reads;
    // What is said of the change says nothing of its undo.
    l.in.effect_class = EffectClass::Opaque;
    l.in.timeout = kNone;
    lower_body(l, undo);
  }
  l.build.block(owner).undo = id;
  for (const VariableId variable : reads) {
    if (variable < first_own && !l.settled.contains(variable)) l.build.block(owner).captures.push_back(variable);
    if (l.in.reads) l.in.reads->insert(variable);
  }
}

bool has_clauses(const check::Tail& tail) {
  return tail.timeout != kNone || tail.retry != kNone || tail.within != kNone || tail.undo != kNone ||
         tail.otherwise != kNone;
}

void set_clauses(Lowering& l, plan::BlockId block, const check::Tail& tail) {
  const RoutineId timeout = lower_optional(l, tail.timeout);
  const RoutineId within = lower_optional(l, tail.within);
  const RoutineId retry_every = lower_optional(l, tail.retry_every);
  const std::uint32_t retries = std::min(constant_count(l, tail.retry), plan::kMaxRetries);
  const plan::ResponseId otherwise = lower_response(l, tail.otherwise);
  plan::Block& row = l.build.block(block);
  row.timeout = timeout;
  row.within = within;
  row.retry_every = retry_every;
  row.retries = retries;
  row.otherwise = otherwise;
  lower_undo(l, block, tail.undo);
}

void lower_call(Lowering& l, const CallSite& site) {
  const bool native = l.symbol(l.expr(site.call).symbol).kind == SymbolKind::Native;
  check::Tail clauses = site.tail ? *site.tail : check::Tail{};
  // The limit of a single effect is its own; nothing more needs to be said around it.
  if (native) clauses.timeout = kNone;
  if (!has_clauses(clauses)) {
    lower_bare_call(l, site);
    return;
  }
  const Location& location = l.expr(site.call).location;
  plan::BlockId id = kNone;
  {
    const InBlock block(l, plan::BlockKind::Step, quoted(l, location, {site.call}), location);
    id = block.id();
    if (site.has_modifier) l.block().effect_class = site.modifier;
    lower_bare_call(l, site);
  }
  set_clauses(l, id, *site.tail);
  const At at(l, location);
  l.build.emit(Op::Run, id);
}

plan::BlockId lower_traffic_via(Lowering& l, ExprId call) {
  if (call == kNone) return kNone;
  const Location& location = l.expr(call).location;
  const InBlock block(l, plan::BlockKind::Traffic, quoted(l, location), location);
  const Code share =
      leaf_code({.op = Op::Context, .b = static_cast<std::uint32_t>(plan::ContextValue::Share), .spot = l.spot},
                ValueKind::Ratio);
  lower_bare_call(l, {.call = call}, &share);
  return block.id();
}

}  // namespace rollout::lower
