#include "runtime/command/preflight.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "runtime/console/text.hpp"
#include "runtime/engine/engine.hpp"
#include "runtime/metrics/source.hpp"
#include "runtime/plan/evaluate.hpp"

namespace rollout::command {

namespace {

constexpr long kTimeoutSeconds = 5;

std::size_t discard(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

// Nothing where the server answers a query, else why not.
std::optional<std::string> ask(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), curl_easy_cleanup);
  if (handle == nullptr) return "libcurl could not be started";
  const std::string query = url + "/api/v1/query?query=1";
  curl_easy_setopt(handle.get(), CURLOPT_URL, query.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, discard);
  if (const CURLcode code = curl_easy_perform(handle.get()); code != CURLE_OK) return curl_easy_strerror(code);
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return fmt::format("it answers HTTP {}", status);
  return std::nullopt;
}

// The text of one of the metric's arguments, or `otherwise` where it has none; empty where only the run can know it.
std::string argument_of(const plan::Plan& plan, const plan::Metric& metric, std::string_view name,
                        const std::vector<plan::Value>& variables, const std::string& otherwise) {
  for (const plan::Argument& argument : metric.configuration) {
    if (argument.name != name || argument.value == plan::kNone) continue;
    plan::Environment environment;
    environment.variables = variables;
    const plan::Value value = plan::evaluate(plan, argument.value, environment);
    return value.kind() == plan::ValueKind::String ? value.as_string() : std::string();
  }
  return otherwise;
}

}  // namespace

std::string prometheus_url(const std::string& given, const plan::Plan& plan) {
  if (!given.empty()) return given;
  if (!plan.environment.prometheus_url.empty()) return plan.environment.prometheus_url;
  if (const char* url = std::getenv("PROMETHEUS_URL"); url != nullptr && *url != '\0') return url;
  return engine::EngineOptions{}.prometheus_url;
}

std::optional<std::string> unreachable_source(const plan::VerifiedPlan& plan, const ParameterValues& parameters,
                                              const std::string& prometheus_url) {
  std::vector<plan::Value> variables(plan->variables.size());
  for (const plan::Parameter& parameter : plan->parameters) {
    for (const auto& [name, value] : parameters) {
      if (name == parameter.name) variables[parameter.variable] = value;
    }
  }
  std::map<std::string, std::string> first_metric;  // by address
  for (const plan::Metric& metric : plan->metrics) {
    if (metric.provider == plan::MetricProvider::File) {
      const std::string path = argument_of(*plan, metric, "path", variables, {});
      const auto samples = metrics::read_samples(path);
      if (!path.empty() && !samples) {
        return fmt::format("{}, so there is no `{}`", console::escaped(samples.error().message), metric.name);
      }
    }
    if (metric.provider != plan::MetricProvider::Prometheus) continue;
    const std::string url = argument_of(*plan, metric, "url", variables, prometheus_url);
    if (!url.empty()) first_metric.emplace(url, metric.name);
  }
  for (const auto& [url, metric] : first_metric) {
    if (const auto why = ask(url)) {
      return fmt::format(
          "Prometheus at {} does not answer ({}), so `{}` cannot be measured; start it or name another with "
          "--prometheus",
          console::escaped(url), console::escaped(*why), metric);
    }
  }
  return std::nullopt;
}

}  // namespace rollout::command
