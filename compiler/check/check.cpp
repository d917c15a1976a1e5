#include "compiler/check/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "compiler/check/checker.hpp"

// The order of checking: files, names, what declarations promise, their bodies, scenarios, and what needs all of it.

namespace rollout::check {
namespace {

// The declarations that are made of others where they are used; values are caught while they are computed.
bool is_expanded(SymbolKind kind) {
  return kind == SymbolKind::Metric || kind == SymbolKind::Check || kind == SymbolKind::Action ||
         kind == SymbolKind::Channel || kind == SymbolKind::Guards || kind == SymbolKind::StageTemplate ||
         kind == SymbolKind::Rollout;
}

// Depth first over the graph of uses, without recursion.
class CycleSearch {
 public:
  explicit CycleSearch(Checker& c) : c_(c), colours_(c.module.symbols.size(), Colour::White) {}

  void from(SymbolId start) {
    if (colours_[start] != Colour::White) return;
    enter(start);
    while (!path_.empty()) {
      Frame& frame = path_.back();
      const auto& uses = c_.uses[frame.symbol];
      if (frame.next == uses.size()) {
        colours_[frame.symbol] = Colour::Black;
        path_.pop_back();
        continue;
      }
      const Use& use = uses[frame.next++];
      if (!is_expanded(c_.symbol(use.target).kind)) continue;
      if (colours_[use.target] == Colour::White)
        enter(use.target);
      else if (colours_[use.target] == Colour::Grey)
        report(use);
    }
  }

 private:
  enum class Colour : std::uint8_t { White, Grey, Black };
  struct Frame {
    SymbolId symbol = kNone;
    std::size_t next = 0;
  };

  void enter(SymbolId symbol) {
    colours_[symbol] = Colour::Grey;
    path_.push_back({symbol, 0});
  }

  void report(const Use& use) {
    const auto begin = std::ranges::find(path_, use.target, &Frame::symbol);
    std::string chain;
    for (auto frame = begin; frame != path_.end(); ++frame)
      chain += fmt::format("`{}` -> ", c_.symbol(frame->symbol).path);
    chain += fmt::format("`{}`", c_.symbol(use.target).path);
    c_.report(Code::Recursion, use.where, fmt::format("`{}` uses itself", c_.symbol(use.target).name))
        .note(fmt::format("{}: it could never end", chain));
  }

  Checker& c_;
  std::vector<Colour> colours_;
  std::vector<Frame> path_;
};

// A check that reaches outside through another check does so itself.
void spread_external(Checker& c) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (CheckDecl& check : c.module.checks) {
      if (check.external) continue;
      check.external = std::ranges::any_of(c.uses[check.symbol], [&](const Use& use) {
        const Symbol& symbol = c.symbol(use.target);
        return symbol.kind == SymbolKind::Check && c.module.checks[symbol.index].external;
      });
      changed = changed || check.external;
    }
  }
}

}  // namespace

void report_cycles(Checker& c) {
  CycleSearch search(c);
  for (SymbolId id = 0; id < c.module.symbols.size(); ++id) {
    if (is_expanded(c.symbol(id).kind)) search.from(id);
  }
}

const std::vector<SymbolId>& reached_from(const Checker& c, SymbolId symbol) {
  const auto [known, is_new] = c.reached.try_emplace(symbol);
  if (!is_new) return known->second;
  // As large as what is reached, not as the module: this is asked for each rollout that has a scenario.
  std::unordered_set<SymbolId> reached{symbol};
  std::vector<SymbolId> result{symbol};
  for (std::size_t next = 0; next < result.size(); ++next) {
    for (const Use& use : c.uses[result[next]]) {
      if (reached.insert(use.target).second) result.push_back(use.target);
    }
  }
  std::ranges::sort(result);
  known->second = std::move(result);
  return known->second;
}

CheckedModule check(grammar::SourceFile main, const ModuleLoader& loader, diagnostics::Sink& sink) {
  CheckedModule module;
  add_basic_types(module);
  Checker c(module, loader, sink);
  add_natives(c);
  load_main(c, std::move(main));
  // Indexes, since checking may add symbols.
  for (std::size_t file = 0; file < c.files.size(); ++file) {
    for (std::size_t i = 0; i < c.files[file].declared.size(); ++i) ensure_checked(c, c.files[file].declared[i]);
  }
  for (std::size_t file = 0; file < c.files.size(); ++file) {
    for (std::size_t i = 0; i < c.files[file].declared.size(); ++i) check_body(c, c.files[file].declared[i]);
  }
  report_cycles(c);
  spread_external(c);
  report_unprotected_changes(c);
  report_skipped_returns(c);
  report_aws_parts(c);
  check_scenarios(c);
  module.uses = std::move(c.uses);
  module.modules = std::move(c.modules);
  return module;
}

}  // namespace rollout::check
