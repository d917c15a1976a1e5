// Whose certificates are trusted.
#pragma once

#include <curl/curl.h>

namespace rollout::executors {

// The system's, or instead those of SSL_CERT_FILE and SSL_CERT_DIR, as other programs read them too: a company's own
// authority is told once for all of them.
void trust_certificates(CURL* easy);

}  // namespace rollout::executors
