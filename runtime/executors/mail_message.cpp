#include "runtime/executors/mail_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "runtime/executors/text.hpp"
#include "runtime/plan/format.hpp"

namespace rollout::executors {

namespace {

constexpr std::size_t kLongestSubject = 150;
constexpr std::size_t kLongestAddress = 254;
constexpr std::size_t kMostRecipients = 100;
constexpr std::size_t kLongestLine = 76;
// `=?UTF-8?Q?` and `?=` are 12 of an encoded word's 75 bytes.
constexpr std::size_t kLongestEncoded = 63;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_plain(std::string_view text) {
  const auto printable_ascii = [](char c) { return c >= ' ' && c <= '~'; };
  return std::ranges::all_of(text, printable_ascii) && text.find("=?") == std::string_view::npos;
}

std::string hex_of(char byte) {
  return fmt::format("={:02X}", static_cast<unsigned char>(byte));
}

// One character of UTF-8, however many bytes it has.
std::string_view first_character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) ++length;
  return text.substr(0, length);
}

plan::PlanError wrong_address(std::string_view text, std::string_view why) {
  return {fmt::format("`{}` is not a mail address: {}", printable(text, 80), why), 0};
}

plan::Expected<MailAddress> read_address(std::string_view text) {
  MailAddress result;
  std::string_view address = text;
  if (text.ends_with('>')) {
    const auto open = text.rfind('<');
    if (open == std::string_view::npos) return wrong_address(text, "its `<` is missing");
    address = text.substr(open + 1, text.size() - open - 2);
    std::string_view name = trimmed(text.substr(0, open));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    result.name = valid_utf8(name);
  }
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    return wrong_address(text, "it holds a line break");
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size())
    return wrong_address(text, "it is written `name@example.com`");
  const auto fits = [](char c) {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.@").find(c) != std::string_view::npos;
  };
  if (address.size() > kLongestAddress || !std::ranges::all_of(address, fits) ||
      std::ranges::count(address, '@') != 1) {
    return wrong_address(text, "it may hold ASCII letters, digits and a few signs, and one `@`");
  }
  result.address = address;
  return result;
}

std::string shown_address(const MailAddress& address) {
  if (address.name.empty()) return address.address;
  if (!is_plain(address.name)) return fmt::format("{} <{}>", header_text(address.name), address.address);
  std::string quoted;
  for (const char c : address.name) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return fmt::format("\"{}\" <{}>", quoted, address.address);
}

}  // namespace

plan::Expected<std::vector<MailAddress>> read_addresses(std::string_view text) {
  std::vector<MailAddress> addresses;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] == '"') quoted = !quoted;
    if (at < text.size() && (text[at] != ',' || quoted)) continue;
    auto address = read_address(trimmed(text.substr(begin, at - begin)));
    if (!address) return address.error();
    addresses.push_back(std::move(*address));
    begin = at + 1;
    if (addresses.size() > kMostRecipients) return plan::PlanError{"a mail goes to at most 100 addresses", 0};
  }
  return addresses;
}

std::string subject_of(std::string_view text) {
  const std::string_view all = trimmed(text);
  const std::string_view line = trimmed(all.substr(0, all.find_first_of("\r\n")));
  if (line.empty()) return "(no text)";
  return printable(line, kLongestSubject);
}

std::string header_text(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  const std::string valid = valid_utf8(text);
  std::string result, word;
  const auto end_word = [&] {
    result += fmt::format("{}=?UTF-8?Q?{}?=", result.empty() ? "" : "\r\n ", word);
    word.clear();
  };
  for (std::string_view rest = valid; !rest.empty();) {
    const std::string_view character = first_character(rest);
    rest.remove_prefix(character.size());
    std::string encoded;
    for (const char byte : character) encoded += is_letter_or_digit(byte) ? std::string(1, byte) : hex_of(byte);
    if (character == " ") encoded = "_";
    if (word.size() + encoded.size() > kLongestEncoded) end_word();
    word += encoded;
  }
  if (!word.empty()) end_word();
  return result;
}

std::string quoted_printable(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string result;
  std::size_t column = 0;
  for (std::size_t at = 0; at < valid.size(); ++at) {
    const char byte = valid[at];
    const bool crlf = byte == '\r' && at + 1 < valid.size() && valid[at + 1] == '\n';
    if (byte == '\n' || byte == '\r') {
      result += "\r\n";
      column = 0;
      at += crlf ? 1 : 0;
      continue;
    }
    const bool line_ends = at + 1 == valid.size() || valid[at + 1] == '\n' || valid[at + 1] == '\r';
    const bool blank = byte == ' ' || byte == '\t';
    // A dot at a line's beginning means something to SMTP.
    const bool plain = byte >= '!' && byte <= '~' && byte != '=' && (byte != '.' || column > 0);
    const std::string next = plain || (blank && !line_ends) ? std::string(1, byte) : hex_of(byte);
    if (column + next.size() >= kLongestLine) {
      result += "=\r\n";
      column = 0;
    }
    // After a soft break the dot stands at the beginning again.
    const std::string written = column == 0 && next == "." ? hex_of(byte) : next;
    result += written;
    column += written.size();
  }
  return result;
}

std::string mail_date(plan::Nanoseconds instant) {
  using namespace std::chrono;
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds time{floor<seconds>(nanoseconds(instant))};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays[weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string mail_message(const Mail& mail) {
  std::string to;
  for (const MailAddress& address : mail.to) to += (to.empty() ? "" : ",\r\n ") + shown_address(address);
  const std::string domain = mail.from.address.substr(mail.from.address.rfind('@') + 1);
  return fmt::format(
      "Date: {}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
      "Auto-Submitted: auto-generated\r\n\r\n{}\r\n",
      mail_date(mail.date), shown_address(mail.from), to, header_text(mail.subject),
      plan::sha256_hex(mail.key).substr(0, 40), domain, quoted_printable(mail.text));
}

}  // namespace rollout::executors
