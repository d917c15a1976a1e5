#include "editor-support/language-server/protocol/frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace rollout::language_server::protocol {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";
constexpr std::size_t kMostHeaderBytes = 8192;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool equal_names(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  });
}

// Nothing where no line says it in digits.
std::optional<std::size_t> content_length(std::string_view header) {
  while (!header.empty()) {
    const auto end = header.find(kLineEnd);
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + kLineEnd.size());
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equal_names(trimmed(line.substr(0, colon)), "Content-Length")) continue;
    const std::string_view digits = trimmed(line.substr(colon + 1));
    std::size_t length = 0;
    const auto [stopped, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || stopped != digits.data() + digits.size()) return std::nullopt;
    return length;
  }
  return std::nullopt;
}

}  // namespace

void FrameReader::feed(std::string_view bytes) {
  const std::size_t dropped = std::min(skipped_, bytes.size());
  skipped_ -= dropped;
  bytes.remove_prefix(dropped);
  bytes_.erase(0, at_);
  at_ = 0;
  bytes_ += bytes;
}

std::optional<Frame> FrameReader::read_header() {
  const std::size_t end = bytes_.find(kHeaderEnd, at_);
  if (end == std::string::npos) {
    if (bytes_.size() - at_ <= kMostHeaderBytes) return std::nullopt;
    // No header is that long: whatever this is, it is no frame.
    at_ = bytes_.size();
    return Frame{
        {}, fmt::format("a header of more than {} bytes; a message begins with `Content-Length: N`", kMostHeaderBytes)};
  }
  const std::string_view header = std::string_view(bytes_).substr(at_, end - at_);
  const auto length = content_length(header);
  at_ = end + kHeaderEnd.size();
  if (!length) return Frame{{}, "a header without `Content-Length: N`; the message was passed over"};
  if (*length > most_bytes_) {
    const std::size_t here = std::min(*length, bytes_.size() - at_);
    at_ += here;
    skipped_ = *length - here;
    return Frame{{}, fmt::format("a message of {} bytes was passed over; {} is the most", *length, most_bytes_)};
  }
  length_ = length;
  return std::nullopt;
}

std::optional<Frame> FrameReader::next() {
  if (!length_) {
    if (auto error = read_header()) return error;
  }
  if (!length_ || bytes_.size() - at_ < *length_) return std::nullopt;
  Frame frame{bytes_.substr(at_, *length_), {}};
  at_ += *length_;
  length_.reset();
  return frame;
}

std::string framed(std::string_view body) {
  return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

}  // namespace rollout::language_server::protocol
