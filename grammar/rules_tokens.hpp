// Literals: quantities, strings and commands with inserts. Only parse.cpp includes this.
#pragma once

#include <algorithm>

#include "grammar/quantity_scanner.hpp"
#include "grammar/rules_recovery.hpp"

namespace rollout::grammar::rules {

struct Expression;

// A literal that begins with a digit: one leaf, right or mistaken.
struct Quantity : Custom<Quantity> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = K::Quantity;

  static bool parse(Input& in, TreeBuilder& tree) {
    const char* at = in.current();
    const bool digit_behind_dot = tree.character(at) == '.' && at + 1 != tree.end() && is_digit(at[1]);
    if (!is_digit(tree.character(at)) && !digit_behind_dot) return false;
    const auto mark = tree.mark(at);
    const ScannedQuantity found = scan_quantity({at, static_cast<std::size_t>(tree.end() - at)});
    tree.token(found.kind, in.iterator(), at + found.length);
    tree.close(K::Quantity, mark);
    return true;
  }
};

// ('%' / IDENT / '1') ('/' IDENT)?, glued: the unit of a metric's source.
struct UnitName : Custom<UnitName> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = K::UnitName;

  static bool parse(Input& in, TreeBuilder& tree) {
    const char* at = in.current();
    const char first = tree.character(at);
    if (first == '%' || first == '1') {
      ++at;
    } else {
      at = tree.scan_word(at).end;
    }
    if (at == in.current() || (first == '1' && is_word_part(tree.character(at)))) return false;
    if (tree.character(at) == '/') {
      const PeekedWord per = tree.scan_word(at + 1);
      if (per.kind != K::Missing) at = per.end;
    }
    tree.token(K::UnitName, in.iterator(), at);
    return true;
  }
};

// `${expression}`: line ends count in it, and what follows its brace is text again.
struct Insert : Custom<Insert> {
  using Analysis = LikeSequence<AnyTokenRule, Expression>;

  static bool parse(Input& in, TreeBuilder& tree) {
    if (!tree.starts_with(in.current(), "${")) return false;
    const auto mark = tree.mark(in.current());
    const bool outer_flat = std::exchange(tree.flat, false);
    tree.token(K::InsertStart, in.iterator(), in.current() + 2);
    run<Expect<Expression, K::Expression>>(in, tree);
    skip_rest(in, tree);
    tree.flat = outer_flat;
    if (tree.character(in.current()) == '}') {
      tree.leaf(K::RightBrace, in.iterator(), in.current() + 1);
    } else {
      tree.missing(K::RightBrace, in.current());
    }
    tree.close(K::Insert, mark);
    return true;
  }

 private:
  // What stands between the expression and the brace, on this line and inside the quotes.
  static void skip_rest(Input& in, TreeBuilder& tree) {
    const auto stops = [](char c) { return c == '}' || c == '"' || c == '`' || c == '$' || c == '\n'; };
    const char* at = in.current();
    const char* stop = std::find_if(at, tree.end(), stops);
    if (stop == at || stop == tree.end() || *stop != '}') return;
    const auto mark = tree.mark(at);
    tree.leaf(K::ErrorText, in.iterator(), stop);
    tree.close(K::Error, mark, K::RightBrace);
  }
};

// What both kinds of quoted text share: an opening quote, runs of text and inserts, and the closing quote.
template <typename Flavour>
struct Quoted : Custom<Quoted<Flavour>> {
  using Analysis = LikeSequence<AnyTokenRule, pegtl::star<Insert>>;
  static constexpr SyntaxKind kExpected = Flavour::kNode;

  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.character(in.current()) != Flavour::kQuote) return false;
    const auto mark = tree.mark(in.current());
    const Flavour flavour(tree, in.current());
    tree.leaf(Flavour::kQuoteKind, in.iterator(), in.current() + flavour.quote_length);
    do {
      const char* stop = flavour.text_end(tree, in.current());
      if (stop != in.current()) tree.leaf(Flavour::kText, in.iterator(), stop);
    } while (run<Insert>(in, tree));
    if (flavour.closes(tree, in.current())) {
      tree.leaf(Flavour::kQuoteKind, in.iterator(), in.current() + flavour.quote_length);
    } else {
      tree.missing(Flavour::kQuoteKind, in.current());
    }
    tree.trivia(in.iterator());
    tree.close(Flavour::kNode, mark);
    return true;
  }
};

// "..." ends on its line; """...""" goes over lines, but one that is never closed ends on its line too.
struct StringFlavour {
  static constexpr char kQuote = '"';
  static constexpr SyntaxKind kNode = K::StringLiteral;
  static constexpr SyntaxKind kQuoteKind = K::StringQuote;
  static constexpr SyntaxKind kText = K::StringText;
  static constexpr std::string_view kTripleQuote = "\"\"\"";

  StringFlavour(TreeBuilder& tree, const char* at) {
    triple = tree.starts_with(at, kTripleQuote);
    quote_length = triple ? 3 : 1;
    if (triple) many_lines = tree.has_triple_quote_from(at + 3);
  }

  bool closes(TreeBuilder& tree, const char* at) const {
    return triple ? tree.starts_with(at, kTripleQuote) : tree.character(at) == '"';
  }

  // Where a run of text that begins at `at` ends: before the quote, an insert, or where the string ends without one.
  const char* text_end(TreeBuilder& tree, const char* at) const {
    for (const char* first = at; at != tree.end(); ++at) {
      if (*at == '\n' && !many_lines) return at != first && at[-1] == '\r' ? at - 1 : at;
      if (*at == '$' && tree.starts_with(at, "${")) return at;
      if (*at == '"' && closes(tree, at)) return at;
      if (*at == '\\') at += escaped_length(tree, at);
    }
    return at;
  }

  // How many bytes behind the backslash belong to it.
  std::ptrdiff_t escaped_length(TreeBuilder& tree, const char* at) const {
    if (triple) {
      if (tree.starts_with(at, "\\${")) return 2;
      return tree.starts_with(at, "\\\"\"\"") ? 3 : 0;
    }
    return at + 1 != tree.end() && (at[1] == '"' || at[1] == '\\' || at[1] == '$') ? 1 : 0;
  }

  bool triple = false;
  bool many_lines = false;
  std::ptrdiff_t quote_length = 1;
};

// `...`: a backslash keeps the next character as it is; behind one, a line end is a blank.
struct CommandFlavour {
  static constexpr char kQuote = '`';
  static constexpr SyntaxKind kNode = K::CommandLiteral;
  static constexpr SyntaxKind kQuoteKind = K::CommandQuote;
  static constexpr SyntaxKind kText = K::CommandText;

  CommandFlavour(TreeBuilder&, const char*) {}

  bool closes(TreeBuilder& tree, const char* at) const { return tree.character(at) == '`'; }

  const char* text_end(TreeBuilder& tree, const char* at) const {
    for (const char* first = at; at != tree.end(); ++at) {
      if (*at == '`') return at;
      if (*at == '\n') return at != first && at[-1] == '\r' ? at - 1 : at;
      if (*at == '$' && tree.starts_with(at, "${")) return at;
      if (*at != '\\' || at + 1 == tree.end()) continue;
      ++at;
      if (*at == '\r' && at + 1 != tree.end() && at[1] == '\n') ++at;
    }
    return at;
  }

  std::ptrdiff_t quote_length = 1;
};

struct StringLiteral : Quoted<StringFlavour> {};
struct CommandLiteral : Quoted<CommandFlavour> {};

}  // namespace rollout::grammar::rules
