#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "editor-support/language-server/queries/call_hierarchy.hpp"
#include "editor-support/language-server/queries/completion.hpp"
#include "editor-support/language-server/queries/hover.hpp"
#include "editor-support/language-server/queries/outline.hpp"
#include "editor-support/language-server/queries/parts.hpp"
#include "editor-support/language-server/queries/refactorings.hpp"
#include "editor-support/language-server/queries/signature_help.hpp"
#include "editor-support/language-server/queries/time_hints.hpp"
#include "editor-support/language-server/queries/tokens.hpp"
#include "tests/unit/language_server/edits.hpp"

// What must hold for any text and any sequence of edits.

namespace {

using namespace rollout;
using namespace rollout::language_server;
using namespace rollout::language_server::test;

}  // namespace

TEST_CASE("after any edits the diagnostics are those of the compiler on the same text") {
  std::mt19937 random(5);
  for (const std::string& path : example_paths(8000)) {
    Client client;
    std::string text = read_text(path);
    client.open(path, text);
    for (int version = 2; version < 6; ++version) {
      json::array changes;
      for (int i = 0; i < 3; ++i) {
        changes.push_back(random_edit(random, text, grammar::ColumnUnit::Utf16));
      }
      client.change(path, version, std::move(changes));
      std::vector<std::string> published;
      for (const json::value& params : client.published()) {
        if (protocol::text_member(params, "uri") != "file://" + path) continue;
        CHECK(params.at("version") == version);
        published = codes_and_lines(params);
      }
      INFO(path << " version " << version);
      CHECK(published == codes_and_lines(driver::compile_source({path, text})));
    }
  }
}

TEST_CASE("no text and no place makes a query fail") {
  std::mt19937 random(7);
  for (const std::string& path : example_paths(8000)) {
    std::string text = read_text(path);
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 4; ++i) random_edit(random, text, grammar::ColumnUnit::Utf8);
      const driver::CompiledFile file = driver::compile_source({path, text});
      const auto size = static_cast<std::uint32_t>(text.size());
      for (const Fold& fold : folds(file.module.trees.front())) CHECK(fold.span.end <= size);
      for (const Token& token : semantic_tokens(file.module)) CHECK(token.span.end <= size);
      for (const Link& link : links(file.module)) CHECK(link.span.end <= size);
      for (const OutlineItem& item : outline(file.module.trees.front())) CHECK(item.span.contains(item.selection));
      for (int i = 0; i < 3; ++i) {
        const auto offset = static_cast<std::uint32_t>(random() % (text.size() + 1));
        const driver::Times times = driver::times_of(file);
        const auto known = [&]() -> const driver::Times& { return times; };
        if (const auto hover = hover_at(file.module, known, offset)) CHECK(hover->span.end <= size);
        if (const auto help = signature_help(file.module, offset)) CHECK(!help->label.empty());
        if (const auto part = part_at(file.module, offset)) CHECK(part->span.touches(offset));
        for (const Refactoring& one : refactorings(file.module, {offset / 2, offset})) CHECK_FALSE(one.edits.empty());
        if (const auto found = callable_at(file.module, offset)) CHECK(found->span.contains(found->selection));
        for (const InlayHint& hint : inlay_hints(file.module, times, {0, size})) CHECK(hint.offset <= size);
        std::uint32_t least = 0;
        for (const grammar::Span span : surroundings(file.module.trees.front(), offset)) {
          CHECK(span.size() >= least);
          CHECK(span.touches(offset));
          least = span.size();
        }
        for (const Completion& one : completions(file.module, offset)) CHECK(one.replaced.end == offset);
      }
    }
  }
}

TEST_CASE("every name in the examples that is declared beside it leads to its declaration") {
  using grammar::SyntaxKind;
  for (const std::string& path : example_paths(8000)) {
    const auto file = driver::compile_file(path);
    REQUIRE(file);
    std::set<std::string_view> declared;
    for (const check::Symbol& symbol : file->module.symbols) {
      if (symbol.declared.file == kMainFile && !symbol.declared.span.empty()) declared.insert(symbol.name);
    }
    std::set<std::uint32_t> known;
    for (const NameAt& name : names_of_main_file(file->module)) known.insert(name.span.begin);
    const grammar::SyntaxTree& tree = file->module.trees.front();
    for (const grammar::Event& event : tree.events()) {
      const std::string_view text = tree.text().substr(event.begin, event.end - event.begin);
      if (event.kind != SyntaxKind::Name || !declared.contains(text) || known.contains(event.begin)) continue;
      // A part of a value, of a path or of the language may be called the same.
      const SyntaxKind parent = tree.leaf_at(event.begin).parent()->kind();
      INFO(path << ": " << text << " at " << event.begin);
      CHECK((parent == SyntaxKind::Member || parent == SyntaxKind::QualifiedName));
    }
  }
}
