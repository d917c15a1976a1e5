#include "editor-support/language-server/queries/tokens.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "editor-support/language-server/queries/names.hpp"

namespace rollout::language_server {
namespace {

using check::SymbolKind;
using grammar::NodeRef;
using grammar::SyntaxKind;

constexpr auto kTypeNames = std::to_array<std::string_view>({"namespace", "type", "enum", "enumMember", "struct",
                                                             "parameter", "variable", "property", "function", "event",
                                                             "keyword", "comment", "string", "number", "operator"});
constexpr auto kModifierNames =
    std::to_array<std::string_view>({"declaration", "readonly", "documentation", "defaultLibrary"});

struct SymbolRow {
  SymbolKind kind;
  TokenType type;
  std::uint32_t modifiers;
};
constexpr auto kSymbols = std::to_array<SymbolRow>({
    {SymbolKind::Module, TokenType::Namespace, 0},
    {SymbolKind::Param, TokenType::Parameter, kReadonly},
    {SymbolKind::Secret, TokenType::Variable, kReadonly},
    {SymbolKind::Let, TokenType::Variable, kReadonly},
    {SymbolKind::Fn, TokenType::Function, 0},
    {SymbolKind::Enum, TokenType::Enum, 0},
    {SymbolKind::Record, TokenType::Struct, 0},
    {SymbolKind::Role, TokenType::Variable, kReadonly},
    {SymbolKind::Metric, TokenType::Variable, 0},
    {SymbolKind::Source, TokenType::Function, 0},
    {SymbolKind::Check, TokenType::Function, 0},
    {SymbolKind::Action, TokenType::Function, 0},
    {SymbolKind::Channel, TokenType::Function, 0},
    {SymbolKind::Guards, TokenType::Function, 0},
    {SymbolKind::StageTemplate, TokenType::Function, 0},
    {SymbolKind::Stage, TokenType::Event, 0},
    {SymbolKind::Rollout, TokenType::Struct, 0},
    {SymbolKind::World, TokenType::Struct, 0},
    {SymbolKind::Argument, TokenType::Parameter, 0},
    {SymbolKind::LocalLet, TokenType::Variable, kReadonly},
    {SymbolKind::EachVariable, TokenType::Variable, kReadonly},
    {SymbolKind::Native, TokenType::Function, kDefaultLibrary},
});

// A name that stands for no symbol, by where it is.
TokenType type_of_other(NodeRef leaf) {
  const auto parent = leaf.parent();
  if (!parent) return TokenType::Variable;
  switch (parent->kind()) {
    case SyntaxKind::Member:
    case SyntaxKind::Labels: return TokenType::Property;
    case SyntaxKind::Argument:
    case SyntaxKind::Field: return TokenType::Parameter;
    case SyntaxKind::EnumValue: return TokenType::EnumMember;
    case SyntaxKind::NamedType: return TokenType::Type;
    case SyntaxKind::NameExpression: {
      const auto around = parent->parent();
      return around && around->is(SyntaxKind::Call) ? TokenType::Function : TokenType::EnumMember;
    }
    default: return TokenType::Variable;
  }
}

std::optional<TokenType> type_of_leaf(SyntaxKind kind) {
  switch (kind) {
    case SyntaxKind::Comment:
    case SyntaxKind::DocComment: return TokenType::Comment;
    case SyntaxKind::Number:
    case SyntaxKind::Ratio:
    case SyntaxKind::Duration:
    case SyntaxKind::Size:
    case SyntaxKind::Rate:
    case SyntaxKind::TimeOfDay:
    case SyntaxKind::Instant: return TokenType::Number;
    case SyntaxKind::UnitName: return TokenType::Type;
    case SyntaxKind::StringQuote:
    case SyntaxKind::StringText:
    case SyntaxKind::CommandQuote:
    case SyntaxKind::CommandText: return TokenType::String;
    case SyntaxKind::Equal:
    case SyntaxKind::NotEqual:
    case SyntaxKind::Less:
    case SyntaxKind::LessEqual:
    case SyntaxKind::Greater:
    case SyntaxKind::GreaterEqual:
    case SyntaxKind::Plus:
    case SyntaxKind::Minus:
    case SyntaxKind::Star:
    case SyntaxKind::Slash:
    case SyntaxKind::Arrow:
    case SyntaxKind::DotDot: return TokenType::Operator;
    default: break;
  }
  return grammar::is_keyword(kind) ? std::optional(TokenType::Keyword) : std::nullopt;
}

// A token has no line end in it.
void add_lines(std::string_view text, Token token, std::vector<Token>& tokens) {
  std::uint32_t begin = token.span.begin;
  for (std::uint32_t at = begin; at <= token.span.end; ++at) {
    if (at < token.span.end && text[at] != '\n') continue;
    std::uint32_t end = at;
    if (end > begin && text[end - 1] == '\r') --end;
    if (end > begin) tokens.push_back({{begin, end}, token.type, token.modifiers});
    begin = at + 1;
  }
}

}  // namespace

std::span<const std::string_view> token_type_names() {
  return kTypeNames;
}

std::span<const std::string_view> token_modifier_names() {
  return kModifierNames;
}

std::vector<Token> semantic_tokens(const check::CheckedModule& module) {
  const grammar::SyntaxTree& tree = module.trees.front();
  const std::vector<NameAt> names = names_of_main_file(module);
  auto name = names.begin();
  std::vector<Token> tokens;
  for (const grammar::Event& event : tree.events()) {
    if (event.width != 1 || event.begin == event.end) continue;
    const grammar::Span span{event.begin, event.end};
    if (event.kind == SyntaxKind::Name) {
      // Leaves come in the order of the text, and so do these names.
      while (name != names.end() && name->span.begin < span.begin) ++name;
      Token token{span, TokenType::Variable, 0};
      const auto row = name == names.end() || !(name->span == span)
                           ? kSymbols.end()
                           : std::ranges::find(kSymbols, module.symbols[name->symbol].kind, &SymbolRow::kind);
      if (row != kSymbols.end()) {
        token.type = row->type;
        token.modifiers = row->modifiers | (name->is_declaration ? kDeclaration : 0);
      } else {
        token.type = type_of_other(tree.leaf_at(span.begin));
      }
      tokens.push_back(token);
    } else if (const auto type = type_of_leaf(event.kind)) {
      const bool documents = event.kind == SyntaxKind::DocComment;
      add_lines(tree.text(), {span, *type, documents ? kDocumentation : 0}, tokens);
    }
  }
  return tokens;
}

}  // namespace rollout::language_server
