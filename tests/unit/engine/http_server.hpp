#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <istream>
#include <memory>
#include <string>
#include <vector>

// A server on a loopback port, on the test's own loop: one request a connection.
class HttpServer {
 public:
  // Gets the head and the body of a request; its answer is sent as it is. An empty one: never answers.
  using Handler = std::function<std::string(const std::string& head, const std::string& body)>;

  HttpServer(boost::asio::io_context& io, Handler handler)
      : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}), handler_(std::move(handler)) {
    accept();
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  int requests() const { return requests_; }
  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    open_.clear();
  }

  static std::string answer(const std::string& status, const std::string& body, const std::string& headers = {}) {
    return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  struct Connection {
    explicit Connection(boost::asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
    boost::asio::ip::tcp::socket socket;
    boost::asio::streambuf buffer;
    std::string head, answer;
  };

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      read(std::make_shared<Connection>(std::move(socket)));
      accept();
    });
  }

  void read(const std::shared_ptr<Connection>& connection) {
    boost::asio::async_read_until(
        connection->socket, connection->buffer, "\r\n\r\n",
        [this, connection](const boost::system::error_code& error, std::size_t length) {
          if (error) return;
          connection->head.resize(length);
          std::istream(&connection->buffer).read(connection->head.data(), static_cast<std::streamsize>(length));
          read_body(connection);
        });
  }

  void read_body(const std::shared_ptr<Connection>& connection) {
    const auto at = connection->head.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(connection->head.substr(at + 16));
    const std::size_t missing = length - std::min(length, connection->buffer.size());
    boost::asio::async_read(connection->socket, connection->buffer, boost::asio::transfer_exactly(missing),
                            [this, connection](const boost::system::error_code& error, std::size_t) {
                              if (error) return;
                              const auto data = connection->buffer.data();
                              respond(connection, {boost::asio::buffers_begin(data), boost::asio::buffers_end(data)});
                            });
  }

  void respond(const std::shared_ptr<Connection>& connection, const std::string& body) {
    ++requests_;
    connection->answer = handler_(connection->head, body);
    if (connection->answer.empty()) {
      open_.push_back(connection);
      return;
    }
    boost::asio::async_write(connection->socket, boost::asio::buffer(connection->answer),
                             [connection](const boost::system::error_code&, std::size_t) {});
  }

  boost::asio::ip::tcp::acceptor acceptor_;
  Handler handler_;
  std::vector<std::shared_ptr<Connection>> open_;
  int requests_ = 0;
};
