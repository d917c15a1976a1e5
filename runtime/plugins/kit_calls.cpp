#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <functional>

#include "runtime/executors/text.hpp"
#include "runtime/plugins/kit_session.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

// Probes of operations and metrics: only those that the schema has an example for are carried out.

namespace rollout::plugins::probes {

namespace json = boost::json;

namespace {

constexpr int kDoneWithin = 10'000;

std::string said(Session& session) {
  session->ended_within(100);
  return session->silence();
}

const json::value* result_in(const std::optional<json::object>& outcome) {
  const auto* result = outcome ? object_member(*outcome, "result") : nullptr;
  return result == nullptr ? nullptr : result->if_contains("result");
}

Observed demand_invalid(Session& session, const std::optional<json::object>& answer, const std::string& asked) {
  if (!answer) return broken(fmt::format("was asked for {} and {}", asked, said(session)));
  const auto* error = error_of(answer);
  if (error == nullptr) return broken(fmt::format("answered {} with {}", asked, words_of(*answer)));
  const std::string its_class = class_of(*error);
  if (its_class == "invalid") return kept();
  return broken(fmt::format("refused {} with the class `{}`: a host takes that for a call that may have been begun",
                            asked, executors::printable(its_class, 40)));
}

struct MetricExample {
  std::string name;
  json::object arguments;
  bool past = false;
};

std::vector<MetricExample> metric_examples(const Subject& subject) {
  std::vector<MetricExample> examples;
  const auto* object = subject.described.if_object();
  const auto* metrics = object == nullptr ? nullptr : array_member(*object, "metrics");
  if (metrics == nullptr || !subject.schema) return examples;
  for (std::size_t index = 0; index < metrics->size(); ++index) {
    const auto* shown = object_member((*metrics)[index].get_object(), "example");
    const Metric& metric = subject.schema->metrics[index];
    if (shown != nullptr) examples.push_back({metric.name, *shown, metric.past});
  }
  return examples;
}

bool is_sample(const json::value& value) {
  return value.is_number() || value.is_null();
}

// Of each example that the plugin is asked with `method`, where its schema has that feature.
Observed each_example(Subject& subject, const std::string& method,
                      const std::function<std::string(const json::object& result)>& wrong_with) {
  if (!subject.schema || !subject.schema->has(method))
    return skipped(fmt::format("`features` of the schema has no {}", method));
  const auto examples = examples_of(subject);
  if (examples.empty()) return skipped(kNoExamples);
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  for (const Example& one : examples) {
    json::array unknown;
    for (const auto& [name, value] : one.secrets) unknown.emplace_back(name);
    const auto answer = session->call(
        method, {{"operation", one.operation->name}, {"args", one.arguments}, {"unknown", std::move(unknown)}});
    if (!answer) return broken(fmt::format("was asked about `{}` and {}", one.operation->name, said(session)));
    const auto* result = object_member(*answer, "result");
    const std::string wrong = result == nullptr ? "answered with " + words_of(*answer) : wrong_with(*result);
    if (!wrong.empty())
      return broken(fmt::format("was asked about the example of `{}` and {}", one.operation->name, wrong));
  }
  return kept();
}

}  // namespace

Observed unknown_operation(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call(
      "op.start",
      {{"op_key", "kit/unknown"}, {"operation", "no_such_operation"}, {"deadline_ms", 1000}, {"args", json::object{}}});
  return demand_invalid(session, answer, "`no_such_operation`");
}

// Null where every argument of every operation has a default.
const Operation* needing_an_argument(const Schema& schema) {
  const auto needs = [](const Operation& operation) {
    return std::ranges::any_of(operation.parameters, [](const Parameter& one) { return one.default_text.empty(); });
  };
  const auto found = std::ranges::find_if(schema.operations, needs);
  return found == schema.operations.end() ? nullptr : &*found;
}

Observed missing_argument(Subject& subject) {
  if (!subject.schema) return skipped("it has no schema");
  const Operation* found = needing_an_argument(*subject.schema);
  if (found == nullptr) return skipped("no operation needs an argument");
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call(
      "op.start",
      {{"op_key", "kit/missing"}, {"operation", found->name}, {"deadline_ms", 1000}, {"args", json::object{}}});
  return demand_invalid(session, answer, fmt::format("`{}` without arguments", found->name));
}

Observed unknown_key(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer =
      session->call("op.status", {{"op_key", "kit/never"}, {"operation", "x"}, {"args", json::object{}}});
  if (!answer) return broken("was asked for a key that never was and " + said(session));
  const auto* result = object_member(*answer, "result");
  const std::string state = result == nullptr ? std::string() : text_member(*result, "state");
  constexpr std::string_view kStates[] = {"unknown", "running", "succeeded", "failed"};
  if (std::ranges::find(kStates, state) == std::end(kStates)) return broken("answered with " + words_of(*answer));
  return state == "unknown" ? kept() : broken("says that a call that never was is " + state);
}

Observed cancel_unknown(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call("op.cancel", {{"op_key", "kit/never"}, {"reason", "kit"}, {"grace_ms", 100}});
  if (!answer) return broken("was asked to cancel a key that never was and " + said(session));
  return session.is_alive() ? kept() : broken("answered nothing after that");
}

Observed example(Subject& subject) {
  const auto examples = examples_of(subject);
  if (examples.empty()) return skipped(kNoExamples);
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  for (const Example& one : examples) {
    const std::string key = "kit/example/" + one.operation->name;
    const auto outcome = session->outcome(session->request("op.start", one.start(key)), key, kDoneWithin);
    if (!outcome) return broken(fmt::format("was asked for `{}` and {}", one.operation->name, said(session)));
    if (error_of(outcome) != nullptr)
      return broken(fmt::format("answered the example of `{}` with {}", one.operation->name, words_of(*outcome)));
    const json::value* result = result_in(outcome);
    const json::value given = result == nullptr ? json::value() : *result;
    if (!is_of_type(given, one.operation->result)) {
      return broken(fmt::format("`{}` gave {}, which is no {}", one.operation->name,
                                executors::printable(json::serialize(given), 60), one.operation->result));
    }
    if (json::serialize(given).size() > kMostResultBytes)
      return broken(fmt::format("`{}` gave more than 64 KiB", one.operation->name));
  }
  return kept();
}

Observed same_key(Subject& subject) {
  const auto examples = examples_of(subject);
  if (examples.empty()) return skipped(kNoExamples);
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const Example& one = examples.front();
  const auto first = session->outcome(session->request("op.start", one.start("kit/same")), "kit/same", kDoneWithin);
  const auto second = session->outcome(session->request("op.start", one.start("kit/same")), "kit/same", kDoneWithin);
  if (!second) return broken("was sent a call again and " + said(session));
  if (error_of(second) != nullptr) return broken("answered a call that came again with " + words_of(*second));
  const json::value *given = result_in(first), *again = result_in(second);
  const bool same = (given == nullptr) == (again == nullptr) && (given == nullptr || *given == *again);
  return same ? kept() : broken("gave another result when a call came again under its key");
}

Observed other_arguments(Subject& subject) {
  const auto examples = examples_of(subject);
  if (examples.empty()) return skipped(kNoExamples);
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  Example one = examples.front();
  session->outcome(session->request("op.start", one.start("kit/other")), "kit/other", kDoneWithin);
  one.arguments["kit_says_otherwise"] = true;
  return demand_invalid(session, session->call("op.start", one.start("kit/other")), "a key with other arguments");
}

Observed status(Subject& subject) {
  const auto examples = examples_of(subject);
  if (examples.empty()) return skipped(kNoExamples);
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const Example& one = examples.front();
  session->outcome(session->request("op.start", one.start("kit/status")), "kit/status", kDoneWithin);
  const auto answer = session->call(
      "op.status", {{"op_key", "kit/status"}, {"operation", one.operation->name}, {"args", one.arguments}});
  const auto* result = answer ? object_member(*answer, "result") : nullptr;
  if (result != nullptr && text_member(*result, "state") == "succeeded") return kept();
  return broken("was asked for a call that is over and " +
                (answer ? "answered with " + words_of(*answer) : said(session)));
}

Observed cancel_race(Subject& subject) {
  const auto examples = examples_of(subject);
  if (examples.empty()) return skipped(kNoExamples);
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto start = session->request("op.start", examples.front().start("kit/race"));
  session->request("op.cancel", {{"op_key", "kit/race"}, {"reason", "kit"}, {"grace_ms", 1000}});
  if (!session->outcome(start, "kit/race", kDoneWithin)) return broken("was cancelled and " + said(session));
  session->listen(100);
  const auto is_answer = [&](const json::object& message) {
    const json::value* found = message.if_contains("id");
    return found != nullptr && *found == start;
  };
  return std::ranges::count_if(session->messages(), is_answer) == 1 ? kept() : broken("ended one call twice");
}

Observed deadline(Subject& subject) {
  const auto examples = examples_of(subject);
  if (examples.empty()) return skipped(kNoExamples);
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto start = session->request("op.start", examples.front().start("kit/deadline", 1));
  return session->outcome(start, "kit/deadline", 5000) ? kept() : broken("had 1 ms, and 5 s later " + said(session));
}

Observed heartbeat(Subject& subject) {
  const auto examples = examples_of(subject);
  const auto promises = [](const Example& one) { return one.operation->heartbeat_seconds > 0; };
  const auto found = std::ranges::find_if(examples, promises);
  if (found == examples.end()) return skipped("no operation with an `example` has a `heartbeat_s`");
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const int longest = 3000 * found->operation->heartbeat_seconds;
  const auto start = session->request("op.start", found->start("kit/heartbeat"));
  for (int waited = 0; waited < kDoneWithin; waited += longest) {
    const auto before = session->messages().size();
    if (session->outcome(start, "kit/heartbeat", std::min(longest, kDoneWithin - waited))) return kept();
    if (!session->problem().empty()) return skipped("what it says cannot be read");
    if (longest <= kDoneWithin - waited && session->messages().size() == before) {
      return broken(fmt::format("said nothing of `{}` for {} s, and promises a heartbeat every {} s",
                                found->operation->name, longest / 1000, found->operation->heartbeat_seconds));
    }
  }
  return kept();
}

Observed validate(Subject& subject) {
  return each_example(subject, "validate", [](const json::object& result) -> std::string {
    const auto* diagnostics = array_member(result, "diagnostics");
    if (diagnostics == nullptr) return "gave no `diagnostics`";
    for (const json::value& one : *diagnostics) {
      const auto* object = one.if_object();
      const std::string severity = object == nullptr ? std::string() : text_member(*object, "severity");
      if ((severity != "error" && severity != "warning") || text_member(*object, "summary").empty())
        return "gave a diagnostic without a `severity` or `summary`";
      if (severity == "error") return "refuses it: " + executors::printable(text_member(*object, "summary"), 120);
    }
    return {};
  });
}

Observed validate_missing(Subject& subject) {
  if (!subject.schema || !subject.schema->has("validate")) return skipped("`features` of the schema has no validate");
  const Operation* found = needing_an_argument(*subject.schema);
  if (found == nullptr) return skipped("no operation needs an argument");
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer =
      session->call("validate", {{"operation", found->name}, {"args", json::object{}}, {"unknown", json::array{}}});
  if (!answer) return broken("was asked about a call without arguments and " + said(session));
  const auto* result = object_member(*answer, "result");
  const auto* diagnostics = result == nullptr ? nullptr : array_member(*result, "diagnostics");
  if (diagnostics == nullptr) return broken("answered a call without arguments with " + words_of(*answer));
  const auto refuses = [](const json::value& one) {
    return one.is_object() && text_member(one.get_object(), "severity") == "error";
  };
  return std::ranges::any_of(*diagnostics, refuses)
             ? kept()
             : broken(fmt::format("finds nothing wrong with `{}` without arguments", found->name));
}

Observed plan(Subject& subject) {
  return each_example(subject, "plan", [](const json::object& result) -> std::string {
    const json::value* text = result.if_contains("text");
    if (text == nullptr || (!text->is_string() && !text->is_null())) return "gave no `text`";
    return text->is_string() && text->get_string().empty() ? "gave an empty `text`" : "";
  });
}

Observed secrets(Subject& subject) {
  const auto examples = examples_of(subject);
  const auto takes = [](const Example& one) { return !one.secrets.empty(); };
  const auto found = std::ranges::find_if(examples, takes);
  if (found == examples.end()) return skipped("no operation with an `example` takes a secret");
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  session->outcome(session->request("op.start", found->start("kit/secret")), "kit/secret", kDoneWithin);
  session->listen(200);
  const auto tells = [](const json::object& message) {
    return json::serialize(message).find(kSecret) != std::string::npos;
  };
  if (std::ranges::any_of(session->messages(), tells)) return broken("gave the secret back");
  const bool printed = (session->printed() + session->complained()).find(kSecret) != std::string::npos;
  return printed ? broken("printed the secret") : kept();
}

Observed metric(Subject& subject) {
  const auto examples = metric_examples(subject);
  if (examples.empty()) return skipped("no metric of the schema has an `example`");
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  for (const MetricExample& one : examples) {
    const auto answer =
        session->call("metrics.query", {{"metric", one.name}, {"deadline_ms", 5000}, {"args", one.arguments}});
    if (!answer) return broken(fmt::format("was asked for `{}` and {}", one.name, said(session)));
    const auto* result = object_member(*answer, "result");
    const json::value* value = result == nullptr ? nullptr : result->if_contains("value");
    if (value == nullptr || !is_sample(*value))
      return broken(fmt::format("answered `{}` with {}", one.name, words_of(*answer)));
  }
  return kept();
}

Observed metric_past(Subject& subject) {
  const auto examples = metric_examples(subject);
  const auto found = std::ranges::find_if(examples, &MetricExample::past);
  if (found == examples.end()) return skipped("no metric with an `example` has a past");
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call("metrics.query", {{"metric", found->name},
                                                      {"deadline_ms", 5000},
                                                      {"from", "2026-01-01T00:00:00Z"},
                                                      {"to", "2026-01-01T00:01:00Z"},
                                                      {"step", 15},
                                                      {"args", found->arguments}});
  if (!answer) return broken("was asked for five slots and " + said(session));
  const auto* result = object_member(*answer, "result");
  const auto* values = result == nullptr ? nullptr : array_member(*result, "values");
  if (values == nullptr) return broken("answered with " + words_of(*answer));
  if (values->size() != 5) return broken(fmt::format("was asked for five slots and gave {}", values->size()));
  return std::ranges::all_of(*values, is_sample) ? kept() : broken("gave something else than numbers and null");
}

}  // namespace rollout::plugins::probes
