#include "compiler/diagnostics/follow_ons.hpp"

#include <algorithm>
#include <string_view>

namespace rollout::diagnostics {
namespace {

bool is_syntax(const Diagnostic& diagnostic) {
  return code_text(diagnostic.code).starts_with("E01");
}

bool is_unterminated(Code code) {
  return code == Code::UnterminatedString || code == Code::UnterminatedCommand || code == Code::UnterminatedInsert;
}

bool is_brace(Code code) {
  return code == Code::UnclosedBrace || code == Code::UnmatchedBrace || code == Code::UnclosedBracket;
}

// `first` does not begin behind `second`.
std::string_view text_between(const Files& files, const Location& first, const Location& second) {
  const std::string_view text = files[first.file].text;
  const std::size_t begin = std::min<std::size_t>(first.span.begin, text.size());
  const std::size_t end = std::min<std::size_t>(second.span.begin, text.size());
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

bool shares_line(const Files& files, const Location& first, const Location& second) {
  return first.file == second.file && text_between(files, first, second).find('\n') == std::string_view::npos;
}

// Whether `second`, which does not stand before `first`, is in the statement that `first` found broken.
bool in_broken_statement(const Files& files, const Diagnostic& first, const Diagnostic& second) {
  if (!shares_line(files, first.primary, second.primary)) return false;
  if (is_unterminated(first.code)) return true;
  return text_between(files, first.primary, second.primary).find_first_of(";{}") == std::string_view::npos;
}

}  // namespace

std::vector<Diagnostic> without_follow_ons(std::vector<Diagnostic> sorted, const Files& files) {
  std::vector<Diagnostic> kept;
  for (Diagnostic& diagnostic : sorted) {
    if (is_unterminated(diagnostic.code)) {
      while (!kept.empty() && is_brace(kept.back().code) && shares_line(files, kept.back().primary, diagnostic.primary))
        kept.pop_back();
    }
    // A statement that could not be read took its opening brace along.
    const bool lost_brace =
        diagnostic.code == Code::UnmatchedBrace && !diagnostic.labels.empty() &&
        std::ranges::any_of(kept, [&](const Diagnostic& one) {
          return is_syntax(one) && shares_line(files, one.primary, diagnostic.labels.front().location);
        });
    if (lost_brace) continue;
    const auto syntax = std::find_if(kept.rbegin(), kept.rend(), is_syntax);
    if (syntax != kept.rend() && in_broken_statement(files, *syntax, diagnostic)) continue;
    kept.push_back(std::move(diagnostic));
  }
  return kept;
}

}  // namespace rollout::diagnostics
