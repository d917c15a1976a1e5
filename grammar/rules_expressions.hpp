// Expressions and types, loosest first. Only parse.cpp includes this.
#pragma once

#include "grammar/rules_tokens.hpp"

namespace rollout::grammar::rules {

struct Expression;
struct Postfix;
struct Type;

template <typename Rule = Expression>
using ExpectExpression = Expect<Rule, K::Expression>;

// ---------------------------------------------------------------- primaries

struct AnyArgument : Custom<AnyArgument> {
  using Analysis = AnyToken;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind != K::Underscore) return false;
    const auto mark = tree.mark(in.current());
    tree.token(K::Underscore, in.iterator(), word.end);
    tree.close(K::AnyArgument, mark);
    return true;
  }
};

// Any word that a colon follows.
struct ArgumentName : Custom<ArgumentName> {
  using Analysis = AnyToken;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind == K::Missing || tree.character(tree.skip_blanks(word.end)) != ':') return false;
    tree.token(K::Name, in.iterator(), word.end);
    return true;
  }
};

struct Argument : pegtl::sor<Node<K::Argument, ArgumentName, Expect<Colon>, ExpectExpression<>>,
                             Node<K::Argument, Expression>, Node<K::Argument, AnyArgument>> {};

struct Arguments : Node<K::Arguments, Brackets<'(', Argument, K::Argument>> {};

// Glued to what it applies to.
template <typename Rule>
struct Glued : Custom<Glued<Rule>> {
  using Analysis = LikeSequence<Rule>;
  static constexpr SyntaxKind kExpected = Rule::kExpected;
  static bool parse(Input& in, TreeBuilder& tree) { return tree.glued(in.current()) && run<Rule>(in, tree); }
};

struct Parenthesized : Node<K::Parenthesized, Brackets<'(', Expression, K::Expression, false>> {};
struct List : Node<K::List, Brackets<'[', Expression, K::Expression>> {
  static constexpr SyntaxKind kExpected = K::LeftBracket;
};

struct EntryKey : pegtl::sor<StringLiteral, AnyName> {};
struct Entry : Node<K::Entry, EntryKey, Expect<Colon>, Lines, ExpectExpression<>> {};

// `{` opens a map where nothing or a key with its colon follows.
struct Map : Custom<Map> {
  using Braces = Body<K::Map, Entry, K::Entry, K::Missing, Separators::LinesAndCommas>;
  using Analysis = LikeSequence<Braces>;

  static bool parse(Input& in, TreeBuilder& tree) {
    return tree.character(in.current()) == '{' && looks_like_map(tree, in.current() + 1) && run<Braces>(in, tree);
  }

 private:
  static bool looks_like_map(TreeBuilder& tree, const char* at) {
    at = tree.skip_lines(at);
    const char c = tree.character(at);
    if (c == '}' || c == '"') return true;
    const PeekedWord word = tree.scan_word(at);
    return word.kind != K::Missing && tree.character(tree.skip_blanks(word.end)) == ':';
  }
};

struct BooleanLiteral
    : pegtl::sor<Node<K::BooleanLiteral, Word<K::KeywordTrue>>, Node<K::BooleanLiteral, Word<K::KeywordFalse>>> {};

// The word `run` before a command; before anything else it is a name.
struct RunWord : Custom<RunWord> {
  using Analysis = AnyToken;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind != K::KeywordRun || tree.character(tree.skip_blanks(word.end)) != '`') return false;
    tree.token(K::KeywordRun, in.iterator(), word.end);
    return true;
  }
};
struct Run : Node<K::Run, RunWord, Expect<CommandLiteral>> {};
struct NameExpression : Node<K::NameExpression, Name> {};

struct WordPrimary : WordSwitch<NameExpression, On<K::KeywordTrue, BooleanLiteral>, On<K::KeywordFalse, BooleanLiteral>,
                                On<K::KeywordRun, Run>> {};

struct Primary : Custom<Primary> {
  using Analysis = LikeChoice<WordPrimary, Quantity, StringLiteral, CommandLiteral, Parenthesized, List, Map>;

  static bool parse(Input& in, TreeBuilder& tree) {
    const char c = tree.character(in.current());
    if (is_word_start(c)) return run<WordPrimary>(in, tree);
    switch (c) {
      case '"': return run<StringLiteral>(in, tree);
      case '`': return run<CommandLiteral>(in, tree);
      case '(': return run<Parenthesized>(in, tree);
      case '[': return run<List>(in, tree);
      case '{': return run<Map>(in, tree);
      default: return run<Quantity>(in, tree);
    }
  }
};

