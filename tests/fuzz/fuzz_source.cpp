// source: any text is parsed, checked and its findings shown; a sound one is linted, and lowered to a plan that
// verifies
#include <fmt/format.h>

#include "compiler/check/check.hpp"
#include "compiler/diagnostics/render.hpp"
#include "compiler/driver/compile.hpp"
#include "compiler/lints/allow.hpp"
#include "compiler/lints/lints.hpp"
#include "compiler/lower/lower.hpp"
#include "grammar/syntax_tree.hpp"
#include "runtime/plan/format.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

// The leaves of the tree, in order, are the text byte for byte.
void check_tiling(const grammar::SyntaxTree& tree) {
  std::uint32_t at = 0;
  std::vector<grammar::NodeRef> open = {tree.root()};
  while (!open.empty()) {
    const grammar::NodeRef node = open.back();
    open.pop_back();
    if (!node.is_leaf()) {
      const std::vector<grammar::NodeRef> children = node.all_children();
      open.insert(open.end(), children.rbegin(), children.rend());
      continue;
    }
    if (node.span().begin != at) broken(fmt::format("a leaf begins at {} where {} was reached", node.span().begin, at));
    at = node.span().end;
  }
  if (at != tree.text().size()) broken(fmt::format("the leaves end at {} of {} bytes", at, tree.text().size()));
}

void check_places(const driver::CompiledFile& file) {
  for (const diagnostics::Diagnostic& diagnostic : file.diagnostics) {
    const auto number = static_cast<std::size_t>(diagnostic.primary.file);
    if (number >= file.module.files.files.size()) broken("a diagnostic points into no file: " + diagnostic.message);
    const grammar::Span span = diagnostic.primary.span;
    if (span.begin > span.end || span.end > file.module.files.files[number].text.size()) {
      broken("a diagnostic points outside of its file: " + diagnostic.message);
    }
    if (diagnostic.message.empty()) broken("a diagnostic says nothing");
    const bool warning = diagnostics::severity_of(diagnostic.code) == diagnostics::Severity::Warning;
    if (warning && file.module.files.files[number].path.starts_with("std/")) {
      broken("a warning about the library that comes with the compiler: " + diagnostic.message);
    }
  }
}

// A plan that the compiler made passes the verifier and survives the file.
void check_plans(const driver::CompiledFile& file) {
  for (const std::string& name : driver::rollout_names(file.module)) {
    const plan::Plan plan = lower::lower_rollout(file.module, name);
    if (const auto verified = plan::verify(plan); !verified) broken("lowered plan: " + verified.error().message);
    const auto again = plan::read_plan(plan::write_plan(plan));
    if (!again || !(*again == plan)) broken("a plan changed on its way through the file");
  }
  static_cast<void>(lower::lower_scenarios(file.module));
}

driver::CompiledFile compile(std::string text) {
  const check::ModuleLoader nothing_beside{
      .file = [](std::string_view, std::string_view) -> std::optional<grammar::SourceFile> { return std::nullopt; }};
  diagnostics::Sink sink;
  check::CheckedModule module = check::check({"fuzz.rollout", std::move(text)}, nothing_beside, sink);
  const bool has_errors = sink.has_errors();
  if (!has_errors) {
    std::vector<lints::LoweredRollout> lowered;
    lower::SourceTables sources;
    sources.purpose = lower::Purpose::Times;
    for (std::uint32_t index = 0; index < module.rollouts.size(); ++index) {
      const std::string& name = module.symbols[module.rollouts[index].symbol].name;
      auto plan = plan::verify(lower::lower_rollout(module, name, sources));
      if (plan) lowered.push_back({name, index, std::move(*plan)});
    }
    lints::run_lints({module, lints::own_files(module), lowered}, sink);
  }
  std::vector<diagnostics::Diagnostic> found = lints::apply_allows(module, sink.sorted(), !has_errors);
  return {"fuzz.rollout", std::move(module), std::move(found), has_errors, sink.warning_count()};
}

}  // namespace

void test_one(std::string_view bytes) {
  const driver::CompiledFile file = compile(std::string(bytes));
  // The tree of the main file, as the check has parsed it.
  const grammar::SyntaxTree& tree = file.module.trees.at(0);
  if (tree.text() != bytes) broken("the tree holds another text");
  check_tiling(tree);
  check_places(file);
  if (!tree.problems().empty() && !file.has_errors) broken("a problem of the syntax was not reported");
  static_cast<void>(driver::render(file, diagnostics::Format::Text, {}));
  if (!file.has_errors) check_plans(file);
}

std::vector<std::string> built_in_seeds() {
  return example_sources();
}

}  // namespace rollout::fuzz
