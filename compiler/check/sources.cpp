#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"

// Sources of metrics that are written in the language.

namespace rollout::check {
namespace {

void open_source(Checker& c, const SourceDecl& source) {
  open_arguments(c, source.parameters);
  c.at.place.what = "a source";
  c.at.place.container = Container::Source;
  c.at.place.calls = Calls::Reads;
  c.at.place.in_source = true;
}

void demand_returns(Checker& c, BlockId block, MaybeNode body, std::string_view what) {
  if (!body || always_returns(c, block)) return;
  c.report(Code::ReturnMissing, c.here(body->first_token().value_or(*body)),
           fmt::format("{} does not return on every way through it", what))
      .help("end it with `return EXPR`, `return absent` (there is no data) or `return failed(\"why\")`");
}

// Asked for slots gone by: from, from + step, ... to.
void check_past(Checker& c, SourceDecl& source, NodeRef node, TypeId type) {
  const grammar::PastView view{{node}};
  const auto names = view.names();
  if (names.size() != 3) {
    c.report(Code::MissingArgument, c.here(names.empty() ? node : names.front()),
             "`past` has three names: the first slot, the last one and the time between two")
        .help("write `past(from, to, step) { ... }`");
    return;
  }
  const BlockScope scope(c);
  c.at.place.returns = list_of(c, type);
  constexpr auto kKinds = std::to_array({TypeKind::Instant, TypeKind::Instant, TypeKind::Duration});
  SymbolId* const symbols[] = {&source.past_from, &source.past_to, &source.past_step};
  for (std::size_t i = 0; i < names.size(); ++i)
    *symbols[i] = declare_local(c, SymbolKind::LocalLet, names[i], type_id(kKinds[i]));
  source.past = check_block(c, view.block());
  demand_returns(c, source.past, view.block(), "the past of this source");
}

// Words of their own in this place, but for what the source itself calls so.
bool is_outcome_name(const Checker& c, NodeRef node, std::string_view name) {
  return node.is(SyntaxKind::NameExpression) && node.text() == name && find_local(c, name) == kNone;
}

}  // namespace

void check_source_signature(Checker& c, SymbolId id, NodeRef node) {
  const grammar::SourceView view{{node}};
  auto parameters = check_parameters(c, view.parameters());
  TypeId type = check_type(c, view.type(), c.symbol(id).name);
  const TypeKind kind = c.module.types[type].kind;
  if (!can_be_metric(kind) && kind != TypeKind::String) {
    c.report(Code::TypeNotHere, c.here(*view.type()), fmt::format("a source cannot give {}", type_phrase(c, type)))
        .note(
            "a metric is a number, a ratio, a duration, a size, a rate or an enum; a string may name an enum's label");
    type = kErrorType;
  }
  c.symbol(id).type = type;
  c.module.sources[c.symbol(id).index].parameters = std::move(parameters);
}

void check_source_body(Checker& c, SymbolId id, NodeRef node) {
  const auto body = grammar::SourceView{{node}}.body();
  if (!body) return;
  const TypeId type = c.symbol(id).type;
  SourceDecl source = c.module.sources[c.symbol(id).index];
  open_source(c, source);
  c.at.place.returns = type;
  Block block;
  block.location = c.here(*body);
  {
    const BlockScope scope(c);
    check_items(c, grammar::BodyView{{*body}}.items(), block);
  }
  source.body = add_block(c, std::move(block));
  demand_returns(c, source.body, body, "this source");
  if (const auto past = body->child(SyntaxKind::Past)) check_past(c, source, *past, type);
  c.module.sources[c.symbol(id).index] = std::move(source);
}

bool always_returns(const Checker& c, BlockId id) {
  if (id == kNone) return false;
  return std::ranges::any_of(c.module.blocks[id].steps, [&](StepId step) {
    const StepBody& body = c.module.steps[step].body;
    if (std::holds_alternative<ReturnStep>(body)) return true;
    const auto* branch = std::get_if<IfStep>(&body);
    return branch && always_returns(c, branch->then) && always_returns(c, branch->otherwise);
  });
}

bool check_source_outcome(Checker& c, NodeRef value, ReturnStep& step) {
  if (is_outcome_name(c, value, "absent")) {
    step.kind = ReturnStep::Kind::Absent;
    return true;
  }
  const auto call = grammar::as<grammar::CallView>(value);
  if (!call || !call->callee() || !is_outcome_name(c, *call->callee(), "failed")) return false;
  step.kind = ReturnStep::Kind::Failed;
  const auto arguments = call->arguments();
  const auto why = arguments.size() == 1 ? grammar::ArgumentView{{arguments.front()}}.value() : std::nullopt;
  if (!why) {
    c.report(Code::MissingArgument, c.here(value), "`failed` takes one text: why the source has no answer")
        .help("write `return failed(\"the queue is not reachable\")`");
    return true;
  }
  step.value = check_as(c, why, type_id(TypeKind::String), "why the source failed");
  return true;
}

}  // namespace rollout::check
