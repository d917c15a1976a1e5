// Bodies in braces, lists in brackets, and how both go on after a fault. Only parse.cpp includes this.
#pragma once

#include "grammar/rules_core.hpp"

namespace rollout::grammar::rules {

// Takes the rest of a statement that fits nowhere, as a SyntaxKind::Error node: up to the end of its line, a `;`, the
// brace that closes the body, and (with `stop_at_comma`) a comma. Blocks in it are parsed as blocks, so that what they
// hold is not lost and braces stay balanced. Always takes something.
void skip_statement(Input& in, TreeBuilder& tree, SyntaxKind category, bool stop_at_comma);

// The same inside ( ) and [ ]: up to the comma or bracket that goes on with the list. Takes nothing at a line end.
bool skip_element(Input& in, TreeBuilder& tree, SyntaxKind category);

// Takes what is nested too deep, up to where the construct around it goes on; false where nothing is there.
bool skip_too_deep(Input& in, TreeBuilder& tree);

// Whether the word here cannot belong to the innermost open body, whose closing brace must be missing: it begins an
// item that only an outer body can hold, and stands no deeper than the line that opened the body.
bool ends_unclosed_body(TreeBuilder& tree, const char* at);

// Whether a body without its `{` seems to follow: the line ends here and the next one is indented deeper, or a
// statement and a `}` stand on the rest of the line.
bool body_follows(TreeBuilder& tree, const char* at);

// Whether a word here can begin a statement of any body.
bool begins_statement(TreeBuilder& tree, const char* at);

// Nesting is limited: deeper than the limit, the text is skipped.
template <typename Rule>
struct Guarded : Custom<Guarded<Rule>> {
  using Analysis = LikeSequence<Rule>;
  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.depth >= tree.depth_limit) return skip_too_deep(in, tree);
    ++tree.depth;
    const bool matched = run<Rule>(in, tree);
    --tree.depth;
    return matched;
  }
};

enum class Separators { Lines, LinesAndCommas };

// The items of a body up to its closing brace (or, for a file, its end). `kCategory` is what could stand there.
template <typename Item, SyntaxKind kCategory, Separators kSeparators>
struct ItemLoop {
  static constexpr bool kCommas = kSeparators == Separators::LinesAndCommas;

  static bool at_item_end(TreeBuilder& tree, const char* at) {
    const char c = tree.character(at);
    return tree.at_end(at) || tree.at_line_end(at) || c == '}' || c == ';' || (kCommas && c == ',');
  }

  static bool take_separator(Input& in, TreeBuilder& tree) {
    if (kCommas) return run<Comma>(in, tree);
    return run<Symbol<K::Semicolon, ';'>>(in, tree);
  }

  // Whether there was an item.
  static bool parse(Input& in, TreeBuilder& tree, bool is_file) {
    bool any = false;
    for (tree.lines(in.iterator()); !tree.at_end(in.current()); tree.lines(in.iterator())) {
      const char c = tree.character(in.current());
      if (c == '}' && !is_file) return any;
      if (any && take_separator(in, tree)) continue;
      if (!is_file && ends_unclosed_body(tree, in.current())) return any;
      any = true;
      if (!run<Item>(in, tree)) {
        skip_statement(in, tree, kCategory, kCommas);
      } else if (!at_item_end(tree, in.current())) {
        if (!kCommas && begins_statement(tree, in.current())) {
          tree.missing(K::Separator, in.current());
        } else {
          skip_statement(in, tree, kCommas ? K::ItemSeparator : K::Separator, kCommas);
        }
      }
    }
    return any;
  }
};

// `{ items }` as a node. With kRequired other than Missing, at least one item must stand in it.
template <SyntaxKind kBody, typename Item, SyntaxKind kCategory, SyntaxKind kRequired = K::Missing,
          Separators kSeparators = Separators::Lines>
