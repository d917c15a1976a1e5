#include "compiler/driver/fix.hpp"

#include <algorithm>
#include <map>

#include "compiler/driver/plugins.hpp"

namespace rollout::driver {

namespace {

using diagnostics::Edit;
using diagnostics::FileId;
using diagnostics::Fix;
using grammar::Span;

constexpr std::string_view kNotWritten[] = {"std/", kPluginFiles};

bool touch(Span one, Span other) {
  return one.begin <= other.end && other.begin <= one.end;
}

bool fits(const Fix& fix, const CompiledFile& file, const std::map<FileId, std::vector<Edit>>& taken) {
  return std::ranges::all_of(fix.edits, [&](const Edit& edit) {
    const auto number = static_cast<std::size_t>(edit.location.file);
    const Span span = edit.location.span;
    if (number >= file.module.files.files.size()) return false;
    const grammar::SourceFile& source = file.module.files.files[number];
    const auto begins = [&](std::string_view library) { return source.path.starts_with(library); };
    if (std::ranges::any_of(kNotWritten, begins) || span.begin > span.end || span.end > source.text.size())
      return false;
    const auto others = taken.find(edit.location.file);
    return others == taken.end() ||
           std::ranges::none_of(others->second, [&](const Edit& other) { return touch(span, other.location.span); });
  });
}

}  // namespace

std::vector<const Fix*> safe_fixes(const CompiledFile& file) {
  std::map<FileId, std::vector<Edit>> taken;
  std::vector<const Fix*> fixes;
  for (const diagnostics::Diagnostic& diagnostic : file.diagnostics) {
    for (const Fix& fix : diagnostic.fixes) {
      if (fix.applicability != diagnostics::Applicability::Safe || fix.edits.empty() || !fits(fix, file, taken))
        continue;
      for (const Edit& edit : fix.edits) taken[edit.location.file].push_back(edit);
      fixes.push_back(&fix);
      break;
    }
  }
  return fixes;
}

std::vector<FixedFile> apply_safe_fixes(const CompiledFile& file) {
  std::map<FileId, std::vector<Edit>> taken;
  std::map<FileId, std::size_t> counts;
  for (const Fix* fix : safe_fixes(file)) {
    for (const Edit& edit : fix->edits) taken[edit.location.file].push_back(edit);
    ++counts[fix->edits.front().location.file];
  }
  std::vector<FixedFile> fixed;
  for (auto& [id, edits] : taken) {
    const grammar::SourceFile& source = file.module.files[id];
    std::string text = source.text;
    std::ranges::sort(edits, std::greater<>(), [](const Edit& edit) { return edit.location.span.begin; });
    for (const Edit& edit : edits) text.replace(edit.location.span.begin, edit.location.span.size(), edit.text);
    fixed.push_back({source.path, std::move(text), counts[id]});
  }
  return fixed;
}

}  // namespace rollout::driver
