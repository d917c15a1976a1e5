#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <istream>
#include <memory>
#include <string>
#include <vector>

// A mail server on a loopback port, on the test's own loop. What it says to each command can be replaced.
class MailServer {
 public:
  // The answer to a command, or to the end of a message (`.`); nothing: the usual one. An answer "" is silence, "BYE"
  // closes the connection without a word.
  using Handler = std::function<std::optional<std::string>(const std::string& command)>;

  explicit MailServer(boost::asio::io_context& io, Handler handler = {})
      : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}), handler_(std::move(handler)) {
    accept();
  }
  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    open_.clear();
  }

  std::vector<std::string> commands;
  std::vector<std::string> messages;  // as they came, without the dots that SMTP adds

 private:
  struct Connection {
    explicit Connection(boost::asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
    boost::asio::ip::tcp::socket socket;
    boost::asio::streambuf buffer;
    std::string message, answer;
    bool in_message = false;
  };

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      const auto connection = std::make_shared<Connection>(std::move(socket));
      open_.push_back(connection);
      respond(connection, "(connected)");
      accept();
    });
  }

  void read(const std::shared_ptr<Connection>& connection) {
    boost::asio::async_read_until(
        connection->socket, connection->buffer, "\r\n",
        [this, connection](const boost::system::error_code& error, std::size_t length) {
          if (error) return;
          std::string line(length, '\0');
          std::istream(&connection->buffer).read(line.data(), static_cast<std::streamsize>(length));
          line.resize(length - 2);
          take(connection, line);
        });
  }

  void take(const std::shared_ptr<Connection>& connection, const std::string& line) {
    if (connection->in_message && line != ".") {
      connection->message += (line.starts_with('.') ? line.substr(1) : line) + "\r\n";
      return read(connection);
    }
    if (connection->in_message) messages.push_back(std::exchange(connection->message, {}));
    connection->in_message = false;
    commands.push_back(line);
    respond(connection, line);
  }

  std::string usual(const std::string& command) const {
    if (command == "(connected)") return "220 mail.example.com ESMTP\r\n";
    if (command.starts_with("EHLO")) return "250-mail.example.com\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n";
    if (command == "AUTH PLAIN") return "334 \r\n";
    if (commands.size() > 1 && commands[commands.size() - 2] == "AUTH PLAIN") return "235 welcome\r\n";
    if (command == "DATA") return "354 go on\r\n";
    if (command == "QUIT") return "221 bye\r\n";
    return "250 ok\r\n";
  }

  void respond(const std::shared_ptr<Connection>& connection, const std::string& command) {
    const auto own = handler_ ? handler_(command) : std::nullopt;
    connection->answer = own.value_or(usual(command));
    if (connection->answer == "BYE") {
      boost::system::error_code ignored;
      connection->socket.close(ignored);
      return;
    }
    connection->in_message = command == "DATA" && connection->answer.starts_with("354");
    boost::asio::async_write(connection->socket, boost::asio::buffer(connection->answer),
                             [this, connection](const boost::system::error_code& error, std::size_t) {
                               if (!error) read(connection);
                             });
  }

  boost::asio::ip::tcp::acceptor acceptor_;
  Handler handler_;
  std::vector<std::shared_ptr<Connection>> open_;
};
