// The texts that an editor holds, and what the compiler says of each: compiled when somebody asks, kept until something
// that it was made of changes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/compile.hpp"
#include "compiler/driver/times.hpp"

namespace rollout::language_server {

// Immutable once made.
using Compiled = std::shared_ptr<const driver::CompiledFile>;

class Workspace {
 public:
  // Opens the text, or replaces it. Paths are absolute.
  void set_text(const std::string& path, std::string text);
  // From now on the disk has it.
  void close(const std::string& path);
  // Nothing where it is not open.
  const std::string* text(const std::string& path) const;
  std::vector<std::string> open_paths() const;

  // The open file with everything that it uses, other open texts in place of what is on disk. Null where it is not
  // open.
  Compiled compiled(const std::string& path);
  // How long what the open file declares takes, worked out at the first question. Empty where it is not open.
  const driver::Times& times(const std::string& path);
  // Whether `compiled` would compile anew.
  bool is_stale(const std::string& path) const;
  // Files on disk have changed.
  void forget_disk();

  // Every open file, and every .rollout file below the folders: for questions about the uses of a name. Files that are
  // not open are compiled again where something that they were made of has another time or size.
  std::vector<Compiled> everything(const std::vector<std::string>& folders);
  // One file compiled with other texts in place of some.
  Compiled compiled_with(const std::string& path, const std::map<std::string, std::string>& replaced) const;

 private:
  struct Open {
    std::string text;
    Compiled compiled;
    std::optional<driver::Times> times;  // of `compiled`
  };

  // A file on disk, as it was when it was read.
  struct Stamp {
    std::string path;
    std::int64_t time = 0;
    std::uintmax_t size = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Closed {
    Compiled compiled;
    std::vector<Stamp> made_of;  // but for texts that are open
  };

  void mark_stale(const std::string& changed);
  Compiled closed_file(const std::string& path);
  std::vector<Stamp> stamps_of(const driver::CompiledFile& file) const;

  std::map<std::string, Open> open_;
  std::map<std::string, Closed> closed_;  // what was asked about before
};

}  // namespace rollout::language_server
