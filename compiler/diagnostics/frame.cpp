#include "compiler/diagnostics/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/diagnostics/annotated_line.hpp"
#include "compiler/diagnostics/display.hpp"
#include "compiler/diagnostics/headline.hpp"

namespace rollout::diagnostics {
namespace {

constexpr std::size_t kLeastColumns = 60;

std::string_view ansi_of(Severity severity) {
  switch (severity) {
    case Severity::Error: return "\x1b[1;31m";
    case Severity::Warning: return "\x1b[1;33m";
    case Severity::Information: return "\x1b[1;36m";
  }
  return "";
}

// The marks of one file by line (from 0).
using LineMarks = std::map<std::uint32_t, std::vector<Mark>>;

struct FileMarks {
  FileId file{};
  grammar::Span first;  // the span that the file's heading points to
  LineMarks lines;
};

// Puts a span into the lines that it touches: a span over several lines is marked where it begins and where it ends,
// with the text at its end.
void add_span(LineMarks& lines, const grammar::LineTable& table, grammar::Span span, bool primary, std::string text) {
  const std::uint32_t first = table.position(span.begin, grammar::ColumnUnit::Utf8).line;
  // A span that ends with a line feed ends in the line before it.
  const std::uint32_t last = table.position(span.empty() ? span.end : span.end - 1, grammar::ColumnUnit::Utf8).line;
  const auto bytes_in = [&](std::uint32_t line, std::uint32_t offset) -> std::size_t {
    const grammar::Span range = table.line_span(line);
    return std::clamp(offset, range.begin, range.end) - range.begin;
  };
  if (first >= last) {
    lines[first].push_back({bytes_in(first, span.begin), bytes_in(first, span.end), primary, std::move(text)});
    return;
  }
  lines[first].push_back({bytes_in(first, span.begin), table.line_text(first).size(), primary, ""});
  const std::size_t indentation = table.line_text(last).find_first_not_of(" \t");
  const std::size_t end = bytes_in(last, span.end);
  lines[last].push_back({std::min(indentation, end), end, primary, std::move(text)});
}

// Grouped by file, the primary's first, the others in the order of the labels.
std::vector<FileMarks> marks_of(const Diagnostic& diagnostic, Places& places) {
  std::vector<FileMarks> result;
  const auto add = [&](const Location& location, bool primary, std::string_view text) {
    const grammar::LineTable* table = places.lines_of(location.file);
    if (table == nullptr) return;
    const grammar::Span span = places.clamped(location);
    auto group = std::ranges::find(result, location.file, &FileMarks::file);
    if (group == result.end()) group = result.insert(group, FileMarks{location.file, span, {}});
    add_span(group->lines, *table, span, primary, printable(text));
  };
  add(diagnostic.primary, true, diagnostic.primary_label);
  for (const Label& label : diagnostic.labels) add(label.location, false, label.text);
  return result;
}

class FrameWriter {
 public:
  FrameWriter(Severity severity, const RenderOptions& options, std::size_t number_cells)
      : severity_(severity),
        colour_(options.colour),
        columns_(std::max(options.columns, kLeastColumns)),
        number_cells_(number_cells) {}

  void headline(const Diagnostic& diagnostic) {
    Row row;
    row.put(0, fmt::format("{}[{}]", severity_name(severity_), code_text(diagnostic.code)), Style::Primary);
    row.put(row.cells(), ": " + printable(rollout::diagnostics::headline(diagnostic)), Style::Strong);
    add(row);
  }

  void heading(std::string_view arrow, const std::string& path, const grammar::LineColumn* place) {
    Row row;
    row.put(number_cells_ + 1, arrow, Style::Gutter);
    std::string where = printable(path);
    if (place != nullptr) where += fmt::format(":{}:{}", place->line + 1, place->column + 1);
    row.put(row.cells() + 1, where, Style::Plain);
    add(row);
  }

  void bar() { gutter("", Row()); }
  void gap() {
    Row row;
    row.put(0, "...", Style::Gutter);
    add(row);
  }

  void source(std::uint32_t line, std::string_view text, const std::vector<Mark>& marks) {
    std::string number = fmt::format("{:>{}}", line + 1, number_cells_ + 1);
    for (const Row& row : annotated_line(text, marks, columns_ - number_cells_ - 5)) {
      gutter(number, row);
      number.clear();
    }
  }

  void remark(std::string_view kind, std::string_view text) {
    const std::string head = fmt::format("= {}: ", kind);
    const std::size_t indentation = number_cells_ + 2;
    const std::size_t room = columns_ - indentation - head.size();
    bool first = true;
    for (const std::string& line : wrapped(printable(text), room)) {
      Row row;
      if (first) row.put(indentation, head, Style::Strong);
      row.put(indentation + head.size(), line, Style::Plain);
      add(row);
      first = false;
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void add(const Row& row) { text_ += row.text(colour_, ansi_of(severity_)) + "\n"; }
  void gutter(std::string_view number, const Row& content) {
    Row row;
    if (!number.empty()) row.put(0, number, Style::Gutter);
    row.put(number_cells_ + 2, "|", Style::Gutter);
    const std::string gutter_text = row.text(colour_, "");
    const std::string content_text = content.text(colour_, ansi_of(severity_));
    text_ += content_text.empty() ? gutter_text + "\n" : gutter_text + " " + content_text + "\n";
  }

  Severity severity_;
  Colour colour_;
  std::size_t columns_;
  std::size_t number_cells_;
  std::string text_;
};

void write_lines(FrameWriter& writer, const FileMarks& group, const grammar::LineTable& table) {
  std::optional<std::uint32_t> before;
  for (const auto& [line, marks] : group.lines) {
    // A gap of a single line costs as much as the line itself.
    if (before && line == *before + 2) writer.source(line - 1, table.line_text(line - 1), {});
    if (before && line > *before + 2) writer.gap();
    writer.source(line, table.line_text(line), marks);
    before = line;
  }
}

}  // namespace

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Information: return "info";
  }
  return "";
}

std::string frame_of(const Diagnostic& diagnostic, Places& places, const RenderOptions& options) {
  const std::vector<FileMarks> groups = marks_of(diagnostic, places);
  std::uint32_t last_line = 0;
  for (const FileMarks& group : groups) last_line = std::max(last_line, group.lines.rbegin()->first);
  FrameWriter writer(severity_of(diagnostic.code), options, fmt::formatted_size("{}", last_line + 1));

  writer.headline(diagnostic);
  if (groups.empty()) writer.heading("-->", places.path_of(diagnostic.primary.file), nullptr);
  for (const FileMarks& group : groups) {
    const grammar::LineTable& table = *places.lines_of(group.file);
    const grammar::LineColumn place = table.position(group.first.begin, grammar::ColumnUnit::CodePoint);
    writer.heading(group.file == groups.front().file ? "-->" : ":::", places.path_of(group.file), &place);
    writer.bar();
    write_lines(writer, group, table);
  }
  const bool told = headline_mends(diagnostic);
  const bool has_remarks =
      !diagnostic.notes.empty() || (!told && (!diagnostic.helps.empty() || !diagnostic.fixes.empty()));
  if (has_remarks && !groups.empty()) writer.bar();
  for (const std::string& note : diagnostic.notes) writer.remark("note", note);
  if (told) return writer.take();
  for (const std::string& help : diagnostic.helps) writer.remark("help", help);
  for (const Fix& fix : diagnostic.fixes) {
    // Only what is surely right is called a fix; the rest is advice.
    writer.remark(fix.applicability == Applicability::Safe ? "fix" : "help", fix.title);
  }
  return writer.take();
}

}  // namespace rollout::diagnostics
