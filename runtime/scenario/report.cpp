#include "runtime/scenario/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/scenario/expectations.hpp"

namespace rollout::scenario {

namespace {

struct Paint {
  bool colour = false;
  std::string operator()(std::string_view code, std::string_view text) const {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
};
constexpr std::string_view kGreen = "32";
constexpr std::string_view kRed = "31";
constexpr std::string_view kBold = "1";
constexpr std::string_view kDim = "2";

std::size_t failed_count(const std::vector<ReportedResult>& results) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const ReportedResult& one) { return !one.result.passed; }));
}

std::string place(const std::string& file, const plan::Spot& spot) {
  return spot.line == 0 ? file : fmt::format("{}:{}", file, spot.line);
}

Nanoseconds virtual_duration(const Result& result) {
  return result.last - result.start.value_or(result.created);
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// One failure as lines: what was expected, where, and what was observed.
std::vector<std::string> failure_lines(const Failure& failure, const std::string& file) {
  if (failure.expectation.empty())
    return {fmt::format("{}: it could not be played to its end", place(file, failure.spot)), "  " + failure.observed};
  return {fmt::format("{}: {}", place(file, failure.spot), failure.expectation),
          "  observed instead: " + failure.observed};
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\n': escaped += "&#10;"; break;
      case '\t': escaped += "&#9;"; break;
      default:
        // XML 1.0 cannot hold other control characters at all.
        if (static_cast<unsigned char>(c) >= 0x20)
          escaped += c;
        else
          escaped += "\xef\xbf\xbd";
    }
  }
  return escaped;
}

std::string quoted_json(const std::string& text) {
  return plan::to_json(Value::string(text));
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

std::string junit_case(const ReportedResult& one, const ReportOptions& options) {
  const Result& result = one.result;
  std::string text = fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3f}\"",
                                 xml_escaped(result.rollout), xml_escaped(result.scenario), xml_escaped(one.file),
                                 result.spot.line, one.seconds);
  if (result.passed) return text + "/>\n";
  text += ">\n";
  std::vector<std::string> body;
  for (const Failure& failure : result.failures) {
    for (std::string& line : failure_lines(failure, one.file)) body.push_back(std::move(line));
  }
  if (options.timeline) {
    body.emplace_back();
    for (std::string& line : options.timeline(result)) body.push_back(std::move(line));
  }
  const Failure& first = result.failures.front();
  const std::string message = first.expectation.empty() ? first.observed : first.expectation + ": " + first.observed;
  text += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                      first.expectation.empty() ? "not played" : "expectation", xml_escaped(message),
                      xml_escaped(join_lines(body)));
  return text + "    </testcase>\n";
}

std::string json_failure(const Failure& failure, const std::string& file) {
  return fmt::format("{{\"expectation\":{},\"observed\":{},\"file\":{},\"line\":{}}}", quoted_json(failure.expectation),
                     quoted_json(failure.observed), quoted_json(file), failure.spot.line);
}

std::string json_scenario(const ReportedResult& one) {
  const Result& result = one.result;
  std::string failures;
  for (const Failure& failure : result.failures)
    failures += (failures.empty() ? "" : ",") + json_failure(failure, one.file);
  return fmt::format(
      "{{\"name\":{},\"rollout\":{},\"file\":{},\"line\":{},\"passed\":{},\"state\":{},\"end\":{},\"virtual_duration\":"
      "{},"
      "\"failures\":[{}]}}",
      quoted_json(result.scenario), quoted_json(result.rollout), quoted_json(one.file), result.spot.line, result.passed,
      quoted_json(std::string(machine::state_name(result.state))), quoted_json(describe_end(result)),
      quoted_json(plan::duration_text(virtual_duration(result))), failures);
}

}  // namespace

std::string report_text(const std::vector<ReportedResult>& results, const ReportOptions& options) {
  const Paint paint{options.colour};
  std::string text;
  Nanoseconds simulated = 0;
  for (const ReportedResult& one : results) {
    const Result& result = one.result;
    simulated += virtual_duration(result);
    const std::string duration = paint(kDim, fmt::format("({})", plan::duration_text(virtual_duration(result))));
    if (result.passed) {
      text += fmt::format("{} {} {}\n", paint(kGreen, "passed"), result.scenario, duration);
      continue;
    }
    text += fmt::format("{} {} {}\n", paint(kRed, "FAILED"), paint(kBold, result.scenario), duration);
    for (const Failure& failure : result.failures) {
      for (const std::string& line : failure_lines(failure, one.file)) text += "  " + line + "\n";
    }
    if (!options.timeline) continue;
    text += "\n";
    for (const std::string& line : options.timeline(result)) text += line.empty() ? "\n" : "    " + line + "\n";
    text += "\n";
  }
  const std::size_t failed = failed_count(results);
  const std::string counts = failed == 0 ? paint(kGreen, fmt::format("{} passed", plural(results.size(), "scenario")))
                                         : fmt::format("{} of {}", paint(kRed, fmt::format("{} failed", failed)),
                                                       plural(results.size(), "scenario"));
  return text + fmt::format("{}, {} of virtual time\n", counts, plan::duration_text(simulated));
}

std::string report_junit(const std::vector<ReportedResult>& results, const ReportOptions& options) {
  std::vector<std::string> files;
  double seconds = 0;
  for (const ReportedResult& one : results) {
    if (std::find(files.begin(), files.end(), one.file) == files.end()) files.push_back(one.file);
    seconds += one.seconds;
  }
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\" errors=\"0\" "
      "time=\"{:.3f}\">\n",
      results.size(), failed_count(results), seconds);
  for (const std::string& file : files) {
    std::string cases;
    std::size_t tests = 0, failed = 0;
    double suite_seconds = 0;
    for (const ReportedResult& one : results) {
      if (one.file != file) continue;
      ++tests;
      failed += one.result.passed ? 0 : 1;
      suite_seconds += one.seconds;
      cases += junit_case(one, options);
    }
    text += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\">\n{}  </testsuite>\n",
        xml_escaped(file), tests, failed, suite_seconds, cases);
  }
  return text + "</testsuites>\n";
}

std::string report_json(const std::vector<ReportedResult>& results) {
  const std::size_t failed = failed_count(results);
  std::string scenarios;
  for (const ReportedResult& one : results)
    scenarios += (scenarios.empty() ? "\n" : ",\n") + ("  " + json_scenario(one));
  return fmt::format("{{\"scenarios\":[{}{}],\"summary\":{{\"total\":{},\"passed\":{},\"failed\":{}}}}}\n", scenarios,
                     scenarios.empty() ? "" : "\n", results.size(), results.size() - failed, failed);
}

}  // namespace rollout::scenario
