// The building blocks of the grammar: PEGTL rules that write the tree as they match. Only parse.cpp includes this.
//
// One law holds for every rule here: a rule that fails has consumed nothing and left no event. So a rule commits on its
// first part; whatever comes later is wrapped in Expect, which succeeds with a missing leaf where its rule fails.
// `Attempt` is the only rule that goes back over more than one token.
#pragma once

#include <array>
#include <cstdint>
#include <tao/pegtl.hpp>
#include <tao/pegtl/contrib/analyze_traits.hpp>
#include <utility>

#include "grammar/tree_builder.hpp"

namespace rollout::grammar::rules {

namespace pegtl = tao::pegtl;
using K = SyntaxKind;
using Input = pegtl::memory_input<pegtl::tracking_mode::lazy, pegtl::eol::lf_crlf, const char*>;

template <typename Rule>
bool run(Input& in, TreeBuilder& tree) {
  return pegtl::normal<Rule>::template match<pegtl::apply_mode::nothing, pegtl::rewind_mode::dontcare, pegtl::nothing,
                                             pegtl::normal>(in, tree);
}

// What every rule of ours has: `Self::parse(in, tree)` becomes PEGTL's match.
template <typename Self>
struct Custom {
  using rule_t = Self;
  using subs_t = pegtl::type_list<>;

  template <pegtl::apply_mode, pegtl::rewind_mode, template <typename...> class, template <typename...> class>
  [[nodiscard]] static bool match(Input& in, TreeBuilder& tree) {
    return Self::parse(in, tree);
  }

 private:
  Custom() = default;
  friend Self;
};

// How PEGTL's analysis sees our rules.
struct AnyToken {};  // consumes
template <typename... Rules>
struct LikeSequence {};  // one after the other
template <typename... Rules>
struct LikeChoice {};  // one of them
template <typename... Rules>
struct LikeOption {};  // perhaps nothing

// ---------------------------------------------------------------- tokens

template <SyntaxKind kKind>
struct Word : Custom<Word<kKind>> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = kKind;

  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord& word = tree.word(in.current());
    if (word.kind != kKind) return false;
    tree.token(kKind, in.iterator(), word.end);
    return true;
  }
};

inline bool is_glued_opener(char c) {
  return c == '(' || c == '[' || c == '.';
}

// A word of the language, unless `(`, `[` or `.` is glued to it: then it is a name.
template <SyntaxKind kKind>
struct ClauseWord : Custom<ClauseWord<kKind>> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = kKind;

  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord& word = tree.word(in.current());
    if (word.kind != kKind || is_glued_opener(tree.character(word.end))) return false;
    tree.token(kKind, in.iterator(), word.end);
    return true;
  }
};

// A word that may begin the next line.
template <SyntaxKind kKind>
struct NextWord : Custom<NextWord<kKind>> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = kKind;

  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.next_word(in.current());
    if (word.kind != kKind) return false;
    tree.lines(in.iterator());
    tree.token(kKind, in.iterator(), word.end);
    return true;
  }
};

// Whether a word stands here, without taking it.
template <SyntaxKind kKind>
struct AtWord : Custom<AtWord<kKind>> {
  using Analysis = LikeOption<>;
  static bool parse(Input& in, TreeBuilder& tree) { return tree.word(in.current()).kind == kKind; }
};

// One or two characters, never the beginning of a longer sign that ends in kNotNext.
template <SyntaxKind kKind, char kFirst, char kSecond = '\0', char kNotNext = '\0'>
struct Symbol : Custom<Symbol<kKind, kFirst, kSecond, kNotNext>> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = kKind;

  static bool parse(Input& in, TreeBuilder& tree) {
    const char* at = in.current();
    if (tree.character(at) != kFirst) return false;
    ++at;
    if constexpr (kSecond != '\0') {
      if (tree.character(at) != kSecond) return false;
      ++at;
    }
    if constexpr (kNotNext != '\0') {
      if (tree.character(at) == kNotNext) return false;
    }
    tree.token(kKind, in.iterator(), at);
    return true;
  }
};

