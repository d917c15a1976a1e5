#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/plan/plan.hpp"

// The wire: `Content-Length: n`, an empty line, n bytes of UTF-8 JSON. Whatever a plugin writes, reading it never
// faults, never holds more than one frame, and says what is wrong.

namespace rollout::plugins {

inline constexpr std::size_t kMostFrameBytes = 1 << 20;
inline constexpr std::size_t kMostResultBytes = 64 << 10;
inline constexpr std::size_t kMostInFlight = 256;

// The JSON as a frame.
std::string frame(const boost::json::value& message);
// The bytes as a frame, whatever they are.
std::string raw_frame(std::string_view body);

class FrameReader {
 public:
  void add(std::string_view bytes) { pending_ += bytes; }
  // The next whole message, nothing where more bytes are needed. After an error nothing more can be read: where the
  // next frame begins is not known.
  plan::Expected<std::optional<boost::json::value>, std::string> next();

 private:
  plan::Expected<std::optional<std::string>, std::string> next_body();

  std::string pending_;
};

}  // namespace rollout::plugins
