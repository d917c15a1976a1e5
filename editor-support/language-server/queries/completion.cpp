#include "editor-support/language-server/queries/completion.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "compiler/check/describe.hpp"
#include "editor-support/language-server/queries/hover.hpp"
#include "editor-support/language-server/queries/insertion_place.hpp"
#include "editor-support/language-server/queries/name_scope.hpp"
#include "grammar/views.hpp"
#include "stdlib/modules.hpp"

namespace rollout::language_server {
namespace {

using check::Symbol;
using check::SymbolKind;
using check::TypeKind;
using grammar::NodeRef;
using grammar::SyntaxKind;

// ---------------------------------------------------------------- words of the language

struct SnippetRow {
  std::string_view words;
  std::string_view text;
};
// Words that bring their usual rest along.
constexpr auto kSnippets = std::to_array<SnippetRow>({
    {"rollout", "rollout ${1:name} {\n\t$0\n}"},
    {"stage", "stage ${1:name} {\n\ttraffic ${2:5%}\n\thold ${3:15m}\n}"},
    {"metric", "metric ${1:name}: ${2:duration} = ${3:prometheus.query(\"\")} every ${4:15s}"},
    {"check", "check ${1:name} {\n\trequire $0\n}"},
    {"action", "action ${1:name}($2) {\n\t$0\n}"},
    {"guards", "guards ${1:name} {\n\t$0\n}"},
    {"role", "role ${1:name} = [\"$2\"]"},
    {"param", "param ${1:name}: ${2:string}"},
    {"when", "when ${1:condition} for ${2:5m} then ${3:rollback}"},
    {"hold", "hold ${1:15m}"},
    {"approve", "approve \"${1:Go / no-go}\" by ${2:role} within ${3:1h} else ${4:abort}"},
    {"checklist",
     "checklist \"${1:Before deployment}\" by ${2:role} within ${3:4h} else ${4:abort} {\n\titem \"$5\"\n}"},
    {"notify", "notify ${1:channel} \"$2\""},
    {"scenario", "scenario \"${1:what happens}\" of ${2:rollout} {\n\t$0\n}"},
    {"on rollback", "on rollback {\n\t$0\n}"},
    {"on success", "on success {\n\t$0\n}"},
    {"undo", "undo {\n\t$0\n}"},
});

// Words that mean something only together; single words come from the grammar's table.
constexpr auto kPhrases = std::to_array<std::string_view>({
    "traffic via",    "rollback within",   "rollback expires",   "rollback to",        "baseline over",
    "on failure",     "on missing for",    "on rolling back",    "on rollback",        "on fallback",
    "on start",       "on stage done",     "on stage",           "on pause",           "on resume",
    "on success",     "at start",          "at success",         "at rollback",        "at failure",
    "ack within",     "stale after",       "absent is",          "repeat every",       "end of",
    "and retry",      "at most",           "verify all of",      "expect rolled back", "expect succeeded",
    "expect paused",  "expect reached",    "expect called",      "expect notified",    "expect traffic",
    "expect because", "expect end within", "expect not reached", "approve all",        "tick all",
    "use plugin",
});

std::string_view word_of(SyntaxKind kind) {
  std::string_view text = grammar::display_of(kind);
  if (text.starts_with('`')) text.remove_prefix(1);
  if (text.ends_with('`')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> all_words() {
  std::vector<std::string_view> words(kPhrases.begin(), kPhrases.end());
  constexpr auto kLast = SyntaxKind::EndOfFile;
  for (std::size_t kind = 0; kind <= static_cast<std::size_t>(kLast); ++kind) {
    if (grammar::is_keyword(static_cast<SyntaxKind>(kind))) words.push_back(word_of(static_cast<SyntaxKind>(kind)));
  }
  return words;
}

// ---------------------------------------------------------------- kinds of names

using Kinds = std::vector<SymbolKind>;

const Kinds& values() {
  static const Kinds kValues{SymbolKind::Metric,   SymbolKind::Param,        SymbolKind::Let,  SymbolKind::LocalLet,
                             SymbolKind::Argument, SymbolKind::EachVariable, SymbolKind::Fn,   SymbolKind::Check,
                             SymbolKind::Enum,     SymbolKind::Record,       SymbolKind::Role, SymbolKind::Secret,
                             SymbolKind::Module};
  return kValues;
}

struct PlaceRow {
  SyntaxKind around;  // the nearest of these around the name says what is meant
  Kinds kinds;
};
const std::vector<PlaceRow>& place_rows() {
  using S = SymbolKind;
  using K = SyntaxKind;
  static const Kinds kEffects{S::Action, S::Native, S::Module};
  static const Kinds kCallables{S::Action, S::Check, S::Channel, S::Let, S::Module};
  static const std::vector<PlaceRow> kRows{
      {K::Who, {S::Role}},
      {K::Contact, {S::Role}},
      {K::Ask, {S::Role}},
      {K::Notify, {S::Let, S::Channel, S::Module}},
      {K::ExpectNotified, {S::Let, S::Channel, S::Module}},
      {K::AcknowledgeLine, {S::Let, S::Channel, S::Module}},
      {K::Verify, {S::Check, S::Module}},
      {K::CheckClause, {S::Check, S::Module}},
      {K::Watch, {S::Guards, S::Module}},
      {K::Child, {S::Rollout, S::Module}},
      {K::Scenario, {S::Rollout}},
      {K::TrafficVia, {S::Action, S::Module}},
      {K::Stage, {S::StageTemplate, S::Module}},
      {K::RollbackToOutcome, {S::Stage}},
      {K::RollbackExpires, {S::Stage}},
      {K::ExpectReached, {S::Stage}},
      {K::DuringClause, {S::Stage}},
      {K::Point, {S::Stage}},
      {K::ExpectBefore, {S::Stage, S::Action, S::Check, S::Module}},
      {K::With, {S::Param}},
      {K::Signal, {S::Metric, S::Module}},
      {K::WorldEffect, kCallables},
      {K::ExpectCalled, kCallables},
      {K::Effect, kEffects},
      {K::Metric, {S::Source, S::Native, S::Module}},
      {K::Secret, {S::Native, S::Module}},
      {K::NamedType, {S::Enum, S::Record}},
  };
  return kRows;
}

// Whether the name is one that is only being given.
bool declares(const std::vector<NodeRef>& ancestors) {
  const SyntaxKind parent = ancestors.front().kind();
  const bool has_names = grammar::is_declaration(parent) || parent == SyntaxKind::Stage;
  return (has_names && parent != SyntaxKind::Scenario) || parent == SyntaxKind::Field ||
         parent == SyntaxKind::EnumValue || parent == SyntaxKind::Labels || parent == SyntaxKind::Each;
}

Kinds wanted_kinds(const std::vector<NodeRef>& ancestors) {
  if (ancestors.front().is(SyntaxKind::Scenario)) return {SymbolKind::World};
  for (const NodeRef node : ancestors) {
    // An operand, an argument or a condition may be any value.
    const SyntaxKind kind = node.kind();
    if (kind == SyntaxKind::Argument || kind == SyntaxKind::Comparison || kind == SyntaxKind::Condition ||
        kind == SyntaxKind::Insert || grammar::BodyView::accepts(kind)) {
      break;
    }
    const auto row = std::ranges::find(place_rows(), kind, &PlaceRow::around);
    if (row != place_rows().end()) return row->kinds;
  }
  return values();
}

// What has to stand behind a name for it to be read as one; each for the sake of one construct, File for any.
struct Following {
  std::string_view text;
  SyntaxKind around;
};
constexpr auto kFollowing = std::to_array<Following>({
    {"", SyntaxKind::File},
    {"()", SyntaxKind::File},
    {" = 1", SyntaxKind::Signal},
    {" fails", SyntaxKind::WorldEffect},
    {"}\"", SyntaxKind::Insert},
    {"}`", SyntaxKind::Insert},
    {"}\"\"\"", SyntaxKind::Insert},
});

// ---------------------------------------------------------------- collecting

CompletionKind kind_of(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::Module: return CompletionKind::Module;
    case SymbolKind::Enum: return CompletionKind::Enum;
    case SymbolKind::Record:
    case SymbolKind::Rollout:
    case SymbolKind::World: return CompletionKind::Struct;
    case SymbolKind::Stage: return CompletionKind::Event;
    case SymbolKind::Param:
    case SymbolKind::Let:
    case SymbolKind::Role:
    case SymbolKind::Secret: return CompletionKind::Constant;
    case SymbolKind::Metric:
    case SymbolKind::Argument:
    case SymbolKind::LocalLet:
    case SymbolKind::EachVariable: return CompletionKind::Variable;
    default: return CompletionKind::Function;
  }
}

// The begin of the line where another `use` can stand: behind the last one, else behind the comment at the file's head.
std::uint32_t place_of_use(const grammar::SyntaxTree& tree) {
  const std::string_view text = tree.text();
  const auto line_after = [&](std::size_t at) {
    const auto end = text.find('\n', at);
    return static_cast<std::uint32_t>(end == std::string_view::npos ? text.size() : end + 1);
  };
  const auto uses = tree.root().children(SyntaxKind::Use);
  if (!uses.empty()) return line_after(uses.back().span().end);
  std::uint32_t at = 0;
  while (at < text.size() && text[at] == '#') at = line_after(at);
  // A comment right above something is about that.
  return at > 0 && at < text.size() && text[at] == '\n' ? at + 1 : 0;
}

struct DeclaringWord {
  SymbolKind kind;
  std::string_view word;
};
constexpr auto kDeclaringWords = std::to_array<DeclaringWord>({{SymbolKind::Action, "action "},
                                                               {SymbolKind::Check, "check "},
                                                               {SymbolKind::Source, "source "},
                                                               {SymbolKind::Channel, "channel "},
                                                               {SymbolKind::Guards, "guards "}});

// Whether a module of the library, which nobody has compiled yet, declares something of one of the kinds; values may be
// anywhere.
bool may_declare(std::string_view text, const Kinds& kinds) {
  if (std::ranges::find(kinds, SymbolKind::Param) != kinds.end()) return true;
  return std::ranges::any_of(kDeclaringWords, [&](const DeclaringWord& one) {
    if (std::ranges::find(kinds, one.kind) == kinds.end()) return false;
    for (auto at = text.find(one.word); at != std::string_view::npos; at = text.find(one.word, at + 1)) {
      const std::size_t line = text.rfind('\n', at) + 1;
      // Behind nothing or a word of the effect's class; not in a comment.
      if (text[line] != '#' && text[line] != ' ') return true;
    }
    return false;
  });
}

class Collector {
 public:
  Collector(const CheckedModule& module, std::uint32_t offset)
      : module_(module), offset_(offset), word_(word_before(module.trees.front().text(), offset)) {}

  std::vector<Completion> take() {
    std::ranges::stable_sort(found_, {}, [](const Completion& one) { return std::tie(one.sort, one.label); });
    return std::move(found_);
  }

  std::string_view before() const { return module_.trees.front().text().substr(0, word_.begin); }
  std::string_view word() const { return module_.trees.front().text().substr(word_.begin, word_.size()); }

  // Whether the word is the begun name in `use plugin "`.
  bool names_plugin() const {
    std::string_view line = before();
    line = line.substr(line.rfind('\n') + 1);
    const auto take = [&](std::string_view wanted) {
      const auto first = std::min(line.find_first_not_of(" \t"), line.size());
      line.remove_prefix(first);
      const bool there = line.starts_with(wanted);
      if (there) line.remove_prefix(wanted.size());
      return there;
    };
    return take("use") && take("plugin") && take("\"") && line.empty();
  }

  void add_plugins(const std::vector<std::string>& plugins) {
    for (const std::string& name : plugins) add({name, CompletionKind::Module, "a locked plugin", {}, "0"});
  }

  void add_units(const InsertionPlace& place) {
    const auto numbers = place.number_place();
    if (!numbers) return;
    const auto digits = word().substr(0, word().find_first_not_of("0123456789._"));
    for (const std::string_view unit : units_of(expected_type(module_, numbers->ancestors))) {
      add({std::string(digits) + std::string(unit), CompletionKind::Unit, {}, {}, "0"});
    }
  }

  void add_words(const InsertionPlace& place) {
    for (const std::string_view words : all_words()) {
      if (!place.takes_words(words)) continue;
      const auto snippet = std::ranges::find(kSnippets, words, &SnippetRow::words);
      add({std::string(words),
           CompletionKind::Keyword,
           {},
           snippet == kSnippets.end() ? std::string() : std::string(snippet->text),
           "2"});
    }
  }

  void add_names(const InsertionPlace& place) {
    for (const Following& following : kFollowing) {
      const auto names = place.name_place(following.text);
      if (!names || declares(names->ancestors)) continue;
      const auto is_meant = [&](NodeRef node) { return node.is(following.around); };
      if (following.around != SyntaxKind::File && std::ranges::none_of(names->ancestors, is_meant)) continue;
      add_names_at(*names, following.text);
    }
  }

 private:
  void add_names_at(const NamePlace& place, std::string_view follow) {
    const std::vector<NodeRef>& ancestors = place.ancestors;
    if (ancestors.front().is(SyntaxKind::QualifiedName) && ancestors[1].is(SyntaxKind::Use)) return add_modules();
    if (const auto member = grammar::as<grammar::MemberView>(ancestors.front())) {
      if (member->object()) add_members(*member->object(), wanted_kinds(ancestors), ancestors);
      return;
    }
    if (ancestors.front().is(SyntaxKind::QualifiedName) && grammar::path_of(ancestors.front()).size() > 1) {
      return add_members(ancestors.front(), wanted_kinds(ancestors), ancestors);
    }
    const Kinds kinds = wanted_kinds(ancestors);
    if (follow.empty()) {
      add_labels(expected_type(module_, ancestors));
      add_argument_names(ancestors);
    }
    for (const SymbolId id : visible_symbols(module_, offset_)) {
      if (fits(module_.symbols[id], kinds, ancestors)) add_symbol(id, kinds == values() ? "1" : "0");
    }
    if (std::ranges::find(kinds, SymbolKind::Module) != kinds.end()) add_unused_modules(kinds);
    if (kinds == values() && !ancestors.front().is(SyntaxKind::QualifiedName)) add_builtins();
    if (ancestors.front().is(SyntaxKind::QualifiedName)) add_types();
  }

  bool fits(const Symbol& symbol, const Kinds& kinds, const std::vector<NodeRef>& ancestors) const {
    if (std::ranges::find(kinds, symbol.kind) == kinds.end()) return false;
    // Of the values only channels can be notified.
    const bool channels = std::ranges::find(kinds, SymbolKind::Channel) != kinds.end();
    const bool is_value = std::ranges::find(kinds, SymbolKind::Param) != kinds.end();
    if (symbol.kind == SymbolKind::Let && channels && !is_value) {
      return symbol.type != check::kNone && module_.types[symbol.type].kind == TypeKind::Channel;
    }
    if (symbol.kind == SymbolKind::Native) return native_fits(symbol, ancestors);
    if (symbol.kind == SymbolKind::Module && !is_value) return has_fitting_member(symbol, kinds, ancestors);
    const auto around = [&](NodeRef node) { return node.is(SyntaxKind::RollbackToOutcome); };
    // Only what is over can be gone back to.
    if (symbol.kind == SymbolKind::Stage && std::ranges::any_of(ancestors, around)) {
      return end_of_declaration(module_, symbol) <= offset_;
    }
    return true;
  }

  bool has_fitting_member(const Symbol& used, const Kinds& kinds, const std::vector<NodeRef>& ancestors) const {
    const auto id = static_cast<SymbolId>(&used - module_.symbols.data());
    return std::ranges::any_of(members_of(module_, id), [&](SymbolId member) {
      return module_.symbols[member].kind != SymbolKind::Module && fits(module_.symbols[member], kinds, ancestors);
    });
  }

  bool native_fits(const Symbol& symbol, const std::vector<NodeRef>& ancestors) const {
    const check::NativeKind kind = module_.natives[symbol.index].kind;
    const auto has = [&](SyntaxKind wanted) {
      return std::ranges::any_of(ancestors, [&](NodeRef node) { return node.is(wanted); });
    };
    // `file` reads a secret, or the samples of a metric.
    if (has(SyntaxKind::Metric)) return kind == check::NativeKind::MetricSource || symbol.path == "file";
    if (has(SyntaxKind::Secret)) return kind == check::NativeKind::SecretProvider;
    return kind == check::NativeKind::Effect;
  }

  void add_members(NodeRef object, const Kinds& kinds, const std::vector<NodeRef>& ancestors) {
    const SymbolId id = symbol_of_path(module_, object, offset_);
    if (id == check::kNone) return;
    const Symbol& symbol = module_.symbols[id];
    if (symbol.kind == SymbolKind::Enum) return add_labels(symbol.type);
    if (symbol.kind != SymbolKind::Module) {
      for (const std::string& field : fields_of(module_, symbol.type)) add({field, CompletionKind::Field, {}, {}, "0"});
      return;
    }
    for (const SymbolId member : members_of(module_, id)) {
      if (kinds == values() || fits(module_.symbols[member], kinds, ancestors)) add_symbol(member, "0");
    }
  }

  void add_labels(check::TypeId type) {
    if (type == check::kNone || module_.types[type].kind != TypeKind::Enum) return;
    for (const std::string& label : module_.enums[module_.types[type].declaration].labels) {
      add({label, CompletionKind::EnumMember, check::type_text(module_, type), {}, "0"});
    }
  }

  void add_argument_names(const std::vector<NodeRef>& ancestors) {
    const bool argument = ancestors.size() > 3 && ancestors[1].is(SyntaxKind::Argument);
    const auto call = argument ? grammar::as<grammar::CallView>(ancestors[3]) : std::nullopt;
    if (!call || !call->callee()) return;
    const SymbolId callee = symbol_of_path(module_, *call->callee(), offset_);
    if (callee == check::kNone) return;
    for (const Parameter& parameter : parameters_of(module_, callee)) {
      add({parameter.name + ": ", CompletionKind::Property, parameter.type, {}, "0"});
    }
  }

  void add_modules() {
    for (const stdlib::Module& module : stdlib::modules()) {
      add({std::string(module.name), CompletionKind::Module, {}, {}, "0"});
    }
  }

  // Modules of the library that the begun word may mean, with the `use` that they need.
  void add_unused_modules(const Kinds& kinds) {
    if (word().empty()) return;
    const std::uint32_t place = place_of_use(module_.trees.front());
    for (const stdlib::Module& module : stdlib::modules()) {
      const auto is_used = [&](const check::ModuleScope& scope) { return scope.name == module.name; };
      if (!module.name.starts_with(word()) || std::ranges::any_of(module_.modules, is_used)) continue;
      if (!may_declare(module.text, kinds)) continue;
      Completion named{
          std::string(module.name), CompletionKind::Module, "adds `use std." + std::string(module.name) + "`", {}, "4"};
      // The first of a file stands apart from what follows.
      const bool first = !module_.trees.front().root().has(SyntaxKind::Use);
      named.needs = "use std." + std::string(module.name) + (first ? "\n\n" : "\n");
      named.needs_at = place;
      add(std::move(named));
    }
  }

  void add_types() {
    for (const std::string_view name : type_names()) add({std::string(name), CompletionKind::Struct, {}, {}, "1"});
  }

  void add_builtins() {
    for (const std::string& name : check::builtin_names()) {
      add({name, CompletionKind::Function, "built in", name == "now" ? name : name + "($1)", "3"});
    }
  }

  void add_symbol(SymbolId id, std::string sort) {
    const Symbol& symbol = module_.symbols[id];
    Completion named{symbol.name, kind_of(symbol.kind), signature(module_, id), {}, std::move(sort)};
    if (!symbol.documentation.empty()) named.symbol = symbol.path;
    add(std::move(named));
  }

  void add(Completion completion) {
    if (!labels_.insert(completion.label).second) return;
    completion.replaced = {word_.begin, offset_};
    found_.push_back(std::move(completion));
  }

  const CheckedModule& module_;
  std::uint32_t offset_;
  Span word_;
  std::vector<Completion> found_;
  std::set<std::string> labels_;
};

}  // namespace

std::string documentation_of(const CheckedModule& module, std::string_view path) {
  const auto symbol = std::ranges::find(module.symbols, path, &Symbol::path);
  return symbol == module.symbols.end() ? std::string() : symbol->documentation;
}

std::vector<Completion> completions(const CheckedModule& module, std::uint32_t offset,
                                    const std::vector<std::string>& plugins) {
  Collector collector(module, std::min(offset, static_cast<std::uint32_t>(module.trees.front().text().size())));
  const InsertionPlace place(collector.before());
  if (collector.names_plugin()) {
    collector.add_plugins(plugins);
    return collector.take();
  }
  if (place.is_text()) return {};
  const std::string_view word = collector.word();
  if (!word.empty() && word.front() >= '0' && word.front() <= '9') {
    collector.add_units(place);
    return collector.take();
  }
  collector.add_names(place);
  collector.add_words(place);
  return collector.take();
}

}  // namespace rollout::language_server
