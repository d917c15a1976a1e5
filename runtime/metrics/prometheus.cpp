#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/http_effect.hpp"
#include "runtime/metrics/prometheus_answer.hpp"
#include "runtime/metrics/source.hpp"

namespace rollout::metrics {

namespace {

using executors::HttpRequest;
using executors::HttpResult;
using plan::Value;

constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kLeastTime = 100 * kMillisecond;
// More slots than this are worth a range query. The server's own limit on points is 11,000.
constexpr std::size_t kSlotsWorthARange = 20;
constexpr Nanoseconds kPointsOfARange = 10'000;

Nanoseconds to_millisecond(Nanoseconds time) {
  return time / kMillisecond * kMillisecond;
}

// What `timestamp(...)` answered are the samples' own times.
void set_times(Sample& sample, const Sample& times) {
  if (times.number) sample.sampled_at = instant_of(*times.number);
  std::map<std::string_view, double> by_name;
  for (const SeriesSample& series : times.series) by_name.emplace(series.name, series.number);
  for (SeriesSample& series : sample.series) {
    if (const auto own = by_name.find(series.name); own != by_name.end()) series.sampled_at = instant_of(own->second);
  }
}

// One question, and for a plain selector a second one about the samples' own times; answered when both are.
struct Inquiry {
  std::vector<Nanoseconds> slots;
  Answer answer;
  std::function<void(const std::string&)> warn;
  std::optional<PrometheusAnswer> values, times;
  bool wants_times = false;

  void finish() const {
    if (!values || (wants_times && !times)) return;
    for (const std::string& warning : values->warnings) warn(warning);
    std::map<Nanoseconds, const Sample*> by_time, time_of;
    for (const auto& [time, sample] : values->samples) by_time[time] = &sample;
    if (times) {
      for (const auto& [time, sample] : times->samples) time_of[time] = &sample;
    }
    for (const Nanoseconds slot : slots) {
      if (!values->error.empty()) {
        answer(slot, Sample::failed(values->error));
        continue;
      }
      const auto found = by_time.find(to_millisecond(slot));
      Sample sample = found == by_time.end() ? Sample{} : *found->second;
      const auto own = time_of.find(to_millisecond(slot));
      if (own != time_of.end()) set_times(sample, *own->second);
      answer(slot, std::move(sample));
    }
  }
};

class Prometheus {
 public:
  Prometheus(const Means& means, const Source& source, HttpRequest request, Nanoseconds deadline, const Answer& answer)
      : means_(means), source_(source), request_(std::move(request)), answer_(answer) {
    request_.timeout = std::max(deadline - means.scheduler.now(), kLeastTime);
    if (const Value* query = executors::find_argument(source.configuration, "query")) query_ = query->as_string();
    base_ = request_.url;
    while (base_.ends_with('/')) base_.pop_back();
  }

  void ask(std::vector<Nanoseconds> slots) {
    std::sort(slots.begin(), slots.end());
    const Nanoseconds step = even_step(slots);
    if (slots.size() > kSlotsWorthARange && step > 0) {
      ask_range(std::move(slots), step);
    } else {
      for (const Nanoseconds slot : slots) inquire({slot}, 0);
    }
  }

 private:
  // The largest step that meets every slot, 0 where a range would hold far more points than slots.
  static Nanoseconds even_step(const std::vector<Nanoseconds>& slots) {
    Nanoseconds step = 0;
    for (std::size_t index = 1; index < slots.size(); ++index) {
      step = std::gcd(step, to_millisecond(slots[index]) - to_millisecond(slots[index - 1]));
    }
    if (step == 0) return 0;
    const Nanoseconds points = (slots.back() - slots.front()) / step;
    return points > static_cast<Nanoseconds>(slots.size()) * 4 ? 0 : step;
  }

  void ask_range(std::vector<Nanoseconds> slots, Nanoseconds step) {
    auto begin = slots.begin();
    while (begin != slots.end()) {
      const Nanoseconds last = *begin + step * kPointsOfARange;
      const auto end = std::upper_bound(begin, slots.end(), last);
      inquire({begin, end}, step);
      begin = end;
    }
  }

  void inquire(std::vector<Nanoseconds> slots, Nanoseconds step) {
    const auto inquiry = std::make_shared<Inquiry>();
    PrometheusQuestion question{query_, slots.front(), slots.back(), step, source_.stale_after, request_.timeout};
    inquiry->slots = std::move(slots);
    inquiry->answer = answer_;
    inquiry->warn = means_.warn;
    inquiry->wants_times = is_plain_selector(query_);
    send(question, inquiry, &Inquiry::values);
    if (!inquiry->wants_times) return;
    question.query = "timestamp(" + query_ + ")";
    send(question, inquiry, &Inquiry::times);
  }

  void send(const PrometheusQuestion& question, const std::shared_ptr<Inquiry>& inquiry,
            std::optional<PrometheusAnswer> Inquiry::* place) {
    const bool is_range = question.first != question.last;
    HttpRequest request = request_;
    request.url = base_ + (is_range ? "/api/v1/query_range" : "/api/v1/query");
    request.body = prometheus_form(question);
    means_.http.start(std::move(request), [inquiry, place, is_range, by = source_.by](const HttpResult& result) {
      (*inquiry).*place = read_prometheus_answer(result, is_range, by);
      inquiry->finish();
    });
  }

  const Means& means_;
  const Source& source_;
  HttpRequest request_;
  Answer answer_;
  std::string query_, base_;
};

}  // namespace

void ask_prometheus(const Means& means, const Source& source, const executors::Secrets& secrets,
                    std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer) {
  auto configuration = source.configuration;
  if (executors::find_argument(configuration, "url") == nullptr)
    configuration.emplace_back("url", Value::string(means.prometheus_url));
  auto request = executors::http_request(configuration, {}, secrets);
  if (!request) {
    for (const Nanoseconds slot : slots) answer(slot, Sample::failed(request.error().message));
    return;
  }
  request->method = "POST";
  request->headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  Prometheus(means, source, std::move(*request), deadline, answer).ask(std::move(slots));
}

}  // namespace rollout::metrics
