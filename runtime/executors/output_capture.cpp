#include "runtime/executors/output_capture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/executors/text.hpp"

namespace rollout::executors {

void OutputCapture::add(std::string_view bytes) {
  const std::size_t to_head = std::min(bytes.size(), half_ - std::min(half_, head_.size()));
  head_ += bytes.substr(0, to_head);
  bytes.remove_prefix(to_head);
  if (bytes.size() > half_) {
    dropped_ += bytes.size() - half_;
    bytes.remove_prefix(bytes.size() - half_);
  }
  const std::size_t growing = std::min(bytes.size(), half_ - tail_.size());
  tail_ += bytes.substr(0, growing);
  for (const char byte : bytes.substr(growing)) {
    tail_[tail_begin_] = byte;
    tail_begin_ = (tail_begin_ + 1) % half_;
    ++dropped_;
  }
}

std::string OutputCapture::text(const Masker& masker) const {
  const std::string tail = tail_.substr(tail_begin_) + tail_.substr(0, tail_begin_);
  if (dropped_ == 0) return masker.apply(valid_utf8(head_ + tail));
  return fmt::format("{}\n[... {} bytes dropped ...]\n{}", masker.apply_before_cut(valid_utf8(head_)), dropped_,
                     masker.apply_after_cut(valid_utf8(tail)));
}

}  // namespace rollout::executors
