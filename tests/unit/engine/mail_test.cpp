#include <catch2/catch.hpp>
#include <random>

#include "runtime/executors/mail_effect.hpp"
#include "runtime/executors/mail_message.hpp"
#include "runtime/executors/mail_sender.hpp"
#include "runtime/executors/text.hpp"
#include "tests/unit/engine/engine_world.hpp"
#include "tests/unit/engine/mail_server.hpp"

using namespace rollout;
using namespace rollout::engine;
using namespace rollout::engine::test;
using Catch::Contains;
using executors::MailAddress;
using machine::RecordKind;
using machine::RunState;

namespace {

// What a mail program makes of quoted-printable.
std::string unquoted_printable(const std::string& encoded) {
  std::string text;
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    if (encoded[at] != '=') {
      text += encoded[at];
    } else if (encoded.compare(at, 3, "=\r\n") == 0) {
      at += 2;
    } else {
      text += static_cast<char>(std::stoi(encoded.substr(at + 1, 2), nullptr, 16));
      at += 2;
    }
  }
  return text;
}

// And of encoded words.
std::string decoded_header(const std::string& header) {
  std::string text;
  for (std::size_t at = 0; at < header.size();) {
    if (header.compare(at, 10, "=?UTF-8?Q?") != 0) {
      text += header[at++];
      continue;
    }
    const auto end = header.find("?=", at + 10);
    std::string word = header.substr(at + 10, end - at - 10);
    std::replace(word.begin(), word.end(), '_', ' ');
    text += unquoted_printable(word);
    at = end + 2;
    // Between two encoded words white space counts for nothing.
    if (header.compare(at, 3, "\r\n ") == 0) at += 3;
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find("\r\n", begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return lines;
}

plan::EffectId mail(CommandPlan& commands, std::vector<std::pair<std::string, std::string>> arguments) {
  plan::Effect row;
  row.kind = plan::EffectKind::Mail;
  row.effect_class = plan::EffectClass::Idempotent;
  row.text = "smtp.send";
  row.timeout = commands.build.duration_routine(2 * kSecond);
  for (const auto& [name, value] : arguments) row.arguments.push_back({name, commands.build.string_routine(value)});
  return commands.build.add(std::move(row));
}

std::vector<std::pair<std::string, std::string>> usual(const std::string& server) {
  return {{"server", server},
          {"from", "Rollout <rollout@example.com>"},
          {"to", "team@example.com, Dana <dana@example.com>"},
          {"text", "shop v2 rolled back\nerrors > 5 % for 3m \xe2\x80\x94 see the log\n.\nThe end"}};
}

RunState send(World& world, std::vector<std::pair<std::string, std::string>> arguments) {
  CommandPlan commands;
  commands.step(mail(commands, std::move(arguments)), plan::EffectClass::Idempotent);
  return world.play(commands.finish());
}

}  // namespace

TEST_CASE("a mail goes to a server with everything that mail programs want") {
  World world;
  MailServer server(world.io);
  REQUIRE(send(world, usual(server.url())) == RunState::Succeeded);
  REQUIRE(server.messages.size() == 1);
  const auto& commands = server.commands;
  CHECK(std::count(commands.begin(), commands.end(), "MAIL FROM:<rollout@example.com>") == 1);
  CHECK(std::count(commands.begin(), commands.end(), "RCPT TO:<team@example.com>") == 1);
  CHECK(std::count(commands.begin(), commands.end(), "RCPT TO:<dana@example.com>") == 1);
  const std::string& message = server.messages.front();
  const auto body = message.find("\r\n\r\n");
  REQUIRE(body != std::string::npos);
  const std::string head = message.substr(0, body + 2);
  CHECK_THAT(head, Contains("From: \"Rollout\" <rollout@example.com>\r\n"));
  CHECK_THAT(head, Contains("To: team@example.com,\r\n \"Dana\" <dana@example.com>\r\n"));
  CHECK_THAT(head, Contains("Subject: shop v2 rolled back\r\n"));
  const auto line_of = [&](const std::string& name) {
    const auto begin = head.find(name + ": ");
    return begin == std::string::npos ? std::string{} : head.substr(begin, head.find("\r\n", begin) - begin);
  };
  CHECK_THAT(line_of("Date"), Catch::Matches("Date: [A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]+ [0-9:]+ .0000"));
  CHECK_THAT(line_of("Message-ID"), Catch::Matches("Message-ID: <[0-9a-f]+@example.com>"));
  CHECK_THAT(unquoted_printable(message.substr(body + 4)),
             Contains("errors > 5 % for 3m \xe2\x80\x94 see the log\r\n.\r\nThe end"));
  server.stop();
}

TEST_CASE("the same mail has the same id, another one another") {
  executors::Mail one{{"", "a@example.com"}, {{"", "b@example.com"}}, "s", "t", 0, "r1@2026/notify/1"};
  executors::Mail other = one;
  CHECK(executors::mail_message(one) == executors::mail_message(other));
  other.key = "r1@2026/notify/2";
  CHECK(executors::mail_message(one) != executors::mail_message(other));
}

TEST_CASE("what could begin a header of its own is refused, or a part of its text") {
  for (const char* address :
       {"", "team", "@example.com", "team@", "a b@example.com", "a@b@c", "a@example.com\r\nBcc: x@y.z",
        "a@example.com>\r\nDATA", "<a@example.com", "a@example.com,", "t\xc3\xa9@example.com"}) {
    INFO(address);
    CHECK_FALSE(executors::read_addresses(address));
  }
  CHECK(*executors::read_addresses("\"Doe, Jane\" <jane@example.com>, bo@example.com") ==
        std::vector<MailAddress>{{"Doe, Jane", "jane@example.com"}, {"", "bo@example.com"}});
  const std::string evil = "hello\r\nBcc: everybody@example.com\r\n\r\nBuy";
  CHECK(executors::subject_of(evil) == "hello");
  CHECK(executors::subject_of(" \n\t\n") == "(no text)");
  const executors::Mail mail{{"Eve\r\nBcc: x", "a@example.com"}, {{"", "b@example.com"}}, evil, evil, 0, "k"};
  const std::string message = executors::mail_message(mail);
  for (const std::string& line : lines_of(message.substr(0, message.find("\r\n\r\n")))) {
    INFO(line);
    CHECK_FALSE(line.starts_with("Bcc"));
  }
}

TEST_CASE("any text comes through a mail as it was, in short lines of ASCII") {
  std::mt19937 random(7);
  const std::vector<std::string> parts{
      "a",  "word ",      " ", "\t",    "=",    ".",    "\n",  "\r\n", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x80",
      "?=", "=?UTF-8?Q?", "_", "From ", "\x01", "\xff", "\x7f"};
  for (int round = 0; round < 3'000; ++round) {
    std::string text;
    const auto count = random() % 120;
    for (std::uint32_t part = 0; part < count; ++part) text += parts[random() % parts.size()];
    std::string expected = executors::valid_utf8(text);
    // Lines end in CR LF in mails.
    for (std::size_t at = 0; (at = expected.find('\n', at)) != std::string::npos; at += 2) {
      if (at == 0 || expected[at - 1] != '\r')
        expected.insert(at, "\r");
      else
        --at;
    }
    const std::string encoded = executors::quoted_printable(text);
    REQUIRE(unquoted_printable(encoded) == expected);
    for (const std::string& line : lines_of(encoded)) {
      REQUIRE(line.size() <= 76);
      REQUIRE_FALSE(line.starts_with('.'));
      REQUIRE(std::all_of(line.begin(), line.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; }));
    }
    const std::string subject = executors::subject_of(text);
    const std::string header = executors::header_text(subject);
    REQUIRE(decoded_header(header) == subject);
    for (const std::string& line : lines_of(header)) REQUIRE(line.size() <= 160);
  }
}

