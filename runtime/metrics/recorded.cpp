#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/metrics/source.hpp"

// Samples that something else writes into a CSV file. The file is read anew for each poll, as it may grow.

namespace rollout::metrics {

namespace {

using plan::PlanError;
using plan::RecordedRow;
using plan::RecordedSeries;

constexpr std::size_t kLargestFile = 64u << 20;

struct Descriptor {
  explicit Descriptor(const std::string& path) : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

// "`metrics.csv` in /srv/shop": where a relative path was looked for.
std::string shown_path(const std::string& path) {
  const std::string name = fmt::format("`{}`", executors::printable(path));
  std::error_code ignored;
  const std::string here = std::filesystem::current_path(ignored).string();
  return path.starts_with('/') || here.empty() ? name : fmt::format("{} in {}", name, executors::printable(here));
}

PlanError failure(const std::string& path, std::string_view why) {
  return {fmt::format("cannot measure from the file {}: {}", shown_path(path), why), 0};
}

plan::Expected<std::string> read_file(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) return failure(path, "this is no path");
  const Descriptor file(path);
  if (file.number < 0) return failure(path, std::strerror(errno));
  struct stat status{};
  if (::fstat(file.number, &status) != 0) return failure(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return failure(path, "it is not a regular file");
  std::string text;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t count = ::read(file.number, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(path, std::strerror(errno));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kLargestFile) return failure(path, "it is larger than 64 MiB");
  }
}

Sample sample_of(const RecordedRow& row) {
  Sample sample;
  sample.sampled_at = row.time;
  switch (row.kind) {
    case RecordedRow::Kind::NoData: return sample;
    case RecordedRow::Kind::Error: return Sample::failed("the file has `error` for this time");
    case RecordedRow::Kind::Value: break;
  }
  sample.status = ReadingStatus::Value;
  sample.text = row.text;
  return sample;
}

}  // namespace

plan::Expected<RecordedSeries> read_samples(const std::string& path) {
  auto text = read_file(path);
  if (!text) return text.error();
  // What is being written has no line end yet: half a number is no sample.
  text->resize(text->rfind('\n') == std::string::npos ? 0 : text->rfind('\n') + 1);
  RecordedSeries series = plan::read_recorded_series(*text);
  if (!series.problems.empty()) return failure(path, series.problems.front());
  if (!series.rows.empty() && series.rows.front().relative) {
    return failure(path, fmt::format("line {}: the time is a duration, which only a scenario has a start for; write "
                                     "instants (`2026-01-05T02:00:00Z`)",
                                     series.rows.front().line));
  }
  return series;
}

void ask_file(const Source& source, const executors::Secrets& secrets, const std::vector<Nanoseconds>& slots,
              const Answer& answer) {
  const plan::Value* argument = executors::find_argument(source.configuration, "path");
  const auto path = secrets.text_of(argument == nullptr ? plan::Value::missing("no path") : *argument);
  const auto series = path ? read_samples(*path) : plan::Expected<RecordedSeries>(path.error());
  for (const Nanoseconds slot : slots) {
    if (!series) {
      answer(slot, Sample::failed(series.error().message));
      continue;
    }
    const auto after = std::ranges::upper_bound(series->rows, slot, {}, &RecordedRow::time);
    answer(slot, after == series->rows.begin() ? Sample{} : sample_of(*std::prev(after)));
  }
}

}  // namespace rollout::metrics
