#include "compiler/lints/lints.hpp"

#include <array>

namespace rollout::lints {
namespace {

// Modules of the standard library and of plugins have these paths; what people write lies elsewhere.
constexpr std::string_view kLibrary = "std/";
constexpr std::string_view kPlugins = "<plugins>/";

constexpr auto kLints = std::to_array<LintRow>({
#define LINT(name) {#name, name},
#include "compiler/lints/lints.def"
#undef LINT
});

}  // namespace

std::span<const LintRow> all_lints() {
  return kLints;
}

std::vector<bool> own_files(const check::CheckedModule& module) {
  std::vector<bool> own;
  own.reserve(module.files.files.size());
  for (const grammar::SourceFile& file : module.files.files)
    own.push_back(!file.path.starts_with(kLibrary) && !file.path.starts_with(kPlugins));
  return own;
}

void run_lints(const LintInput& input, diagnostics::Sink& sink) {
  for (const LintRow& lint : kLints) lint.run(input, sink);
}

}  // namespace rollout::lints
