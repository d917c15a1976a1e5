#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>

#include "runtime/plugins/client.hpp"
#include "runtime/plugins/kit.hpp"
#include "runtime/plugins/schema/schema.hpp"

// The single probes. Each starts the plugin anew, so that what one breaks does not make another fail.

namespace rollout::plugins {

// What one probe saw.
struct Observed {
  Verdict verdict{};
  std::string words;
};

// The plugin under test, and what the probes so far have learnt of it.
struct Subject {
  explicit Subject(std::string program) : path(std::move(program)) {}
  std::string path;
  bool talks = false;            // it answers `hello`
  std::string name;              // as in `hello`
  boost::json::value described;  // once `describe` was answered
  std::optional<Schema> schema;
  std::optional<plan::PluginAccess> access;  // what its lives are kept to
  std::string printed;                       // by all its lives, on the standard output
};

namespace probes {

#define PROBE(name, function, rule, mend) Observed function(Subject& subject);
#include "runtime/plugins/kit.def"
#undef PROBE

}  // namespace probes

}  // namespace rollout::plugins
