#include <catch2/catch.hpp>
#include <set>

#include "editor-support/language-server/queries/completion.hpp"
#include "editor-support/language-server/queries/hover.hpp"
#include "tests/support/environment.hpp"
#include "tests/unit/language_server/edits.hpp"

// What an editor does to a server in a day, in seconds: edits and questions in any order, and text with a word missing.

namespace {

using namespace rollout;
using namespace rollout::language_server;
using namespace rollout::language_server::test;

constexpr std::string_view kQuestions[] = {"textDocument/hover",
                                           "textDocument/completion",
                                           "textDocument/definition",
                                           "textDocument/signatureHelp",
                                           "textDocument/references",
                                           "textDocument/documentHighlight",
                                           "textDocument/rename",
                                           "textDocument/prepareCallHierarchy",
                                           "textDocument/inlayHint",
                                           "textDocument/codeAction",
                                           "textDocument/codeLens",
                                           "textDocument/semanticTokens/full",
                                           "textDocument/foldingRange",
                                           "textDocument/semanticTokens/range",
                                           "textDocument/documentLink",
                                           "textDocument/documentSymbol",
                                           "textDocument/formatting",
                                           "textDocument/selectionRange",
                                           "textDocument/diagnostic",
                                           "textDocument/semanticTokens/full/delta",
                                           "textDocument/rangeFormatting",
                                           "textDocument/onTypeFormatting",
                                           "workspace/symbol",
                                           "textDocument/nothingOfThatName"};

json::object position(std::mt19937& random, std::size_t lines) {
  return {{"line", random() % (lines + 2)}, {"character", random() % 90}};
}

json::object question(std::mt19937& random, const std::string& path, std::size_t lines) {
  json::object params = about(path);
  params["position"] = position(random, lines);
  params["positions"] = json::array{position(random, lines)};
  params["range"] = {{"start", position(random, lines)}, {"end", position(random, lines)}};
  params["newName"] = "other";
  params["ch"] = random() % 2 == 0 ? "}" : "\n";
  params["query"] = "a";
  params["previousResultId"] = std::to_string(random() % 20);
  if (random() % 4 == 0) params["workDoneToken"] = "token";
  return params;
}

struct Answers {
  std::multiset<std::int64_t> answered;
  std::size_t begun = 0, ended = 0;
};

void read_answers(Server& server, Answers& answers) {
  for (const std::string& text : server.take_output()) {
    const json::value message = json::parse(text);
    const json::value& id = protocol::member(message, "id");
    if (id.is_number()) answers.answered.insert(id.to_number<std::int64_t>());
    const std::string_view progress = protocol::text_member(protocol::at(message, "params", "value"), "kind");
    answers.begun += progress == "begin" ? 1 : 0;
    answers.ended += progress == "end" ? 1 : 0;
  }
}

}  // namespace

