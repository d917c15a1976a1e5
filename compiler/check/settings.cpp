#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/checker.hpp"
#include "grammar/literals.hpp"

// The table of a rollout's settings, `settings`, as steps and checks read it.

namespace rollout::check {
namespace {

constexpr std::string_view kSettingPlace = "a setting";

struct SettingNode {
  std::string name;
  NodeRef node;
};

std::vector<SettingNode> settings_of(const Checker& c, SymbolId rollout) {
  std::vector<SettingNode> settings;
  const MaybeNode node = c.origins[rollout].node;
  const MaybeNode body = node ? grammar::RolloutView{{*node}}.body() : std::nullopt;
  if (!body) return settings;
  for (const NodeRef item : grammar::BodyView{{*body}}.items()) {
    const auto view = grammar::as<grammar::SettingView>(item);
    if (!view || !view->key() || !view->value()) continue;
    settings.push_back({grammar::constant_text(*view->key()).value_or(std::string()), item});
  }
  return settings;
}

// The rollout whose settings are meant: the one around, else the only one of this file that has any. A check outside of
// rollouts must not depend on which one asks for it.
SymbolId rollout_here(Checker& c, NodeRef name) {
  if (c.at.place.what == kSettingPlace) {
    c.report(Code::NameNotHere, c.here(name), "a setting cannot be made of the other settings")
        .help("give the value a name with `let`, and use it in both");
    return kNone;
  }
  if (c.at.place.rollout != kNone) return c.module.rollouts[c.at.place.rollout].symbol;
  std::vector<SymbolId> found;
  for (const SymbolId symbol : c.files[static_cast<std::size_t>(c.at.file)].declared) {
    if (c.symbol(symbol).kind == SymbolKind::Rollout && !settings_of(c, symbol).empty()) found.push_back(symbol);
  }
  if (found.size() == 1) return found.front();
  Report report =
      c.report(Code::NameNotHere, c.here(name),
               found.empty() ? "no rollout of this file has settings" : "several rollouts of this file have settings");
  if (found.empty()) report.help("for example `setting \"NODE_ENV\" = \"production\"` in a rollout");
  if (!found.empty()) report.help("give the value as an argument");
  for (const SymbolId rollout : found) report.also(c.symbol(rollout).declared, "has settings");
  return kNone;
}

ExprId whole_table(Checker& c, NodeRef node, SymbolId rollout) {
  Expr expr;
  expr.kind = ExprKind::Map;
  expr.location = c.here(node);
  TypeId element = kNone;
  for (const SettingNode& setting : settings_of(c, rollout)) {
    const ExprId value = setting_value(c, rollout, setting.node);
    if (is_error(c, value)) return error_expr(c, c.here(node));
    const TypeId type = c.expr(value).type;
    if (element != kNone && type != element) {
      c.report(Code::TypeMismatch, c.here(node),
               fmt::format("the settings are no table of one type: there is {} and {}", type_phrase(c, element),
                           type_phrase(c, type)))
          .help(fmt::format("name the one that is meant: `settings.{}`", setting.name));
      return error_expr(c, c.here(node));
    }
    element = type;
    expr.labels.push_back(setting.name);
    expr.children.push_back(value);
  }
  expr.type = map_of(c, element == kNone ? type_id(TypeKind::String) : element);
  return add_expr(c, std::move(expr));
}

ExprId named_setting(Checker& c, NodeRef key, std::string_view name, SymbolId rollout) {
  std::vector<std::string> names;
  for (const SettingNode& setting : settings_of(c, rollout)) {
    if (setting.name == name) return setting_value(c, rollout, setting.node);
    names.push_back(setting.name);
  }
  Report report =
      c.report(Code::NoSuchPart, c.here(key), fmt::format("`{}` has no setting `{}`", c.symbol(rollout).name, name));
  report.meant(c.here(key), name, names);
  if (!names.empty()) report.note(fmt::format("it has `{}`", fmt::join(names, "`, `")));
  return error_expr(c, c.here(key));
}

}  // namespace

bool is_settings(const Checker& c, MaybeNode object) {
  return object && object->is(SyntaxKind::NameExpression) && object->text() == "settings" &&
         find_name(c, "settings") == kNone;
}

ExprId check_settings(Checker& c, NodeRef node) {
  const SymbolId rollout = rollout_here(c, node);
  return rollout == kNone ? error_expr(c, c.here(node)) : whole_table(c, node, rollout);
}

ExprId check_setting_member(Checker& c, NodeRef object, NodeRef name) {
  const SymbolId rollout = rollout_here(c, object);
  return rollout == kNone ? error_expr(c, c.here(name)) : named_setting(c, name, name.text(), rollout);
}

std::optional<ExprId> check_setting_index(Checker& c, NodeRef object, NodeRef index) {
  const auto key = index.is(SyntaxKind::StringLiteral) ? grammar::constant_text(index) : std::nullopt;
  if (!key) return std::nullopt;
  const SymbolId rollout = rollout_here(c, object);
  return rollout == kNone ? error_expr(c, c.here(index)) : named_setting(c, index, *key, rollout);
}

ExprId setting_value(Checker& c, SymbolId rollout, NodeRef node) {
  const auto key = std::pair(rollout, node.span().begin);
  if (const auto known = c.settings.find(key); known != c.settings.end()) {
    if (known->second != kNone) return known->second;
    c.report(Code::NameNotHere, {c.origins[rollout].file, node.span()}, "a setting cannot be made of itself");
    return error_expr(c, {c.origins[rollout].file, node.span()});
  }
  c.settings[key] = kNone;
  const MaybeNode value_node = grammar::SettingView{{node}}.value();
  ensure_checked(c, rollout);
  const Elsewhere elsewhere(c, c.origins[rollout].file, rollout);
  open_arguments(c, c.module.rollouts[c.symbol(rollout).index].parameters);
  c.at.place.what = kSettingPlace;
  ExprId value = check_expression(c, value_node);
  if (!is_error(c, value) && is_secret(c, c.expr(value).type)) {
    c.report(Code::SecretLeak, c.here(*value_node), "a setting would show a secret");
    value = error_expr(c, c.here(*value_node));
  } else if (!is_error(c, value) && !is_printable(c, c.expr(value).type)) {
    c.report(Code::NotPrintable, c.here(*value_node),
             fmt::format("{} has no text", type_phrase(c, c.expr(value).type)));
    value = error_expr(c, c.here(*value_node));
  }
  c.settings[key] = value;
  return value;
}

}  // namespace rollout::check
