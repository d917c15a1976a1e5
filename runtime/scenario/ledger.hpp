#pragma once

#include <string>

#include "runtime/scenario/player.hpp"
#include "runtime/scenario/points.hpp"

namespace rollout::scenario {

// Reads the machine's records as they come and keeps what expectations ask for.
class Ledger {
 public:
  explicit Ledger(Result& result) : result_(result) {}

  void note(const machine::Record& record);
  void note(const machine::StartEffect& effect, Nanoseconds at);
  const Points& points() const { return points_; }

 private:
  void note_state(const machine::Record& record);
  void note_outcome(const machine::Record& record);

  Result& result_;
  Points points_;
  std::string stage_;      // that was entered last
  std::string failed_in_;  // the stage of a child that has failed or gone back
  std::size_t order_ = 0;
};

// The text of a record's field, empty where it has none.
std::string field_text(const machine::Record& record, std::string_view name);

}  // namespace rollout::scenario
