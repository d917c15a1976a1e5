#include "runtime/scenario/report.hpp"

#include <catch2/catch.hpp>

#include "runtime/plan/value.hpp"
#include "tests/unit/scenario/plans.hpp"

using namespace plans;
using scenario::ReportedResult;
using scenario::ReportOptions;
using scenario::Result;

namespace {

std::vector<ReportedResult> two() {
  Result good;
  good.scenario = "all is well";
  good.rollout = "demo";
  good.passed = true;
  good.last = 90 * kMinute;
  good.ended = good.last;
  good.state = machine::RunState::Succeeded;
  good.spot.line = 10;
  Result bad = good;
  bad.passed = false;
  bad.scenario = "a \"spike\" <at> 25 % & more";
  bad.spot.line = 20;
  bad.failures = {{"expect succeeded", "rolled back at 42m", {}}};
  bad.failures[0].spot.line = 24;
  return {{good, "demo.rollout", 0.0125}, {bad, "demo.rollout", 0.5}};
}

ReportOptions with_timeline() {
  ReportOptions options;
  options.timeline = [](const Result&) { return std::vector<std::string>{"0s  began", "", "42m ended\x1b"}; };
  return options;
}

}  // namespace

TEST_CASE("a report as text", "[scenario]") {
  CHECK(scenario::report_text(two(), with_timeline()) == R"(passed all is well (1h30m)
FAILED a "spike" <at> 25 % & more (1h30m)
  demo.rollout:24: expect succeeded
    observed instead: rolled back at 42m

    0s  began

    42m ended)"
                                                         "\x1b"
                                                         R"(

1 failed of 2 scenarios, 3h of virtual time
)");
  auto passed = two();
  passed.pop_back();
  CHECK(scenario::report_text(passed, {}) == "passed all is well (1h30m)\n1 scenario passed, 1h30m of virtual time\n");
}

TEST_CASE("a report as JUnit's XML", "[scenario]") {
  CHECK(scenario::report_junit(two(), with_timeline()) == R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" time="0.512">
  <testsuite name="demo.rollout" tests="2" failures="1" errors="0" time="0.512">
    <testcase classname="demo" name="all is well" file="demo.rollout" line="10" time="0.013"/>
    <testcase classname="demo" name="a &quot;spike&quot; &lt;at&gt; 25 % &amp; more" file="demo.rollout" line="20" time="0.500">
      <failure type="expectation" message="expect succeeded: rolled back at 42m">demo.rollout:24: expect succeeded&#10;  observed instead: rolled back at 42m&#10;&#10;0s  began&#10;&#10;42m ended�</failure>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST_CASE("a report as JSON", "[scenario]") {
  const auto document = plan::from_json(scenario::report_json(two()));
  REQUIRE(document);
  CHECK(document->find("summary")->find("failed")->as_double() == 1);
  const auto& list = document->find("scenarios")->as_list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].find("passed")->as_bool());
  CHECK(list[1].find("name")->as_string() == "a \"spike\" <at> 25 % & more");
  CHECK(list[1].find("failures")->as_list()[0].find("line")->as_double() == 24);
  CHECK(plan::from_json(scenario::report_json({})).has_value());
}
