// Guards that never act, since a stricter one always acts before them; guards that stand twice.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>

#include "compiler/check/report.hpp"
#include "compiler/lints/conditions.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lints/walk.hpp"

namespace rollout::lints {
namespace {

using check::CheckedModule;
using check::Guard;
using check::GuardId;
using check::kNone;
using check::Report;
using check::Response;
using diagnostics::Code;
using plan::OutcomeKind;

// A quantity that more guards than this watch in one block is a table, which nobody compares by hand.
constexpr std::size_t kMostCompared = 64;

// When a guard acts on its condition, as far as that is known.
struct Patience {
  double held = 0;                                   // nanoseconds
  std::optional<std::pair<double, double>> samples;  // M of N
};

struct Watch {
  GuardId id = kNone;
  std::optional<diagnostics::Location> watched;
  Condition condition;
  std::vector<std::string> quantities;  // of the condition, each once
  std::optional<Patience> patience;
};

class Guards {
 public:
  Guards(const LintInput& input, diagnostics::Sink& sink) : input_(input), module_(input.module), sink_(sink) {}

  // Compares the guards of one block with each other.
  void look_within(std::span<const ArmedGuard> guards) { compare_with(index_of(guards), guards, true); }

  // Compares the guards of an inner block with those of one around it.
  void look_outward(std::span<const ArmedGuard> inner, const Scope& outer) {
    const auto [index, added] = indexes_.try_emplace(outer.block);
    if (added) index->second = index_of(outer.guards);
    compare_with(index->second, inner, false);
  }

 private:
  using Index = std::unordered_map<std::string_view, std::vector<const Watch*>>;  // by quantity

  const Watch& watch_of(const ArmedGuard& armed) {
    const std::uint32_t by = armed.watched ? armed.watched->span.begin : kNone;
    const auto [found, added] = watches_.try_emplace(std::uint64_t{armed.guard} << 32 | by);
    Watch& watch = found->second;
    if (!added) return watch;
    watch.id = armed.guard;
    watch.watched = armed.watched;
    watch.condition = read_condition(module_, module_.guards[armed.guard].condition);
    add_quantities(watch.condition, watch.quantities);
    std::ranges::sort(watch.quantities);
    watch.quantities.erase(std::ranges::unique(watch.quantities).begin(), watch.quantities.end());
    watch.patience = patience_of(module_.guards[armed.guard]);
    return watch;
  }

  Index index_of(std::span<const ArmedGuard> guards) {
    Index index;
    for (const ArmedGuard& armed : guards) {
      const Watch& watch = watch_of(armed);
      for (const std::string& quantity : watch.quantities) {
        auto& same = index[quantity];
        if (same.size() < kMostCompared) same.push_back(&watch);
      }
    }
    return index;
  }

  // What implies the other's condition has a quantity in common with it.
  static std::vector<const Watch*> candidates(const Index& index, const Watch& watch) {
    std::vector<const Watch*> found;
    for (const std::string& quantity : watch.quantities) {
      const auto same = index.find(quantity);
      if (same == index.end()) continue;
      for (const Watch* other : same->second) {
        if (other->id != watch.id && std::ranges::find(found, other) == found.end()) found.push_back(other);
      }
    }
    return found;
  }

  std::optional<Patience> patience_of(const Guard& guard) const {
    Patience patience;
    if (guard.for_duration != kNone) {
      const auto held = check::constant_value(module_, guard.for_duration);
      if (!held) return std::nullopt;
      patience.held = static_cast<double>(held->as_integer());
    }
    if (guard.of_m != kNone) {
      const auto m = check::constant_value(module_, guard.of_m), n = check::constant_value(module_, guard.of_n);
      if (!m || !n) return std::nullopt;
      patience.samples = {m->as_double(), n->as_double()};
    }
    return patience;
  }

  // Whether the stricter guard acts whenever the other would, at the latest in the same slot.
  static bool not_later(const Patience& strict, const Patience& other) {
    if (strict.samples || other.samples) {
      const bool at_once = !strict.samples && strict.held == 0;
      return at_once || (strict.samples == other.samples && strict.held == other.held);
    }
    return strict.held <= other.held;
  }

  static bool always_earlier(const Patience& strict, const Patience& other) {
    return !strict.samples && !other.samples && strict.held < other.held;
  }

  bool is_duplicate(const Guard& guard, const Guard& other) const {
    return source_text(module_, guard.location) == source_text(module_, other.location);
  }

  bool stands_before(const Guard& one, const Guard& other) const {
    return std::pair(one.location.file, one.location.span.begin) <
           std::pair(other.location.file, other.location.span.begin);
  }

