#include <fmt/format.h>

#include <algorithm>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/http_effect.hpp"
#include "runtime/executors/process_effect.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/metrics/source.hpp"
#include "runtime/plan/builtins.hpp"

// Sources that know one number, now.

namespace rollout::metrics {

namespace {

using executors::find_argument;
using plan::Value;
using plan::ValueKind;

constexpr Nanoseconds kLeastTime = 100'000'000;
// Bytes that are kept of a command's output.
constexpr std::size_t kNumberOutput = 1u << 20;
constexpr std::size_t kLogOutput = 8u << 20;

// Answers the slots that are too far gone, and leaves those that the number of now may stand for.
std::vector<Nanoseconds> present_slots(const Means& means, const Source& source, const std::vector<Nanoseconds>& slots,
                                       const Answer& answer) {
  std::vector<Nanoseconds> present;
  for (const Nanoseconds slot : slots) {
    if (means.scheduler.now() - slot > source.every) {
      answer(slot, Sample::no_past());
    } else {
      present.push_back(slot);
    }
  }
  return present;
}

void answer_all(const std::vector<Nanoseconds>& slots, const Sample& sample, const Answer& answer) {
  for (const Nanoseconds slot : slots) answer(slot, sample);
}

Sample sample_of(const Value& value, const std::string& where) {
  if (value.is_missing()) return {};
  if (value.kind() == ValueKind::Number) return Sample::of_number(value.as_double());
  if (value.kind() == ValueKind::Bool) return Sample::of_number(value.as_bool() ? 1 : 0);
  if (value.kind() == ValueKind::String) return Sample::of_text(value.as_string());
  return Sample::failed(
      fmt::format("{} is {}, not a number", where, value.kind() == ValueKind::List ? "a list" : "an object"));
}

std::string text_argument(const Source& source, std::string_view name) {
  const Value* value = find_argument(source.configuration, name);
  return value == nullptr ? std::string{} : value->as_string();
}

// Runs the source's command and answers the slots with what `read` makes of its result.
void ask_command(const Means& means, const Source& source, const executors::Secrets& secrets,
                 std::vector<Nanoseconds> slots, Nanoseconds deadline, std::size_t output_limit,
                 const std::function<Sample(const executors::ProcessResult&, const executors::Masker&)>& read,
                 const Answer& answer) {
  slots = present_slots(means, source, slots, answer);
  if (slots.empty()) return;
  auto request = executors::process_request(source.configuration, secrets, {1'000'000'000, output_limit});
  if (!request) return answer_all(slots, Sample::failed(request.error().message), answer);
  request->timeout = std::max(deadline - means.scheduler.now(), kLeastTime);
  const Nanoseconds timeout = request->timeout;
  means.processes.start(*request, [slots, timeout, read, answer,
                                   masker = secrets.shared_masker()](const executors::ProcessResult& result) {
    const std::string error = executors::process_failure(result, {0}, *masker, timeout);
    answer_all(slots, error.empty() ? read(result, *masker) : Sample::failed("the command failed: " + error), answer);
  });
}

}  // namespace

Sample number_in(std::string_view text, const std::string& pointer) {
  const std::optional<Value> json = plan::from_json(executors::trimmed(text));
  if (pointer.empty()) {
    if (json) return sample_of(*json, "the answer");
    const std::string_view word = executors::trimmed(text);
    if (word.empty()) return {};
    if (const auto number = parse_number(word)) return Sample::of_number(*number);
    if (word.find('\n') == std::string_view::npos && word.size() <= 100) return Sample::of_text(std::string(word));
    return Sample::failed(fmt::format("the answer is neither a number nor JSON: {}", executors::printable(word, 80)));
  }
  if (!json) {
    return Sample::failed(fmt::format("the answer is not JSON, so `{}` cannot be looked up: {}",
                                      executors::printable(pointer, 80),
                                      executors::printable(executors::trimmed(text), 80)));
  }
  if (pointer.front() != '/') {
    return Sample::failed(
        fmt::format("`{}` is not a JSON pointer, which begins with `/`", executors::printable(pointer, 80)));
  }
  const Value* found = plan::find_by_pointer(*json, pointer);
  if (found == nullptr) return {};
  return sample_of(*found, fmt::format("`{}` of the answer", executors::printable(pointer, 80)));
}

void ask_http_number(const Means& means, const Source& source, const executors::Secrets& secrets,
                     std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer) {
  slots = present_slots(means, source, slots, answer);
  if (slots.empty()) return;
  auto request = executors::http_request(source.configuration, {}, secrets);
  if (!request) return answer_all(slots, Sample::failed(request.error().message), answer);
  request->timeout = std::max(deadline - means.scheduler.now(), kLeastTime);
  const std::string pointer = text_argument(source, "at");
  means.http.start(std::move(*request), [slots, pointer, answer](const executors::HttpResult& result) {
    Sample sample;
    if (result.end != executors::HttpEnd::Answered) {
      sample = Sample::failed(result.error);
    } else if (result.status >= 300) {
      sample = Sample::failed(fmt::format("the server answered {}", result.status));
    } else if (result.dropped > 0) {
      sample = Sample::failed("the answer is larger than 1 MiB");
    } else {
      sample = number_in(result.body, pointer);
    }
    answer_all(slots, sample, answer);
  });
}

void ask_command_number(const Means& means, const Source& source, const executors::Secrets& secrets,
                        std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer) {
  const std::string pointer = text_argument(source, "at");
  const auto read = [pointer](const executors::ProcessResult& result, const executors::Masker& masker) {
    return number_in(result.output.text(masker), pointer);
  };
  ask_command(means, source, secrets, std::move(slots), deadline, kNumberOutput, read, answer);
}

void ask_log_count(const Means& means, const Source& source, const executors::Secrets& secrets,
                   std::vector<Nanoseconds> slots, Nanoseconds deadline, const Answer& answer) {
  const std::string pattern = text_argument(source, "matching");
  const auto read = [pattern](const executors::ProcessResult& result, const executors::Masker& masker) {
    // What was left out cannot be counted, and a smaller number would look healthier.
    if (result.output.dropped() > 0)
      return Sample::failed("the command wrote more than 8 MiB, so its lines cannot be counted");
    const auto count = plan::count_matching_lines(result.output.text(masker), pattern);
    return count ? Sample::of_number(static_cast<double>(*count)) : Sample::failed(count.error().message);
  };
  ask_command(means, source, secrets, std::move(slots), deadline, kLogOutput, read, answer);
}

}  // namespace rollout::metrics
