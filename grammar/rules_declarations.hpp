// Declarations of a module. Only parse.cpp includes this.
#pragma once

#include "grammar/rules_expressions.hpp"

namespace rollout::grammar::rules {

struct Block;
struct AnyItem;
struct Response;
struct ReplyItem;
struct RetryClause;
struct WithinClause;
struct UndoClause;
struct ElseClause;

// A name being declared. A reserved word is taken in its place where what follows shows that a name was meant.
struct DeclaredName : Custom<DeclaredName> {
  using Analysis = LikeOption<Name>;

  static bool parse(Input& in, TreeBuilder& tree) {
    if (run<Name>(in, tree)) return true;
    const PeekedWord word = tree.word(in.current());
    if (word.kind != K::Missing && is_followed_like_a_name(tree, word.end)) {
      tree.token(K::MalformedName, in.iterator(), word.end);
    } else {
      tree.missing(K::Name, in.current());
    }
    return true;
  }

 private:
  static bool is_followed_like_a_name(TreeBuilder& tree, const char* at) {
    const char* next = tree.skip_blanks(at);
    const char c = tree.character(next);
    if (c == '=') return !tree.starts_with(next, "==");
    return c == ':' || c == '(' || c == '{' || tree.scan_word(next).kind == K::KeywordIn;
  }
};

template <SyntaxKind kWord, SyntaxKind kClause, typename Rule>
using ValueClause = Clause<kClause, kWord, ExpectExpression<Rule>>;

struct EveryClause : ValueClause<K::KeywordEvery, K::EveryClause, Sum> {};
struct ForClause : ValueClause<K::KeywordFor, K::ForClause, Sum> {};

struct TypeAnnotation : Sequence<Colon, Expect<Type>> {};
struct DefaultClause : Node<K::DefaultClause, Assign, Lines, ExpectExpression<>> {};
struct Field : Node<K::Field, Name, Expect<TypeAnnotation, K::Colon>, pegtl::opt<DefaultClause>> {};
struct Params : Node<K::Params, Brackets<'(', Field, K::Field>> {};
struct EqualsValue : Sequence<Assign, Lines, ExpectExpression<>> {
  static constexpr SyntaxKind kExpected = K::Assign;
};

// ---------------------------------------------------------------- small declarations

// `plugin` before a string; before anything else it is a module's name.
struct PluginPath : Attempt<Word<K::KeywordPlugin>, StringLiteral> {};
struct UsePath : pegtl::sor<PluginPath, StringLiteral, QualifiedName> {
  static constexpr SyntaxKind kExpected = K::QualifiedName;
};
struct Use
    : Node<K::Use, ClauseWord<K::KeywordUse>, Expect<UsePath>, pegtl::opt<Sequence<Word<K::KeywordAs>, Expect<Name>>>> {
};

struct MatchingClause : Clause<K::MatchingClause, K::KeywordMatching, Expect<StringLiteral>> {};
struct Param : Node<K::Param, ClauseWord<K::KeywordParam>, DeclaredName, Expect<TypeAnnotation, K::Colon>,
                    pegtl::star<pegtl::sor<MatchingClause, DefaultClause>>> {};
struct Secret : Node<K::Secret, ClauseWord<K::KeywordSecret>, DeclaredName, Expect<EqualsValue>> {};
struct Role : Node<K::Role, ClauseWord<K::KeywordRole>, DeclaredName, Expect<EqualsValue>> {};
struct Fn : Node<K::Fn, ClauseWord<K::KeywordFn>, DeclaredName, Expect<Params, K::LeftParenthesis>,
                 pegtl::opt<TypeAnnotation>, Expect<EqualsValue>> {};
struct Enum : Node<K::Enum, ClauseWord<K::KeywordEnum>, DeclaredName, ExpectBody<EnumBody>> {};
struct RecordBody : Body<K::RecordBody, Field, K::Field, K::Field, Separators::LinesAndCommas> {};
struct Record : Node<K::Record, ClauseWord<K::KeywordRecord>, DeclaredName, ExpectBody<RecordBody>> {};

struct Modifier
    : pegtl::sor<ClauseWord<K::KeywordReadonly>, ClauseWord<K::KeywordIdempotent>, ClauseWord<K::KeywordIrreversible>> {
};
struct TimeoutClause : ValueClause<K::KeywordTimeout, K::TimeoutClause, Sum> {};
struct TailClauses;
struct LetValue : Sequence<Assign, Lines, pegtl::opt<Modifier>, ExpectExpression<>, TailClauses> {
  static constexpr SyntaxKind kExpected = K::Assign;
};
struct Let : Node<K::Let, Word<K::KeywordLet>, DeclaredName, pegtl::opt<TypeAnnotation>, Expect<LetValue>> {};

// ---------------------------------------------------------------- metric

struct MoreNames : pegtl::star<Sequence<Comma, Lines, Expect<Name>>> {};
struct Labels : Node<K::Labels, Name, MoreNames> {};
struct OverClause : ValueClause<K::KeywordOver, K::OverClause, Sum> {};
struct UnitClause : Clause<K::UnitClause, K::KeywordUnit, Expect<UnitName>> {};
struct StaleClause : Clause<K::StaleClause, K::KeywordStale, Expect<Word<K::KeywordAfter>>, ExpectExpression<Sum>> {};
struct BaselineClause : ValueClause<K::KeywordBaseline, K::BaselineClause, Sum> {};
struct AbsentClause : Clause<K::AbsentClause, K::KeywordAbsent, Expect<Word<K::KeywordIs>>, ExpectExpression<Sum>> {};
struct MetricClause : pegtl::sor<EveryClause, OverClause, UnitClause, StaleClause, BaselineClause, AbsentClause> {};
struct Metric : Node<K::Metric, ClauseWord<K::KeywordMetric>, DeclaredName, pegtl::opt<Params>,
                     pegtl::opt<Sequence<Word<K::KeywordBy>, Expect<Labels, K::Name>>>,
                     Expect<TypeAnnotation, K::Colon>, Expect<EqualsValue>, pegtl::star<MetricClause>> {};

// ---------------------------------------------------------------- bodies of steps

struct CheckBody : Body<K::CheckBody, AnyItem, K::CheckItem> {};
struct Require : Node<K::Require, ClauseWord<K::KeywordRequire>, ExpectExpression<>, pegtl::opt<StringLiteral>> {};
struct Check : Node<K::Check, ClauseWord<K::KeywordCheck>, DeclaredName, pegtl::opt<Params>, ExpectBody<CheckBody>> {};

// `past (` in a source; elsewhere `past(...)` is a call.
struct Past : Custom<Past> {
  using Analysis = LikeSequence<AnyTokenRule, Labels>;
  static bool parse(Input& in, TreeBuilder& tree);
};
struct SourceItem : pegtl::sor<Past, AnyItem> {};
struct SourceBody : Body<K::SourceBody, SourceItem, K::Step, K::Step> {};
struct Source : Node<K::Source, ClauseWord<K::KeywordSource>, DeclaredName, pegtl::opt<Params>,
                     Expect<TypeAnnotation, K::Colon>, ExpectBody<SourceBody>> {};

struct ActionBody : Body<K::ActionBody, AnyItem, K::Step> {};
struct ActionRest : Sequence<ClauseWord<K::KeywordAction>, DeclaredName, pegtl::opt<Params>, pegtl::opt<TypeAnnotation>,
                             ExpectBody<ActionBody>> {};
struct Action : Node<K::Action, ActionRest> {};
struct Probe : Node<K::Probe, ClauseWord<K::KeywordProbe>, ExpectBody<CheckBody>> {};

struct ChannelBody : Body<K::ChannelBody, AnyItem, K::Step> {};
struct Channel
    : Node<K::Channel, ClauseWord<K::KeywordChannel>, DeclaredName, pegtl::opt<Params>, ExpectBody<ChannelBody>> {};
struct Acknowledged : Node<K::Acknowledged, ClauseWord<K::KeywordAcknowledged>, ExpectBody<Block>> {};

struct GuardsBody : Body<K::GuardsBody, AnyItem, K::Guard> {};
struct Guards
    : Node<K::Guards, ClauseWord<K::KeywordGuards>, DeclaredName, pegtl::opt<Params>, ExpectBody<GuardsBody>> {};

struct StageBody : Body<K::StageBody, AnyItem, K::StageItem> {};
struct StageInstance : Sequence<Assign, Lines, Expect<Reference>> {};
struct StageRest : pegtl::sor<StageInstance, Sequence<Params, ExpectBody<StageBody>>, ExpectBody<StageBody>> {};
struct Stage : Node<K::Stage, ClauseWord<K::KeywordStage>, DeclaredName, StageRest> {};

struct RolloutBody : Body<K::RolloutBody, AnyItem, K::RolloutItem> {};
struct Rollout
    : Node<K::Rollout, ClauseWord<K::KeywordRollout>, DeclaredName, pegtl::opt<Params>, ExpectBody<RolloutBody>> {};

inline bool Past::parse(Input& in, TreeBuilder& tree) {
  const PeekedWord word = tree.word(in.current());
  if (word.kind != K::KeywordPast || tree.character(tree.skip_blanks(word.end)) != '(') return false;
  const auto mark = tree.mark(in.current());
  tree.token(K::KeywordPast, in.iterator(), word.end);
  run<Brackets<'(', Labels, K::Name, false>>(in, tree);
  run<ExpectBody<Block>>(in, tree);
  tree.close(K::Past, mark);
  return true;
}

}  // namespace rollout::grammar::rules
