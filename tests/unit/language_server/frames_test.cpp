#include "editor-support/language-server/protocol/frames.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "editor-support/language-server/protocol/json_rpc.hpp"
#include "editor-support/language-server/protocol/uri.hpp"

using namespace rollout::language_server::protocol;

namespace {

std::vector<Frame> frames_of(FrameReader& reader) {
  std::vector<Frame> frames;
  while (auto frame = reader.next()) frames.push_back(*frame);
  return frames;
}

}  // namespace

TEST_CASE("frames come out as they went in, however the bytes are cut") {
  const std::string stream = framed("one") + framed("") + framed("\r\n\r\nthree") + framed("vier \xc3\xa4");
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::vector<std::string> bodies;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(std::string_view(stream).substr(at, piece));
      for (const Frame& frame : frames_of(reader)) {
        CHECK(frame.error == "");
        bodies.push_back(frame.body);
      }
    }
    CHECK(bodies == std::vector<std::string>{"one", "", "\r\n\r\nthree", "vier \xc3\xa4"});
  }
}

TEST_CASE("headers are read as their standard has it") {
  FrameReader reader;
  reader.feed("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-LENGTH:  2 \r\n\r\n{}");
  const auto frames = frames_of(reader);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].body == "{}");
}

TEST_CASE("a malformed header costs its own message only") {
  for (const std::string_view bad :
       {"Content-Length: two\r\n\r\n", "Content-Length: -1\r\n\r\n", "Content-Length: \r\n\r\n", "Nothing\r\n\r\n",
        "Content-Length: 99999999999999999999999\r\n\r\n", "Content-Length: 1 2\r\n\r\n"}) {
    FrameReader reader;
    reader.feed(std::string(bad) + framed("good"));
    const auto frames = frames_of(reader);
    INFO(bad);
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].error.find("Content-Length") != std::string::npos);
    CHECK(frames[1].body == "good");
  }
}

TEST_CASE("a message that is too long is passed over without being held") {
  FrameReader reader(10);
  reader.feed("Content-Length: 25\r\n\r\n0123456789");
  auto frames = frames_of(reader);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].error == "a message of 25 bytes was passed over; 10 is the most");
  reader.feed("012345678901234" + framed("good"));
  frames = frames_of(reader);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].body == "good");
}

TEST_CASE("a header without an end is given up") {
  FrameReader reader;
  for (int i = 0; i < 100; ++i) reader.feed(std::string(100, 'x'));
  const auto frames = frames_of(reader);
  REQUIRE_FALSE(frames.empty());
  CHECK(frames[0].error.find("8192") != std::string::npos);
}

TEST_CASE("no bytes stop the reader or make a frame that was not announced") {
  std::mt19937 random(20261126);
  for (int round = 0; round < 300; ++round) {
    FrameReader reader(64);
    std::string bytes = framed("{\"a\":1}") + framed("[]");
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    while (!bytes.empty()) {
      const std::size_t size = 1 + random() % bytes.size();
      reader.feed(std::string_view(bytes).substr(0, size));
      bytes.erase(0, size);
      for (const Frame& frame : frames_of(reader)) CHECK(frame.body.size() <= 64);
    }
  }
}

TEST_CASE("messages are told apart, and what is none is answered as JSON-RPC has it") {
  const auto failure = [](std::string_view body) {
    const auto read = read_message(body);
    const auto* bad = std::get_if<BadMessage>(&read);
    return bad == nullptr ? 0 : static_cast<int>(bad->failure.code);
  };
  CHECK(failure("{") == -32700);
  CHECK(failure(std::string(100'000, '[')) == -32700);
  CHECK(failure("[]") == -32600);
  CHECK(failure("1") == -32600);
  CHECK(failure(R"({"method":"a"})") == -32600);
  CHECK(failure(R"({"jsonrpc":"2.0","id":1})") == -32600);
  CHECK(failure(R"({"jsonrpc":"2.0","id":{},"method":"a"})") == -32600);
  CHECK(failure(R"({"jsonrpc":"2.0","id":1,"method":7})") == -32600);
  CHECK(failure(R"({"jsonrpc":"2.0","id":1,"method":"a","params":3})") == -32600);
  const auto kind = [](std::string_view body) { return std::get<Message>(read_message(body)).kind; };
  CHECK(kind(R"({"jsonrpc":"2.0","id":"x","method":"a"})") == MessageKind::Request);
  CHECK(kind(R"({"jsonrpc":"2.0","method":"a","params":[]})") == MessageKind::Notification);
  CHECK(kind(R"({"jsonrpc":"2.0","id":1,"result":null})") == MessageKind::Response);
}

TEST_CASE("paths survive their URIs") {
  for (const std::string path :
       {"/plans/a.rollout", "/with blank/b.rollout", "/\xc3\xa4/100%.rollout", "/a+b#c?.rollout"}) {
    CHECK(path_of_uri(uri_of_path(path)) == path);
  }
  CHECK(uri_of_path("/with blank/b.rollout") == "file:///with%20blank/b.rollout");
  CHECK(path_of_uri("file://localhost/a%2Fb") == "/a/b");
  CHECK(path_of_uri("file:///a%zz%00") == "/a%zz%00");
  CHECK_FALSE(path_of_uri("untitled:Untitled-1").has_value());
  CHECK_FALSE(path_of_uri("file://other/a").has_value());
}
