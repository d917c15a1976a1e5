#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/plan.hpp"

// Secrets are references until the moment of dispatch, and what was resolved is masked wherever it shows up again.

namespace rollout::executors {

// Replaces known secret values by `***`: as they are (from 4 bytes), and in base64, hexadecimal, URL and JSON encoding
// (from 8 bytes). A second line only: the compiler keeps secrets out of what is shown in the first place.
class Masker {
 public:
  void add(std::string_view secret);
  std::string apply(std::string text) const;
  // As `apply`, for a text that was cut: a secret may have lost its end or its beginning at the cut.
  std::string apply_before_cut(std::string text) const;
  std::string apply_after_cut(std::string text) const;

 private:
  void add_form(std::string form);
  std::vector<std::string> forms_;  // longest first
};

// Reads the secrets of one plan. Failures name the secret, never a value.
class Secrets {
 public:
  // `argument_of` computes a secret's argument: the variable's name or the file's path.
  Secrets(std::shared_ptr<const plan::VerifiedPlan> plan, std::function<plan::Value(plan::RoutineId)> argument_of,
          std::shared_ptr<Masker> masker)
      : plan_(std::move(plan)), argument_of_(std::move(argument_of)), masker_(std::move(masker)) {}

  // The template's text with every secret's value in place; what was read is masked from then on.
  plan::Expected<std::string> resolve(const plan::SecretTemplate& secret) const;
  // The text that a value stands for where a secret may go (environment, headers, input).
  plan::Expected<std::string> text_of(const plan::Value& value) const;
  const Masker& masker() const { return *masker_; }
  const std::shared_ptr<Masker>& shared_masker() const { return masker_; }

 private:
  plan::Expected<std::string> read(std::uint32_t index) const;

  std::shared_ptr<const plan::VerifiedPlan> plan_;
  std::function<plan::Value(plan::RoutineId)> argument_of_;
  std::shared_ptr<Masker> masker_;
};

}  // namespace rollout::executors
