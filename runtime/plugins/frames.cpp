#include "runtime/plugins/frames.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <charconv>

#include "runtime/executors/text.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

namespace rollout::plugins {

namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::size_t kMostHeadBytes = 256;

// The length that a head announces.
plan::Expected<std::size_t, std::string> length_in(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  std::optional<std::size_t> length;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    std::string lower;
    for (const char letter : line.substr(0, kName.size()))
      lower += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    if (lower != kName) continue;
    const std::string_view digits = executors::trimmed(line.substr(kName.size()));
    std::size_t number = 0;
    const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || at != digits.data() + digits.size() || length) {
      return fmt::format("its frame announces the length `{}`", executors::printable(digits, 40));
    }
    length = number;
  }
  if (!length) return std::string("its frame has no Content-Length");
  return *length;
}

}  // namespace

std::string raw_frame(std::string_view body) {
  return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

std::string frame(const boost::json::value& message) {
  return raw_frame(boost::json::serialize(message));
}

plan::Expected<std::optional<std::string>, std::string> FrameReader::next_body() {
  const auto end = pending_.find(kEndOfHead);
  if (end == std::string::npos) {
    if (pending_.size() < kMostHeadBytes + kEndOfHead.size()) return std::optional<std::string>();
    return fmt::format("what it wrote is no frame: `{}`", executors::printable(pending_, 60));
  }
  if (end > kMostHeadBytes) return fmt::format("what it wrote is no frame: `{}`", executors::printable(pending_, 60));
  const auto length = length_in(std::string_view(pending_).substr(0, end));
  if (!length) return length.error();
  if (*length > kMostFrameBytes) {
    return fmt::format("its frame has {} bytes, the most is {}", *length, kMostFrameBytes);
  }
  const std::size_t begin = end + kEndOfHead.size();
  if (pending_.size() < begin + *length) return std::optional<std::string>();
  std::string body = pending_.substr(begin, *length);
  pending_.erase(0, begin + *length);
  return std::optional(std::move(body));
}

plan::Expected<std::optional<boost::json::value>, std::string> FrameReader::next() {
  auto body = next_body();
  if (!body) return body.error();
  if (!*body) return std::optional<boost::json::value>();
  auto parsed = parse_strict(**body);
  if (!parsed) return fmt::format("its message cannot be read: {}", parsed.error());
  if (!parsed->is_object()) return std::string("its message is no object");
  return std::optional(std::move(*parsed));
}

}  // namespace rollout::plugins
