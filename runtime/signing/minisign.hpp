// Signatures and keys in the format of minisign: Ed25519 over BLAKE2b-512, with a trusted comment that is signed too.
// https://jedisct1.github.io/minisign/#signature-format. What `minisign` signs is verified here, and the other way
// round; keys are made with `minisign -G`.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/plan/plan.hpp"

namespace rollout::signing {

// Errors are for people: what was read, what is wrong with it, what to do.
template <typename T>
using Expected = plan::Expected<T, std::string>;

struct PublicKey {
  std::array<std::uint8_t, 8> number{};  // names the pair
  std::array<std::uint8_t, 32> key{};
  // As minisign shows it: 16 hexadecimal digits.
  std::string id() const;
  bool operator==(const PublicKey&) const = default;
};
// The text of a `.pub` file, or its second line alone.
Expected<PublicKey> read_public_key(std::string_view text);

// Wiped when it is destroyed.
class SecretKey {
 public:
  SecretKey() = default;
  SecretKey(SecretKey&&) noexcept = default;
  SecretKey& operator=(SecretKey&&) noexcept = default;
  ~SecretKey();

  PublicKey public_key() const;

 private:
  friend Expected<SecretKey> read_secret_key(std::string_view text, std::string_view password);
  friend std::string signature_of(const SecretKey& key, std::string_view bytes, std::string_view trusted_comment);
  struct Content;
  std::shared_ptr<Content> content_;
};
// Whether the key is encrypted. False for what is no key at all.
bool needs_password(std::string_view text);
// The text of a secret key's file. A wrong password is told as such.
Expected<SecretKey> read_secret_key(std::string_view text, std::string_view password);

// The text of a signature file. The comment is one line of at most 8 kB.
std::string signature_of(const SecretKey& key, std::string_view bytes, std::string_view trusted_comment);

struct Verified {
  PublicKey key;  // that signed
  std::string trusted_comment;
};
// Refused: a signature that is damaged, by a key that is not among `trusted`, over other bytes, or with another
// trusted comment than the signed one.
Expected<Verified> verify_signature(std::string_view bytes, std::string_view signature,
                                    std::span<const PublicKey> trusted);

}  // namespace rollout::signing
