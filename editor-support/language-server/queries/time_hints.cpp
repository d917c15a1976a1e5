#include "editor-support/language-server/queries/time_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "editor-support/language-server/queries/declarations.hpp"
#include "editor-support/language-server/queries/name_scope.hpp"
#include "grammar/views.hpp"

namespace rollout::language_server {
namespace {

using check::ExprId;
using check::ExprKind;
using check::kNone;
using check::SymbolKind;
using grammar::NodeRef;
using grammar::SyntaxKind;
using plan::time_text;

// A number, a text, a list: what says nothing about what it is for.
bool is_literal(NodeRef value) {
  return value.is(SyntaxKind::Quantity) || value.is(SyntaxKind::StringLiteral) ||
         value.is(SyntaxKind::BooleanLiteral) || value.is(SyntaxKind::Negation) || value.is(SyntaxKind::List) ||
         value.is(SyntaxKind::Map);
}

class HintCollector {
 public:
  HintCollector(const CheckedModule& module, const driver::Times& times, Span range)
      : module_(module), times_(times), range_(range) {}

  void add_parameters() {
    std::map<std::uint32_t, SymbolId> symbols;  // by where their name ends
    for (const check::ResolvedName& name : module_.names) {
      if (name.where.file == kMainFile) symbols[name.where.span.end] = name.symbol;
    }
    for (const NodeRef call : module_.trees.front().root().descendants(SyntaxKind::Call)) {
      const grammar::CallView view{{call}};
      if (!overlaps(call.span()) || !view.callee()) continue;
      const auto symbol = symbols.find(view.callee()->span().end);
      if (symbol != symbols.end()) add_arguments(view, parameters_of(module_, symbol->second));
    }
  }

  void add_values() {
    for (const check::Step& step : module_.steps) {
      if (step.location.file != kMainFile || !overlaps(step.location.span)) continue;
      if (const auto* hold = std::get_if<check::HoldStep>(&step.body)) {
        for (const ExprId expr : {hold->least, hold->most}) add_value(expr);
        for (const check::HoldCondition& condition : hold->until)
          add_condition(condition.condition, condition.for_duration);
      }
      if (const auto* traffic = std::get_if<check::TrafficStep>(&step.body)) add_value(traffic->share);
      for (const ExprId expr : {step.tail.timeout, step.tail.within, step.tail.retry_every}) add_value(expr);
    }
    for (const check::Guard& guard : module_.guards) add_condition(guard.condition, guard.for_duration);
  }

  void add_times() {
    for (const driver::StageTimes& stage : times_.stages) {
      std::string text = plan::range_text(stage.takes);
      if (stage.undo != plan::Most(0)) text += ", way back " + plan::most_text(stage.undo);
      add(stage.name, text, stage_sentence(times_, stage.name));
    }
    for (const driver::RolloutTimes& rollout : times_.rollouts) {
      add(rollout.name, plan::range_text(rollout.takes), rollout_sentence(times_, rollout.name));
      if (rollout.within) add(*rollout.within, "worst case " + plan::most_text(rollout.undo), {});
    }
    for (const check::Guard& guard : module_.guards) {
      const auto time = std::ranges::find_if(
          times_.guards, [&](const auto& one) { return driver::is_same_place(one.guard, guard.location); });
      if (time == times_.guards.end() || guard.for_duration == kNone) continue;
      const auto slots = time->slots();
      if (!slots) continue;
      add(module_.exprs[guard.for_duration].location,
          fmt::format("{} looks, every {}", *slots, time_text(*time->cadence)), guard_sentence(times_, guard.location));
    }
  }

  std::vector<InlayHint> take() {
    std::ranges::stable_sort(hints_, {}, &InlayHint::offset);
    const auto same = std::ranges::unique(hints_, [](const InlayHint& one, const InlayHint& other) {
      return one.offset == other.offset && one.text == other.text;
    });
    hints_.erase(same.begin(), same.end());
    return std::move(hints_);
  }

 private:
  bool overlaps(Span span) const { return span.begin <= range_.end && range_.begin <= span.end; }

