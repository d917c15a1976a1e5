// What each word of a file is, for colours: from the tree, and for names from what they stand for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/check/checked_module.hpp"

namespace rollout::language_server {

// In the order of their names in token_type_names().
enum class TokenType : std::uint8_t {
  Namespace,
  Type,
  Enum,
  EnumMember,
  Struct,
  Parameter,
  Variable,
  Property,
  Function,
  Event,
  Keyword,
  Comment,
  String,
  Number,
  Operator,
};
// Bits, in the order of token_modifier_names().
inline constexpr std::uint32_t kDeclaration = 1, kReadonly = 2, kDocumentation = 4, kDefaultLibrary = 8;

std::span<const std::string_view> token_type_names();
std::span<const std::string_view> token_modifier_names();

struct Token {
  grammar::Span span;  // within one line
  TokenType type{};
  std::uint32_t modifiers = 0;
};
// Of the main file, in the order of the text.
std::vector<Token> semantic_tokens(const check::CheckedModule& module);

}  // namespace rollout::language_server
