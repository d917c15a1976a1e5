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

// With its line end and what stands behind it there, unless that is another statement.
grammar::Span with_line(std::string_view text, grammar::Span use) {
  const std::size_t found = text.find('\n', use.end);
  const std::size_t end = found == std::string_view::npos ? text.size() : found + 1;
  const std::string_view rest = text.substr(use.end, end - use.end);
  const std::size_t first = rest.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && rest[first] == ';') {
    const std::size_t next = rest.find_first_not_of(" \t", first + 1);
    return {use.begin, use.end + static_cast<std::uint32_t>(next == std::string_view::npos ? rest.size() : next)};
  }
  const bool alone = first == std::string_view::npos || rest[first] == '#';
  const bool begins_line = use.begin == 0 || text[use.begin - 1] == '\n';
  return alone && begins_line ? grammar::Span{use.begin, static_cast<std::uint32_t>(end)} : use;
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
    Report(sink, Code::UnusedModule, {file, span}, fmt::format("nothing here uses the module `{}`", symbol.name))
        .replace({file, with_line(tree.text(), span)}, "", "remove the line", diagnostics::Applicability::Safe);
  }
}

}  // namespace

void unused_module(const LintInput& input, diagnostics::Sink& sink) {
  for (std::size_t file = 0; file < input.own.size(); ++file) {
    if (input.own[file]) report_modules(input, FileId{static_cast<std::uint32_t>(file)}, sink);
  }
}

}  // namespace rollout::lints
