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

std::optional<Code> code_from(std::string_view text_or_alias) {
  for (std::size_t index = 0; index < kCodes.size(); ++index) {
    if (kCodes[index].text == text_or_alias || kCodes[index].alias == text_or_alias) return static_cast<Code>(index);
  }
  return std::nullopt;
}

std::vector<Code> all_codes() {
  std::vector<Code> codes;
  codes.reserve(kCodes.size());
  for (std::size_t index = 0; index < kCodes.size(); ++index) codes.push_back(static_cast<Code>(index));
  return codes;
}

std::string_view code_alias(Code code) {
  return row_of(code).alias;
}
Severity severity_of(Code code) {
  return row_of(code).severity;
}

}  // namespace rollout::diagnostics