  void compare_with(const Index& index, std::span<const ArmedGuard> guards, bool same_block) {
    for (const ArmedGuard& armed : guards) {
      if (!input_.is_own(module_.guards[armed.guard].location) || armed.watched) continue;
      const Watch& watch = watch_of(armed);
      const std::vector<const Watch*> others = candidates(index, watch);
      if (!others.empty()) compare_all(watch, others, same_block);
    }
  }

  // One that acts before it is enough.
  void compare_all(const Watch& watch, const std::vector<const Watch*>& others, bool same_block) {
    if (is_fixed(module_, watch.condition) || reported_.contains(watch.id)) return;
    for (const Watch* other : others) {
      if (is_fixed(module_, other->condition) || !compare(watch, *other, same_block)) continue;
      reported_.insert(watch.id);
      return;
    }
  }

  // Whether something was reported.
  bool compare(const Watch& watch, const Watch& other, bool same_block) {
    const Guard& guard = module_.guards[watch.id];
    const Guard& strict = module_.guards[other.id];
    if (same_block && !other.watched && is_duplicate(guard, strict)) {
      const bool second = stands_before(strict, guard);
      if (second) report_duplicate(guard, strict);
      return second;
    }
    if (guard.blind != kNone || guard.response == kNone || strict.response == kNone) return false;
    if (!watch.patience || !other.patience || !not_later(*other.patience, *watch.patience)) return false;
    const Response& answer = module_.responses[guard.response];
    const Response& stronger = module_.responses[strict.response];
    if (stronger.outcome < OutcomeKind::RollbackTo || stronger.outcome < answer.outcome) return false;
    // In one slot both would act: what the looser one says or does on the way would still be seen.
    const bool says_more = answer.steps != kNone || answer.outcome == OutcomeKind::None || answer.reason != kNone;
    if (says_more && !always_earlier(*other.patience, *watch.patience)) return false;
    if (!implies(watch.condition, other.condition)) return false;
    const bool equal = implies(other.condition, watch.condition) && not_later(*watch.patience, *other.patience) &&
                       answer.outcome == stronger.outcome;
    if (equal && same_block && stands_before(guard, strict)) return false;
    report_shadow(guard, strict, other);
    return true;
  }

  void report_duplicate(const Guard& guard, const Guard& first) {
    Report(sink_, Code::DuplicateGuard, guard.location, fmt::format("the guard `{}` stands here twice", guard.text))
        .label("again")
        .also(first.location, "first here")
        .help("remove one of them; was another metric or threshold meant?");
  }

  void report_shadow(const Guard& guard, const Guard& strict, const Watch& by) {
    Report report(sink_, Code::ShadowedGuard, guard.location,
                  fmt::format("this guard never acts: the one on `{}` is there before it", strict.text));
    report.label("comes too late");
    report.also(strict.location, "acts first");
    if (by.watched) report.also(*by.watched, "it watches because of this line");
    report.note(
        "whenever this guard's condition has held long enough, the other's has as well, and its answer is at "
        "least as strong");
    report.help("remove this guard, or make it the stricter one");
  }

  const LintInput& input_;
  const CheckedModule& module_;
  diagnostics::Sink& sink_;
  std::unordered_map<std::uint64_t, Watch> watches_;  // by guard and where its `watch` begins
  std::map<check::BlockId, Index> indexes_;
  std::set<GuardId> reported_;
};

bool is_guard(const check::Step& step) {
  return std::holds_alternative<check::GuardStep>(step.body) || std::holds_alternative<check::WatchStep>(step.body);
}

}  // namespace

void shadowed_guard(const LintInput& input, diagnostics::Sink& sink) {
  Guards guards(input, sink);
  for (const check::GuardsDecl& set : input.module.guard_sets) {
    if (set.symbol != kNone && input.is_own(input.module.symbols[set.symbol].declared))
      guards.look_within(guards_of(input.module, set.items));
  }
  for (const check::RolloutDecl& rollout : input.module.rollouts) {
    if (!input.is_own(rollout.location)) continue;
    std::set<check::BlockId> seen;
    visit_steps(input.module, rollout, [&](const check::Step& step, std::span<const Scope> scopes) {
      const Scope& inner = scopes.back();
      if (!is_guard(step) || !seen.insert(inner.block).second) return;
      guards.look_within(inner.guards);
      for (const Scope& outer : scopes.first(scopes.size() - 1)) {
        if (outer.armed && !outer.own_clock && !inner.own_clock) guards.look_outward(inner.guards, outer);
      }
    });
  }
}

}  // namespace rollout::lints
