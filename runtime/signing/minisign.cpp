#include "runtime/signing/minisign.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace rollout::signing {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kAlgorithm = 2, kNumber = 8, kKey = 32, kSeed = 32, kSignature = 64, kSalt = 32, kLimit = 8;
constexpr std::size_t kSecretBytes = 64;    // the seed and the public key
constexpr std::size_t kChecksumBytes = 32;  // BLAKE2b-256, which OpenSSL 3.0 does not have: the pair itself is checked
constexpr std::size_t kEncrypted = kNumber + kSecretBytes + kChecksumBytes;
constexpr std::size_t kSecretFile = 3 * kAlgorithm + kSalt + 2 * kLimit + kEncrypted;
constexpr std::size_t kMostComment = 8192;
constexpr std::string_view kPlain = "Ed", kHashed = "ED", kScrypt = "Sc";
constexpr std::string_view kUntrusted = "untrusted comment: ", kTrusted = "trusted comment: ";

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;

const std::uint8_t* data_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// Nothing but complete groups of four.
std::optional<Bytes> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 4096) return std::nullopt;
  const auto is_digit = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=';
  };
  if (!std::ranges::all_of(text, is_digit)) return std::nullopt;
  Bytes bytes(text.size() / 4 * 3);
  const int count = EVP_DecodeBlock(bytes.data(), data_of(text), static_cast<int>(text.size()));
  if (count < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(count) - padding);
  return bytes;
}

std::string to_base64(const Bytes& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int count =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(count));
  return text;
}

// The lines of a text without their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

Bytes blake2b(std::string_view bytes) {
  Bytes digest(64);
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_blake2b512(), nullptr);
  digest.resize(size);
  return digest;
}

bool is_signed_by(const PublicKey& signer, const Bytes& message, std::span<const std::uint8_t> signature) {
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, signer.key.data(), signer.key.size()));
  const Context context(EVP_MD_CTX_new());
  return key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

Bytes signed_with(const std::uint8_t* seed, const Bytes& message) {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, kSeed));
  const Context context(EVP_MD_CTX_new());
  Bytes signature(kSignature);
  std::size_t size = signature.size();
  EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get());
  EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size());
  return signature;
}

std::uint64_t little_endian(const std::uint8_t* bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < kLimit; ++i) number |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return number;
}

struct ScryptCosts {
  std::uint64_t n = 0, r = 8, p = 1;
};
// The costs that libsodium's crypto_pwhash_scryptsalsa208sha256 derives from its two limits.
ScryptCosts scrypt_costs(std::uint64_t operations, std::uint64_t memory) {
  operations = std::max<std::uint64_t>(operations, 32768);
  ScryptCosts costs;
  const bool few_operations = operations < memory / 32;
  const std::uint64_t most_n = few_operations ? operations / (costs.r * 4) : memory / (costs.r * 128);
  std::uint64_t log = 1;
  while (log < 63 && (std::uint64_t{1} << log) <= most_n / 2) ++log;
  costs.n = std::uint64_t{1} << log;
  if (!few_operations) {
    const std::uint64_t most = std::min<std::uint64_t>(operations / 4 / costs.n, 0x3fffffff);
    costs.p = std::max<std::uint64_t>(most / costs.r, 1);
  }
  return costs;
}

// Decrypts in place.
bool decrypt(std::span<std::uint8_t> bytes, std::string_view password, const std::uint8_t* salt,
             std::uint64_t operations, std::uint64_t memory) {
  constexpr std::uint64_t kMostMemory = std::uint64_t{2} << 30;
  const ScryptCosts costs = scrypt_costs(operations, memory);
  Bytes stream(bytes.size());
  const int done = EVP_PBE_scrypt(password.data(), password.size(), salt, kSalt, costs.n, costs.r, costs.p, kMostMemory,
                                  stream.data(), stream.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= stream[i];
  OPENSSL_cleanse(stream.data(), stream.size());
  return done == 1;
}

std::string_view algorithm_at(const Bytes& bytes, std::size_t at) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, kAlgorithm};
}

// The base64 of a file whose first line is a comment, or a line of base64 alone.
std::string_view content_line(std::string_view text) {
  const auto lines = lines_of(text);
  if (lines.size() >= 2 && lines[0].starts_with(kUntrusted)) return lines[1];
  return lines.size() == 1 ? lines[0] : std::string_view();
}

}  // namespace

struct SecretKey::Content {
  PublicKey key;
  std::array<std::uint8_t, kSeed> seed{};
  ~Content() { OPENSSL_cleanse(seed.data(), seed.size()); }
};

SecretKey::~SecretKey() = default;

PublicKey SecretKey::public_key() const {
  return content_ ? content_->key : PublicKey();
}

std::string PublicKey::id() const {
  std::string text;
  for (auto byte = number.rbegin(); byte != number.rend(); ++byte) text += fmt::format("{:02X}", *byte);
  return text;
}

