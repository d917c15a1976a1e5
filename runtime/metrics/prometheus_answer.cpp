#include "runtime/metrics/prometheus_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "runtime/executors/text.hpp"
#include "runtime/plan/series.hpp"

namespace rollout::metrics {

namespace {

using executors::printable;
using plan::Value;
using plan::ValueKind;

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:";
constexpr std::size_t kErrorLength = 400;

std::string form_encoded(std::string_view text) {
  std::string encoded;
  for (const char byte : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(byte)) != 0 ||
                       std::string_view("-._~").find(byte) != std::string_view::npos;
    encoded += plain ? std::string(1, byte) : fmt::format("%{:02X}", static_cast<unsigned char>(byte));
  }
  return encoded;
}

std::string seconds_text(Nanoseconds time) {
  return fmt::format("{}.{:03}", time / 1'000'000'000, time / 1'000'000 % 1'000);
}

std::string text_at(const Value& value, std::string_view key) {
  const Value* found = value.find(key);
  return found == nullptr ? std::string{} : found->as_string();
}

// A point is [seconds, "number"].
std::optional<std::pair<Nanoseconds, double>> read_point(const Value& point) {
  if (point.kind() != ValueKind::List || point.as_list().size() != 2) return std::nullopt;
  const auto number = parse_number(point.as_list()[1].as_string());
  if (!number) return std::nullopt;
  return std::pair{instant_of(point.as_list()[0].as_double()), *number};
}

std::string series_name(const Value& series) {
  const Value* labels = series.find("metric");
  std::string text;
  if (labels != nullptr) {
    for (const auto& [name, value] : labels->as_map()) {
      if (name != "__name__") text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, value.as_string());
    }
  }
  return "{" + printable(text, 80) + "}";
}

std::string too_many(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const std::size_t count = names.size();
  names.resize(std::min<std::size_t>(count, 2));
  return fmt::format(
      "the query returned {} series, where the metric needs exactly one: {}{}; narrow it with labels, add them up, for "
      "example `sum(...)`, or group the metric: `metric name by label: ...`",
      count, fmt::join(names, ", "), count > 2 ? ", ..." : "");
}

// The series that have a value at one instant.
struct Collected {
  std::vector<SeriesSample> series;
  std::vector<std::string> shown;  // as Prometheus writes them
};

Sample one_of(const Collected& collected) {
  return collected.series.size() == 1 ? Sample::of_number(collected.series.front().number)
                                      : Sample::failed(too_many(collected.shown));
}

Sample all_of(Collected collected) {
  std::map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < collected.series.size(); ++i) {
    const auto [known, fresh] = first.emplace(collected.series[i].name, i);
    if (fresh) continue;
    return Sample::failed(fmt::format(
        "the query returned two series that the metric's labels do not tell apart: {} and {}; group by another label "
        "too, or add them up, for example `sum by (...) (...)`",
        collected.shown[known->second], collected.shown[i]));
  }
  Sample sample;
  sample.status = ReadingStatus::Value;
  sample.series = std::move(collected.series);
  return sample;
}

// The series' name by its values of the labels; nothing, with the reason, where it lacks one.
std::optional<std::string> name_of(const Value& series, const std::vector<std::string>& by, std::string& problem) {
  const Value* labels = series.find("metric");
  std::vector<std::string> values;
  for (const std::string& label : by) {
    std::string value = labels == nullptr ? std::string{} : text_at(*labels, label);
    if (value.empty()) {
      problem =
          fmt::format("the series {} has no label `{}`, by which the metric is grouped", series_name(series), label);
      return std::nullopt;
    }
    values.push_back(std::move(value));
  }
  return plan::series_name(values);
}

std::vector<const Value*> points_of(const Value& series) {
  std::vector<const Value*> points;
  if (const Value* single = series.find("value")) points.push_back(single);
  if (const Value* many = series.find("values")) {
    for (const Value& point : many->as_list()) points.push_back(&point);
  }
  return points;
}

void read_series(const Value& data, const std::vector<std::string>& by, PrometheusAnswer& answer) {
  std::map<Nanoseconds, Collected> by_time;
  const Value* result = data.find("result");
  for (const Value& series : result == nullptr ? plan::List{} : result->as_list()) {
    const std::vector<const Value*> points = points_of(series);
    if (points.empty() && (series.find("histogram") != nullptr || series.find("histograms") != nullptr)) {
      answer.error = "the query returned a histogram; take a number from it, for example with `histogram_quantile`";
      return;
    }
    const auto name = name_of(series, by, answer.error);
    if (!name) return;
    for (const Value* point : points) {
      const auto read = read_point(*point);
      if (!read) {
        answer.error = "the server answered a point that is not a number";
        return;
      }
      Collected& collected = by_time[read->first];
      collected.series.push_back({*name, read->second, {}});
      collected.shown.push_back(series_name(series));
    }
  }
  for (auto& [time, collected] : by_time) {
    answer.samples.emplace_back(time, by.empty() ? one_of(collected) : all_of(std::move(collected)));
  }
}