using LeftParenthesis = Symbol<K::LeftParenthesis, '('>;
using Colon = Symbol<K::Colon, ':'>;
using Comma = Symbol<K::Comma, ','>;
using Assign = Symbol<K::Assign, '=', '\0', '='>;
using Arrow = Symbol<K::Arrow, '-', '>'>;
using Plus = Symbol<K::Plus, '+'>;
using Minus = Symbol<K::Minus, '-', '\0', '>'>;
using Star = Symbol<K::Star, '*'>;
using Slash = Symbol<K::Slash, '/'>;
using Dot = Symbol<K::Dot, '.', '\0', '.'>;
using DotDot = Symbol<K::DotDot, '.', '.'>;

// A name: any word that is not reserved.
struct Name : Custom<Name> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = K::Name;

  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord& word = tree.word(in.current());
    if (word.kind == K::Missing || is_reserved(word.kind)) return false;
    tree.token(K::Name, in.iterator(), word.end);
    return true;
  }
};

// After a dot and before a colon any word is a name.
struct AnyName : Custom<AnyName> {
  using Analysis = AnyToken;
  static constexpr SyntaxKind kExpected = K::Name;

  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord& word = tree.word(in.current());
    if (word.kind == K::Missing) return false;
    tree.token(K::Name, in.iterator(), word.end);
    return true;
  }
};

// Line ends that mean nothing.
struct Lines : Custom<Lines> {
  using Analysis = LikeOption<>;
  static bool parse(Input& in, TreeBuilder& tree) {
    tree.lines(in.iterator());
    return true;
  }
};

// Stands for a bracket in the analysis.
struct AnyTokenRule : Custom<AnyTokenRule> {
  using Analysis = AnyToken;
};

// ---------------------------------------------------------------- structure

// First decides; the rest always succeeds.
template <typename First, typename... Rest>
struct Sequence : Custom<Sequence<First, Rest...>> {
  using Analysis = LikeSequence<First, Rest...>;
  static bool parse(Input& in, TreeBuilder& tree) {
    if (!run<First>(in, tree)) return false;
    (static_cast<void>(run<Rest>(in, tree)), ...);
    return true;
  }
};

// A Sequence that becomes a node.
template <SyntaxKind kKind, typename First, typename... Rest>
struct Node : Custom<Node<kKind, First, Rest...>> {
  using Analysis = LikeSequence<First, Rest...>;
  static constexpr SyntaxKind kExpected = kKind;

  static bool parse(Input& in, TreeBuilder& tree) {
    const auto mark = tree.mark(in.current());
    if (!run<First>(in, tree)) {
      tree.leave(mark);
      return false;
    }
    (static_cast<void>(run<Rest>(in, tree)), ...);
    tree.close(kKind, mark);
    return true;
  }
};

// A node that begins behind line ends: a clause whose word may stand on the next line.
template <SyntaxKind kKind, SyntaxKind kWord, typename... Rest>
struct Clause : Custom<Clause<kKind, kWord, Rest...>> {
  using Analysis = LikeSequence<Word<kWord>, Rest...>;
  static constexpr SyntaxKind kExpected = kWord;

  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.next_word(in.current()).kind != kWord) return false;
    tree.lines(in.iterator());
    return run<Node<kKind, Word<kWord>, Rest...>>(in, tree);
  }
};

// The rule, or a missing leaf that says what should be here.
template <typename Rule, SyntaxKind kExpected = Rule::kExpected>
struct Expect : Custom<Expect<Rule, kExpected>> {
  using Analysis = LikeOption<Rule>;
  static bool parse(Input& in, TreeBuilder& tree) {
    if (!run<Rule>(in, tree)) tree.missing(kExpected, in.current());
    return true;
  }
};

// Everything or nothing, going back over what was taken.
template <typename... Rules>
struct Attempt : Custom<Attempt<Rules...>> {
  using Analysis = LikeSequence<Rules...>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const auto mark = tree.mark(in.current());
    if ((run<Rules>(in, tree) && ...)) {
      tree.leave(mark);
      return true;
    }
    tree.abandon(in.iterator(), mark);
    return false;
  }
};

