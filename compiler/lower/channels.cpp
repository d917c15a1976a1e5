// Channels: one row for each that notifications name, with the block that sends.

#include <fmt/format.h>

#include <utility>

#include "compiler/lower/lowering.hpp"

namespace rollout::lower {

namespace {

// The call of a channel behind a name, and the name itself.
struct Named {
  ExprId call = kNone;
  std::string name;  // empty: called directly
};

Named named_channel(const Lowering& l, ExprId id) {
  Named named{id, {}};
  while (named.call != kNone && l.expr(named.call).kind == ExprKind::Name) {
    const check::Symbol& symbol = l.symbol(l.expr(named.call).symbol);
    if (named.name.empty()) named.name = symbol.path;
    named.call = symbol.kind == SymbolKind::Let ? l.module.lets[symbol.index].value : kNone;
  }
  return named;
}

// Without those at the end that were left to their defaults.
std::vector<Code> given_arguments(const check::ChannelDecl& declared, const Expr& call, const Arguments& arguments) {
  std::size_t count = std::min(call.children.size(), arguments.values.size());
  while (count > 0 && (call.children[count - 1] == kNone ||
                       call.children[count - 1] == declared.parameters[count - 1].default_value)) {
    --count;
  }
  return {arguments.values.begin(), arguments.values.begin() + static_cast<std::ptrdiff_t>(count)};
}

// Names that the sending has bound stand for copies here: other notifications are sent meanwhile.
std::map<VariableId, VariableId> copy_bound_names(Lowering& l, check::BlockId body) {
  std::map<VariableId, VariableId> kept_in;
  if (body == kNone) return kept_in;
  for (const check::StepId step : l.module.blocks[body].steps) {
    const auto* let = std::get_if<check::LetStep>(&l.module.steps[step].body);
    const auto bound = let ? l.names.find(let->symbol) : l.names.end();
    if (bound == l.names.end() || bound->second.is_constant()) continue;
    const VariableId kept = bound->second.instructions.front().b;
    const plan::Variable variable = l.build.plan().variables[kept];
    const VariableId copy = l.build.variable(variable.name, variable.kind);
    bound->second = load_code(l, copy, l.spot);
    kept_in.emplace(copy, kept);
  }
  return kept_in;
}

void add_acknowledged(Lowering& l, plan::Channel& row, const Expr& call, const Arguments& arguments) {
  const check::Symbol& symbol = l.symbol(call.symbol);
  const check::ChannelDecl& declared = l.module.channels[symbol.index];
  const std::map<VariableId, VariableId> kept_in = copy_bound_names(l, declared.body);
  std::set<VariableId> reads;
  {
    const InBlock block(l, plan::BlockKind::Source, "acknowledgement of " + symbol.path, call.location);
    row.acknowledged = block.id();
    l.in.effect_class = EffectClass::ReadOnly;
    l.in.reads = &reads;
    l.block().external = true;
    bind_in_block(l, declared.parameters, arguments);
    lower_body(l, declared.acknowledged);
  }
  for (const auto& [copy, kept] : kept_in) {
    if (!reads.contains(copy)) continue;
    row.kept.push_back(kept);
    row.copies.push_back(copy);
  }
}

void add_block(Lowering& l, plan::Channel& row, const Expr& call, const Arguments& arguments) {
  const check::Symbol& symbol = l.symbol(call.symbol);
  const check::ChannelDecl& declared = l.module.channels[symbol.index];
  const auto has_steps = [&](check::BlockId body) { return body != kNone && !l.module.blocks[body].steps.empty(); };
  const Apart apart(l);
  if (has_steps(declared.body)) {
    const InBlock block(l, plan::BlockKind::Channel, symbol.path, call.location);
    row.block = block.id();
    l.block().arguments = bind_in_block(l, declared.parameters, arguments);
    lower_body(l, declared.body);
  }
  if (has_steps(declared.acknowledged)) add_acknowledged(l, row, call, arguments);
}

}  // namespace

std::string direct_channel_name(const std::string& path, const std::vector<Code>& arguments) {
  std::vector<std::string> shown;
  shown.reserve(arguments.size());
  for (const Code& value : arguments) {
    shown.push_back(value.is_constant() ? plan::to_literal(*value.constant) : "...");
  }
  return fmt::format("{}({})", path, fmt::join(shown, ", "));
}

plan::ChannelId channel_of(Lowering& l, ExprId id) {
  const Named named = named_channel(l, id);
  if (named.call == kNone || l.expr(named.call).kind != ExprKind::Call ||
      l.symbol(l.expr(named.call).symbol).kind != SymbolKind::Channel) {
    const std::string name = named.name.empty() ? "terminal" : named.name;
    const auto found = l.channels.find(name);
    if (found != l.channels.end()) return found->second;
    return l.channels.emplace(name, l.build.add(plan::Channel{.name = name, .kept = {}, .copies = {}})).first->second;
  }
  const Expr& call = l.expr(named.call);
  const At at(l, call.location);
  const check::ChannelDecl& declared = l.module.channels[l.symbol(call.symbol).index];
  const Arguments arguments = lower_arguments(l, declared.parameters, call.children);
  const std::string path = l.symbol(call.symbol).path;
  const std::string key = identity(l, named.name + " = " + path, arguments);
  if (const auto found = l.channels.find(key); found != l.channels.end()) return found->second;
  plan::Channel row;
  row.name = named.name.empty() ? direct_channel_name(path, given_arguments(declared, call, arguments)) : named.name;
  add_block(l, row, call, arguments);
  const plan::ChannelId channel = l.build.add(std::move(row));
  l.channels.emplace(key, channel);
  return channel;
}

}  // namespace rollout::lower
