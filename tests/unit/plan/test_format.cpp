#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/plan/format.hpp"
#include "sample_plan.hpp"

namespace rollout::plan {

namespace {

std::string rejection(std::string_view bytes) {
  const auto plan = read_plan(bytes);
  return plan ? "read" : plan.error().message;
}

}  // namespace

TEST_CASE("a plan is read as it was written") {
  const Plan plan = sample_plan();
  const std::string bytes = write_plan(plan);
  const auto again = read_plan(bytes);
  REQUIRE(again);
  CHECK(*again == plan);
  CHECK(write_plan(*again) == bytes);
  CHECK(plan_id(plan) == sha256_hex(bytes));
  CHECK(plan_id(plan) == plan_id(sample_plan()));
}

TEST_CASE("only a plan with plugins has a section of them, and says that it needs them") {
  Plan plan = sample_plan();
  const std::string without = write_plan(plan);
  plan.plugins.push_back({"acme", "1.0.0", "plugins/acme", std::string(64, 'a'), std::string(64, 'b')});
  const std::string with = write_plan(plan);
  const auto again = read_plan(with);
  REQUIRE(again);
  CHECK(*again == plan);
  CHECK(without[12] == 0);
  CHECK(with[12] == 4);
  CHECK(disassemble(plan).find("acme") != std::string::npos);
  plan.plugin_access.push_back({"acme", {"~/.acme"}, {}, {443}});
  const std::string confined = write_plan(plan);
  const auto once_more = read_plan(confined);
  REQUIRE(once_more);
  CHECK(*once_more == plan);
  CHECK(confined[12] == 4 + 16);
  CHECK(disassemble(plan).find("reads=\"~/.acme\"  connects=443") != std::string::npos);
}

TEST_CASE("the digest is SHA-256") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a file that ends early says so at every length") {
  const std::string bytes = write_plan(sample_plan());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::string reason = rejection(std::string_view(bytes).substr(0, length));
    INFO(length << ": " << reason);
    if (length == 0) {
      REQUIRE(reason == "not a plan file: it is empty");
    } else {
      REQUIRE(reason.starts_with("the file ends after " + std::to_string(length)));
    }
  }
  CHECK(rejection(bytes.substr(0, 200)) ==
        "the file ends after 200 of " + std::to_string(bytes.size()) + " bytes: copied incompletely?");
}

TEST_CASE("any changed byte is noticed") {
  const std::string bytes = write_plan(sample_plan());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const std::string reason = rejection(damaged);
    INFO(at);
    REQUIRE(reason != "read");
    REQUIRE(reason.find('\n') == std::string::npos);
  }
}

TEST_CASE("what is not a plan is called by its name") {
  const std::string bytes = write_plan(sample_plan());
  CHECK(rejection("rollout portal_api { }") == "not a plan file: build one with `rolloutc build`");
  std::string text_mode = bytes;
  text_mode.erase(4, 1);
  CHECK(rejection(text_mode) == "the plan file was changed by a transfer that converts line ends: copy it as binary");
  CHECK(rejection(bytes + "x") == "the file goes on for 1 bytes after its end");
  std::string newer = bytes;
  newer[8] = 3;
  CHECK(rejection(newer) == "made by format 3.0, this program reads 2.x: update rollout");
  std::string older = bytes;
  older[8] = 1;
  CHECK(rejection(older) == "made by format 1.0, this program reads 2.x: build the plan again with `rolloutc build`");
  std::string huge = bytes;
  huge[25] = 1;
  CHECK(rejection(huge) ==
        "the file says that it has " + std::to_string(bytes.size() + (1ull << 40)) + " bytes, the most is 64 MiB");
  std::string header = bytes;
  header[29] = 'x';
  CHECK(rejection(header) == "the file's header is damaged (checksum differs): copy or build it again");
  std::string last = bytes;
  last.back() = static_cast<char>(last.back() ^ 1);
  CHECK(rejection(last).starts_with("section `environment` is damaged (checksum "));
}

TEST_CASE("values have an exact encoding of their own") {
  const Value value =
      Value::map({{"a", Value::list({Value::missing("why"), Value::number(-0.5), Value::label("open", 2)})},
                  {"b", Value::secret({{"x", std::nullopt}, {"", 3}})}});
  const auto again = read_value(write_value(value));
  REQUIRE(again);
  CHECK(*again == value);
  CHECK_FALSE(read_value(write_value(value) + "x"));
  CHECK_FALSE(read_value(""));
  // A list in a list in a list: deeper than any value may be.
  std::string deep;
  for (int depth = 0; depth < 200; ++depth) deep += std::string("\x0d\x01\0\0\0", 5);
  const auto refused = read_value(deep);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the value is malformed: it holds a value that nests more than 64 deep");
  const auto claims = read_value(std::string("\x0d\xff\xff\xff\x7f", 5));
  REQUIRE_FALSE(claims);
  CHECK(claims.error().message == "the value is malformed: it claims 2147483647 items, more than it has bytes");
}

}  // namespace rollout::plan
