#include "runtime/executors/mail_effect.hpp"

#include <fmt/format.h>

#include "runtime/executors/arguments.hpp"
#include "runtime/executors/mail_message.hpp"
#include "runtime/executors/mail_sender.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

// Empty where the argument is not given.
plan::Expected<std::string> text_argument(const std::vector<std::pair<std::string, plan::Value>>& arguments,
                                          std::string_view name, const Secrets& secrets) {
  const plan::Value* value = find_argument(arguments, name);
  if (value == nullptr) return std::string{};
  auto text = secrets.text_of(*value);
  if (!text) return plan::PlanError{fmt::format("the mail's `{}` is not known: {}", name, text.error().message), 0};
  return text;
}

}  // namespace

plan::Expected<MailRequest> mail_request(const std::vector<std::pair<std::string, plan::Value>>& arguments,
                                         const std::string& key, Nanoseconds now, const Secrets& secrets) {
  MailRequest request;
  std::string from, to;
  Mail mail;
  const std::pair<std::string_view, std::string*> texts[] = {{"server", &request.server},
                                                             {"user", &request.user},
                                                             {"password", &request.password},
                                                             {"from", &from},
                                                             {"to", &to},
                                                             {"text", &mail.text},
                                                             {"subject", &mail.subject}};
  for (const auto& [name, target] : texts) {
    auto text = text_argument(arguments, name, secrets);
    if (!text) return text.error();
    *target = std::move(*text);
  }
  auto senders = read_addresses(from);
  if (!senders) return senders.error();
  auto recipients = read_addresses(to);
  if (!recipients) return recipients.error();
  if (senders->size() != 1) return plan::PlanError{"a mail has one sender", 0};
  mail.from = std::move(senders->front());
  mail.to = std::move(*recipients);
  mail.subject = subject_of(mail.subject.empty() ? mail.text : mail.subject);
  mail.date = now;
  mail.key = key;
  // A password never goes out in the clear, but for this very machine.
  request.must_encrypt = !request.password.empty() && !is_loopback(request.server);
  request.from = mail.from.address;
  for (const MailAddress& address : mail.to) request.to.push_back(address.address);
  request.message = mail_message(mail);
  return request;
}

machine::EffectDone mail_outcome(const machine::StartEffect& effect, const MailResult& result, const Masker& masker) {
  machine::EffectDone done;
  done.effect = effect.effect;
  done.error = masker.apply(result.error);
  switch (result.end) {
    case MailEnd::Sent: done.status = machine::EffectStatus::Succeeded; break;
    case MailEnd::NotSent: done.status = machine::EffectStatus::NotStarted; break;
    case MailEnd::Failed: done.status = machine::EffectStatus::Failed; break;
    case MailEnd::TimedOut: done.status = machine::EffectStatus::TimedOut; break;
    case MailEnd::Cancelled: done.status = machine::EffectStatus::Cancelled; break;
  }
  return done;
}

}  // namespace rollout::executors
