#include "runtime/signing/minisign.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "runtime/signing/plan_signature.hpp"
#include "tests/support/golden.hpp"

namespace {

using namespace rollout::signing;
namespace plan = rollout::plan;

std::string read(const std::string& name) {
  return rollout::test::read_text(std::filesystem::path(ROLLOUT_SOURCE_DIRECTORY) / "tests/unit/signing/keys" / name);
}

PublicKey public_key(const std::string& name) {
  const auto key = read_public_key(read(name));
  REQUIRE(key);
  return *key;
}

}  // namespace

TEST_CASE("what minisign has signed is verified, of both kinds") {
  const std::vector<PublicKey> trusted = {public_key("locked.pub"), public_key("plain.pub")};
  const auto hashed = verify_signature("a plan", read("hashed.minisig"), trusted);
  REQUIRE(hashed);
  CHECK(hashed->key == trusted[1]);
  CHECK(hashed->trusted_comment == "timestamp:1764144000\tfile:message\thashed");
  CHECK(trusted[1].id() == "975350268CA00710");
  const auto older = verify_signature("a plan", read("plain.minisig"), trusted);
  REQUIRE(older);
  CHECK(older->trusted_comment == "an older one");
}

TEST_CASE("a key's second line alone is a key") {
  const std::string text = read("plain.pub");
  const auto key = read_public_key(text.substr(text.find('\n') + 1));
  REQUIRE(key);
  CHECK(*key == public_key("plain.pub"));
}

TEST_CASE("our signatures are verified, and refused after any change") {
  auto key = read_secret_key(read("plain.key"), "");
  REQUIRE(key);
  CHECK(key->public_key() == public_key("plain.pub"));
  const std::vector<PublicKey> trusted = {key->public_key()}, others = {public_key("locked.pub")};
  const std::string signature = signature_of(*key, "a plan", "file:x\tenvironment:staging");
  REQUIRE(verify_signature("a plan", signature, trusted));
  CHECK(verify_signature("a plan!", signature, trusted).error() ==
        "it is not what was signed with the key 975350268CA00710: it has been changed since");
  CHECK(verify_signature("a plan", signature, others).error() ==
        "it is signed with the key 975350268CA00710, which is not trusted here");
  CHECK(verify_signature("a plan", signature, {}).error().find("not trusted") != std::string::npos);
  std::string moved = signature;
  moved.replace(moved.find("staging"), 7, "product");
  CHECK(verify_signature("a plan", moved, trusted).error() ==
        "the signature's trusted comment is not what was signed with the key 975350268CA00710");
  // Only the untrusted comment may change.
  const std::size_t first = signature.find('\n') + 1;
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = signature;
    const std::size_t at = first + random() % (damaged.size() - 1 - first);
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + random() % 255));
    if (damaged == signature) continue;
    INFO(damaged);
    // The last digit of base64 has bits that mean nothing.
    const auto verified = verify_signature("a plan", damaged, trusted);
    CHECK((!verified || verified->trusted_comment == "file:x\tenvironment:staging"));
  }
}

TEST_CASE("a locked key opens with its password alone") {
  CHECK(needs_password(read("locked.key")));
  CHECK_FALSE(needs_password(read("plain.key")));
  CHECK_FALSE(needs_password("nothing"));
  auto key = read_secret_key(read("locked.key"), "correct horse");
  REQUIRE(key);
  CHECK(key->public_key() == public_key("locked.pub"));
  CHECK(read_secret_key(read("locked.key"), "wrong").error() == "the password does not open this secret key");
}

TEST_CASE("what is no key and no signature is told as such") {
  for (const std::string text : {"", "x", "untrusted comment: x\n", "untrusted comment: x\nAAAA\n", "\n\n\n\n"}) {
    CHECK(read_public_key(text).error().find("no public key of minisign") != std::string::npos);
    CHECK(read_secret_key(text, "").error().find("no secret key of minisign") != std::string::npos);
    CHECK(verify_signature("", text, {}).error() == "this is no signature of minisign, or it is damaged");
  }
}

TEST_CASE("a signature says where and until when a plan may run") {
  const auto instant = plan::parse_literal("2026-12-01T00:00Z", plan::ValueKind::Instant);
  REQUIRE(instant);
  const plan::Nanoseconds expires = instant->as_integer();
  const PlanClaims claims{"x.rplan", "production", 1'764'144'000'000'000'000, expires};
  const std::string comment = trusted_comment_of(claims);
  CHECK(comment == "timestamp:1764144000\tfile:x.rplan\thashed\tenvironment:production\texpires:2026-12-01T00:00:00Z");
  const PlanClaims read = claims_in(comment);
  CHECK(read.environment == "production");
  CHECK(read.expires == expires);
  CHECK(read.signed_at == claims.signed_at);
  CHECK(claims_problem(read, "production", expires - 1).empty());
  CHECK(claims_problem(read, "staging", 0) == "it is signed for the environment `production`, not for `staging`");
  CHECK(claims_problem(read, "production", expires) ==
        "its signature is valid until 2026-12-01T00:00:00Z only: have it signed anew");
  CHECK(claims_problem(claims_in("timestamp:x\tfile:a b\tnonsense"), "anything", expires).empty());
  CHECK_FALSE(claims_problem(claims_in("expires:tomorrow"), "", 1).empty());
}
