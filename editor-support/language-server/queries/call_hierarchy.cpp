#include "editor-support/language-server/queries/call_hierarchy.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "editor-support/language-server/queries/declarations.hpp"
#include "editor-support/language-server/queries/outline.hpp"

namespace rollout::language_server {
namespace {

using check::Symbol;
using check::SymbolKind;

bool takes_part(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::Fn:
    case SymbolKind::Metric:
    case SymbolKind::Source:
    case SymbolKind::Check:
    case SymbolKind::Action:
    case SymbolKind::Channel:
    case SymbolKind::Guards:
    case SymbolKind::StageTemplate:
    case SymbolKind::Stage:
    case SymbolKind::Rollout: return true;
    default: return false;
  }
}

std::optional<Callable> callable(const CheckedModule& module, SymbolId id) {
  const Symbol& symbol = module.symbols[id];
  const auto node = takes_part(symbol.kind) ? declaring_node(module, symbol) : std::nullopt;
  if (!node) return std::nullopt;
  return Callable{symbol.name,  kind_text(node->kind()), node->kind(), module.files[symbol.declared.file].path,
                  node->span(), symbol.declared.span};
}

SymbolId declared_at(const CheckedModule& module, const std::string& path, Span selection) {
  for (SymbolId id = 0; id < module.symbols.size(); ++id) {
    const Location& declared = module.symbols[id].declared;
    if (declared.span == selection && !selection.empty() && module.files[declared.file].path == path) return id;
  }
  return check::kNone;
}

// Calls that several compilations saw, each once, by the other end.
class Calls {
 public:
  void add(const Callable& other, Span place) {
    const auto [found, is_new] = calls_.try_emplace({other.path, other.selection.begin});
    if (is_new) found->second.other = other;
    auto& places = found->second.places;
    if (std::ranges::find(places, place) == places.end()) places.push_back(place);
  }
  std::vector<CallsOf> take() {
    std::vector<CallsOf> list;
    for (auto& [key, one] : calls_) {
      std::ranges::sort(one.places, {}, &Span::begin);
      list.push_back(std::move(one));
    }
    return list;
  }

 private:
  std::map<std::tuple<std::string, std::uint32_t>, CallsOf> calls_;
};

}  // namespace

std::optional<Callable> callable_at(const CheckedModule& module, std::uint32_t offset) {
  const auto name = name_at(module, offset);
  return name ? callable(module, name->symbol) : std::nullopt;
}

std::vector<CallsOf> callers_of(const std::string& path, Span selection, const std::vector<Compiled>& files) {
  Calls calls;
  for (const Compiled& file : files) {
    const CheckedModule& module = file->module;
    const SymbolId target = declared_at(module, path, selection);
    if (target == check::kNone) continue;
    for (SymbolId user = 0; user < module.uses.size(); ++user) {
      for (const check::Use& use : module.uses[user]) {
        if (use.target != target) continue;
        if (const auto other = callable(module, user)) calls.add(*other, use.where.span);
      }
    }
  }
  return calls.take();
}

std::vector<CallsOf> called_by(const std::string& path, Span selection, const std::vector<Compiled>& files) {
  Calls calls;
  for (const Compiled& file : files) {
    const CheckedModule& module = file->module;
    const SymbolId user = declared_at(module, path, selection);
    if (user == check::kNone || user >= module.uses.size()) continue;
    for (const check::Use& use : module.uses[user]) {
      if (const auto other = callable(module, use.target)) calls.add(*other, use.where.span);
    }
  }
  return calls.take();
}

}  // namespace rollout::language_server
