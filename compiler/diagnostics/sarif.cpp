#include "compiler/diagnostics/sarif.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "compiler/diagnostics/display.hpp"
#include "compiler/diagnostics/headline.hpp"
#include "compiler/diagnostics/places.hpp"

namespace rollout::diagnostics {

namespace {

namespace json = boost::json;

constexpr std::string_view kSchema = "https://json.schemastore.org/sarif-2.1.0.json";

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Information: return "note";
  }
  return "none";
}

// 64-bit FNV-1a (Fowler, Noll, Vo): a name for a text, not a protection.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

class Writer {
 public:
  json::object result_of(const Diagnostic& diagnostic, const Files& files, Places& places) {
    json::object result;
    result["ruleId"] = code_text(diagnostic.code);
    result["ruleIndex"] = rule_of(diagnostic.code);
    result["level"] = level_of(severity_of(diagnostic.code));
    result["message"] = {{"text", message_of(diagnostic)}};
    result["locations"] = json::array{location_of(diagnostic.primary, diagnostic.primary_label, places)};
    json::array related;
    for (const Label& label : diagnostic.labels) related.push_back(location_of(label.location, label.text, places));
    if (!related.empty()) result["relatedLocations"] = std::move(related);
    json::array fixes;
    for (const Fix& fix : diagnostic.fixes) fixes.push_back(fix_of(fix, places));
    if (!fixes.empty()) result["fixes"] = std::move(fixes);
    result["partialFingerprints"] = {{"codeAndLine/v1", fingerprint_of(diagnostic, files, places)}};
    return result;
  }

  json::array take_rules() { return std::move(rules_); }

 private:
  // A rule for each code that occurs, in the order of its first result.
  std::size_t rule_of(Code code) {
    const auto [place, fresh] = indexes_.emplace(code, rules_.size());
    if (fresh) {
      json::object rule;
      rule["id"] = code_text(code);
      rule["name"] = code_alias(code);
      rule["shortDescription"] = {{"text", spaced(code_alias(code))}};
      rule["help"] = {{"text", fmt::format("`rolloutc explain {}` says more.", code_text(code))}};
      rule["defaultConfiguration"] = {{"level", level_of(severity_of(code))}};
      rules_.push_back(std::move(rule));
    }
    return place->second;
  }

  static std::string spaced(std::string_view alias) {
    std::string text(alias);
    std::ranges::replace(text, '-', ' ');
    return text;
  }

  static std::string message_of(const Diagnostic& diagnostic) {
    std::string text = repaired_utf8(headline(diagnostic));
    for (const std::string& note : diagnostic.notes) text += "\nnote: " + repaired_utf8(note);
    for (const std::string& help : diagnostic.helps) text += "\nhelp: " + repaired_utf8(help);
    return text;
  }

  static json::object region_of(const Place& place) {
    return {{"startLine", place.line},
            {"startColumn", place.column},
            {"endLine", place.end_line},
            {"endColumn", place.end_column}};
  }

  static json::object artifact_of(const Place& place) { return {{"uri", uri_path(place.path)}}; }

  static json::object location_of(const Location& location, const std::string& text, Places& places) {
    const Place place = places.place_of(location);
    json::object result;
    result["physicalLocation"] = {{"artifactLocation", artifact_of(place)}, {"region", region_of(place)}};
    if (!text.empty()) result["message"] = {{"text", repaired_utf8(text)}};
    return result;
  }

  // Edits by file: SARIF wants one change for each artifact.
  static json::object fix_of(const Fix& fix, Places& places) {
    std::map<FileId, json::array> replacements;
    for (const Edit& edit : fix.edits) {
      json::object replacement;
      replacement["deletedRegion"] = region_of(places.place_of(edit.location));
      replacement["insertedContent"] = {{"text", repaired_utf8(edit.text)}};
      replacements[edit.location.file].push_back(std::move(replacement));
    }
    json::array changes;
    for (auto& [file, list] : replacements) {
      json::object change;
      change["artifactLocation"] = {{"uri", uri_path(places.path_of(file))}};
      change["replacements"] = std::move(list);
      changes.push_back(std::move(change));
    }
    return {{"description", {{"text", repaired_utf8(fix.title)}}}, {"artifactChanges", std::move(changes)}};
  }

  // The same finding keeps its name when lines above it come and go; the same line twice is told apart by a count.
  std::string fingerprint_of(const Diagnostic& diagnostic, const Files& files, Places& places) {
    std::string line;
    if (const grammar::LineTable* lines = places.lines_of(diagnostic.primary.file)) {
      const Place place = places.place_of(diagnostic.primary);
      line = lines->line_text(place.line - 1);
    }
    const auto solid = line.find_first_not_of(" \t");
    const std::string text = fmt::format("{}\n{}\n{}", code_text(diagnostic.code),
                                         places.has(diagnostic.primary.file) ? files[diagnostic.primary.file].path : "",
                                         solid == std::string::npos ? "" : line.substr(solid));
    return fmt::format("{:016x}:{}", hash_of(text), ++seen_[text]);
  }

  json::array rules_;
  std::map<Code, std::size_t> indexes_;
  std::map<std::string, int> seen_;
};

}  // namespace

std::string render_sarif(std::span<const Batch> batches, std::string_view tool_version) {
  Writer writer;
  json::array results;
  for (const Batch& batch : batches) {
    Places places(*batch.files);
    for (const Diagnostic& diagnostic : batch.diagnostics) {
      results.push_back(writer.result_of(diagnostic, *batch.files, places));
    }
  }
  json::object driver;
  driver["name"] = "rolloutc";
  driver["version"] = tool_version;
  driver["rules"] = writer.take_rules();
  json::object run;
  run["tool"] = {{"driver", std::move(driver)}};
  run["columnKind"] = "unicodeCodePoints";
  run["results"] = std::move(results);
  json::object log;
  log["$schema"] = kSchema;
  log["version"] = "2.1.0";
  log["runs"] = json::array{std::move(run)};
  return json::serialize(log) + "\n";
}

}  // namespace rollout::diagnostics
