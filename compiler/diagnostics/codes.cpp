#include <array>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {
namespace {

struct CodeRow {
  std::string_view text;
  Severity severity;
  std::string_view alias;
};

constexpr auto kCodes = std::to_array<CodeRow>({
#define DIAGNOSTIC(name, text, severity, alias) {text, Severity::severity, alias},
#include "compiler/diagnostics/codes.def"
#undef DIAGNOSTIC
});

const CodeRow& row_of(Code code) {
  return kCodes[static_cast<std::size_t>(code)];
}

}  // namespace

std::string_view code_text(Code code) {
  return row_of(code).text;
}
std::string_view code_alias(Code code) {
  return row_of(code).alias;
}
Severity severity_of(Code code) {
  return row_of(code).severity;
}

}  // namespace rollout::diagnostics
