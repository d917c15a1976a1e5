#pragma once

#include <cstdint>
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

class SecretStore;
struct AwsCredentials;

// Whether a request with these arguments is signed for AWS (`aws:`) with the credentials that this process has.
bool needs_aws_credentials(const std::vector<std::pair<std::string, plan::Value>>& arguments);

// Reads the secrets of one plan. Failures name the secret, never a value.
class Secrets {
 public:
  using Arguments = std::vector<std::pair<std::string, plan::Value>>;

  // `argument_of` computes a secret's arguments: the variable's name, the file's path, an address. Without a store,
  // secrets that others keep have no value. The store outlives this.
  Secrets(std::shared_ptr<const plan::VerifiedPlan> plan, std::function<plan::Value(plan::RoutineId)> argument_of,
          std::shared_ptr<Masker> masker, SecretStore* store = nullptr);

  // Whether these arguments hold secrets that have to be fetched before they can be used.
  bool must_fetch(const Arguments& arguments) const;
  // Asks the providers for them. `done` is called once, possibly before this returns: then every such secret has a
  // value or a reason why it has none, for the functions below. Where this object is gone by then, `done` is still
  // called: see `alive`.
  void fetch(const Arguments& arguments, std::function<void()> done) const;
  // Expires with this object.
  std::weak_ptr<const void> alive() const { return state_; }

  // The template's text with every secret's value in place; what was read is masked from then on.
  plan::Expected<std::string> resolve(const plan::SecretTemplate& secret) const;
  // The text that a value stands for where a secret may go (environment, headers, input).
  plan::Expected<std::string> text_of(const plan::Value& value) const;
  // Those that this process has, once `fetch` has asked for them.
  plan::Expected<AwsCredentials> aws_credentials() const;
  const Masker& masker() const;
  const std::shared_ptr<Masker>& shared_masker() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rollout::executors
