// Locations as the lines and columns of their files, whatever spans they hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostics/diagnostic.hpp"

namespace rollout::diagnostics {

// Lines and columns (code points) count from 1.
struct Place {
  std::string path;
  std::uint32_t line = 1, column = 1, end_line = 1, end_column = 1;
};

// The path of a URI (RFC 3986): slashes stay, what may not stand there is percent-encoded.
std::string uri_path(std::string_view path);

// The files of a run with their line tables, each made when it is first asked for. Keeps a reference: the files must
// outlive it.
class Places {
 public:
  explicit Places(const Files& files) : files_(files), tables_(files.files.size()) {}

  bool has(FileId file) const { return static_cast<std::size_t>(file) < tables_.size(); }
  // Null where there is no such file.
  const grammar::LineTable* lines_of(FileId file);
  const std::string& path_of(FileId file) const;
  // In order and within the text; an empty span at 0 where there is no such file.
  grammar::Span clamped(const Location& location) const;
  Place place_of(const Location& location);

 private:
  const Files& files_;
  std::vector<std::optional<grammar::LineTable>> tables_;
};

}  // namespace rollout::diagnostics
