#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/plugins/kit_probes.hpp"

// What the probes share: a plugin that was greeted, and words for what it did.

namespace rollout::plugins::probes {

Observed kept();
Observed broken(std::string words);
Observed skipped(std::string why);

// A life of the plugin for one probe. What it printed goes to the subject at its end.
class Session {
 public:
  explicit Session(Subject& subject);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool is_there() const { return client_ != nullptr; }
  const std::string& failure() const { return failure_; }
  Client* operator->() { return client_.get(); }
  Client& operator*() { return *client_; }
  // Greets it; nothing where it went well, else what is broken.
  std::optional<Observed> greet();
  // Whether it still answers.
  bool is_alive();

 private:
  Subject& subject_;
  std::shared_ptr<Client> client_;
  std::string failure_;
};

// The message's error; null where it has none.
const boost::json::object* error_of(const std::optional<boost::json::object>& message);
// The class that an error says; "" where it says none.
std::string class_of(const boost::json::object& error);
// An answer as words: "an error: no such pool", "the result {...}".
std::string words_of(const boost::json::object& message);

// An operation that the schema allows to be tried out.
struct Example {
  const Operation* operation = nullptr;
  boost::json::object arguments, secrets;
  boost::json::object start(const std::string& key, int deadline_milliseconds = 60'000) const;
};
std::vector<Example> examples_of(const Subject& subject);
inline constexpr const char* kNoExamples = "no operation of the schema has an `example`, so none is tried out";

// Whether the JSON is what a result of that type is.
bool is_of_type(const boost::json::value& value, const std::string& type);

// The text that stands for every secret in the kit.
inline constexpr const char* kSecret = "kit-secret-5f2d8c";

}  // namespace rollout::plugins::probes
