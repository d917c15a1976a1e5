#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "editor-support/language-server/protocol/capabilities.hpp"
#include "editor-support/language-server/protocol/session.hpp"
#include "editor-support/language-server/queries/play.hpp"
#include "editor-support/language-server/queries/time_hints.hpp"

// How long a plan takes, beside its text, and its scenarios played at a click.

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::member;
using protocol::text_member;

constexpr std::string_view kRunScenario = "rollout.runScenario", kRunScenarios = "rollout.runScenarios",
                           kSimulate = "rollout.simulate", kShowTimeline = "rollout.showTimeline";
constexpr auto kCommands = std::to_array<std::string_view>({kRunScenario, kRunScenarios, kSimulate, kShowTimeline});

Answer inlay_hint(Session& session, Asked& asked, const json::value& params) {
  const auto range = protocol::span_from(asked.translator.lines(), member(params, "range"), session.dialect.unit);
  if (!range) return Failure{ErrorCode::InvalidParams, "`range` is no range"};
  constexpr int kParameter = 2;  // InlayHintKind
  json::array list;
  for (const InlayHint& hint : inlay_hints(asked.module(), session.workspace.times(asked.document->path), *range)) {
    const auto place = asked.translator.lines().position(hint.offset, session.dialect.unit);
    json::object one{{"position", protocol::position_json(place)}, {"label", hint.text}};
    const bool parameter = hint.kind == HintKind::Parameter;
    if (parameter) one["kind"] = kParameter;
    one[parameter ? "paddingRight" : "paddingLeft"] = true;
    if (!hint.tooltip.empty()) one["tooltip"] = hint.tooltip;
    list.push_back(std::move(one));
  }
  return json::value(std::move(list));
}

std::string_view command_of(LensKind kind) {
  switch (kind) {
    case LensKind::RunScenario: return kRunScenario;
    case LensKind::ShowTimeline: return kShowTimeline;
    case LensKind::Simulate: return kSimulate;
    case LensKind::RunAll: return kRunScenarios;
  }
  return kRunScenario;
}

Answer code_lens(Session&, Asked& asked, const json::value&) {
  json::array list;
  for (const Lens& lens : lenses(asked.module())) {
    const bool of_scenario = lens.kind == LensKind::RunScenario || lens.kind == LensKind::ShowTimeline;
    json::object argument{{"uri", asked.document->uri}, {of_scenario ? "scenario" : "rollout", lens.name}};
    json::object command{{"title", lens.title}, {"command", command_of(lens.kind)}};
    command["arguments"] = json::array{std::move(argument)};
    const Span first{lens.span.begin, lens.span.begin};
    list.push_back(json::object{{"range", asked.translator.range(first)}, {"command", std::move(command)}});
  }
  return json::value(std::move(list));
}

json::object row_json(const PlayedRow& row) {
  json::object one{{"at", row.at}, {"kind", row.kind}, {"text", row.text}};
  one["stage"] = row.stage.empty() ? json::value() : json::value(row.stage);
  one["share"] = row.share.empty() ? json::value() : json::value(row.share);
  one["line"] = row.line ? json::value(*row.line) : json::value();
  return one;
}

json::array texts_json(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.push_back(json::value(text));
  return list;
}

json::object played_json(const Played& played) {
  json::array rows;
  for (const PlayedRow& row : played.rows) rows.push_back(row_json(row));
  return {{"title", played.title},
          {"passed", played.passed},
          {"failures", texts_json(played.failures)},
          {"rows", std::move(rows)},
          {"text", played.text}};
}

// Several scenarios: a row each.
json::object played_json(const std::string& rollout, const std::vector<Played>& all) {
  const auto passed = static_cast<std::size_t>(std::ranges::count(all, true, &Played::passed));
  const std::string title = fmt::format("{}: {} of {} scenarios passed", rollout, passed, all.size());
  json::array rows, failures;
  std::string text = title + "\n";
  for (const Played& one : all) {
    rows.push_back(row_json({"", "", "", one.passed ? "good" : "bad", one.title, std::nullopt}));
    text += fmt::format("  {} {}\n", one.passed ? "passed" : "FAILED", one.title);
    for (const std::string& failure : one.failures) failures.push_back(json::value(one.title + ": " + failure));
  }
  return {{"title", title},
          {"passed", passed == all.size()},
          {"failures", std::move(failures)},
          {"rows", std::move(rows)},
          {"text", std::move(text)}};
}

// A client that only sends commands still learns how it went.
void tell(Session& session, const json::object& played) {
  if (session.shows_timelines) return;
  constexpr int kError = 1, kInfo = 3;
  const bool passed = played.at("passed").as_bool();
  std::string message =
      fmt::format("{}: {}", passed ? "passed" : "FAILED", std::string_view(played.at("title").as_string()));
  for (const json::value& failure : played.at("failures").as_array()) {
    message += fmt::format("\n{}", std::string_view(failure.as_string()));
  }
  session.notifications.push_back(protocol::notification_text(
      "window/showMessage", json::object{{"type", passed ? kInfo : kError}, {"message", message}}));
}

Answer answer_played(Session& session, const plan::Expected<Played, std::string>& played) {
  if (!played) return Failure{ErrorCode::RequestFailed, played.error()};
  json::object result = played_json(*played);
  tell(session, result);
  return json::value(std::move(result));
}

Answer execute_command(Session& session, const json::value& params) {
  const std::string_view command = text_member(params, "command");
  if (std::ranges::find(kCommands, command) == kCommands.end())
    return Failure{ErrorCode::InvalidParams, fmt::format("there is no command `{}`", command)};
  const json::value& arguments = member(params, "arguments");
  const bool has_any = arguments.is_array() && !arguments.get_array().empty();
  const json::value argument = has_any ? arguments.get_array().front() : json::value();
  const Compiled file = open_file(session, text_member(argument, "uri"));
  if (!file) return Failure{ErrorCode::InvalidParams, "`uri` of the first argument names no open document"};
  const std::string scenario(text_member(argument, "scenario")), rollout(text_member(argument, "rollout"));
  if (command == kRunScenarios) {
    const auto all = play_all(*file, rollout);
    if (!all) return Failure{ErrorCode::RequestFailed, all.error()};
    json::object result = played_json(rollout, *all);
    tell(session, result);
    return json::value(std::move(result));
  }
  return answer_played(session, scenario.empty() ? play_rollout(*file, rollout) : play_scenario(*file, scenario));
}

constexpr auto kRequests = std::to_array<RequestRow>({
    {"textDocument/inlayHint", inlay_hint},
    {"textDocument/codeLens", code_lens},
});
constexpr auto kCommandRequests =
    std::to_array<WorkspaceRequestRow>({{"workspace/executeCommand", execute_command, true}});

}  // namespace

std::span<const RequestRow> play_requests() {
  return kRequests;
}

std::span<const WorkspaceRequestRow> command_requests() {
  return kCommandRequests;
}

std::span<const std::string_view> protocol::command_names() {
  return kCommands;
}

}  // namespace rollout::language_server
