#pragma once

#include "runtime/executors/http_client.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/machine/events.hpp"

// Between the machine's words and HTTP: `http.get` and its kin.

namespace rollout::executors {

// The named arguments method, url, query (map), headers (map), bearer, user, password, aws (map: region, service,
// access_key, secret_key, session_token), json, body and form (map) as a request; `key`, where not empty, becomes its
// Idempotency-Key. Fails where the effect must not be started.
plan::Expected<HttpRequest> http_request(const std::vector<std::pair<std::string, plan::Value>>& arguments,
                                         const std::string& key, const Secrets& secrets);

// What the effect came to: { status, headers, text, json, elapsed }. A status of 400 and above is a failure for what
// changes something; who reads (GET, HEAD) judges it himself.
machine::EffectDone http_outcome(const machine::StartEffect& effect, const HttpResult& result, const Masker& masker);

}  // namespace rollout::executors
