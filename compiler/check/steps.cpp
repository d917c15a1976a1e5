#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"

// Steps: blocks, what they do in order, and the clauses behind a step.

namespace rollout::check {
namespace {

template <typename Body>
void push(Checker& c, Block& block, NodeRef node, Body body, Tail tail = {}) {
  block.steps.push_back(add_step(c, std::move(body), std::move(tail), c.here(node)));
}

// Raises what may be called where the author vouches for the call.
class Vouched {
 public:
  Vouched(Checker& c, MaybeNode modifier) : c_(c), calls_(c.at.place.calls) {
    if (calls_ == Calls::Reads && effect_class_of(modifier) == plan::EffectClass::ReadOnly)
      c.at.place.calls = Calls::All;
  }
  ~Vouched() { c_.at.place.calls = calls_; }
  Vouched(const Vouched&) = delete;
  Vouched& operator=(const Vouched&) = delete;

 private:
  Checker& c_;
  Calls calls_;
};

void mark_external(Checker& c) {
  if (c.at.owner == kNone || c.symbol(c.at.owner).kind != SymbolKind::Check) return;
  c.module.checks[c.symbol(c.at.owner).index].external = true;
}

bool has_tail(NodeRef node) {
  return node.has(SyntaxKind::TimeoutClause) || node.has(SyntaxKind::RetryClause) ||
         node.has(SyntaxKind::WithinClause) || node.has(SyntaxKind::UndoClause) || node.has(SyntaxKind::ElseClause);
}

void check_let_step(Checker& c, NodeRef node, Block& block) {
  const grammar::LetView view{{node}};
  LetStep step;
  step.has_modifier = view.modifier().has_value();
  step.modifier = effect_class_of(view.modifier());
  const TypeId declared = view.type() ? check_type(c, view.type(), grammar::text_of(view.name())) : kNone;
  {
    const Vouched vouched(c, view.modifier());
    step.value = check_direct(c, view.value(), declared);
  }
  TypeId type = c.expr(step.value).type;
  const bool is_call = c.expr(step.value).kind == ExprKind::Call;
  if (declared != kNone && view.value()) {
    demand(c, step.value, *view.value(), declared, "this `let`");
    type = declared;
  }
  if (type != kNone && c.module.types[type].kind == TypeKind::Nothing) {
    c.report(Code::TypeMismatch, c.here(*view.value()), "this action returns nothing")
        .help("give it a type and a `return`, or call it without `let`");
    type = kErrorType;
  }
  if (!is_call && !is_error(c, step.value) && (step.has_modifier || has_tail(node))) {
    c.report(Code::StepNotHere, c.here(node),
             "only a call can be retried, undone or given a limit, and this is a plain value");
  }
  if (is_call) mark_external(c);
  if (!view.name()) return;
  step.symbol = declare_local(c, SymbolKind::LocalLet, *view.name(), type);
  push(c, block, node, step, check_tail(c, node));
}

void check_effect_step(Checker& c, NodeRef node, Block& block) {
  const grammar::EffectView view{{node}};
  EffectStep step;
  step.has_modifier = view.modifier().has_value();
  step.modifier = effect_class_of(view.modifier());
  {
    const Vouched vouched(c, view.modifier());
    step.call = check_direct(c, view.action());
  }
  if (!is_error(c, step.call) && c.expr(step.call).kind != ExprKind::Call) {
    c.report(Code::StepNotHere, c.here(node), "this is a value, and a step does something")
        .help(c.expr(step.call).kind == ExprKind::CheckUse ? "ask a check with `verify`" : "");
  } else if (!is_error(c, step.call) && c.kind_of(step.call) == TypeKind::Channel) {
    c.report(Code::StepNotHere, c.here(node), "a channel is used by `notify`")
        .help(fmt::format("write `notify {} \"...\"`", view.action()->text()));
  }
  mark_external(c);
  push(c, block, node, step, check_tail(c, node));
}

void check_require(Checker& c, NodeRef node, Block& block) {
  const grammar::RequireView view{{node}};
  RequireStep step;
  step.condition = check_as(c, view.condition(), type_id(TypeKind::Bool), "what a check requires");
  step.message = check_optional(c, view.message(), type_id(TypeKind::String), "the message of `require`");
  if (view.condition()) step.text = folded_text(c, c.at.file, view.condition()->span());
  push(c, block, node, step);
}

void check_return(Checker& c, NodeRef node, Block& block) {
  const auto value = grammar::ReturnView{{node}}.value();
  const bool elsewhere = c.at.place.container == Container::Source;
  if (!c.at.place.in_action && !elsewhere) {
    c.report(Code::StepNotHere, c.here(node),
             fmt::format("`return` belongs into an action, not into {}", c.at.place.what));
    return;
  }
  if (c.at.place.returns == kNone) {
    static_cast<void>(check_expression(c, value));
    c.report(Code::StepNotHere, c.here(node), "this action has no type, so it returns nothing")
        .help("give the action the type of what it returns: `action name(...): string { ... }`");
    return;
  }
  ReturnStep step;
  const bool outcome = c.at.place.in_source && value && check_source_outcome(c, *value, step);
  const std::string what = elsewhere ? fmt::format("what {} returns", c.at.place.what) : "what this action returns";
  if (!outcome) step.value = check_as(c, value, c.at.place.returns, what);
  push(c, block, node, step);
}

void check_guard_step(Checker& c, NodeRef node, Block& block) {
  push(c, block, node, GuardStep{check_guard(c, node)});
}

void check_watch(Checker& c, NodeRef node, Block& block) {
  const auto guards = grammar::WatchView{{node}}.guards();
  if (!guards) return;
  WatchStep step;
  step.guards = resolve_kind(c, *guards, SymbolKind::Guards, "a set of guards");
  if (step.guards == kNone) return;
  step.arguments = check_arguments(c, call_site(c, *guards, step.guards), parameters_of(c, step.guards));
  push(c, block, node, std::move(step));
}

void check_outcome_step(Checker& c, NodeRef node, Block& block) {
  Response response;
  response.location = c.here(node);
  check_outcome(c, node, response);
  push(c, block, node, OutcomeStep{add_response(c, std::move(response))});
}

void check_child(Checker& c, NodeRef node, Block& block) {
  const auto used = grammar::ChildView{{node}}.rollout();
  if (!used) return;
  const Place& place = c.at.place;
  if (place.beside || place.in_undo || place.in_rollback || place.in_action) {
    c.report(Code::StepNotHere, c.here(node.first_token().value_or(node)),
             fmt::format("a child rollout cannot stand in {}", place.what))
        .note("it is part of the way forward of the rollout that runs it: in its steps and stages");
    return;
  }
  ChildStep step;
  step.rollout = resolve_kind(c, *used, SymbolKind::Rollout, "a rollout");
  if (step.rollout != kNone) {
    step.arguments = check_arguments(c, call_site(c, *used, step.rollout), parameters_of(c, step.rollout));
    for (const ExprId argument : step.arguments) {
      if (argument == kNone || is_error(c, argument) || fixed_at_creation(c, argument)) continue;
      c.report(Code::NotConstant, c.expr(argument).location,
               "the arguments of a child rollout are fixed when a run starts")
          .help("use a literal, a `param`, a `let` of the module, an argument or the variable of an `each`");
    }
  }
  Tail tail = check_tail(c, node);
  if (step.rollout != kNone) push(c, block, node, std::move(step), tail);
}

constexpr auto kSteps = std::to_array<StepRow>({
    // syntax, check, in a check, in a channel, in a reply
    {SyntaxKind::Let, check_let_step, true, true, true},
    {SyntaxKind::Effect, check_effect_step, true, true, true},
    {SyntaxKind::Require, check_require, true, false, false},
    {SyntaxKind::Return, check_return, false, false, false},
    {SyntaxKind::When, check_guard_step, false, false, false},
    {SyntaxKind::Watch, check_watch, false, false, false},
    {SyntaxKind::RollbackOutcome, check_outcome_step, false, false, true},
    {SyntaxKind::RollbackToOutcome, check_outcome_step, false, false, true},
    {SyntaxKind::AbortOutcome, check_outcome_step, false, false, true},
    {SyntaxKind::ContinueOutcome, check_outcome_step, false, false, true},
    {SyntaxKind::PauseOutcome, check_outcome_step, false, false, true},
    {SyntaxKind::Child, check_child, false, false, false},
});

const StepRow* find_row(std::span<const StepRow> rows, SyntaxKind kind) {
  const auto found = std::ranges::find(rows, kind, &StepRow::syntax);
  return found == rows.end() ? nullptr : &*found;
}

const StepRow* row_of(SyntaxKind kind) {
  if (const StepRow* row = find_row(kSteps, kind)) return row;
  if (const StepRow* row = find_row(gate_steps(), kind)) return row;
  return find_row(flow_steps(), kind);
}

bool may_stand(const StepRow& row, Container container) {
  switch (container) {
    case Container::Steps: return row.syntax != SyntaxKind::Require;
    case Container::Check: return row.in_check;
    case Container::Channel: return row.in_channel;
    case Container::Reply: return row.in_reply;
    case Container::Source:
      return row.syntax == SyntaxKind::Return || (row.in_check && row.syntax != SyntaxKind::Require);
  }
  return false;
}

std::string_view container_phrase(const Checker& c) {
  return c.at.place.container == Container::Reply ? "a response" : c.at.place.what;
}

// Whether nothing after the outcome is ever reached.
bool ends_block(const Checker& c, NodeRef node) {
  const SyntaxKind kind = node.kind();
  if (kind == SyntaxKind::RollbackOutcome || kind == SyntaxKind::RollbackToOutcome || kind == SyntaxKind::AbortOutcome)
    return true;
  if (kind == SyntaxKind::Return && c.at.place.container == Container::Source) return true;
  return c.at.place.container == Container::Reply && grammar::is_outcome(kind);
}

void check_step(Checker& c, NodeRef node, Block& block) {
  const StepRow* row = row_of(node.kind());
  if (row == nullptr) return;
  if (may_stand(*row, c.at.place.container)) {
    row->check(c, node, block);
    return;
  }
  const auto word = node.first_token();
  c.report(Code::StepNotHere, c.here(word.value_or(node)),
           fmt::format("{} cannot stand in {}", grammar::display_of(node.kind()), container_phrase(c)));
}

void check_undo_items(Checker& c, std::span<const NodeRef> items, Block& block) {
  MaybeNode first;
  for (const NodeRef node : items) {
    const auto undo = grammar::as<grammar::UndoView>(node);
    if (!undo || undo->is_rest()) continue;
    if (first) {
      c.report(Code::RepeatedHeader, c.here(node), "this block has an `undo` already")
          .also(c.here(*first), "the first one");
      continue;
    }
    first = node;
    block.undo = check_undo_block(c, undo->block());
  }
}

void check_undo_rest(Checker& c, NodeRef node, Block& block) {
  if (c.at.place.in_undo) return push(c, block, node, UndoRestStep{});
  c.report(Code::StepNotHere, c.here(node), "`undo rest` stands inside an `undo`, for what it replaces");
}

}  // namespace

plan::EffectClass effect_class_of(MaybeNode modifier) {
  if (!modifier) return plan::EffectClass::Opaque;
  if (modifier->is(SyntaxKind::KeywordReadonly)) return plan::EffectClass::ReadOnly;
  return modifier->is(SyntaxKind::KeywordIdempotent) ? plan::EffectClass::Idempotent : plan::EffectClass::Irreversible;
}

BlockId add_block(Checker& c, Block block) {
  c.module.blocks.push_back(std::move(block));
  return static_cast<BlockId>(c.module.blocks.size() - 1);
}

StepId add_step(Checker& c, StepBody body, Tail tail, Location where) {
  c.module.steps.push_back({std::move(body), tail, where});
  return static_cast<StepId>(c.module.steps.size() - 1);
}

void check_items(Checker& c, std::span<const NodeRef> items, Block& block) {
  MaybeNode end;
  bool reported = false;
  for (const NodeRef node : items) {
    const auto undo = grammar::as<grammar::UndoView>(node);
    if (undo && !undo->is_rest()) continue;
    // What is broken behind it may have been meant as part of it: `rollback when ...`.
    if (end && node.has_error()) reported = true;
    if (end && !reported && grammar::is_step(node.kind()) && !node.is(SyntaxKind::When)) {
      reported = true;
      c.report(Code::NeverReached, c.here(node), "this is never reached")
          .also(c.here(*end), fmt::format("{} ends the block", grammar::display_of(end->kind())));
    }
    if (undo)
      check_undo_rest(c, node, block);
    else
      check_step(c, node, block);
    if (!end && ends_block(c, node)) end = node;
  }
  // Last, since an `undo` sees what the whole block has bound.
  check_undo_items(c, items, block);
}

BlockId check_block(Checker& c, MaybeNode body) {
  Block block;
  if (body) {
    block.location = c.here(*body);
    const BlockScope scope(c);
    check_items(c, grammar::BodyView{{*body}}.items(), block);
  }
  return add_block(c, std::move(block));
}

BlockId check_check_body(Checker& c, MaybeNode body) {
  const BlockScope scope(c);
  c.at.place.what = "a check";
  c.at.place.container = Container::Check;
  c.at.place.calls = Calls::Reads;
  c.at.place.metrics = true;
  return check_block(c, body);
}

BlockId check_undo_block(Checker& c, MaybeNode body) {
  const BlockScope scope(c);
  c.at.place.what = "an undo";
  c.at.place.in_undo = true;
  c.at.place.in_rollback = true;
  return check_block(c, body);
}

Tail check_tail(Checker& c, NodeRef node) {
  const TypeId duration = type_id(TypeKind::Duration);
  Tail tail;
  tail.timeout = check_optional(c, grammar::expression_in(node, SyntaxKind::TimeoutClause), duration, "`timeout`");
  tail.within = check_optional(c, grammar::expression_in(node, SyntaxKind::WithinClause), duration, "`within`");
  if (const auto retry = grammar::as<grammar::RetryView>(node.child(SyntaxKind::RetryClause))) {
    tail.retry = check_constant(c, retry->count(), type_id(TypeKind::Number), "the number of retries");
    tail.retry_every = check_optional(c, retry->every(), duration, "the time between retries");
    demand_constant_range(c, tail.retry, 0, 10'000, "a step can be retried 0 to 10000 times", {});
  }
  for (const ExprId limit : {tail.timeout, tail.within}) {
    if (limit != kNone) demand_constant_range(c, limit, 1, 9.3e18, "a limit must be longer than nothing", {});
  }
  if (const auto undo = grammar::child_in(node, SyntaxKind::UndoClause, SyntaxKind::Block))
    tail.undo = check_undo_block(c, undo);
  if (node.has(SyntaxKind::ElseClause))
    tail.otherwise = check_response(c, grammar::response_in(node, SyntaxKind::ElseClause));
  return tail;
}

std::string folded_text(const Checker& c, FileId file, grammar::Span span) {
  const std::string_view text = std::string_view(c.module.files[file].text).substr(span.begin, span.size());
  std::string result;
  for (const char letter : text) {
    const bool blank = letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
    if (!blank)
      result += letter;
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

}  // namespace rollout::check
