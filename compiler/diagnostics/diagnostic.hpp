#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/source.hpp"

// Diagnostics are values first: a code, a message, labelled spans, notes and fixes. Terminal frames, `short`, `json`
// and the language server are renderers of the same value (render.hpp).

namespace rollout::diagnostics {

// Every diagnostic of the compiler, one row each in codes.def: DIAGNOSTIC(Name, "E0102", Severity, "kebab-name").
enum class Code : std::uint16_t {
#define DIAGNOSTIC(name, text, severity, alias) name,
#include "compiler/diagnostics/codes.def"
#undef DIAGNOSTIC
};

enum class Severity : std::uint8_t { Error, Warning, Information };

// A file of one compilation, an index into the `Files` that the diagnostic is rendered with.
enum class FileId : std::uint32_t {};

struct Location {
  FileId file{};
  grammar::Span span;
};

// Problem labels mark what is wrong, context labels say what the source at another place contributes.
struct Label {
  Location location;
  std::string text;
};

struct Edit {
  Location location;
  std::string text;
};

// Safe: applied by `--fix` without asking. Maybe: right in most cases, offered in the editor. Placeholder: needs
// filling in.
enum class Applicability : std::uint8_t { Safe, Maybe, Placeholder };

struct Fix {
  std::string title;
  std::vector<Edit> edits;  // applied together or not at all
  Applicability applicability = Applicability::Maybe;
};

struct Diagnostic {
  Code code{};
  std::string message{};  // one line, lower-case start, no final period, code in backticks; readable without the frame
  Location primary{};
  std::string primary_label{};  // may be empty
  std::vector<Label> labels{};
  std::vector<std::string> notes{};  // facts
  std::vector<std::string> helps{};  // what to change
  std::vector<Fix> fixes{};
};

// "E0102", for a person and for `rolloutc explain`.
std::string_view code_text(Code code);
std::optional<Code> code_from(std::string_view text_or_alias);
// In the order of codes.def.
std::vector<Code> all_codes();
std::string_view code_alias(Code code);
Severity severity_of(Code code);

// Collects the diagnostics of one run. Order of emission does not matter: `sorted` gives source order.
class Sink {
 public:
  void add(Diagnostic diagnostic);
  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  std::size_t warning_count() const { return warnings_; }
  // By file, then by begin of the primary span, then by code; exact repetitions are dropped.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> diagnostics_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

// The sources that diagnostics point into, by FileId.
struct Files {
  std::vector<grammar::SourceFile> files;
  const grammar::SourceFile& operator[](FileId id) const { return files[static_cast<std::size_t>(id)]; }
};

}  // namespace rollout::diagnostics
