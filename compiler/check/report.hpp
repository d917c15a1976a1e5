// Building one diagnostic where a fault is found.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "compiler/diagnostics/diagnostic.hpp"
#include "compiler/diagnostics/suggest.hpp"

namespace rollout::check {

using diagnostics::Code;
using diagnostics::Location;

// A diagnostic under construction: it goes into the sink at the end of the full expression.
class Report {
 public:
  Report(diagnostics::Sink& sink, Code code, Location at, std::string message) : sink_(sink) {
    diagnostic_.code = code;
    diagnostic_.primary = at;
    diagnostic_.message = std::move(message);
  }
  ~Report() { sink_.add(std::move(diagnostic_)); }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // The text below the primary span.
  Report& label(std::string text) {
    diagnostic_.primary_label = std::move(text);
    return *this;
  }
  // A second place; nothing where the location is of no file's text (what the language brings along).
  Report& also(Location at, std::string text) {
    if (!at.span.empty()) diagnostic_.labels.push_back({at, std::move(text)});
    return *this;
  }
  Report& note(std::string text) {
    diagnostic_.notes.push_back(std::move(text));
    return *this;
  }
  Report& help(std::string text) {
    if (!text.empty()) diagnostic_.helps.push_back(std::move(text));
    return *this;
  }
  // "Did you mean" the nearest of the candidates, where one is near enough, in place of what stands at `at`.
  Report& meant(Location at, std::string_view name, std::span<const std::string> candidates, bool quoted = false) {
    const auto nearest = diagnostics::closest(name, candidates);
    if (!nearest) return *this;
    const std::string text = quoted ? "\"" + *nearest + "\"" : *nearest;
    return replace(at, text, quoted ? "did you mean " + text + "?" : "did you mean `" + text + "`?");
  }
  // Offers to write `text` in place of what stands at `at`; Safe: there is nothing else that it could have been.
  Report& replace(Location at, std::string text, std::string title,
                  diagnostics::Applicability applicability = diagnostics::Applicability::Maybe) {
    diagnostics::Fix fix;
    fix.title = std::move(title);
    fix.edits.push_back({at, std::move(text)});
    fix.applicability = applicability;
    diagnostic_.fixes.push_back(std::move(fix));
    return *this;
  }

 private:
  diagnostics::Sink& sink_;
  diagnostics::Diagnostic diagnostic_;
};

}  // namespace rollout::check
