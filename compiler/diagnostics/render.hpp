// Diagnostics as text: frames for terminals, one line each for build logs, one JSON object each for tools, workflow
// commands for GitHub, SARIF for code scanning (sarif.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {

enum class Format : std::uint8_t { Text, Short, Json, Sarif, Github };
// "text", "short", "json", "sarif" or "github"; nothing for another word.
std::optional<Format> format_from(std::string_view name);

enum class Colour : std::uint8_t { Never, Always };

struct RenderOptions {
  std::size_t columns = 100;  // of the terminal; fewer than 60 count as 60
  Colour colour = Colour::Never;
};

// The bytes that a location covers, clamped to what is there; empty where the file does not exist.
std::string_view text_of(const Files& files, const Location& location);

// A frame: headline, the lines of source with every label, notes and helps; ends in a line feed. Any spans, any bytes:
// ranges are clamped and what a terminal cannot show is written as `<XX>`.
std::string render_frame(const Diagnostic& diagnostic, const Files& files, const RenderOptions& options);
// `file:line:column: error[E0102]: message`, columns in code points from 1; ends in a line feed.
std::string render_short(const Diagnostic& diagnostic, const Files& files);
// One object on one line with the keys code, severity, message, file, line, column, end_line, end_column, labels,
// notes, helps, fixes, always all of them and in this order; ends in a line feed.
std::string render_json(const Diagnostic& diagnostic, const Files& files);

// A workflow command of GitHub Actions, which shows it at its line: `::error file=...,line=...::message`. Labels at
// other places, notes and helps are lines of the message. Ends in a line feed.
std::string render_github(const Diagnostic& diagnostic, const Files& files);

// All of them in the given order; frames are followed by a blank line each and, where there is anything, by the
// summary.
std::string render(std::span<const Diagnostic> diagnostics, const Files& files, Format format,
                   const RenderOptions& options);
// "2 errors, 1 warning in portal.rollout", or "... in 3 files"; empty where there is nothing to count.
std::string summary(std::span<const Diagnostic> diagnostics, const Files& files);

}  // namespace rollout::diagnostics
