#include "stdlib/modules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/check/checker.hpp"
#include "compiler/diagnostics/suggest.hpp"
#include "compiler/diagnostics/syntax.hpp"
#include "grammar/literals.hpp"
#include "grammar/parse.hpp"

// Files: the main one, those that it uses and the modules of the standard library, each parsed once.

namespace rollout::check {
namespace {

constexpr std::string_view kStandardPrefix = "std.";
constexpr std::string_view kPluginNatives = "plugin";

FileId add_file(Checker& c, grammar::SourceFile source, std::string prefix) {
  const auto file = static_cast<FileId>(c.files.size());
  c.module.files.files.push_back(source);
  c.module.trees.push_back(grammar::parse(std::move(source)));
  FileScope scope;
  scope.prefix = std::move(prefix);
  c.files.push_back(std::move(scope));
  diagnostics::report_syntax(c.module.trees.back(), file, c.sink);
  return file;
}

void load_uses(Checker& c, FileId file) {
  c.files[static_cast<std::size_t>(file)].loading = true;
  const NodeRef root = c.module.trees[static_cast<std::size_t>(file)].root();
  for (const NodeRef node : root.children(SyntaxKind::Use)) load_use(c, file, node);
  c.files[static_cast<std::size_t>(file)].loading = false;
  collect_declarations(c, file);
}

// The text between the last slash and the dot: "slo" of "./shared/slo.rollout".
std::string stem_of(std::string_view path) {
  const auto slash = path.find_last_of('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return std::string(path.substr(0, path.find('.')));
}

bool is_name(std::string_view text) {
  const auto fits = [](char letter) { return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_'; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::ranges::all_of(text, fits);
}

std::vector<std::string> standard_names() {
  std::vector<std::string> names;
  for (const stdlib::Module& module : stdlib::modules())
    names.push_back(std::string(kStandardPrefix) + std::string(module.name));
  return names;
}

void bind_module(Checker& c, FileId file, NodeRef name, std::string bound, std::string native_name, FileId target) {
  Symbol symbol;
  symbol.kind = SymbolKind::Module;
  symbol.name = symbol.path = std::move(bound);
  symbol.declared = {file, name.span()};
  symbol.index = static_cast<std::uint32_t>(c.modules.size());
  symbol.documentation = c.module.trees[static_cast<std::size_t>(target)].root().documentation();
  c.modules.push_back({std::move(native_name), target});
  declare(c, file, add_symbol(c, std::move(symbol), {file, std::nullopt, Progress::Done}));
}

// A name for a module that does not exist, so that only its `use` is reported.
void bind_unknown(Checker& c, FileId file, NodeRef name, std::string bound) {
  FileScope& scope = c.files[static_cast<std::size_t>(file)];
  if (bound.empty() || scope.names.contains(bound)) return;
  Symbol symbol;
  symbol.kind = SymbolKind::Module;
  symbol.name = symbol.path = std::move(bound);
  symbol.declared = {file, name.span()};
  symbol.index = static_cast<std::uint32_t>(c.modules.size());
  c.modules.push_back({"", std::nullopt, true});
  declare(c, file, add_symbol(c, std::move(symbol), {file, std::nullopt, Progress::Done}));
}

std::string last_name(std::string_view path) {
  return std::string(path.substr(path.find_last_of('.') + 1));
}

// `std.prometheus`, also where blanks stand around the dot.
std::string dotted_name(NodeRef path) {
  std::string name(path.text());
  std::erase_if(name, [](char letter) { return letter == ' ' || letter == '\t' || letter == '\r'; });
  return name;
}

void report_unknown_module(Checker& c, FileId file, const grammar::UseView& view, NodeRef path) {
  const std::string name = dotted_name(path);
  const std::string module = last_name(name);
  const auto names = standard_names();
  // `use kubernetes` lacks its first part; anything else may be misspelt.
  const auto meant = diagnostics::closest(std::string(kStandardPrefix) + module, names);
  const bool prefix_missing = stdlib::module_text(module).has_value();
  const std::string offered = prefix_missing ? std::string(kStandardPrefix) + module : meant.value_or("");
  {
    Report report = c.report(Code::UnknownModule, {file, path.span()}, fmt::format("there is no module `{}`", name));
    if (!offered.empty()) report.replace({file, path.span()}, offered, fmt::format("did you mean `{}`?", offered));
  }
  bind_unknown(c, file, path, view.alias() ? std::string(view.alias()->text()) : module);
  if (!view.alias()) bind_unknown(c, file, path, last_name(offered));
}

void use_standard(Checker& c, FileId file, const grammar::UseView& view, NodeRef path) {
  const std::string name = dotted_name(path);
  const bool standard = name.starts_with(kStandardPrefix);
  const std::string module = standard ? name.substr(kStandardPrefix.size()) : name;
  const auto text = standard ? stdlib::module_text(module) : std::nullopt;
  if (!text) return report_unknown_module(c, file, view, path);
  const auto known = c.loaded.find(name);
  FileId target{};
  if (known == c.loaded.end()) {
    target = add_file(c, {"std/" + module + ".rollout", std::string(*text)}, module + ".");
    c.loaded.emplace(name, target);
    load_uses(c, target);
  } else {
    target = known->second;
  }
  const NodeRef bound = view.alias() ? *view.alias() : path;
  bind_module(c, file, bound, view.alias() ? std::string(bound.text()) : module, module, target);
}

void use_file(Checker& c, FileId file, const grammar::UseView& view, NodeRef literal) {
  const Location where{file, literal.span()};
  const auto path = grammar::constant_text(literal);
  if (!path) {
    c.report(Code::NotConstantText, where, "the path of a module is constant text");
    return;
  }
  const std::string bound = view.alias() ? std::string(view.alias()->text()) : stem_of(*path);
  if (!is_name(bound)) {
    c.report(Code::UnknownModule, where, fmt::format("`{}` is no name for a module", bound))
        .help(fmt::format("give it one: `use \"{}\" as slo`", *path));
    return;
  }
  const std::string& from = c.module.files[file].path;
  auto source = c.loader.file ? c.loader.file(from, *path) : std::nullopt;
  if (!source) {
    c.report(Code::MissingFile, where, fmt::format("there is no file `{}`", *path))
        .note(fmt::format("paths are relative to the file that uses them, `{}`", from));
    bind_unknown(c, file, literal, bound);
    return;
  }
  const auto known = c.loaded.find(source->path);
  FileId target{};
  if (known == c.loaded.end()) {
    const std::string key = source->path;
    target = add_file(c, std::move(*source), stem_of(*path) + ".");
    c.loaded.emplace(key, target);
    load_uses(c, target);
  } else {
    target = known->second;
  }
  if (c.files[static_cast<std::size_t>(target)].loading) {
    c.report(Code::ModuleCycle, where, fmt::format("`{}` uses this file in turn", *path))
        .label("this `use` closes the circle")
        .help("move what both need into a third file");
  }
  bind_module(c, file, view.alias() ? *view.alias() : literal, bound, "", target);
}

// The natives that the bodies of a plugin's module call, under a name that nobody sees elsewhere.
void bind_plugin_natives(Checker& c, FileId file) {
  Symbol symbol;
  symbol.kind = SymbolKind::Module;
  symbol.name = symbol.path = kPluginNatives;
  symbol.index = static_cast<std::uint32_t>(c.modules.size());
  c.modules.push_back({std::string(kPluginNatives), std::nullopt});
  declare(c, file, add_symbol(c, std::move(symbol), {file, std::nullopt, Progress::Done}));
}

FileId load_plugin(Checker& c, const std::string& key, PluginModule module) {
  const std::string prefix = module.plugin.name + ".";
  const FileId target = add_file(c, std::move(module.source), prefix);
  c.loaded.emplace(key, target);
  bind_plugin_natives(c, target);
  load_uses(c, target);
  const auto place = std::ranges::lower_bound(c.module.plugins, module.plugin.name, {}, &plan::Plugin::name);
  c.module.plugins.insert(place, std::move(module.plugin));
  if (module.access) c.module.plugin_access.push_back(std::move(*module.access));
  return target;
}

void use_plugin(Checker& c, FileId file, const grammar::UseView& view, NodeRef literal) {
  const Location where{file, literal.span()};
  const auto name = grammar::constant_text(literal);
  if (!name) {
    c.report(Code::NotConstantText, where, "the name of a plugin is constant text");
    return;
  }
  const std::string bound = view.alias() ? std::string(view.alias()->text()) : *name;
  const std::string key = "plugin " + *name;
  auto known = c.loaded.find(key);
  if (known == c.loaded.end()) {
    auto found = c.loader.plugin ? c.loader.plugin(*name)
                                 : PluginProblem{Code::PluginNotLocked,
                                                 fmt::format("the plugin `{}` is not locked", *name),
                                                 {},
                                                 fmt::format("lock it: `rollout plugin lock {} PATH`", *name)};
    if (const auto* problem = std::get_if<PluginProblem>(&found)) {
      Report report = c.report(problem->code, where, problem->message);
      if (!problem->note.empty()) report.note(problem->note);
      report.help(problem->help);
      bind_unknown(c, file, literal, bound);
      return;
    }
    load_plugin(c, key, std::get<PluginModule>(std::move(found)));
    known = c.loaded.find(key);
  }
  bind_module(c, file, view.alias() ? *view.alias() : literal, bound, "", known->second);
}

}  // namespace

void load_main(Checker& c, grammar::SourceFile source) {
  const std::string path = source.path;
  const FileId file = add_file(c, std::move(source), "");
  c.loaded.emplace(path, file);
  load_uses(c, file);
}

void load_use(Checker& c, FileId file, NodeRef node) {
  const auto view = grammar::as<grammar::UseView>(node);
  if (!view) return;
  if (view->is_plugin()) {
    if (view->path()) use_plugin(c, file, *view, *view->path());
  } else if (view->path()) {
    use_file(c, file, *view, *view->path());
  } else if (view->module()) {
    use_standard(c, file, *view, *view->module());
  }
}

void not_yet(Checker& c, Location where, std::string_view construct, std::string help) {
  c.report(Code::NotYet, where,
           fmt::format("{} is part of the language but has no meaning in this version yet", construct))
      .help(std::move(help));
}

}  // namespace rollout::check
