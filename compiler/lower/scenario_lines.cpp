#include "compiler/lower/scenario_lines.hpp"

#include <algorithm>
#include <utility>

#include "grammar/literals.hpp"

namespace rollout::lower {

plan::Spot LineReader::spot() const {
  return lowering_.build.plan().spots[spot_of(lowering_, line_.location)];
}

std::string LineReader::source() const {
  return source_text(lowering_.module, line_.location);
}

Value LineReader::constant(ExprId id) {
  if (id == kNone) return {};
  const Code code = lower_expression(lowering_, id);
  return code.constant.value_or(Value::missing("it is not known before the run"));
}

LineReader::Target LineReader::next_target() {
  const std::size_t at = symbol_++;
  if (at >= line_.symbols.size() || line_.symbols[at] == kNone) return {};
  Target target{lowering_.symbol(line_.symbols[at]).path, std::nullopt};
  if (at >= line_.targets.size() || line_.targets[at] == kNone) return target;
  scenario::ArgumentPattern pattern;
  for (const ExprId child : lowering_.expr(line_.targets[at]).children) {
    pattern.push_back(child == kNone ? std::nullopt : std::optional(constant(child)));
  }
  target.arguments = std::move(pattern);
  return target;
}

LineReader::Target LineReader::next_callable() {
  const SymbolId named = symbol_ < line_.symbols.size() ? line_.symbols[symbol_] : kNone;
  Target target = next_target();
  if (named == kNone || lowering_.symbol(named).kind != SymbolKind::Let) return target;
  ExprId value = lowering_.module.lets[lowering_.symbol(named).index].value;
  while (value != kNone && lowering_.expr(value).kind == ExprKind::Name) {
    const check::Symbol& symbol = lowering_.symbol(lowering_.expr(value).symbol);
    value = symbol.kind == SymbolKind::Let ? lowering_.module.lets[symbol.index].value : kNone;
  }
  if (value == kNone || lowering_.expr(value).kind != ExprKind::Call) return target;
  const Expr& call = lowering_.expr(value);
  target.name = lowering_.symbol(call.symbol).path;
  scenario::ArgumentPattern pattern;
  for (const ExprId child : call.children) {
    const Code code = child == kNone ? Code{} : lower_expression(lowering_, child);
    const bool known = code.is_constant() && !code.constant->is_missing();
    pattern.push_back(known ? code.constant : std::nullopt);
  }
  target.arguments = std::move(pattern);
  return target;
}

std::string LineReader::next_channel() {
  Target target = next_target();
  if (!target.arguments) return target.name;
  // What is not named was left to its default, as in the plan's name for it.
  while (!target.arguments->empty() && !target.arguments->back()) target.arguments->pop_back();
  std::vector<Code> arguments;
  for (const auto& argument : *target.arguments) arguments.push_back(constant_code(argument.value_or(Value{})));
  return direct_channel_name(target.name, arguments);
}

Value LineReader::next_value() {
  if (value_ >= line_.values.size()) return {};
  return constant(line_.values[value_++]);
}

std::uint32_t LineReader::next_count() {
  constexpr double kMost = 1'000'000;
  const double number = next_value().as_double();
  return number >= 1 ? static_cast<std::uint32_t>(std::min(number, kMost)) : 0;
}

scenario::Point LineReader::next_point() {
  if (point_ >= line_.points.size()) return {};
  const check::ScenarioPoint& from = line_.points[point_++];
  scenario::Point point;
  switch (from.base) {
    case check::ScenarioPoint::Base::Start: point.base = scenario::Point::Base::Start; break;
    case check::ScenarioPoint::Base::StageEntry: point.base = scenario::Point::Base::StageEntry; break;
    case check::ScenarioPoint::Base::StageEnd: point.base = scenario::Point::Base::StageEnd; break;
  }
  point.stage = from.stage;
  point.occurrence = from.occurrence;
  point.offset = constant(from.offset).as_integer();
  return point;
}

std::string LineReader::next_path() {
  return path_ < line_.paths.size() ? line_.paths[path_++] : std::string();
}

std::string literal_text(const std::optional<NodeRef>& literal) {
  return literal ? grammar::constant_text(*literal).value_or(std::string{}) : std::string{};
}

std::string command_text(const std::optional<NodeRef>& callable) {
  const auto run = grammar::as<grammar::RunView>(callable);
  const auto literal = run ? run->command() : std::nullopt;
  if (!literal) return {};
  std::string text(literal->text());
  // From the end, so that what stands before keeps its place. What only a run knows matches anything.
  const auto inserts = literal->children(grammar::SyntaxKind::Insert);
  for (auto insert = inserts.rbegin(); insert != inserts.rend(); ++insert) {
    text.replace(insert->span().begin - literal->span().begin, insert->span().size(), "*");
  }
  if (text.starts_with('`')) text.erase(0, 1);
  if (text.ends_with('`')) text.pop_back();
  return text;
}

}  // namespace rollout::lower
