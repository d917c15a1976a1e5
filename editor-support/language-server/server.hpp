// The language server: messages in, messages out. No stream, clock or thread: serve.hpp brings them.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "editor-support/language-server/protocol/session.hpp"

namespace rollout::language_server {

class Server {
 public:
  // `pages_folder`: where modules of the library and explanations are written for the editor to open; empty: nowhere.
  explicit Server(std::string pages_folder);
  // Answers refer to the session.
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes one message. It waits until `work`, except that a cancellation acts at once on what still waits.
  void receive(std::string_view body);
  // Bytes that were no message.
  void receive_garbage(const std::string& problem);
  bool has_work() const { return !queue_.empty(); }
  // Handles the oldest message.
  void work();

  // Whether a change may have made other diagnostics than those that were sent.
  bool owes_diagnostics() const;
  void publish_diagnostics();

  // The messages for the client since the last call, in order.
  std::vector<std::string> take_output();
  // 0 after `shutdown` and `exit`, 1 after `exit` alone; nothing while the session goes on.
  std::optional<int> exit_status() const { return exit_status_; }

 private:
  enum class State { Fresh, Running, ShutDown };

  void handle_request(const protocol::Message& message);
  void handle_notification(const protocol::Message& message);
  Answer answer(const protocol::Message& message);
  Answer answer_about_document(const RequestRow& row, const json::value& params);
  json::value initialize(const json::value& params);
  void cancel(const json::value& id);
  void open(const json::value& params);
  void change(const json::value& params);
  void close(const json::value& params);
  void change_folders(const json::value& params);
  void log(const std::string& text);
  void send(std::string message) { output_.push_back(std::move(message)); }

  Session session_;
  State state_ = State::Fresh;
  std::deque<protocol::Message> queue_;
  std::vector<std::string> output_;
  bool announced_ = false;  // the begin of the oldest message's progress was sent
  std::optional<int> exit_status_;
  bool owes_ = false;                             // a document was opened, changed or closed
  std::map<std::string, std::string> published_;  // by URI: the params that were sent last
};

}  // namespace rollout::language_server
