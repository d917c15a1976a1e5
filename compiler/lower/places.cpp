// Where in the source everything comes from: places and texts for messages on a machine without the source.

#include <algorithm>

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

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::uint32_t file_of(Lowering& l, FileId file) {
  if (const auto found = l.files.find(file); found != l.files.end()) return found->second;
  const grammar::SourceFile& source = l.module.files[file];
  const std::uint32_t id = l.build.file(source.path, plan::sha256_hex(source.text));
  l.files.emplace(file, id);
  return id;
}

}  // namespace

std::string source_text(const CheckedModule& module, const Location& location) {
  const std::string& text = module.files[location.file].text;
  const std::size_t end = std::min<std::size_t>(location.span.end, text.size());
  std::string folded;
  for (std::size_t at = std::min<std::size_t>(location.span.begin, end); at < end; ++at) {
    // Twice what is shown is more than enough to know that something is left out.
    if (folded.size() > 2 * plan::kMaxSpotText) break;
    if (!is_blank(text[at])) {
      folded += text[at];
    } else if (!folded.empty() && folded.back() != ' ') {
      folded += ' ';
    }
  }
  return shortened(std::move(folded));
}

SpotId spot_of(Lowering& l, const Location& location) {
  auto table = l.lines.find(location.file);
  if (table == l.lines.end()) {
    table = l.lines.emplace(location.file, grammar::LineTable(l.module.files[location.file].text)).first;
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