  void add_arguments(const grammar::CallView& call, const std::vector<Parameter>& parameters) {
    // One parameter needs no name.
    if (parameters.size() < 2) return;
    const auto arguments = call.arguments();
    for (std::size_t i = 0; i < std::min(arguments.size(), parameters.size()); ++i) {
      const grammar::ArgumentView argument{{arguments[i]}};
      if (argument.name() || !argument.value() || !is_literal(*argument.value())) continue;
      hints_.push_back({arguments[i].span().begin, HintKind::Parameter, parameters[i].name + ":", {}});
    }
  }

  // The constant that an expression amounts to, where its text is not that constant already.
  void add_value(ExprId id) {
    if (id == kNone) return;
    const check::Expr& expr = module_.exprs[id];
    const auto value = constant_of(module_, id);
    if (!value || expr.location.file != kMainFile || expr.location.span.empty()) return;
    const grammar::SourceFile& file = module_.files[kMainFile];
    const auto written = std::string_view(file.text).substr(expr.location.span.begin, expr.location.span.size());
    const std::string text = plan::to_literal(*value);
    if (written.find_first_of("0123456789") == 0 || written == text) return;
    add(expr.location, "= " + text, {});
  }

  void add_condition(ExprId condition, ExprId for_duration) {
    add_value(for_duration);
    if (condition == kNone) return;
    const check::Expr& expr = module_.exprs[condition];
    if (expr.kind != ExprKind::Binary) return;
    if (expr.op == plan::Op::And || expr.op == plan::Op::Or) {
      for (const ExprId child : expr.children) add_condition(child, kNone);
    } else if (expr.children.size() == 2) {
      add_value(expr.children[1]);
    }
  }

  void add(const Location& behind, std::string text, std::string tooltip) {
    if (behind.file != kMainFile || !overlaps(behind.span)) return;
    hints_.push_back({behind.span.end, HintKind::Value, std::move(text), std::move(tooltip)});
  }

  const CheckedModule& module_;
  const driver::Times& times_;
  Span range_;
  std::vector<InlayHint> hints_;
};

}  // namespace

std::vector<InlayHint> inlay_hints(const CheckedModule& module, const driver::Times& times, Span range) {
  HintCollector collector(module, times, range);
  collector.add_parameters();
  collector.add_values();
  collector.add_times();
  return collector.take();
}

std::string stage_sentence(const driver::Times& times, const Location& name) {
  const auto time =
      std::ranges::find_if(times.stages, [&](const auto& one) { return driver::is_same_place(one.name, name); });
  if (time == times.stages.end()) return {};
  std::string text = fmt::format("Takes {}", plan::range_text(time->takes));
  if (time->undo == plan::Most(0)) return text + "; nothing has to be undone by its end.";
  if (!time->undo) return text + "; its way back has no limit.";
  return fmt::format("{}; the way back from its end takes at most {}.", text, time_text(*time->undo));
}

std::string rollout_sentence(const driver::Times& times, const Location& name) {
  const auto time =
      std::ranges::find_if(times.rollouts, [&](const auto& one) { return driver::is_same_place(one.name, name); });
  if (time == times.rollouts.end()) return {};
  const std::string back = time->undo ? "takes at most " + time_text(*time->undo) : "has no limit";
  return fmt::format("Takes {}, waiting for people included; the way back {}.", plan::range_text(time->takes), back);
}

std::string guard_sentence(const driver::Times& times, const Location& guard) {
  const auto time =
      std::ranges::find_if(times.guards, [&](const auto& one) { return driver::is_same_place(one.guard, guard); });
  if (time == times.guards.end()) return {};
  std::string text =
      time->cadence ? fmt::format("Looks every {}", time_text(*time->cadence)) : "Looks as `sample` says";
  if (time->window > 0) text += fmt::format(", {} back", time_text(time->window));
  text += fmt::format("; fires {} after its block is entered at the earliest", time_text(time->earliest));
  if (const auto slots = time->slots()) text += fmt::format(", once {} looks in a row are true", *slots);
  return text + ".";
}

}  // namespace rollout::language_server
