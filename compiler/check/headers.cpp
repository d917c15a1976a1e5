#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"

// The header clauses of a rollout.

namespace rollout::check {
namespace {

template <typename View>
std::optional<View> header(NodeRef node) {
  return grammar::as<View>(node);
}

void check_text_header(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const grammar::TextHeaderView view{{node}};
  std::string text = constant_text(c, view.text(), grammar::display_of(node.kind()));
  if (node.is(SyntaxKind::Owner))
    rollout.owner = std::move(text);
  else if (node.is(SyntaxKind::Description))
    rollout.description = std::move(text);
  else if (node.is(SyntaxKind::Service))
    rollout.service = std::move(text);
  else if (node.is(SyntaxKind::Environment))
    rollout.environment = std::move(text);
  else
    rollout.exclusive = std::move(text);
}

void check_link(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const grammar::LinkView view{{node}};
  rollout.links.push_back({constant_text(c, view.title(), "`link`"), constant_text(c, view.address(), "`link`")});
}

void check_setting(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const grammar::SettingView view{{node}};
  SettingDecl setting;
  setting.name = constant_text(c, view.key(), "the name of a setting");
  setting.reason = constant_text(c, view.reason(), "the reason of a setting");
  const auto same = std::ranges::find(rollout.settings, setting.name, &SettingDecl::name);
  if (same != rollout.settings.end() && view.key()) {
    c.report(Code::DuplicateName, c.here(*view.key()), fmt::format("the setting `{}` stands twice", setting.name));
  }
  setting.value = view.value() ? setting_value(c, rollout.symbol, node) : error_expr(c, c.here(node));
  rollout.settings.push_back(std::move(setting));
}

void check_contact(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const grammar::ContactView view{{node}};
  const SymbolId role = view.role() ? resolve_kind(c, *view.role(), SymbolKind::Role, "a role") : kNone;
  rollout.contacts.push_back(
      {role == kNone ? std::string() : c.symbol(role).name, constant_text(c, view.text(), "`contact`")});
}

void check_window_header(Checker& c, RolloutDecl& rollout, NodeRef node) {
  if (const auto window = check_window(c, node)) rollout.windows.push_back(*window);
}

void check_freeze(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const grammar::FreezeView view{{node}};
  const Bounds bounds = check_bounds(c, view.times(), type_id(TypeKind::Instant), "a bound of `freeze`");
  const auto from = constant_value(c, bounds.low), to = constant_value(c, bounds.high);
  const std::string reason = constant_text(c, view.reason(), "the reason of a freeze");
  if (from && to) {
    rollout.freezes.push_back({from->as_integer(), to->as_integer(), reason});
  } else if (view.times() && !is_error(c, bounds.low) && (bounds.high == kNone || !is_error(c, bounds.high))) {
    c.report(Code::NotConstant, c.here(*view.times()),
             "a freeze is a range of two instants that are known at compile time")
        .help("for example `freeze 2026-12-20T00:00Z..2027-01-04T00:00Z \"holidays\"`");
  }
}

void check_requires(Checker& c, RolloutDecl& rollout, NodeRef node) {
  rollout.requirements.push_back(constant_text(c, grammar::RequiresView{{node}}.rollout(), "`requires`"));
}

bool has_share(const Checker& c, SymbolId action) {
  const auto parameters = parameters_of(c, action);
  return std::ranges::any_of(parameters, [](const Parameter& parameter) {
    return parameter.name == "share" && (parameter.type == type_id(TypeKind::Ratio) || parameter.type == kErrorType);
  });
}

void check_traffic_via(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const auto used = grammar::TrafficViaView{{node}}.action();
  if (!used) return;
  const SymbolId action = resolve_kind(c, *used, SymbolKind::Action, "an action");
  if (action == kNone) {
    rollout.traffic_via = error_expr(c, c.here(*used));  // so that `traffic` is not reported as well
    return;
  }
  if (!has_share(c, action)) {
    c.report(Code::TrafficViaShare, c.here(*used),
             fmt::format("`{}` has no parameter `share: ratio`", c.symbol(action).path))
        .also(c.symbol(action).declared, "declared here")
        .note("`traffic 5%` calls it with the share of traffic");
    rollout.traffic_via = error_expr(c, c.here(*used));
    return;
  }
  CallSite site = call_site(c, *used, action);
  site.supplied = "share";
  site.direct = true;
  rollout.traffic_via = check_use(c, *used, action, site);
}

void check_rollback_within(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const auto limit = grammar::RollbackWithinView{{node}}.limit();
  rollout.rollback_within = check_as(c, limit, type_id(TypeKind::Duration), "`rollback within`");
}

void check_rollback_expires(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const grammar::RollbackExpiresView view{{node}};
  rollout.rollback_expires = check_as(c, view.duration(), type_id(TypeKind::Duration), "`rollback expires`");
  rollout.expires_at_end = view.after_end();
  if (view.stage()) rollout.expires_after_stage = find_stage(c, *view.stage());
  if (node.has(SyntaxKind::ElseClause)) rollout.expired = check_response(c, view.else_response());
}

void check_on_failure(Checker& c, RolloutDecl& rollout, NodeRef node) {
  rollout.on_failure = check_response(c, grammar::OnFailureView{{node}}.response());
}

void check_on_missing(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const grammar::OnMissingView view{{node}};
  rollout.missing_for = check_as(c, view.for_duration(), type_id(TypeKind::Duration), "`on missing for`");
  rollout.on_missing = check_response(c, view.response());
}

void check_baseline_over(Checker& c, RolloutDecl& rollout, NodeRef node) {
  const auto duration = grammar::BaselineOverView{{node}}.duration();
  rollout.baseline_over = check_as(c, duration, type_id(TypeKind::Duration), "`baseline over`");
}

void check_warmup(Checker& c, RolloutDecl& rollout, NodeRef node) {
  rollout.warmup = check_as(c, grammar::WarmupView{{node}}.duration(), type_id(TypeKind::Duration), "`warmup`");
}

void check_sample(Checker& c, RolloutDecl& rollout, NodeRef node) {
  rollout.sampling = check_sampling(c, node);
}

void check_later(Checker& c, RolloutDecl&, NodeRef node) {
  not_yet(c, c.here(node), grammar::display_of(node.kind()));
}

struct HeaderRow {
  SyntaxKind syntax;
  void (*check)(Checker&, RolloutDecl&, NodeRef);
  bool once;
};

constexpr auto kHeaders = std::to_array<HeaderRow>({
    {SyntaxKind::Owner, check_text_header, true},
    {SyntaxKind::Description, check_text_header, true},
    {SyntaxKind::Service, check_text_header, true},
    {SyntaxKind::Environment, check_text_header, true},
    {SyntaxKind::Exclusive, check_text_header, true},
    {SyntaxKind::Link, check_link, false},
    {SyntaxKind::Setting, check_setting, false},
    {SyntaxKind::Contact, check_contact, false},
    {SyntaxKind::Window, check_window_header, false},
    {SyntaxKind::Freeze, check_freeze, false},
    {SyntaxKind::Requires, check_requires, false},
    {SyntaxKind::TrafficVia, check_traffic_via, true},
    {SyntaxKind::RollbackWithin, check_rollback_within, true},
    {SyntaxKind::RollbackExpires, check_rollback_expires, true},
    {SyntaxKind::OnFailure, check_on_failure, true},
    {SyntaxKind::OnMissing, check_on_missing, true},
    {SyntaxKind::BaselineOver, check_baseline_over, true},
    {SyntaxKind::Warmup, check_warmup, true},
    {SyntaxKind::Sample, check_sample, true},
    {SyntaxKind::Always, check_later, false},
    {SyntaxKind::Never, check_later, false},
});

}  // namespace

std::vector<Cadence> check_sampling(Checker& c, NodeRef node) {
  const TypeId duration = type_id(TypeKind::Duration);
  const auto nodes = grammar::SampleView{{node}}.cadences();
  std::vector<Cadence> sampling;
  for (const NodeRef part : nodes) {
    const grammar::CadenceView view{{part}};
    Cadence cadence;
    cadence.every = check_as(c, view.every(), duration, "`every`");
    cadence.for_duration = check_optional(c, view.for_duration(), duration, "`for`");
    demand_constant_range(c, cadence.every, 1e7, 9.3e18, "samples are at least 10ms apart", {});
    if (cadence.for_duration != kNone) {
      demand_constant_range(c, cadence.for_duration, 1, 9.3e18, "this duration must be longer than nothing", {});
    } else if (part != nodes.back()) {
      c.report(Code::NeverReached, c.here(part), "this cadence never ends, so that what follows is never reached")
          .help("say how long it holds: `every 1m for 1h`");
    }
    sampling.push_back(cadence);
  }
  return sampling;
}

void check_headers(Checker& c, RolloutDecl& rollout, std::span<const NodeRef> items) {
  std::vector<NodeRef> seen;
  for (const NodeRef item : items) {
    const auto row = std::ranges::find(kHeaders, item.kind(), &HeaderRow::syntax);
    if (row == kHeaders.end()) continue;
    const auto first = std::ranges::find_if(seen, [&](NodeRef other) { return other.is(item.kind()); });
    if (row->once && first != seen.end()) {
      c.report(Code::RepeatedHeader, c.here(item),
               fmt::format("this rollout has {} already", grammar::display_of(item.kind())))
          .also(c.here(*first), "the first one");
      continue;
    }
    seen.push_back(item);
    row->check(c, rollout, item);
  }
}

}  // namespace rollout::check