TEST_CASE("dates are those of RFC 5322") {
  CHECK(executors::mail_date(0) == "Thu, 1 Jan 1970 00:00:00 +0000");
  CHECK(executors::mail_date(1'795'654'426'999'999'999) == "Thu, 26 Nov 2026 00:53:46 +0000");
}

TEST_CASE("whatever goes wrong with the mail server is said, and the step fails") {
  struct Case {
    std::string at, says, why;
  };
  const auto one = GENERATE(
      Case{"RCPT TO:<dana@example.com>", "550 no such user\r\n", "550"}, Case{"DATA", "554 no\r\n", "554"},
      Case{".", "552 too large\r\n", "552"}, Case{"(connected)", "BYE", "did not take the mail"},
      Case{"(connected)", "no greeting at all\r\n", "did not take the mail"}, Case{".", "BYE", "did not take the mail"},
      Case{"(connected)", std::string(200'000, 'x') + "\r\n", "did not take the mail"},
      Case{"MAIL FROM:<rollout@example.com>", "", "within 2s"});
  World world;
  MailServer server(world.io, [&](const std::string& command) -> std::optional<std::string> {
    return command == one.at ? std::optional(one.says) : std::nullopt;
  });
  INFO(one.at << " -> " << one.says.substr(0, 40));
  CHECK(send(world, usual(server.url())) == RunState::RolledBack);
  CHECK_THAT(world.text(), Contains(one.why));
  server.stop();
}

TEST_CASE("a mail server that is down, and addresses that are none") {
  World world;
  auto arguments = usual("smtp://127.0.0.1:1");
  std::string why = "the mail server `smtp://127.0.0.1:1` did not take the mail";
  SECTION("down") {}
  SECTION("another scheme") {
    arguments[0].second = "http://127.0.0.1";
    why = "is not the address of a mail server";
  }
  SECTION("a password in the address") {
    arguments[0].second = "smtp://me:hidden@127.0.0.1";
    why = "give them with `user:` and `password:`";
  }
  SECTION("no recipient") {
    arguments[2].second = "the team";
    why = "`the team` is not a mail address";
  }
  CHECK(send(world, arguments) == RunState::RolledBack);
  CHECK_THAT(world.text(), Contains(why));
  CHECK_THAT(world.first_text(RecordKind::Outcome, "error"), !Contains("hidden"));
}

TEST_CASE("a password is sent to this machine, and never unencrypted to another") {
  CHECK(executors::is_loopback("smtp://127.0.0.1:25"));
  CHECK(executors::is_loopback("smtp://localhost"));
  CHECK(executors::is_loopback("smtp://[::1]:25"));
  CHECK_FALSE(executors::is_loopback("smtp://127.0.0.1.example.com"));
  CHECK_FALSE(executors::is_loopback("smtp://mail.example.com"));
  World world;
  MailServer server(world.io);
  auto arguments = usual(server.url());
  arguments.emplace_back("user", "me");
  arguments.emplace_back("password", "correct-horse");
  REQUIRE(send(world, arguments) == RunState::Succeeded);
  const auto logs_in = [](const std::string& command) { return command.starts_with("AUTH"); };
  CHECK(std::any_of(server.commands.begin(), server.commands.end(), logs_in));
  server.commands.clear();
  executors::CurlMailSender sender(world.io);
  executors::MailRequest request{server.url(), "me", "correct-horse", true, "a@example.com", {"b@example.com"}, "x"};
  executors::MailResult result;
  sender.start(request, [&](const executors::MailResult& told) {
    result = told;
    world.io.stop();
  });
  world.run();
  CHECK(result.end == executors::MailEnd::NotSent);
  CHECK_THAT(result.error, Contains("offers no encryption"));
  CHECK_FALSE(std::any_of(server.commands.begin(), server.commands.end(), logs_in));
  server.stop();
}

TEST_CASE("where a password may go unencrypted is told from the address alone") {
  const auto must_encrypt = [](const std::string& server) {
    World world;
    executors::Secrets secrets(CommandPlan().finish(), {}, std::make_shared<executors::Masker>());
    std::vector<std::pair<std::string, Value>> arguments;
    for (const auto& [name, value] : usual(server)) arguments.emplace_back(name, Value::string(value));
    arguments.emplace_back("password", Value::string("correct-horse"));
    return executors::mail_request(arguments, "k", 0, secrets)->must_encrypt;
  };
  CHECK(must_encrypt("smtp://mail.example.com"));
  CHECK_FALSE(must_encrypt("smtp://localhost:25"));
}

TEST_CASE("a server that offers encryption and cannot do it gets no mail in the clear") {
  World world;
  MailServer server(world.io, [](const std::string& command) -> std::optional<std::string> {
    if (command.starts_with("EHLO")) return "250-mail.example.com\r\n250 STARTTLS\r\n";
    if (command == "STARTTLS") return "220 go on\r\nthis is no handshake\r\n";
    return std::nullopt;
  });
  CHECK(send(world, usual(server.url())) == RunState::RolledBack);
  CHECK(server.messages.empty());
  server.stop();
}
