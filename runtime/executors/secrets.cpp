#include "runtime/executors/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/hex.hpp>
#include <boost/algorithm/string/case_conv.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/aws_credentials.hpp"
#include "runtime/executors/failure.hpp"
#include "runtime/executors/secret_providers.hpp"
#include "runtime/executors/text.hpp"
#include "runtime/plan/builtins.hpp"

namespace rollout::executors {

namespace {

constexpr std::size_t kShortestMasked = 4;
constexpr std::size_t kShortestEncoded = 8;
constexpr std::size_t kLargestFile = 1 << 20;
constexpr std::size_t kDeepest = 8;  // secrets that need secrets
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

std::string json_escaped(std::string_view bytes) {
  const std::string quoted = plan::to_json(plan::Value::string(std::string(bytes)));
  return quoted.size() > 2 ? quoted.substr(1, quoted.size() - 2) : std::string{};
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
  add_form(plan::url_encoded(secret));
  add_form(boost::algorithm::hex_lower(std::string(secret)));
  add_form(boost::algorithm::hex(std::string(secret)));
  add_form(json_escaped(secret));
  add_form(boost::algorithm::to_lower_copy(std::string(secret)));  // as names of headers are kept
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

namespace {

plan::Expected<std::string> from_environment(const plan::Secret& secret, const std::string& variable) {
  const char* found = variable.empty() ? nullptr : std::getenv(variable.c_str());
  if (found == nullptr || *found == '\0') {
    return failure(
        fmt::format("secret `{}` has no value: its environment variable is not set where rollout runs", secret.name));
  }
  return std::string(found);
}

plan::Expected<std::string> from_file(const plan::Secret& secret, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return failure(fmt::format("secret `{}` has no value: its file cannot be read where rollout runs", secret.name));
  std::string value(kLargestFile + 1, '\0');
  file.read(value.data(), static_cast<std::streamsize>(value.size()));
  value.resize(static_cast<std::size_t>(file.gcount()));
  if (value.size() > kLargestFile) return failure(fmt::format("secret `{}` is larger than 1 MiB", secret.name));
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  if (value.empty()) return failure(fmt::format("secret `{}` has no value: its file is empty", secret.name));
  return value;
}

bool is_kept_elsewhere(const plan::Secret& secret) {
  return secret.provider != plan::SecretProvider::Environment && secret.provider != plan::SecretProvider::File;
}

void collect(const plan::Value& value, std::set<std::uint32_t>& indexes) {
  for (const plan::SecretPart& part : value.as_secret()) {
    if (part.secret) indexes.insert(*part.secret);
  }
  for (const plan::Value& element : value.as_list()) collect(element, indexes);
  for (const auto& [name, element] : value.as_map()) collect(element, indexes);
}

// Calls `done` when it was told so many times that one has ended.
std::function<void()> countdown(std::size_t count, std::function<void()> done) {
  return [left = std::make_shared<std::size_t>(count), done = std::move(done)] {
    if (--*left == 0) done();
  };
}

}  // namespace

struct Secrets::State : std::enable_shared_from_this<State> {
  std::shared_ptr<const plan::VerifiedPlan> plan;
  std::function<plan::Value(plan::RoutineId)> argument_of;
  std::shared_ptr<Masker> masker;
  SecretStore* store = nullptr;
  std::map<std::uint32_t, plan::Expected<std::string>> fetched;
  std::optional<plan::Expected<AwsCredentials>> aws;

  const plan::Secret* row(std::uint32_t index) const {
    return index < (*plan)->secrets.size() ? &(*plan)->secrets[index] : nullptr;
  }

  plan::Expected<std::string> read(std::uint32_t index) const {
    const plan::Secret* secret = row(index);
    if (secret == nullptr) return failure("a secret that the plan does not declare");
    if (is_kept_elsewhere(*secret)) {
      const auto known = fetched.find(index);
      return known != fetched.end()
                 ? known->second
                 : failure(fmt::format("secret `{}` has no value: nobody is asked for it here", secret->name));
    }
    const std::string argument = argument_of(secret->argument).as_string();
    auto value = secret->provider == plan::SecretProvider::File ? from_file(*secret, argument)
                                                                : from_environment(*secret, argument);
    if (value) masker->add(*value);
    return value;
  }

  plan::Expected<std::string> text_of(const plan::Value& value) const;

  // The configuration of a secret; its texts may be secrets themselves.
  Arguments arguments_of(const plan::Secret& secret) const {
    Arguments arguments = {{"argument", argument_of(secret.argument)}};
    for (const plan::Argument& one : secret.configuration) arguments.emplace_back(one.name, argument_of(one.value));
    return arguments;
  }

  std::set<std::uint32_t> kept_elsewhere_in(const Arguments& arguments) const {
    std::set<std::uint32_t> indexes;
    for (const auto& [name, value] : arguments) collect(value, indexes);
    std::erase_if(indexes, [&](std::uint32_t index) {
      const plan::Secret* secret = row(index);
      return secret == nullptr || !is_kept_elsewhere(*secret);
    });
    return indexes;
  }

  void settle(std::uint32_t index, plan::Expected<std::string> value) {
    const plan::Secret& secret = *row(index);
    if (value) {
      masker->add(*value);
    } else {
      value = failure(fmt::format("secret `{}` has no value: {}: {}", secret.name, provider_name(secret.provider),
                                  value.error().message));
    }
    fetched.insert_or_assign(index, std::move(value));
  }

  // What the secrets need is fetched before them; `depth` ends what a broken plan says in a circle.
  void fetch(const std::set<std::uint32_t>& indexes, std::size_t depth, const std::function<void()>& done) {
    if (indexes.empty()) return done();
    const auto one_done = countdown(indexes.size(), done);
    for (const std::uint32_t index : indexes) {
      const Arguments arguments = arguments_of(*row(index));
      if (depth >= kDeepest || store == nullptr) {
        settle(index, failure(store == nullptr ? "nobody is asked for it here" : "it needs itself"));
        one_done();
        continue;
      }
      fetch(kept_elsewhere_in(arguments), depth + 1, [weak = weak_from_this(), index, arguments, one_done] {
        if (const auto self = weak.lock()) return self->ask(index, arguments, one_done);
        one_done();
      });
    }
  }

  void ask(std::uint32_t index, const Arguments& arguments, const std::function<void()>& one_done) {
    SecretQuestion question{row(index)->name, row(index)->provider, {}};
    for (const auto& [name, value] : arguments) {
      auto text = text_of(value);
      if (!text) {
        settle(index, failure(fmt::format("its `{}` cannot be used: {}", name, text.error().message)));
        return one_done();
      }
      question.arguments.emplace_back(name, std::move(*text));
    }
    store->ask(question, [weak = weak_from_this(), index, one_done](plan::Expected<std::string> value) {
      if (const auto self = weak.lock()) self->settle(index, std::move(value));
      one_done();
    });
  }

  plan::Expected<std::string> resolve(const plan::SecretTemplate& secret) const {
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
};

plan::Expected<std::string> Secrets::State::text_of(const plan::Value& value) const {
  if (value.kind() == plan::ValueKind::Secret) return resolve(value.as_secret());
  if (value.is_missing()) {
    return failure(value.as_string().empty() ? "it has no value"
                                             : fmt::format("it has no value: {}", printable(value.as_string())));
  }
  return plan::to_text(value);
}

Secrets::Secrets(std::shared_ptr<const plan::VerifiedPlan> plan,
                 std::function<plan::Value(plan::RoutineId)> argument_of, std::shared_ptr<Masker> masker,
                 SecretStore* store)
    : state_(std::make_shared<State>()) {
  state_->plan = std::move(plan);
  state_->argument_of = std::move(argument_of);
  state_->masker = std::move(masker);
  state_->store = store;
}

bool needs_aws_credentials(const std::vector<std::pair<std::string, plan::Value>>& arguments) {
  const plan::Value* how = find_argument(arguments, "aws");
  if (how == nullptr || how->kind() != plan::ValueKind::Map) return false;
  const auto is_empty = [&](std::string_view part) {
    const plan::Value* found = how->find(part);
    if (found == nullptr) return true;
    if (found->kind() != plan::ValueKind::Secret)
      return found->kind() == plan::ValueKind::String && found->as_string().empty();
    return std::ranges::all_of(found->as_secret(),
                               [](const plan::SecretPart& one) { return !one.secret && one.text.empty(); });
  };
  return is_empty("access_key") && is_empty("secret_key");
}

bool Secrets::must_fetch(const Arguments& arguments) const {
  return !state_->kept_elsewhere_in(arguments).empty() || needs_aws_credentials(arguments);
}

void Secrets::fetch(const Arguments& arguments, std::function<void()> done) const {
  const std::set<std::uint32_t> indexes = state_->kept_elsewhere_in(arguments);
  if (!needs_aws_credentials(arguments) || state_->store == nullptr) return state_->fetch(indexes, 0, done);
  const auto one_done = countdown(2, std::move(done));
  state_->store->ask_aws([weak = std::weak_ptr(state_), one_done](plan::Expected<AwsCredentials> credentials) {
    if (const auto state = weak.lock()) state->aws = std::move(credentials);
    one_done();
  });
  state_->fetch(indexes, 0, one_done);
}

plan::Expected<AwsCredentials> Secrets::aws_credentials() const {
  if (state_->aws) return *state_->aws;
  return failure("nobody is asked for the credentials of AWS here");
}

plan::Expected<std::string> Secrets::resolve(const plan::SecretTemplate& secret) const {
  return state_->resolve(secret);
}

plan::Expected<std::string> Secrets::text_of(const plan::Value& value) const {
  return state_->text_of(value);
}

const Masker& Secrets::masker() const {
  return *state_->masker;
}

const std::shared_ptr<Masker>& Secrets::shared_masker() const {
  return state_->masker;
}

}  // namespace rollout::executors
