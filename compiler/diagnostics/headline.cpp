#include "compiler/diagnostics/headline.hpp"

#include <fmt/format.h>

namespace rollout::diagnostics {
namespace {

constexpr std::size_t kMostBytes = 72;

// Empty where there is none, or several.
std::string_view only_mend(const Diagnostic& diagnostic) {
  if (diagnostic.fixes.size() + diagnostic.helps.size() != 1) return {};
  const std::string& mend = diagnostic.fixes.empty() ? diagnostic.helps.front() : diagnostic.fixes.front().title;
  return mend.size() > kMostBytes || mend.find('\n') != std::string::npos ? std::string_view() : mend;
}

}  // namespace

std::string headline(const Diagnostic& diagnostic) {
  const std::string_view mend = only_mend(diagnostic);
  if (mend.empty()) return diagnostic.message;
  // A second colon would read as if the first part explained the second.
  const bool has_colon = diagnostic.message.find(": ") != std::string::npos;
  return fmt::format("{}{} {}", diagnostic.message, has_colon ? ";" : ":", mend);
}

bool headline_mends(const Diagnostic& diagnostic) {
  return !only_mend(diagnostic).empty();
}

}  // namespace rollout::diagnostics