struct Body : Custom<Body<kBody, Item, kCategory, kRequired, kSeparators>> {
  using Analysis = LikeSequence<AnyTokenRule, pegtl::star<Item>>;
  static constexpr SyntaxKind kExpected = K::LeftBrace;

  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.character(in.current()) != '{') return false;
    if (tree.depth >= tree.depth_limit) return skip_too_deep(in, tree);
    parse_from_brace(in, tree, true);
    return true;
  }

  // The body without its opening brace, which is missing.
  static void parse_unopened(Input& in, TreeBuilder& tree) { parse_from_brace(in, tree, false); }

 private:
  static void parse_from_brace(Input& in, TreeBuilder& tree, bool opened) {
    const auto mark = tree.mark(in.current());
    const bool outer_flat = std::exchange(tree.flat, false);
    tree.bodies.push_back({kBody, tree.indentation()});
    ++tree.depth;
    if (opened) {
      tree.token(K::LeftBrace, in.iterator(), in.current() + 1);
    } else {
      tree.missing(K::LeftBrace, in.current());
    }
    const bool any = ItemLoop<Item, kCategory, kSeparators>::parse(in, tree, false);
    if (!any && kRequired != K::Missing) tree.missing(kRequired, in.current());
    --tree.depth;
    tree.bodies.pop_back();
    tree.flat = outer_flat;
    if (tree.character(in.current()) == '}') {
      tree.token(K::RightBrace, in.iterator(), in.current() + 1);
    } else {
      tree.retake_trivia(in.iterator());
      tree.missing(K::RightBrace, in.current());
    }
    tree.close(kBody, mark);
  }
};

// A body whose opening brace was forgotten, where the layout shows that one was meant.
template <typename BodyRule>
struct UnopenedBody : Custom<UnopenedBody<BodyRule>> {
  using Analysis = LikeOption<BodyRule>;
  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.depth >= tree.depth_limit || !body_follows(tree, in.current())) return false;
    BodyRule::rule_t::parse_unopened(in, tree);
    return true;
  }
};

// A body that must be here.
template <typename BodyRule>
struct ExpectBody : Expect<pegtl::sor<BodyRule, UnopenedBody<BodyRule>>, K::LeftBrace> {};

// `( elements )` or `[ elements ]`, in which a line end is a blank. kLists: any number of elements with commas between;
// else exactly one element.
template <char kOpen, typename Element, SyntaxKind kElement, bool kLists = true>
struct Brackets : Custom<Brackets<kOpen, Element, kElement, kLists>> {
  using Analysis = LikeSequence<AnyTokenRule, pegtl::star<Element>>;
  static constexpr char kClose = kOpen == '(' ? ')' : ']';
  static constexpr SyntaxKind kOpenKind = kOpen == '(' ? K::LeftParenthesis : K::LeftBracket;
  static constexpr SyntaxKind kCloseKind = kOpen == '(' ? K::RightParenthesis : K::RightBracket;
  static constexpr SyntaxKind kExpected = kOpenKind;

  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.character(in.current()) != kOpen) return false;
    const bool outer_flat = std::exchange(tree.flat, true);
    tree.token(kOpenKind, in.iterator(), in.current() + 1);
    if (kLists) {
      parse_elements(in, tree);
    } else {
      run<Expect<Element, kElement>>(in, tree);
      if (tree.character(in.current()) != kClose) skip_element(in, tree, kCloseKind);
    }
    tree.flat = outer_flat;
    if (tree.character(in.current()) == kClose) {
      tree.token(kCloseKind, in.iterator(), in.current() + 1);
    } else {
      tree.retake_trivia(in.iterator());
      tree.missing(kCloseKind, in.current());
    }
    return true;
  }

 private:
  static void parse_elements(Input& in, TreeBuilder& tree) {
    while (!tree.at_end(in.current()) && tree.character(in.current()) != kClose) {
      if (!run<Element>(in, tree) && !skip_element(in, tree, kElement)) {
        if (tree.character(in.current()) != ',') return;
        tree.missing(kElement, in.current());
      }
      if (run<Comma>(in, tree) || tree.character(in.current()) == kClose) continue;
      if (!go_on_without_comma(in, tree)) return;
    }
  }

  // An element that follows without a comma: on the same line, or on the next where it can be nothing else.
  static bool go_on_without_comma(Input& in, TreeBuilder& tree) {
    const char* at = in.current();
    if (tree.at_end(at)) return false;
    const PeekedWord word = tree.word(at);
    const bool named = word.kind != K::Missing && tree.character(tree.skip_blanks(word.end)) == ':';
    if (named || *at == '"') {
      tree.missing(K::Comma, at);
      return true;
    }
    if (!tree.same_line(at)) return false;
    if (!skip_element(in, tree, K::Comma)) return false;
    run<Comma>(in, tree);
    return true;
  }
};

}  // namespace rollout::grammar::rules
