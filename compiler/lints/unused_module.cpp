// `use` lines that bring in what the file never names.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/check/report.hpp"
#include "compiler/lints/lints.hpp"

namespace rollout::lints {
namespace {

using check::Report;
using check::Symbol;
using check::SymbolKind;
using diagnostics::Code;
using diagnostics::FileId;
using grammar::SyntaxKind;

// The names that stand before a dot, in one file: those of modules are among them.
std::set<std::string_view> qualifiers(const grammar::SyntaxTree& tree) {
  std::set<std::string_view> names;
  std::string_view before;
  for (const grammar::Event& event : tree.events()) {
    if (event.width != 1 || event.begin == event.end || grammar::is_trivia(event.kind)) continue;
    if (event.kind == SyntaxKind::Dot && !before.empty()) names.insert(before);
    before = tree.text().substr(event.begin, event.end - event.begin);
  }
  return names;
}

void report_modules(const LintInput& input, FileId file, diagnostics::Sink& sink) {
  const grammar::SyntaxTree& tree = input.module.trees[static_cast<std::size_t>(file)];
  const auto uses = tree.root().children(SyntaxKind::Use);
  if (uses.empty()) return;
  const std::set<std::string_view> named = qualifiers(tree);
  for (const Symbol& symbol : input.module.symbols) {
    if (symbol.kind != SymbolKind::Module || symbol.declared.file != file || symbol.declared.span.empty() ||
        named.contains(symbol.name))
      continue;
    const auto use =
        std::ranges::find_if(uses, [&](grammar::NodeRef node) { return node.span().contains(symbol.declared.span); });
    if (use == uses.end()) continue;
    const grammar::Span span = use->span();
    const std::size_t line_end = tree.text().find('\n', span.end);
    const auto end = static_cast<std::uint32_t>(line_end == std::string_view::npos ? tree.text().size() : line_end + 1);
    Report(sink, Code::UnusedModule, {file, span}, fmt::format("nothing here uses the module `{}`", symbol.name))
        .replace({file, {span.begin, end}}, "", "remove the line", diagnostics::Applicability::Safe);
  }
}

}  // namespace

void unused_module(const LintInput& input, diagnostics::Sink& sink) {
  for (std::size_t file = 0; file < input.own.size(); ++file) {
    if (input.own[file]) report_modules(input, FileId{static_cast<std::uint32_t>(file)}, sink);
  }
}

}  // namespace rollout::lints
