#include "runtime/executors/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "runtime/plan/passed_variables.hpp"

namespace rollout::executors {

namespace {

// Who and where one is, how to speak, where tools keep their settings, how to reach the network. Nothing that is a
// credential.
constexpr std::array<std::string_view, 27> kInherited{"PATH",
                                                      "HOME",
                                                      "USER",
                                                      "LOGNAME",
                                                      "SHELL",
                                                      "LANG",
                                                      "LANGUAGE",
                                                      "TZ",
                                                      "TMPDIR",
                                                      "TERM",
                                                      "KUBECONFIG",
                                                      "DOCKER_HOST",
                                                      "DOCKER_CONFIG",
                                                      "SSH_AUTH_SOCK",
                                                      "SSL_CERT_FILE",
                                                      "SSL_CERT_DIR",
                                                      "XDG_CONFIG_HOME",
                                                      "XDG_CACHE_HOME",
                                                      "XDG_RUNTIME_DIR",
                                                      "HTTP_PROXY",
                                                      "HTTPS_PROXY",
                                                      "NO_PROXY",
                                                      "ALL_PROXY",
                                                      "http_proxy",
                                                      "https_proxy",
                                                      "no_proxy",
                                                      "all_proxy"};

}  // namespace

bool is_inherited(std::string_view name) {
  return name.starts_with("LC_") || std::find(kInherited.begin(), kInherited.end(), name) != kInherited.end();
}

std::vector<std::string> child_environment(const EnvironmentVariables& given) {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || !is_inherited(text.substr(0, equals))) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  variables.emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
  for (const auto& [name, value] : given) variables.insert_or_assign(name, value);
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

EnvironmentVariables variables_passed_by(std::string_view pattern) {
  EnvironmentVariables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || !plan::is_passed_by(pattern, text.substr(0, equals))) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  }
  return {};
}

}  // namespace rollout::executors
