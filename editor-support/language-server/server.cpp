#include "editor-support/language-server/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <exception>

#include "editor-support/language-server/protocol/capabilities.hpp"
#include "editor-support/language-server/protocol/uri.hpp"

namespace rollout::language_server {
namespace {

using protocol::ErrorCode;
using protocol::Failure;
using protocol::member;
using protocol::Message;
using protocol::MessageKind;
using protocol::text_member;

std::string path_of_document(const json::value& params) {
  return path_from(text_member(member(params, "textDocument"), "uri"));
}

const RequestRow* find_row(std::string_view method) {
  for (const auto rows : {syntax_requests(), token_requests(), name_requests(), edit_requests(), play_requests()}) {
    const auto found = std::ranges::find(rows, method, &RequestRow::method);
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

const WorkspaceRequestRow* find_workspace_row(std::string_view method) {
  for (const auto rows : {workspace_requests(), command_requests(), resolving_requests()}) {
    const auto found = std::ranges::find(rows, method, &WorkspaceRequestRow::method);
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

bool takes_long(std::string_view method) {
  const WorkspaceRequestRow* row = find_workspace_row(method);
  return row != nullptr ? row->takes_long : method == "textDocument/references" || method == "textDocument/rename";
}

std::string progress_text(const json::value& token, json::object value) {
  return protocol::notification_text("$/progress", json::object{{"token", token}, {"value", std::move(value)}});
}

}  // namespace

Server::Server(std::string pages_folder) {
  session_.pages_folder = std::move(pages_folder);
  session_.dialect.uri_of = [this](const std::string& path) { return session_.uri_of(path); };
  session_.dialect.explanation_uri = [this](diagnostics::Code code) { return session_.explanation_uri(code); };
}

void Server::receive(std::string_view body) {
  auto read = protocol::read_message(body);
  if (const auto* bad = std::get_if<protocol::BadMessage>(&read)) {
    send(protocol::failure_text(bad->id, bad->failure));
    return;
  }
  auto& message = std::get<Message>(read);
  // Nothing that this server asks for needs its answer.
  if (message.kind == MessageKind::Response) return;
  if (message.method == "$/cancelRequest") return cancel(member(message.params, "id"));
  queue_.push_back(std::move(message));
}

void Server::receive_garbage(const std::string& problem) {
  send(protocol::failure_text(nullptr, {ErrorCode::ParseError, problem}));
}

void Server::cancel(const json::value& id) {
  const auto found = std::ranges::find_if(
      queue_, [&](const Message& message) { return message.kind == MessageKind::Request && message.id == id; });
  if (found == queue_.end()) return;
  send(protocol::failure_text(id, {ErrorCode::RequestCancelled, "cancelled"}));
  // One that was announced is the first: its progress ends with it.
  if (found == queue_.begin() && std::exchange(announced_, false)) {
    send(progress_text(member(found->params, "workDoneToken"), {{"kind", "end"}}));
  }
  queue_.erase(found);
}

void Server::work() {
  // What may take long is announced first: the announcement leaves before the work is begun.
  if (const json::value& token = member(queue_.front().params, "workDoneToken");
      !announced_ && !token.is_null() && state_ == State::Running && takes_long(queue_.front().method)) {
    announced_ = true;
    return send(progress_text(token, {{"kind", "begin"}, {"title", "rolloutc"}}));
  }
  const Message message = std::move(queue_.front());
  queue_.pop_front();
  if (message.kind == MessageKind::Request) {
    handle_request(message);
  } else {
    handle_notification(message);
  }
}

void Server::handle_request(const Message& message) {
  const Answer answered = [&]() -> Answer {
    // A library that gives up, as on memory: the session goes on.
    try {
      return answer(message);
    } catch (const std::exception& problem) {
      return Failure{ErrorCode::InternalError, fmt::format("the server failed at this request: {}", problem.what())};
    }
  }();
  for (std::string& notification : std::exchange(session_.notifications, {})) send(std::move(notification));
  if (std::exchange(announced_, false)) {
    send(progress_text(member(message.params, "workDoneToken"), {{"kind", "end"}}));
  }
  if (const auto* failure = std::get_if<Failure>(&answered)) {
    send(protocol::failure_text(message.id, *failure));
  } else {
    send(protocol::response_text(message.id, std::get<json::value>(answered)));
  }
}

Answer Server::answer(const Message& message) {
  if (message.method == "initialize") {
    if (state_ != State::Fresh) return Failure{ErrorCode::InvalidRequest, "the session is initialized already"};
    return initialize(message.params);
  }
  if (state_ == State::Fresh) return Failure{ErrorCode::ServerNotInitialized, "`initialize` comes first"};
  if (state_ == State::ShutDown) return Failure{ErrorCode::InvalidRequest, "after `shutdown` comes `exit`"};
  if (message.method == "shutdown") {
    state_ = State::ShutDown;
    return json::value();
  }
  if (const WorkspaceRequestRow* row = find_workspace_row(message.method)) {
    return row->handle(session_, message.params);
  }
  const RequestRow* row = find_row(message.method);
  if (row == nullptr) {
    return Failure{ErrorCode::MethodNotFound, fmt::format("there is no method `{}`", message.method)};
  }
  return answer_about_document(*row, message.params);
}

Answer Server::answer_about_document(const RequestRow& row, const json::value& params) {
  const auto document = session_.documents.find(path_of_document(params));
  if (document == session_.documents.end()) {
    return Failure{ErrorCode::InvalidParams, "`textDocument.uri` names no open document"};
  }
  const Compiled file = session_.workspace.compiled(document->first);
  Asked asked{&document->second, file, protocol::Translator(file->module.files, session_.dialect)};
  return row.handle(session_, asked, params);
}

json::value Server::initialize(const json::value& params) {
  state_ = State::Running;
  protocol::read_client(params, session_);
  return protocol::server_capabilities(session_);
}

void Server::handle_notification(const Message& message) {
  if (message.method == "exit") {
    exit_status_ = state_ == State::ShutDown ? 0 : 1;
    return;
  }
  if (state_ != State::Running) return;
  const json::value& params = message.params;
  if (message.method == "textDocument/didOpen") return open(params);
  if (message.method == "textDocument/didChange") return change(params);
  if (message.method == "textDocument/didClose") return close(params);
  if (message.method == "workspace/didChangeWorkspaceFolders") return change_folders(params);
  if (message.method == "textDocument/didSave" || message.method == "workspace/didChangeWatchedFiles") {
    session_.workspace.forget_disk();
    owes_ = true;
  }
}

void Server::open(const json::value& params) {
  const json::value& item = member(params, "textDocument");
  const std::string uri(text_member(item, "uri"));
  if (uri.empty()) return log("`textDocument/didOpen` without a `uri`");
  const std::string path = path_from(uri);
  session_.documents[path] = {uri, path, protocol::number_member(item, "version")};
  session_.workspace.set_text(path, std::string(text_member(item, "text")));
  owes_ = true;
}

void Server::change(const json::value& params) {
  const std::string path = path_of_document(params);
  const auto document = session_.documents.find(path);
  if (document == session_.documents.end()) return log(fmt::format("`{}` was changed but never opened", path));
  std::string text = *session_.workspace.text(path);
  const json::value& changes = member(params, "contentChanges");
  for (const json::value& one : changes.is_array() ? changes.get_array() : json::array()) {
    const std::string replacement(text_member(one, "text"));
    if (member(one, "range").is_null()) {
      text = replacement;
      continue;
    }
    const grammar::LineTable lines(text);
    const auto span = protocol::span_from(lines, member(one, "range"), session_.dialect.unit);
    if (!span) {
      log(fmt::format("a change of `{}` has a range that ends before it begins", path));
      continue;
    }
    text.replace(span->begin, span->size(), replacement);
  }
  document->second.version =
      protocol::number_member(member(params, "textDocument"), "version", document->second.version);
  session_.workspace.set_text(path, std::move(text));
  owes_ = true;
}

void Server::close(const json::value& params) {
  const std::string path = path_of_document(params);
  session_.workspace.close(path);
  session_.documents.erase(path);
  session_.tokens.erase(path);
  owes_ = true;
}

void Server::change_folders(const json::value& params) {
  const json::value& event = member(params, "event");
  for (const std::string& path : protocol::folder_paths(member(event, "removed"))) std::erase(session_.folders, path);
  for (const std::string& path : protocol::folder_paths(member(event, "added"))) session_.folders.push_back(path);
}

void Server::log(const std::string& text) {
  constexpr int kWarning = 2;
  send(protocol::notification_text("window/logMessage", json::object{{"type", kWarning}, {"message", text}}));
}

bool Server::owes_diagnostics() const {
  return owes_ && state_ == State::Running && !session_.pulls_diagnostics;
}

void Server::publish_diagnostics() {
  owes_ = false;
  // An open file's own findings; for a file that is not open, those of the open files that use it.
  std::map<std::string, json::array> findings;
  for (const auto& [path, document] : session_.documents) findings[path];
  for (const auto& [path, document] : session_.documents) {
    const Compiled file = session_.workspace.compiled(path);
    protocol::Translator translator(file->module.files, session_.dialect);
    for (const diagnostics::Diagnostic& diagnostic : file->diagnostics) {
      const std::string& where = file->module.files[diagnostic.primary.file].path;
      const bool main = diagnostic.primary.file == kMainFile;
      if (!main && session_.documents.contains(where)) continue;
      json::value written = translator.diagnostic(diagnostic);
      json::array& list = findings[where];
      if (main || std::ranges::find(list, written) == list.end()) list.push_back(std::move(written));
    }
  }
  std::map<std::string, std::string> sent;
  for (auto& [path, list] : findings) {
    const auto document = session_.documents.find(path);
    json::object params{{"uri", session_.uri_of(path)}};
    if (document != session_.documents.end() && session_.version_support) params["version"] = document->second.version;
    params["diagnostics"] = std::move(list);
    const std::string uri = session_.uri_of(path);
    std::string text = protocol::notification_text("textDocument/publishDiagnostics", std::move(params));
    const auto before = published_.find(uri);
    if (before == published_.end() || before->second != text) send(text);
    sent.emplace(uri, std::move(text));
  }
  for (const auto& [uri, text] : published_) {
    if (sent.contains(uri)) continue;
    send(protocol::notification_text("textDocument/publishDiagnostics",
                                     json::object{{"uri", uri}, {"diagnostics", json::array()}}));
  }
  published_ = std::move(sent);
}

std::vector<std::string> Server::take_output() {
  return std::exchange(output_, {});
}

}  // namespace rollout::language_server
