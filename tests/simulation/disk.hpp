// A disk as a power cut leaves it: what was written and not synced is there, half there, or not, in any order.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/random.hpp"

namespace rollout::simulation {

inline constexpr std::size_t kSector = 512;

// What happens to sectors that were written but not synced.
enum class Loss : std::uint8_t {
  None,       // the process died, the system lives: everything is there
  Lost,       // none of them is there
  Torn,       // one of them is there in part, those before it are, those after it are not
  Reordered,  // any of them is there, whatever came before it is not, or rubbish is
};

// Files in memory, each as the system shows it and as the platters hold it. A value: a copy is a disk of its own.
class Disk {
 public:
  struct File {
    std::vector<std::uint8_t> seen, stored;
    std::set<std::size_t> unsynced;  // sectors in which the two differ, in no order
    std::vector<std::size_t> order;  // the same, in the order of their last writes
    bool entry_stored = false;       // its name is in the folder for good
  };

  bool exists(const std::string& name) const { return files_.contains(name); }
  File& file(const std::string& name) { return files_[name]; }
  void remove(const std::string& name);
  void write(const std::string& name, std::size_t offset, const std::uint8_t* bytes, std::size_t length);
  void truncate(const std::string& name, std::size_t size);
  // All of this file is stored from now on, and the names of all files are.
  void sync(const std::string& name);
  // A sync that failed as Linux has it: the system believes that the file is stored, and some of it is not.
  void lie(const std::string& name, Random& random);
  void lose(Loss loss, Random& random);
  std::size_t unsynced_sectors() const;
  const std::map<std::string, File>& files() const { return files_; }

 private:
  std::map<std::string, File> files_;
};

}  // namespace rollout::simulation