TEST_CASE(
    "whatever is typed and asked in whatever order, every question is answered once and the diagnostics are right") {
  const auto edits = rollout::test::number_from_environment("ROLLOUT_EDIT_COUNT", 30);
  for (const std::string& path : example_paths(1u << 20)) {
    INFO(path);
    std::mt19937 random(17);
    Client client;
    Server& server = client.server();
    const std::string original = read_text(path);
    std::string text = original;
    client.open(path, text);
    server.take_output();
    Answers answers;
    std::int64_t id = 1000;
    for (std::uint64_t count = 0; count < edits; ++count) {
      // Text that has grown wild says little: now and then everything is as it was.
      if (count % 50 == 49) {
        text = original;
        client.change(path, static_cast<int>(count), {json::object{{"text", text}}});
      }
      json::object change = random_edit(random, text, grammar::ColumnUnit::Utf16);
      json::object document{{"uri", "file://" + path}, {"version", count + 2}};
      server.receive(protocol::notification_text(
          "textDocument/didChange",
          json::object{{"textDocument", std::move(document)}, {"contentChanges", json::array{std::move(change)}}}));
      const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
      for (auto asked = random() % 3; asked > 0; --asked) {
        const std::string_view method = kQuestions[random() % std::size(kQuestions)];
        server.receive(protocol::request_text(id++, method, question(random, path, lines)));
        if (random() % 3 != 0) continue;
        const std::int64_t cancelled = id - 1 - static_cast<std::int64_t>(random() % 3);
        server.receive(protocol::notification_text("$/cancelRequest", json::object{{"id", cancelled}}));
      }
      for (auto steps = random() % 6; steps > 0 && server.has_work(); --steps) server.work();
      if (random() % 8 == 0 && server.owes_diagnostics()) server.publish_diagnostics();
      read_answers(server, answers);
    }
    while (server.has_work()) server.work();
    read_answers(server, answers);
    CHECK(answers.begun == answers.ended);
    REQUIRE(answers.answered.size() == static_cast<std::size_t>(id - 1000));
    std::int64_t expected = 1000;
    for (const std::int64_t answered : answers.answered) CHECK(answered == expected++);
    // A change of nothing makes the server say what it knows.
    client.change(path, static_cast<int>(edits) + 3, {json::object{{"text", text + "\n# the end\n"}}});
    std::vector<std::string> published = {"nothing was published"};
    for (const json::value& params : client.published()) {
      if (protocol::text_member(params, "uri") == "file://" + path) published = codes_and_lines(params);
    }
    CHECK(published == codes_and_lines(driver::compile_source({path, text + "\n# the end\n"})));
  }
}

TEST_CASE("a word that is missing somewhere spoils neither hover nor completion elsewhere") {
  // All words of all examples: ROLLOUT_DELETED_EVERY=1.
  const auto every = rollout::test::number_from_environment("ROLLOUT_DELETED_EVERY", 197);
  std::size_t deleted = 0, asked = 0;
  for (const std::string& path : example_paths(1u << 20)) {
    const std::string original = read_text(path);
    const driver::CompiledFile whole = driver::compile_source({path, original});
    const grammar::SyntaxTree& tree = whole.module.trees.front();
    const auto declarations = tree.root().child_nodes();
    const auto names = names_of_main_file(whole.module);
    std::size_t number = 0;
    for (const grammar::Event& event : tree.events()) {
      const bool word = event.width == 1 && event.begin < event.end && event.kind != grammar::SyntaxKind::Blank &&
                        event.kind != grammar::SyntaxKind::LineEnd && event.kind != grammar::SyntaxKind::Comment &&
                        event.kind != grammar::SyntaxKind::DocComment;
      if (!word || ++number % every != 0) continue;
      const auto damaged = std::ranges::find_if(declarations, [&](grammar::NodeRef node) {
        return node.span().begin <= event.begin && event.end <= node.span().end;
      });
      if (damaged == declarations.end()) continue;
      ++deleted;
      std::string text = original;
      text.erase(event.begin, event.end - event.begin);
      const driver::CompiledFile file = driver::compile_source({path, text});
      // Two names far from it: of other declarations, and declared neither there nor in another file.
      std::size_t left = 2;
      for (std::size_t i = number % 7; i < names.size() && left > 0; i += 7) {
        const check::Symbol& symbol = whole.module.symbols[names[i].symbol];
        const bool elsewhere = symbol.declared.file == kMainFile && !damaged->span().contains(symbol.declared.span) &&
                               !symbol.declared.span.empty() && !damaged->span().contains(names[i].span);
        if (!elsewhere) continue;
        --left;
        ++asked;
        const std::uint32_t shift = names[i].span.begin > event.begin ? event.end - event.begin : 0;
        const std::uint32_t offset = names[i].span.begin - shift;
        const auto nothing = []() -> const driver::Times& {
          static const driver::Times kNone;
          return kNone;
        };
        const auto hover = hover_at(file.module, nothing, offset);
        INFO(path << ": without `" << original.substr(event.begin, event.end - event.begin) << "` at " << event.begin
                  << ", asked about `" << symbol.name << "` at " << offset);
        CHECK((hover && hover->markdown.find(symbol.name) != std::string::npos));
        CHECK((names[i].is_declaration || !completions(file.module, offset + 1).empty()));
      }
    }
  }
  INFO(deleted << " words, " << asked << " questions");
  CHECK(asked > 50);
}
