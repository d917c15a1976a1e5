#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/plan.hpp"

// Mails as text: RFC 5322 with MIME's encodings. No I/O.

namespace rollout::executors {

struct MailAddress {
  std::string name;     // UTF-8, may be empty
  std::string address;  // ops@example.com, ASCII
  bool operator==(const MailAddress&) const = default;
};

// "a@example.com, Release team <b@example.com>". Whatever could begin a header or a command of its own is refused.
plan::Expected<std::vector<MailAddress>> read_addresses(std::string_view text);

struct Mail {
  MailAddress from;
  std::vector<MailAddress> to;
  std::string subject;  // one line of UTF-8
  std::string text;     // UTF-8, any line ends
  plan::Nanoseconds date = 0;
  std::string key;  // what tells this mail from any other; the same for a second try
};

// The message as it goes to the server, lines ending in CR LF and at most 78 bytes long where the words allow it.
std::string mail_message(const Mail& mail);
// The first line of the text that says something, at most 150 bytes of it.
std::string subject_of(std::string_view text);

// A header's text: as it is where it is plain ASCII, else in encoded words (RFC 2047).
std::string header_text(std::string_view text);
// RFC 2045's quoted-printable.
std::string quoted_printable(std::string_view text);
// "Thu, 26 Nov 2026 00:53:46 +0000"
std::string mail_date(plan::Nanoseconds instant);

}  // namespace rollout::executors
