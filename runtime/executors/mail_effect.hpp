#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/executors/mail_sender.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/machine/events.hpp"

// From the machine's effects to mails and back.

namespace rollout::executors {

// The mail that the arguments describe (server, from, to, subject, text, user, password); `key` tells it from others,
// and `now` is its date. Fails where an address is none or a secret cannot be read.
plan::Expected<MailRequest> mail_request(const std::vector<std::pair<std::string, plan::Value>>& arguments,
                                         const std::string& key, Nanoseconds now, const Secrets& secrets);

machine::EffectDone mail_outcome(const machine::StartEffect& effect, const MailResult& result, const Masker& masker);

}  // namespace rollout::executors
