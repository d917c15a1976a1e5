#include "runtime/executors/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

constexpr std::size_t kShortestMasked = 4;
constexpr std::size_t kShortestEncoded = 8;
constexpr std::size_t kLargestFile = 1 << 20;
constexpr std::string_view kMask = "***";

// Base64 of the bytes when `offset` other bytes stand before them, only the characters that the bytes alone determine.
std::string base64_core(std::string_view bytes, std::size_t offset) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string padded = std::string(offset, '\0') + std::string(bytes);
  std::string text;
  const std::size_t first = (offset * 8 + 5) / 6;
  const std::size_t last = padded.size() * 8 / 6;
  for (std::size_t index = first; index < last; ++index) {
    unsigned bits = 0;
    for (std::size_t bit = index * 6; bit < index * 6 + 6; ++bit) {
      bits = bits << 1 | (static_cast<unsigned char>(padded[bit / 8]) >> (7 - bit % 8) & 1U);
    }
    text += kAlphabet[bits];
  }
  return text;
}

std::string url_encoded(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       std::string_view("-._~").find(byte) != std::string_view::npos;
    text += plain ? std::string(1, byte) : fmt::format("%{:02X}", static_cast<unsigned char>(byte));
  }
  return text;
}

std::string hexadecimal(std::string_view bytes, bool upper) {
  std::string text;
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    text += upper ? fmt::format("{:02X}", number) : fmt::format("{:02x}", number);
  }
  return text;
}

std::string json_escaped(std::string_view bytes) {
  const std::string quoted = plan::to_json(plan::Value::string(std::string(bytes)));
  return quoted.size() > 2 ? quoted.substr(1, quoted.size() - 2) : std::string{};
}

plan::PlanError failure(std::string message) {
  return {std::move(message), 0};
}

}  // namespace

void Masker::add_form(std::string form) {
  if (form.size() < kShortestMasked || std::find(forms_.begin(), forms_.end(), form) != forms_.end()) return;
  forms_.push_back(std::move(form));
  std::sort(forms_.begin(), forms_.end(), [](const std::string& left, const std::string& right) {
    return left.size() != right.size() ? left.size() > right.size() : left < right;
  });
}

void Masker::add(std::string_view secret) {
  if (std::find(forms_.begin(), forms_.end(), secret) != forms_.end()) return;
  add_form(std::string(secret));
  if (secret.size() < kShortestEncoded) return;
  for (std::size_t offset = 0; offset < 3; ++offset) add_form(base64_core(secret, offset));
  add_form(url_encoded(secret));
  add_form(hexadecimal(secret, false));
  add_form(hexadecimal(secret, true));
  add_form(json_escaped(secret));
}

std::string Masker::apply(std::string text) const {
  for (const std::string& form : forms_) {
    for (auto at = text.find(form); at != std::string::npos; at = text.find(form, at + kMask.size())) {
      text.replace(at, form.size(), kMask);
    }
  }
  return text;
}

std::string Masker::apply_before_cut(std::string text) const {
  text = apply(std::move(text));
  for (const std::string& form : forms_) {
    for (std::size_t length = std::min(form.size() - 1, text.size()); length >= kShortestMasked; --length) {
      if (!text.ends_with(std::string_view(form).substr(0, length))) continue;
      return text.replace(text.size() - length, length, kMask);
    }
  }
  return text;
}

std::string Masker::apply_after_cut(std::string text) const {
  text = apply(std::move(text));
  for (const std::string& form : forms_) {
    for (std::size_t length = std::min(form.size() - 1, text.size()); length >= kShortestMasked; --length) {
      if (!text.starts_with(std::string_view(form).substr(form.size() - length))) continue;
      return text.replace(0, length, kMask);
    }
  }
  return text;
}

plan::Expected<std::string> Secrets::read(std::uint32_t index) const {
  if (index >= (*plan_)->secrets.size()) return failure("a secret that the plan does not declare");
  const plan::Secret& secret = (*plan_)->secrets[index];
  const std::string argument = argument_of_(secret.argument).as_string();
  std::string value;
  switch (secret.provider) {
    case plan::SecretProvider::Environment: {
      const char* found = argument.empty() ? nullptr : std::getenv(argument.c_str());
      if (found == nullptr || *found == '\0') {
        return failure(fmt::format("secret `{}` has no value: its environment variable is not set where rollout runs",
                                   secret.name));
      }
      value = found;
      break;
    }
    case plan::SecretProvider::File: {
      std::ifstream file(argument, std::ios::binary);
      if (!file)
        return failure(
            fmt::format("secret `{}` has no value: its file cannot be read where rollout runs", secret.name));
      value.resize(kLargestFile + 1);
      file.read(value.data(), static_cast<std::streamsize>(value.size()));
      value.resize(static_cast<std::size_t>(file.gcount()));
      if (value.size() > kLargestFile) return failure(fmt::format("secret `{}` is larger than 1 MiB", secret.name));
      if (value.ends_with('\n')) value.pop_back();
      if (value.ends_with('\r')) value.pop_back();
      if (value.empty()) return failure(fmt::format("secret `{}` has no value: its file is empty", secret.name));
      break;
    }
  }
  masker_->add(value);
  return value;
}

plan::Expected<std::string> Secrets::resolve(const plan::SecretTemplate& secret) const {
  std::string text;
  for (const plan::SecretPart& part : secret) {
    text += part.text;
    if (!part.secret) continue;
    const auto value = read(*part.secret);
    if (!value) return value.error();
    text += *value;
  }
  return text;
}

plan::Expected<std::string> Secrets::text_of(const plan::Value& value) const {
  if (value.kind() == plan::ValueKind::Secret) return resolve(value.as_secret());
  if (value.is_missing()) {
    return failure(value.as_string().empty() ? "it has no value"
                                             : fmt::format("it has no value: {}", printable(value.as_string())));
  }
  return plan::to_text(value);
}

}  // namespace rollout::executors
