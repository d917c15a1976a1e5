// What a signature says of a plan beyond "this one": for which environment, and until when. It stands in the trusted
// comment, as `environment:production`, between tabs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/plan/value.hpp"

namespace rollout::signing {

struct PlanClaims {
  std::string file;                                     // name of the signed file; says nothing about its content
  std::string environment;                              // where it may run; empty: anywhere
  std::optional<plan::Nanoseconds> signed_at, expires;  // since the epoch
};
std::string trusted_comment_of(const PlanClaims& claims);
// What is not understood is passed over: minisign writes fields of its own.
PlanClaims claims_in(std::string_view trusted_comment);
// Why a plan with these claims may not run there and then; empty where it may. An old plan with a good signature would
// else run for ever.
std::string claims_problem(const PlanClaims& claims, std::string_view environment, plan::Nanoseconds now);

}  // namespace rollout::signing
