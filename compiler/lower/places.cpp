// Where in the source everything comes from: places and texts for messages on a machine without the source.

#include <algorithm>

#include "compiler/diagnostics/display.hpp"
#include "compiler/lower/lowering.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plan/verify.hpp"

namespace rollout::lower {

namespace {

// Cuts at a character's beginning, and says that something was cut.
std::string shortened(std::string text) {
  constexpr std::string_view kMark = "...";
  if (text.size() <= plan::kMaxSpotText) return text;
  std::size_t end = plan::kMaxSpotText - kMark.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text += kMark;
  return text;
}

// Twice what is shown is more than enough to know that something is left out.
std::string folded(std::string_view text) {
  return shortened(diagnostics::one_line(text, 2 * plan::kMaxSpotText));
}

// A part of the source and what is shown instead.
struct Replacement {
  std::uint32_t begin = 0, end = 0;
  std::string text;
};

// The names of parameters and loop variables whose value is known here.
void find_replacements(const Lowering& l, ExprId id, const Location& location, std::vector<Replacement>& found) {
  if (id == kNone) return;
  const Expr& expr = l.expr(id);
  for (const ExprId child : expr.children) find_replacements(l, child, location, found);
  if (expr.kind != ExprKind::Name || expr.symbol == kNone || expr.location.file != location.file) return;
  const SymbolKind kind = l.symbol(expr.symbol).kind;
  if (kind != SymbolKind::Argument && kind != SymbolKind::EachVariable) return;
  const auto value = l.names.find(expr.symbol);
  if (value == l.names.end() || !value->second.is_constant()) return;
  const grammar::Span span = expr.location.span;
  if (span.begin < location.span.begin || span.end > location.span.end) return;
  const std::string_view text = l.module.files[location.file].text;
  const bool inserted = span.begin >= location.span.begin + 2 && span.end < location.span.end &&
                        text.substr(span.begin - 2, 2) == "${" && text[span.end] == '}';
  if (inserted) {
    found.push_back({span.begin - 2, span.end + 1, plan::to_text(*value->second.constant)});
  } else {
    found.push_back({span.begin, span.end, plan::to_literal(*value->second.constant)});
  }
}

std::uint32_t file_of(Lowering& l, FileId file) {
  if (const auto found = l.files.find(file); found != l.files.end()) return found->second;
  const grammar::SourceFile& source = l.module.files[file];
  const auto [digest, added] = l.sources.digests.try_emplace(file);
  if (added && l.is_complete()) digest->second = plan::sha256_hex(source.text);
  const std::uint32_t id = l.build.file(source.path, digest->second);
  l.files.emplace(file, id);
  return id;
}

}  // namespace

std::string source_text(const CheckedModule& module, const Location& location) {
  const std::string_view text = module.files[location.file].text;
  const std::size_t end = std::min<std::size_t>(location.span.end, text.size());
  const std::size_t begin = std::min<std::size_t>(location.span.begin, end);
  return folded(text.substr(begin, end - begin));
}

std::string shown_text(const Lowering& l, const Location& location, std::initializer_list<ExprId> expressions) {
  std::vector<Replacement> replacements;
  for (const ExprId expression : expressions) find_replacements(l, expression, location, replacements);
  if (replacements.empty()) return source_text(l.module, location);
  std::ranges::sort(replacements, {}, &Replacement::begin);
  const std::string_view text = l.module.files[location.file].text;
  std::string shown;
  std::uint32_t at = location.span.begin;
  for (const Replacement& one : replacements) {
    if (one.begin < at) continue;
    shown += text.substr(at, one.begin - at);
    shown += one.text;
    at = one.end;
  }
  shown += text.substr(at, location.span.end - at);
  return folded(shown);
}

std::string quoted(const Lowering& l, const Location& location) {
  return l.is_complete() ? source_text(l.module, location) : std::string();
}

std::string quoted(const Lowering& l, const Location& location, std::initializer_list<ExprId> expressions) {
  return l.is_complete() ? shown_text(l, location, expressions) : std::string();
}

SpotId spot_of(Lowering& l, const Location& location) {
  if (!l.is_complete()) {
    return l.build.spot({.file = file_of(l, location.file),
                         .line = 1,
                         .column = location.span.begin + 1,
                         .end_line = 1,
                         .end_column = location.span.end + 1,
                         .text = {}});
  }
  auto table = l.sources.lines.find(location.file);
  if (table == l.sources.lines.end()) {
    table = l.sources.lines.emplace(location.file, grammar::LineTable(l.module.files[location.file].text)).first;
  }
  const auto begin = table->second.position(location.span.begin, grammar::ColumnUnit::CodePoint);
  const auto end = table->second.position(location.span.end, grammar::ColumnUnit::CodePoint);
  return l.build.spot({.file = file_of(l, location.file),
                       .line = begin.line + 1,
                       .column = begin.column + 1,
                       .end_line = end.line + 1,
                       .end_column = end.column + 1,
                       .text = source_text(l.module, location)});
}

At::At(Lowering& l, const Location& location) : lowering_(l), outer_(l.spot) {
  l.spot = spot_of(l, location);
  l.build.at(l.spot);
}

At::~At() {
  lowering_.spot = outer_;
  lowering_.build.at(outer_);
}

}  // namespace rollout::lower
