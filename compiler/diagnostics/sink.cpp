#include <algorithm>
#include <tuple>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {
namespace {

auto order_of(const Diagnostic& diagnostic) {
  const grammar::Span span = diagnostic.primary.span;
  return std::make_tuple(diagnostic.primary.file, span.begin, code_text(diagnostic.code), span.end,
                         std::string_view(diagnostic.message));
}

}  // namespace

void Sink::add(Diagnostic diagnostic) {
  switch (severity_of(diagnostic.code)) {
    case Severity::Error: ++errors_; break;
    case Severity::Warning: ++warnings_; break;
    case Severity::Information: break;
  }
  diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Sink::sorted() const {
  std::vector<Diagnostic> result = diagnostics_;
  std::ranges::stable_sort(result, {}, order_of);
  const auto repeated = std::ranges::unique(result, {}, order_of);
  result.erase(repeated.begin(), repeated.end());
  return result;
}

}  // namespace rollout::diagnostics
