#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/unit/language_server/support.hpp"

// Whole sessions: tests/golden/language_server/NAME.session holds what a client sends, and NAME.expected what comes
// back. A line is a message, or: `# a comment`; `open PATH` with the text below it, indented by two blanks; `work`,
// which handles what waits; `publish`, the pause after which diagnostics are sent.

namespace {

using namespace rollout::language_server;
using namespace rollout::language_server::test;

const std::filesystem::path kGoldens = std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "tests/golden/language_server";

bool is_flat(const json::value& value) {
  if (const auto* list = value.if_array()) {
    if (std::ranges::all_of(*list, [](const json::value& one) { return one.is_number(); })) return true;
    return list->size() <= 8 && std::ranges::all_of(*list, [](const json::value& one) { return one.is_primitive(); });
  }
  if (const auto* object = value.if_object()) {
    if (object->contains("line")) return true;
    if (object->contains("start")) return true;
    return object->size() <= 1 &&
           std::ranges::all_of(*object, [](const auto& one) { return one.value().is_primitive(); });
  }
  return true;
}

// Indented, but for what is short and flat.
void write(const json::value& value, const std::string& indent, std::string& text) {
  if (is_flat(value)) {
    text += json::serialize(value);
    return;
  }
  const std::string inner = indent + "  ";
  std::string separator = "\n";
  if (const auto* list = value.if_array()) {
    text += "[";
    for (const json::value& one : *list) {
      text += separator + inner;
      write(one, inner, text);
      separator = ",\n";
    }
    text += "\n" + indent + "]";
    return;
  }
  text += "{";
  for (const auto& one : value.as_object()) {
    text += separator + inner + json::serialize(one.key()) + ": ";
    write(one.value(), inner, text);
    separator = ",\n";
  }
  text += "\n" + indent + "}";
}

// The `didOpen` of the indented lines that follow.
std::string opening(const std::string& path, std::istringstream& lines) {
  std::string text;
  while (lines.peek() == ' ') {
    std::string line;
    std::getline(lines, line);
    text += line.substr(2) + "\n";
  }
  json::object document{{"uri", "file://" + path}, {"languageId", "rollout"}, {"version", 1}, {"text", text}};
  return protocol::notification_text("textDocument/didOpen", json::object{{"textDocument", std::move(document)}});
}

std::string play(const std::string& session) {
  Server server("");
  // What the server can do is read in one place only.
  const bool shows_abilities = session.find("# Nothing is answered before `initialize`") != std::string::npos;
  std::istringstream lines(session);
  std::string expected;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line == "publish") {
      server.publish_diagnostics();
    } else if (line.starts_with("open ")) {
      server.receive(opening(line.substr(5), lines));
    } else if (line == "work") {
      while (server.has_work()) server.work();
    } else {
      server.receive(line);
    }
    for (const std::string& text : server.take_output()) {
      const json::value message = json::parse(text);
      const bool abilities = protocol::member(message, "result").is_object() &&
                             protocol::member(message, "result").as_object().contains("capabilities");
      if (abilities && !shows_abilities) continue;
      write(message, "", expected);
      expected += "\n";
    }
  }
  if (const auto status = server.exit_status()) expected += "exit " + std::to_string(*status) + "\n";
  return expected;
}

}  // namespace

TEST_CASE("whole sessions are answered as written down") {
  std::size_t count = 0;
  for (const auto& session : rollout::test::files_in(kGoldens, ".session")) {
    ++count;
    std::filesystem::path expected = session;
    expected.replace_extension(".expected");
    const std::string got = play(read_text(session));
    INFO(session.filename().string());
    CHECK(got == rollout::test::recorded(expected, got));
  }
  CHECK(count >= 4);
}
