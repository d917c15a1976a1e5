#include "compiler/diagnostics/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "compiler/diagnostics/display.hpp"
#include "compiler/diagnostics/frame.hpp"
#include "compiler/diagnostics/headline.hpp"
#include "compiler/diagnostics/places.hpp"
#include "compiler/diagnostics/sarif.hpp"

namespace rollout::diagnostics {
namespace {

struct FormatName {
  Format format;
  std::string_view name;
};
constexpr auto kFormats = std::to_array<FormatName>({
    {Format::Text, "text"},
    {Format::Short, "short"},
    {Format::Json, "json"},
    {Format::Sarif, "sarif"},
    {Format::Github, "github"},
});

std::string_view applicability_name(Applicability applicability) {
  switch (applicability) {
    case Applicability::Safe: return "safe";
    case Applicability::Maybe: return "maybe";
    case Applicability::Placeholder: return "placeholder";
  }
  return "";
}

std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : repaired_utf8(text)) {
    switch (c) {
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      case '\n': result += "\\n"; break;
      case '\r': result += "\\r"; break;
      case '\t': result += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          result += c;
        }
    }
  }
  return result + "\"";
}

template <typename Items, typename ToJson>
std::string json_array(const Items& items, ToJson to_json) {
  std::string result = "[";
  for (const auto& item : items) {
    if (result.size() > 1) result += ",";
    result += to_json(item);
  }
  return result + "]";
}

// The keys of a place without the braces, so that they can stand among others.
std::string json_place(const Place& place) {
  return fmt::format(R"("file":{},"line":{},"column":{},"end_line":{},"end_column":{})", json_string(place.path),
                     place.line, place.column, place.end_line, place.end_column);
}

std::string json_of(const Diagnostic& diagnostic, Places& places) {
  const auto label = [&](const Label& item) {
    return fmt::format(R"({{{},"text":{}}})", json_place(places.place_of(item.location)), json_string(item.text));
  };
  const auto edit = [&](const Edit& item) {
    return fmt::format(R"({{{},"text":{}}})", json_place(places.place_of(item.location)), json_string(item.text));
  };
  const auto fix = [&](const Fix& item) {
    return fmt::format(R"({{"title":{},"applicability":"{}","edits":{}}})", json_string(item.title),
                       applicability_name(item.applicability), json_array(item.edits, edit));
  };
  // The primary label comes first among the labels, where it has a text.
  std::vector<Label> labels;
  if (!diagnostic.primary_label.empty()) labels.push_back({diagnostic.primary, diagnostic.primary_label});
  labels.insert(labels.end(), diagnostic.labels.begin(), diagnostic.labels.end());
  return fmt::format(R"({{"code":"{}","severity":"{}","message":{},{},"labels":{},"notes":{},"helps":{},"fixes":{}}})"
                     "\n",
                     code_text(diagnostic.code), severity_name(severity_of(diagnostic.code)),
                     json_string(headline(diagnostic)), json_place(places.place_of(diagnostic.primary)),
                     json_array(labels, label), json_array(diagnostic.notes, json_string),
                     json_array(diagnostic.helps, json_string), json_array(diagnostic.fixes, fix));
}

std::string short_of(const Diagnostic& diagnostic, Places& places) {
  const Place place = places.place_of(diagnostic.primary);
  return fmt::format("{}:{}:{}: {}[{}]: {}\n", printable(place.path), place.line, place.column,
                     severity_name(severity_of(diagnostic.code)), code_text(diagnostic.code),
                     printable(headline(diagnostic)));
}

// What the runner's parser would take for its own syntax, as percent escapes.
std::string github_text(std::string_view text, bool property) {
  std::string result;
  for (const char c : repaired_utf8(text)) {
    switch (c) {
      case '%': result += "%25"; break;
      case '\r': result += "%0D"; break;
      case '\n': result += "%0A"; break;
      case ':': result += property ? "%3A" : ":"; break;
      case ',': result += property ? "%2C" : ","; break;
      default: result += c;
    }
  }
  return result;
}

std::string_view github_command(Severity severity) {
  switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Information: return "notice";
  }
  return "notice";
}

std::string github_of(const Diagnostic& diagnostic, Places& places) {
  const Place place = places.place_of(diagnostic.primary);
  std::string message = headline(diagnostic);
  if (!diagnostic.primary_label.empty()) message += "\n" + diagnostic.primary_label;
  for (const Label& label : diagnostic.labels) {
    const Place there = places.place_of(label.location);
    message += fmt::format("\n{}:{}: {}", there.path, there.line, label.text);
  }
  for (const std::string& note : diagnostic.notes) message += "\nnote: " + note;
  if (!headline_mends(diagnostic)) {
    for (const std::string& help : diagnostic.helps) message += "\nhelp: " + help;
  }
  return fmt::format("::{} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
                     github_command(severity_of(diagnostic.code)), github_text(place.path, true), place.line,
                     place.column, place.end_line, place.end_column, code_text(diagnostic.code),
                     github_text(message, false));
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::optional<Format> format_from(std::string_view name) {
  for (const FormatName& row : kFormats) {
    if (row.name == name) return row.format;
  }
  return std::nullopt;
}

std::string_view text_of(const Files& files, const Location& location) {
  const Places places(files);
  if (!places.has(location.file)) return {};
  const grammar::Span span = places.clamped(location);
  return std::string_view(files[location.file].text).substr(span.begin, span.size());
}

std::string render_frame(const Diagnostic& diagnostic, const Files& files, const RenderOptions& options) {
  Places places(files);
  return frame_of(diagnostic, places, options);
}

std::string render_short(const Diagnostic& diagnostic, const Files& files) {
  Places places(files);
  return short_of(diagnostic, places);
}

std::string render_json(const Diagnostic& diagnostic, const Files& files) {
  Places places(files);
  return json_of(diagnostic, places);
}

std::string render_github(const Diagnostic& diagnostic, const Files& files) {
  Places places(files);
  return github_of(diagnostic, places);
}

std::string render(std::span<const Diagnostic> diagnostics, const Files& files, Format format,
                   const RenderOptions& options) {
  if (format == Format::Sarif) {
    const Batch batch{diagnostics, &files};
    return render_sarif(std::span(&batch, 1), ROLLOUT_VERSION);
  }
  Places places(files);
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics) {
    switch (format) {
      case Format::Text: result += frame_of(diagnostic, places, options) + "\n"; break;
      case Format::Short: result += short_of(diagnostic, places); break;
      case Format::Json: result += json_of(diagnostic, places); break;
      case Format::Github: result += github_of(diagnostic, places); break;
      case Format::Sarif: break;
    }
  }
  const std::string counts = summary(diagnostics, files);
  if (format == Format::Text && !counts.empty()) result += counts + "\n";
  return result;
}

std::string summary(std::span<const Diagnostic> diagnostics, const Files& files) {
  std::size_t errors = 0, warnings = 0;
  std::set<FileId> concerned;
  for (const Diagnostic& diagnostic : diagnostics) {
    const Severity severity = severity_of(diagnostic.code);
    if (severity == Severity::Information) continue;
    ++(severity == Severity::Error ? errors : warnings);
    concerned.insert(diagnostic.primary.file);
  }
  if (concerned.empty()) return {};
  std::string counts = errors > 0 ? counted(errors, "error") : "";
  if (warnings > 0) counts += (errors > 0 ? ", " : "") + counted(warnings, "warning");
  if (concerned.size() > 1) return fmt::format("{} in {} files", counts, concerned.size());
  return fmt::format("{} in {}", counts, printable(Places(files).path_of(*concerned.begin())));
}

}  // namespace rollout::diagnostics
