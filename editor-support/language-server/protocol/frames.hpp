// Messages on a stream of bytes: a header with `Content-Length`, an empty line, the body. No JSON here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rollout::language_server::protocol {

// A body, or what was wrong with the bytes that stood in place of one.
struct Frame {
  std::string body;
  std::string error;  // for people; empty for a body
};

// Cuts a stream into frames. What is malformed costs its own frame and nothing behind it.
class FrameReader {
 public:
  // A longer body is skipped and reported, never held.
  explicit FrameReader(std::size_t most_bytes = 64u << 20) : most_bytes_(most_bytes) {}

  void feed(std::string_view bytes);
  // The next whole frame; nothing until more bytes are fed.
  std::optional<Frame> next();

 private:
  std::optional<Frame> read_header();

  std::size_t most_bytes_;
  std::string bytes_;
  std::size_t at_ = 0;                 // in bytes_: what stands before it was handed out
  std::size_t skipped_ = 0;            // bytes of a body that is too long, still to come
  std::optional<std::size_t> length_;  // of the body that comes next
};

// The body with its header.
std::string framed(std::string_view body);

}  // namespace rollout::language_server::protocol