void read_data(const Value& data, bool is_range, const std::vector<std::string>& by, PrometheusAnswer& answer) {
  const std::string type = text_at(data, "resultType");
  if (type == "vector" || (type == "matrix" && is_range)) {
    read_series(data, by, answer);
  } else if (type == "matrix") {
    answer.error =
        "the query returned a range of samples; take one value of it, for example with `rate(...)` or without `[...]`";
  } else if (type == "scalar" && !by.empty()) {
    answer.error = "the query returned a scalar, which has no labels to group by";
  } else if (type == "scalar") {
    const Value* result = data.find("result");
    const auto point = result == nullptr ? std::nullopt : read_point(*result);
    if (point) {
      answer.samples.emplace_back(point->first, Sample::of_number(point->second));
    } else {
      answer.error = "the server answered a scalar that is not a number";
    }
  } else {
    answer.error = fmt::format("the query returned a {}, not a number",
                               type.empty() ? "thing without a type" : printable(type, 40));
  }
}

std::string whole_failure(const executors::HttpResult& result, const std::optional<Value>& json) {
  if (result.end != executors::HttpEnd::Answered) return result.error;
  if (result.dropped > 0) return "the server's answer is larger than 1 MiB; narrow the query";
  if (json && text_at(*json, "status") == "error") {
    return fmt::format("{}: {}", printable(text_at(*json, "errorType"), 40),
                       printable(text_at(*json, "error"), kErrorLength));
  }
  if (result.status != 200) {
    const std::string words = printable(executors::trimmed(result.body), 120);
    return fmt::format("the server answered {}{}{}", result.status, words.empty() ? "" : ": ", words);
  }
  if (!json || text_at(*json, "status") != "success" || json->find("data") == nullptr) {
    return "the answer is not that of a Prometheus server; check the metric's `url`";
  }
  return {};
}

}  // namespace

Nanoseconds instant_of(double seconds) {
  constexpr double kLatest = 9e9;
  if (!(std::abs(seconds) <= kLatest)) seconds = seconds > 0 ? kLatest : 0;
  return static_cast<Nanoseconds>(std::llround(seconds * 1'000)) * 1'000'000;
}

std::string prometheus_form(const PrometheusQuestion& question) {
  std::string form = fmt::format("query={}", form_encoded(question.query));
  if (question.first == question.last) {
    form += "&time=" + seconds_text(question.first);
  } else {
    form += fmt::format("&start={}&end={}&step={}", seconds_text(question.first), seconds_text(question.last),
                        seconds_text(question.step));
  }
  if (question.timeout > 0) form += fmt::format("&timeout={}", seconds_text(question.timeout));
  // Known from 2.43 on, ignored before.
  if (question.look_back > 0) form += fmt::format("&lookback_delta={}", seconds_text(question.look_back));
  return form;
}

PrometheusAnswer read_prometheus_answer(const executors::HttpResult& result, bool is_range,
                                        const std::vector<std::string>& by) {
  PrometheusAnswer answer;
  const std::optional<Value> json = plan::from_json(result.body);
  answer.error = whole_failure(result, json);
  if (!answer.error.empty()) return answer;
  if (const Value* warnings = json->find("warnings")) {
    for (const Value& warning : warnings->as_list()) answer.warnings.push_back(printable(warning.as_string()));
  }
  read_data(*json->find("data"), is_range, by, answer);
  return answer;
}

bool is_plain_selector(std::string_view query) {
  query = executors::trimmed(query);
  const auto name_end = std::min(query.find_first_not_of(kNameCharacters), query.size());
  if (name_end > 0 && query.front() >= '0' && query.front() <= '9') return false;
  query.remove_prefix(name_end);
  query = executors::trimmed(query);
  if (query.empty()) return name_end > 0;
  if (query.front() != '{' || query.back() != '}') return false;
  char quote = 0;
  for (std::size_t index = 1; index + 1 < query.size(); ++index) {
    const char byte = query[index];
    if (quote != 0) {
      if (byte == '\\' && quote != '`') {
        ++index;
      } else if (byte == quote) {
        quote = 0;
      }
    } else if (byte == '"' || byte == '\'' || byte == '`') {
      quote = byte;
    } else if (byte == '}' || byte == '{') {
      return false;
    }
  }
  return quote == 0;
}

}  // namespace rollout::metrics
