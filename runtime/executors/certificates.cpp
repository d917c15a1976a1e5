#include "runtime/executors/certificates.hpp"

#include <cstdlib>

namespace rollout::executors {

void trust_certificates(CURL* easy) {
  const auto given = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
  };
  if (const char* file = given("SSL_CERT_FILE")) curl_easy_setopt(easy, CURLOPT_CAINFO, file);
  if (const char* folder = given("SSL_CERT_DIR")) curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
}

}  // namespace rollout::executors
