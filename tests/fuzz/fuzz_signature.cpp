// signature: any bytes as a key or a signature are refused with a reason; what is accepted is signed by a trusted key
#include "runtime/signing/minisign.hpp"
#include "runtime/signing/plan_signature.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

// Keys that protect nothing: tests/unit/signing/keys.
constexpr std::string_view kPublic = "RWQQB6CMJlBTl3x5CUvy7EctvFNnStNW5xMt9a2UXgNrZu8/DT7+JCiV";
constexpr std::string_view kMessage = "a plan";
constexpr std::string_view kComment = "timestamp:1764144000\tfile:message\thashed";
constexpr std::string_view kSignature =
    "untrusted comment: signature from minisign secret key\n"
    "RUQQB6CMJlBTlxa1NwKrInJr4iC5AQYHylFsKXw+VbDwGMHovA8DkhCiWa9motFZYjhfHsa8t3qPeQGSlcj6zkQXiZQM/74QLwE=\n"
    "trusted comment: timestamp:1764144000\tfile:message\thashed\n"
    "pJqNeji0fO3SXVOBv7rlaG2BI06Fwt8kFYPrvyX+tDJUsn1hU2UKuvYh88IK0ncp3G6okVyGN14bjzMrays/DQ==\n";

}  // namespace

void test_one(std::string_view bytes) {
  const auto trusted = signing::read_public_key(kPublic);
  if (!trusted) broken("the trusted key cannot be read");
  const auto verified = signing::verify_signature(kMessage, bytes, {&*trusted, 1});
  if (!verified && verified.error().empty()) broken("a signature was refused without a reason");
  if (verified && verified->trusted_comment != kComment) broken("a comment was believed that nobody has signed");
  if (const auto key = signing::read_public_key(bytes); !key && key.error().empty()) broken("a key without a reason");
  // An encrypted key may ask for as much time and memory as its owner wanted.
  if (!signing::needs_password(bytes)) static_cast<void>(signing::read_secret_key(bytes, ""));
  const signing::PlanClaims claims = signing::claims_in(bytes);
  static_cast<void>(signing::claims_problem(claims, "production", 0));
}

std::vector<std::string> built_in_seeds() {
  return {std::string(kSignature), std::string(kPublic), "untrusted comment: x\n" + std::string(kPublic) + "\n",
          std::string(kComment) + "\tenvironment:production\texpires:2026-12-01T00:00Z"};
}

}  // namespace rollout::fuzz
