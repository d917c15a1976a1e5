#include "compiler/driver/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "compiler/check/describe.hpp"
#include "compiler/driver/compile.hpp"
#include "grammar/parse.hpp"
#include "grammar/views.hpp"
#include "stdlib/modules.hpp"

namespace rollout::driver {

namespace {

using grammar::NodeRef;
using grammar::SyntaxKind;

struct KindRow {
  SyntaxKind kind;
  std::string_view word;
  bool may_be_internal = false;
};
// What a reference shows, and what it is called.
constexpr auto kKinds = std::to_array<KindRow>({
    {SyntaxKind::Action, "action"},
    {SyntaxKind::Check, "check"},
    {SyntaxKind::Source, "source"},
    {SyntaxKind::Channel, "channel"},
    {SyntaxKind::Metric, "metric"},
    {SyntaxKind::Guards, "guards"},
    {SyntaxKind::Stage, "stage"},
    {SyntaxKind::Rollout, "rollout"},
    {SyntaxKind::Fn, "function", true},
    {SyntaxKind::Record, "record", true},
    {SyntaxKind::Enum, "enum", true},
    {SyntaxKind::Param, "parameter"},
    {SyntaxKind::Secret, "secret", true},
    {SyntaxKind::Let, "name", true},
    {SyntaxKind::Role, "role"},
});

// One declaration, ready to be written.
struct Entry {
  std::string_view kind;
  std::string name, head, effect, documentation;
};

// What an action does to the world, in the words of its declaration.
std::string effect_of(NodeRef node) {
  const auto action = grammar::as<grammar::ActionView>(node);
  if (!action) return {};
  const auto modifier = action->modifier();
  const std::string word = modifier ? std::string(modifier->text()) : std::string();
  std::string text = word.empty() ? "" : fmt::format("`{}`", word);
  const auto add = [&](std::string_view more) { text += text.empty() ? std::string(more) : fmt::format(", {}", more); };
  if (action->undo()) add("has a way back");
  if (action->probe()) add("says after a crash whether it has happened");
  if (text.empty()) add("no way back: a person is asked");
  return text;
}

std::string first_sentence(const std::string& documentation) {
  std::string line = documentation.substr(0, documentation.find("\n\n"));
  std::ranges::replace(line, '\n', ' ');
  std::size_t end = line.find(". ");
  if (end == std::string::npos) end = line.ends_with('.') ? line.size() - 1 : line.size();
  line = line.substr(0, end);
  // A bar would end the table's cell.
  for (auto at = line.find('|'); at != std::string::npos; at = line.find('|', at + 2)) line.replace(at, 1, "\\|");
  return line;
}

std::vector<Entry> declared_entries(const grammar::SyntaxTree& tree) {
  std::vector<Entry> entries;
  for (const NodeRef node : tree.root().child_nodes()) {
    const auto row = std::ranges::find(kKinds, node.kind(), &KindRow::kind);
    const auto name = node.token(SyntaxKind::Name);
    if (row == kKinds.end() || !name) continue;
    std::string documentation = node.documentation();
    // What only its own module uses has no documentation.
    if (documentation.empty() && row->may_be_internal) continue;
    entries.push_back(
        {row->word, std::string(name->text()), declaration_head(node), effect_of(node), std::move(documentation)});
  }
  return entries;
}

// What the runtime itself has under the module's name: `http.get`.
std::vector<Entry> native_entries(std::string_view use) {
  std::vector<Entry> entries;
  if (!use.starts_with("std.")) return entries;
  const std::string prefix = fmt::format("{}.", use.substr(4));
  const CompiledFile file = compile_source({"reference.rollout", fmt::format("use {}\n", use)});
  for (check::SymbolId id = 0; id < file.module.symbols.size(); ++id) {
    const check::Symbol& symbol = file.module.symbols[id];
    if (symbol.kind != check::SymbolKind::Native || !symbol.path.starts_with(prefix)) continue;
    entries.push_back({"native", symbol.name, check::native_signature(file.module, symbol), {}, symbol.documentation});
  }
  return entries;
}

}  // namespace

std::string declaration_head(NodeRef node) {
  grammar::Span span = node.span();
  for (const NodeRef child : node.child_nodes()) {
    if (!grammar::BodyView::accepts(child.kind())) continue;
    span.end = child.span().begin;
    break;
  }
  std::string text(node.text().substr(0, span.size()));
  while (!text.empty() && std::string_view(" \n{").find(text.back()) != std::string_view::npos) text.pop_back();
  return text;
}

std::string reference_page(std::string_view use, const std::string& text) {
  const grammar::SyntaxTree tree = grammar::parse({std::string(use), text});
  std::vector<Entry> entries = declared_entries(tree);
  for (Entry& native : native_entries(use)) entries.push_back(std::move(native));

  std::string page = fmt::format("# {}\n\n", use);
  if (const std::string about = tree.root().documentation(); !about.empty()) page += about + "\n\n";
  page += fmt::format("```rollout\nuse {}\n```\n", use);
  if (entries.empty()) return page;
  page += "\n| | | |\n|---|---|---|\n";
  for (const Entry& entry : entries) {
    page += fmt::format("| {} | [`{}`](#{}-{}) | {} |\n", entry.kind, entry.name, entry.kind, entry.name,
                        first_sentence(entry.documentation));
  }
  for (const Entry& entry : entries) {
    page += fmt::format("\n## {} `{}`\n\n```rollout\n{}\n```\n", entry.kind, entry.name, entry.head);
    if (!entry.documentation.empty()) page += "\n" + entry.documentation + "\n";
    if (!entry.effect.empty()) page += fmt::format("\nEffect: {}.\n", entry.effect);
  }
  return page;
}

std::optional<std::string> library_reference(std::string_view name) {
  if (name.starts_with("std.")) name.remove_prefix(4);
  const auto text = stdlib::module_text(name);
  if (!text) return std::nullopt;
  return reference_page(fmt::format("std.{}", name), std::string(*text));
}

}  // namespace rollout::driver