// ---------------------------------------------------------------- calls, indexes, members

struct IndexBrackets : Brackets<'[', Expression, K::Expression, false> {};

// What may follow a primary, from left to right. kSpacedCalls: `f (x)` is taken as a call too, for a better message.
template <typename First, bool kIndexes, bool kCallEnds, bool kSpacedCalls>
struct PostfixChain : Custom<PostfixChain<First, kIndexes, kCallEnds, kSpacedCalls>> {
  using Analysis = LikeSequence<First, pegtl::opt<Arguments>, pegtl::opt<IndexBrackets>>;
  static constexpr SyntaxKind kExpected = K::Reference;

  static bool parse(Input& in, TreeBuilder& tree) {
    const auto mark = tree.mark(in.current());
    const bool matched = run<First>(in, tree);
    // Each link is one level of the tree, so a chain is as limited as everything else that nests.
    std::uint32_t links = 0;
    for (bool goes_on = matched; goes_on; ++links) {
      const SyntaxKind kind = links < tree.depth_limit ? parse_one(in, tree) : K::Missing;
      if (kind != K::Missing) tree.close(kind, mark);
      goes_on = kind != K::Missing && !(kCallEnds && kind == K::Call);
    }
    tree.leave(mark);
    if (links > tree.depth_limit && at_link(tree, in.current())) skip_too_deep(in, tree);
    return matched;
  }

 private:
  static bool at_link(TreeBuilder& tree, const char* at) {
    return tree.glued(at) && is_glued_opener(tree.character(at)) && !tree.starts_with(at, "..");
  }

  static SyntaxKind parse_one(Input& in, TreeBuilder& tree) {
    const char* at = in.current();
    switch (tree.character(at)) {
      case '(':
        if (!tree.glued(at) && !(kSpacedCalls && tree.same_line(at) && tree.last_kind() == K::NameExpression)) break;
        run<Arguments>(in, tree);
        return K::Call;
      case '[':
        if (!kIndexes || !tree.glued(at)) break;
        run<IndexBrackets>(in, tree);
        return K::Index;
      case '.':
        if (!run<Dot>(in, tree)) break;
        run<Expect<AnyName>>(in, tree);
        return K::Member;
      default: break;
    }
    return K::Missing;
  }
};

struct Postfix : PostfixChain<Primary, true, false, true> {};
// A check, guards, channel, role, action or metric, with or without arguments.
struct Reference : PostfixChain<NameExpression, false, true, false> {};
// A stage or a child rollout as scenarios name it: `canary`, `cart("eu").canary`, `cart[2].canary`.
struct StagePath : PostfixChain<NameExpression, true, false, false> {
  static constexpr SyntaxKind kExpected = K::Name;
};
// A path of names only.
struct Path : Custom<Path> {
  using Analysis = LikeSequence<NameExpression>;
  static constexpr SyntaxKind kExpected = K::Reference;

  static bool parse(Input& in, TreeBuilder& tree) {
    const auto mark = tree.mark(in.current());
    const bool matched = run<NameExpression>(in, tree);
    for (std::uint32_t links = 0; matched && links < tree.depth_limit && run<Dot>(in, tree); ++links) {
      run<Expect<AnyName>>(in, tree);
      tree.close(K::Member, mark);
    }
    tree.leave(mark);
    return matched;
  }
};

// ---------------------------------------------------------------- operators

struct Unary : pegtl::sor<Node<K::Negation, Minus, ExpectExpression<Guarded<Unary>>>, Postfix> {};
struct Product : Infix<K::Product, Unary, pegtl::sor<Star, Slash>> {};
struct RelativeWord : pegtl::sor<Word<K::KeywordAbove>, Word<K::KeywordBelow>> {};

// Takes one operator at most.
struct Relative : Leading<Product, Finish<K::Relative, RelativeWord, Lines, ExpectExpression<Product>>, OtherwiseBare> {
};
struct Sum : Infix<K::Sum, Relative, pegtl::sor<Plus, Minus>> {
  static constexpr SyntaxKind kExpected = K::Expression;
};
// 1..5, or a single value.
struct RangeOrSum : Leading<Sum, Finish<K::Range, DotDot, Lines, ExpectExpression<Sum>>, OtherwiseBare> {
  static constexpr SyntaxKind kExpected = K::Expression;
};

