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
  if (has_steps(declared.acknowledged)) {
    const InBlock block(l, plan::BlockKind::Check, "acknowledgement of " + symbol.path, call.location);
    row.acknowledged = block.id();
    l.in.effect_class = EffectClass::ReadOnly;
    l.block().external = true;
    bind_in_block(l, declared.parameters, arguments);
    lower_body(l, declared.acknowledged);
  }
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
    return l.channels.emplace(name, l.build.add(plan::Channel{.name = name})).first->second;
  }
  const Expr& call = l.expr(named.call);
  const At at(l, call.location);
  const check::ChannelDecl& declared = l.module.channels[l.symbol(call.symbol).index];
  const Arguments arguments = lower_arguments(l, declared.parameters, call.children);
  const std::string path = l.symbol(call.symbol).path;
  const std::string key = identity(l, named.name + " = " + path, arguments);
  if (const auto found = l.channels.find(key); found != l.channels.end()) return found->second;
  plan::Channel row;
  row.name = named.name.empty() ? direct_channel_name(path, arguments.values) : named.name;
  add_block(l, row, call, arguments);
  const plan::ChannelId channel = l.build.add(std::move(row));
  l.channels.emplace(key, channel);
  return channel;
}

}  // namespace rollout::lower
