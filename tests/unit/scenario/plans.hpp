#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/plan/builder.hpp"
#include "runtime/scenario/player.hpp"

// Built plans for the scenarios' tests, and small makers of scenario parts.

namespace plans {

using namespace rollout;
using plan::kDay;
using plan::kHour;
using plan::kMinute;
using plan::kSecond;
using plan::Nanoseconds;
using plan::Value;

struct CanaryOptions {
  bool gate = false;                // approve "Go" by release_manager (dana, kim) within 1h else abort
  Nanoseconds hold = 15 * kMinute;  // of stage canary
  std::uint32_t retries = 0;        // of the command in canary
  Nanoseconds timeout = 0;          // of the command in canary; 0: 1m
  std::size_t more_guards = 0;      // that never fire, each on a metric of its own
  bool window = false;              // 02:00..04:00 UTC
};

// rollout demo: [gate], stage canary { when errors > 5% for 2m then rollback; set_image("new"); traffic 5%; hold },
// stage full { traffic 100%; hold 10m }, on rollback { notify ops }. set_image runs `kubectl set image app=new`, undone
// by `kubectl set image app=old`.
std::shared_ptr<const plan::VerifiedPlan> canary(const CanaryOptions& options = {});

scenario::Point at(Nanoseconds offset);
scenario::Point at(std::string stage, Nanoseconds offset = 0);
scenario::Point end_of(std::string stage, Nanoseconds offset = 0);
scenario::Signal signal(std::string metric, Value value);
scenario::Signal missing(std::string metric);
scenario::WorldRule command(std::string glob, scenario::WorldRule::Answer answer);
scenario::Expectation expect_end(scenario::ExpectedEnd end, std::string during = {});
scenario::Expectation expect(scenario::ExpectKind kind);

// errors = 0%, approve all.
scenario::Scenario healthy(std::string name = "healthy");

// All failures as lines, for messages; what there is where all expectations hold.
inline const std::string kNoFailures;
std::string failures(const scenario::Result& result);
// The instant, counted from the start, of the first record of that kind; nothing where there is none.
std::optional<Nanoseconds> first(const scenario::Result& result, machine::RecordKind kind);

}  // namespace plans