Expected<PublicKey> read_public_key(std::string_view text) {
  const auto bytes = from_base64(content_line(text));
  if (!bytes || bytes->size() != kAlgorithm + kNumber + kKey || algorithm_at(*bytes, 0) != kPlain)
    return std::string("this is no public key of minisign; it has two lines, the second begins with `RW`");
  PublicKey key;
  std::copy_n(bytes->begin() + kAlgorithm, kNumber, key.number.begin());
  std::copy_n(bytes->begin() + kAlgorithm + kNumber, kKey, key.key.begin());
  return key;
}

bool needs_password(std::string_view text) {
  const auto bytes = from_base64(content_line(text));
  return bytes && bytes->size() == kSecretFile && algorithm_at(*bytes, kAlgorithm) == kScrypt;
}

Expected<SecretKey> read_secret_key(std::string_view text, std::string_view password) {
  auto bytes = from_base64(content_line(text));
  if (!bytes || bytes->size() != kSecretFile || algorithm_at(*bytes, 0) != kPlain)
    return std::string("this is no secret key of minisign; make one with `minisign -G`");
  std::uint8_t* const salt = bytes->data() + 3 * kAlgorithm;
  std::uint8_t* const secret = salt + kSalt + 2 * kLimit;
  const bool encrypted = algorithm_at(*bytes, kAlgorithm) == kScrypt;
  if (encrypted && !decrypt({secret, kEncrypted}, password, salt, little_endian(salt + kSalt),
                            little_endian(salt + kSalt + kLimit))) {
    return std::string("the secret key could not be decrypted: its cost is more than this machine grants");
  }
  auto content = std::make_shared<SecretKey::Content>();
  std::copy_n(secret, kNumber, content->key.number.begin());
  std::copy_n(secret + kNumber, kSeed, content->seed.begin());
  std::copy_n(secret + kNumber + kSeed, kKey, content->key.key.begin());
  OPENSSL_cleanse(bytes->data(), bytes->size());
  // The seed has to make the public key that stands beside it.
  const Key made(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, content->seed.data(), kSeed));
  std::array<std::uint8_t, kKey> derived{};
  std::size_t size = derived.size();
  if (!made || EVP_PKEY_get_raw_public_key(made.get(), derived.data(), &size) != 1 || derived != content->key.key) {
    return std::string(encrypted ? "the password does not open this secret key" : "the secret key is damaged");
  }
  SecretKey key;
  key.content_ = std::move(content);
  return key;
}

std::string signature_of(const SecretKey& key, std::string_view bytes, std::string_view trusted_comment) {
  const std::uint8_t* const seed = key.content_->seed.data();
  const Bytes signature = signed_with(seed, blake2b(bytes));
  Bytes file(kHashed.begin(), kHashed.end());
  const auto& number = key.content_->key.number;
  file.insert(file.end(), number.begin(), number.end());
  file.insert(file.end(), signature.begin(), signature.end());
  Bytes whole = signature;
  whole.insert(whole.end(), trusted_comment.begin(), trusted_comment.end());
  return fmt::format("{}signature from rolloutc secret key\n{}\n{}{}\n{}\n", kUntrusted, to_base64(file), kTrusted,
                     trusted_comment, to_base64(signed_with(seed, whole)));
}

Expected<Verified> verify_signature(std::string_view bytes, std::string_view signature,
                                    std::span<const PublicKey> trusted) {
  const auto lines = lines_of(signature);
  const bool shaped = lines.size() == 4 && lines[0].starts_with(kUntrusted) && lines[2].starts_with(kTrusted);
  const auto content = shaped ? from_base64(lines[1]) : std::nullopt;
  const auto whole_signature = shaped ? from_base64(lines[3]) : std::nullopt;
  if (!content || content->size() != kAlgorithm + kNumber + kSignature || !whole_signature ||
      whole_signature->size() != kSignature || lines[2].size() > kMostComment) {
    return std::string("this is no signature of minisign, or it is damaged");
  }
  if (algorithm_at(*content, 0) != kHashed && algorithm_at(*content, 0) != kPlain)
    return std::string("the signature is of a kind that this version does not know");
  PublicKey named;
  std::copy_n(content->begin() + kAlgorithm, kNumber, named.number.begin());
  const auto signer = std::ranges::find(trusted, named.number, &PublicKey::number);
  if (signer == trusted.end())
    return fmt::format("it is signed with the key {}, which is not trusted here", named.id());
  const std::span<const std::uint8_t> of_bytes(content->data() + kAlgorithm + kNumber, kSignature);
  const bool hashed = algorithm_at(*content, 0) == kHashed;
  const Bytes message = hashed ? blake2b(bytes) : Bytes(bytes.begin(), bytes.end());
  if (!is_signed_by(*signer, message, of_bytes))
    return fmt::format("it is not what was signed with the key {}: it has been changed since", named.id());
  const std::string comment(lines[2].substr(kTrusted.size()));
  Bytes whole(of_bytes.begin(), of_bytes.end());
  whole.insert(whole.end(), comment.begin(), comment.end());
  if (!is_signed_by(*signer, whole, *whole_signature))
    return fmt::format("the signature's trusted comment is not what was signed with the key {}", named.id());
  return Verified{*signer, comment};
}

}  // namespace rollout::signing