// A lead whose node depends on what follows it: the first Finish that begins wins.
template <SyntaxKind kKind, typename First, typename... Rest>
struct Finish {
  using Analysis = LikeOption<First, Rest...>;
  static bool finish(Input& in, TreeBuilder& tree, const TreeBuilder::Mark& mark) {
    if (!run<First>(in, tree)) return false;
    (static_cast<void>(run<Rest>(in, tree)), ...);
    tree.close(kKind, mark);
    return true;
  }
};
template <SyntaxKind kKind>
struct OtherwiseNode {
  static bool finish(Input&, TreeBuilder& tree, const TreeBuilder::Mark& mark) {
    tree.close(kKind, mark);
    return true;
  }
};
struct OtherwiseBare {
  static bool finish(Input&, TreeBuilder& tree, const TreeBuilder::Mark& mark) {
    tree.leave(mark);
    return true;
  }
};
struct OtherwiseFail {
  static bool finish(Input& in, TreeBuilder& tree, const TreeBuilder::Mark& mark) {
    tree.abandon(in.iterator(), mark);
    return false;
  }
};

template <typename Lead, typename... Finishes>
struct Leading : Custom<Leading<Lead, Finishes...>> {
  using Analysis = LikeSequence<Lead>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const auto mark = tree.mark(in.current());
    if (!run<Lead>(in, tree)) {
      tree.leave(mark);
      return false;
    }
    return (Finishes::finish(in, tree, mark) || ...);
  }
};

// One level of precedence: a node only where an operator is really there; a chain is one node.
template <SyntaxKind kKind, typename Operand, typename Operator>
struct Infix : Custom<Infix<kKind, Operand, Operator>> {
  using Analysis = LikeSequence<Operand, pegtl::star<Sequence<Operator, Lines, Expect<Operand, K::Expression>>>>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const auto mark = tree.mark(in.current());
    if (!run<Operand>(in, tree) || !run<Operator>(in, tree)) {
      tree.leave(mark);
      return in.current() != mark.at;
    }
    do {
      tree.lines(in.iterator());
      run<Expect<Operand, K::Expression>>(in, tree);
    } while (run<Operator>(in, tree));
    tree.close(kKind, mark);
    return true;
  }
};

// ---------------------------------------------------------------- dispatch

template <SyntaxKind kWord, typename CaseRule>
struct On {
  static constexpr SyntaxKind kCase = kWord;
  using Rule = CaseRule;
};

// For every kind of word the number of its case, from 1; 0 where it has none.
template <typename... Cases>
constexpr auto case_indexes() {
  std::array<std::uint8_t, static_cast<std::size_t>(K::EndOfFile) + 1> indexes{};
  std::uint8_t next = 0;
  ((indexes[static_cast<std::size_t>(Cases::kCase)] = ++next), ...);
  return indexes;
}

// Tries the rule of the word that stands here, and `Otherwise` where there is none or it fails.
template <typename Otherwise, typename... Cases>
struct WordSwitch : Custom<WordSwitch<Otherwise, Cases...>> {
  using Analysis = LikeChoice<Otherwise, typename Cases::Rule...>;

  static bool parse(Input& in, TreeBuilder& tree) {
    const std::size_t index = kIndexes[static_cast<std::size_t>(tree.word(in.current()).kind)];
    if (index != 0 && kFunctions[index - 1](in, tree)) return true;
    return run<Otherwise>(in, tree);
  }

  static bool has_case(SyntaxKind word) { return kIndexes[static_cast<std::size_t>(word)] != 0; }

 private:
  using Function = bool (*)(Input&, TreeBuilder&);
  static constexpr std::array<Function, sizeof...(Cases)> kFunctions = {&run<typename Cases::Rule>...};
  static constexpr auto kIndexes = case_indexes<Cases...>();
};

}  // namespace rollout::grammar::rules

// The analysis of a rule of ours is that of what it says it is like.
namespace tao::pegtl {

template <typename Rule, typename Like>
struct rollout_analysis;
template <typename Rule>
struct rollout_analysis<Rule, rollout::grammar::rules::AnyToken> : analyze_any_traits<> {};
template <typename Rule, typename... Rules>
struct rollout_analysis<Rule, rollout::grammar::rules::LikeSequence<Rules...>> : analyze_seq_traits<Rules...> {};
template <typename Rule, typename... Rules>
struct rollout_analysis<Rule, rollout::grammar::rules::LikeChoice<Rules...>> : analyze_sor_traits<Rules...> {};
template <typename Rule, typename... Rules>
struct rollout_analysis<Rule, rollout::grammar::rules::LikeOption<Rules...>> : analyze_opt_traits<Rules...> {};

template <typename Name, typename Rule>
  requires requires { typename Rule::Analysis; }
struct analyze_traits<Name, Rule> : rollout_analysis<Rule, typename Rule::Analysis> {};

}  // namespace tao::pegtl