// A single `=` is taken too: most often `==` is meant.
struct ComparisonOperator
    : pegtl::sor<Symbol<K::Equal, '=', '='>, Symbol<K::Assign, '='>, Symbol<K::NotEqual, '!', '='>,
                 Symbol<K::LessEqual, '<', '='>, Symbol<K::GreaterEqual, '>', '='>, Symbol<K::Less, '<'>,
                 Symbol<K::Greater, '>'>> {
  static constexpr SyntaxKind kExpected = K::ComparisonOperator;
};
struct Compared : Sequence<ComparisonOperator, Lines, ExpectExpression<Sum>> {};
struct InRange : Sequence<Word<K::KeywordIn>, Lines, ExpectExpression<RangeOrSum>> {};
struct IsMissing : Sequence<Word<K::KeywordIs>, pegtl::opt<Word<K::KeywordNot>>, Expect<Word<K::KeywordMissing>>> {};
struct ComparisonPart : pegtl::sor<Compared, InRange, IsMissing> {};
// Chains are taken whole: `a < b < c`.
struct Comparison : Leading<Sum, Finish<K::Comparison, ComparisonPart, pegtl::star<ComparisonPart>>, OtherwiseBare> {};

struct Not : pegtl::sor<Node<K::Not, Word<K::KeywordNot>, ExpectExpression<Guarded<Not>>>, Comparison> {};
struct And : Infix<K::And, Not, NextWord<K::KeywordAnd>> {};
struct Or : Infix<K::Or, And, NextWord<K::KeywordOr>> {};

struct Expression : Guarded<Or> {
  static constexpr SyntaxKind kExpected = K::Expression;
};

// ---------------------------------------------------------------- names and types

struct QualifiedName : Node<K::QualifiedName, Name, pegtl::star<Sequence<Dot, Expect<AnyName>>>> {};

struct Literal
    : pegtl::sor<Sequence<pegtl::sor<Plus, Minus>, Expect<Quantity>>, Quantity, StringLiteral, BooleanLiteral> {
  static constexpr SyntaxKind kExpected = K::Literal;
};
struct EnumValue : Node<K::EnumValue, Name, pegtl::opt<Sequence<Assign, Expect<Literal>>>> {};
struct EnumBody : Body<K::EnumBody, EnumValue, K::EnumValue, K::EnumValue, Separators::LinesAndCommas> {};

struct NamedType : Node<K::NamedType, QualifiedName> {};
struct TimeOfDayType : Custom<TimeOfDayType> {
  using Words = Node<K::TimeOfDayType, Word<K::KeywordTime>, Word<K::KeywordOf>, Expect<Word<K::KeywordDay>>>;
  using Analysis = LikeSequence<Words>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind != K::KeywordTime) return false;
    return tree.scan_word(tree.skip_blanks(word.end)).kind == K::KeywordOf && run<Words>(in, tree);
  }
};
struct ListType : Node<K::ListType, Brackets<'[', Type, K::Type, false>> {};
struct EnumType : Node<K::EnumType, Word<K::KeywordEnum>, ExpectBody<EnumBody>> {};

// `{ string: T }`
struct MapType : Custom<MapType> {
  using Analysis = LikeSequence<AnyTokenRule, Type>;
  static bool parse(Input& in, TreeBuilder& tree);
};

struct Type1 : pegtl::sor<TimeOfDayType, ListType, MapType, EnumType, NamedType> {};
struct PerTime : Sequence<Slash, Expect<Word<K::KeywordTime>>> {};
struct Type : Guarded<Leading<Type1, Finish<K::RateType, PerTime>, OtherwiseBare>> {
  static constexpr SyntaxKind kExpected = K::Type;
};

inline bool MapType::parse(Input& in, TreeBuilder& tree) {
  if (tree.character(in.current()) != '{') return false;
  const auto mark = tree.mark(in.current());
  const bool outer_flat = std::exchange(tree.flat, false);
  tree.token(K::LeftBrace, in.iterator(), in.current() + 1);
  run<Expect<Type>>(in, tree);
  run<Expect<Colon>>(in, tree);
  run<Expect<Type>>(in, tree);
  tree.flat = outer_flat;
  if (tree.character(in.current()) == '}') {
    tree.token(K::RightBrace, in.iterator(), in.current() + 1);
  } else {
    tree.missing(K::RightBrace, in.current());
  }
  tree.close(K::MapType, mark);
  return true;
}

}  // namespace rollout::grammar::rules
