#include <catch2/catch.hpp>
#include <functional>

#include "runtime/plan/verify.hpp"
#include "sample_plan.hpp"

namespace rollout::plan {

namespace {

std::string reason(Plan plan) {
  const auto verified = verify(std::move(plan));
  return verified ? "verified" : verified.error().message;
}

}  // namespace

TEST_CASE("the sample is valid") {
  CHECK(reason(sample_plan()) == "verified");
}

}  // namespace rollout::plan
