// Header clauses, hooks and schedules of a rollout. Only parse.cpp includes this.
#pragma once

#include "grammar/rules_declarations.hpp"

namespace rollout::grammar::rules {

template <SyntaxKind kKind, SyntaxKind kWord>
using TextHeader = Node<kKind, ClauseWord<kWord>, Expect<StringLiteral>>;

struct Owner : TextHeader<K::Owner, K::KeywordOwner> {};
struct Description : TextHeader<K::Description, K::KeywordDescription> {};
struct Service : TextHeader<K::Service, K::KeywordService> {};
struct Environment : TextHeader<K::Environment, K::KeywordEnvironment> {};
struct Exclusive : TextHeader<K::Exclusive, K::KeywordExclusive> {};

struct Link : Node<K::Link, ClauseWord<K::KeywordLink>, Expect<StringLiteral>, Expect<StringLiteral>> {};
struct Setting : Node<K::Setting, ClauseWord<K::KeywordSetting>, Expect<StringLiteral>, Expect<EqualsValue>,
                      pegtl::opt<StringLiteral>> {};
struct Contact : Node<K::Contact, ClauseWord<K::KeywordContact>, Expect<Reference>, Expect<StringLiteral>> {};

// A name, but not the `on` of the days.
struct ZoneName : Custom<ZoneName> {
  using Analysis = AnyToken;
  static bool parse(Input& in, TreeBuilder& tree) {
    return tree.word(in.current()).kind != K::KeywordOn && run<Name>(in, tree);
  }
};
struct Zone : Node<K::Zone, pegtl::sor<StringLiteral, ZoneName>> {};
struct DayRange : Node<K::DayRange, Name, pegtl::opt<Sequence<DotDot, Lines, Expect<Name>>>> {};
struct Days : Node<K::Days, DayRange, pegtl::star<Sequence<Comma, Lines, Expect<DayRange>>>> {};
struct OnDays : Sequence<Word<K::KeywordOn>, Expect<Days, K::DayRange>> {};
struct Window
    : Node<K::Window, ClauseWord<K::KeywordWindow>, ExpectExpression<RangeOrSum>, Expect<Zone>, pegtl::opt<OnDays>> {};
struct Freeze : Node<K::Freeze, ClauseWord<K::KeywordFreeze>, ExpectExpression<RangeOrSum>, Expect<StringLiteral>> {};
struct Requires
    : Node<K::Requires, ClauseWord<K::KeywordRequires>, Expect<StringLiteral>, Expect<Word<K::KeywordSucceeded>>> {};

struct CadenceEvery : Node<K::EveryClause, Word<K::KeywordEvery>, ExpectExpression<Sum>> {};
struct Cadence : Node<K::Cadence, CadenceEvery, pegtl::opt<ForClause>> {};
struct Sample : Node<K::Sample, ClauseWord<K::KeywordSample>, Expect<Cadence, K::KeywordEvery>,
                     pegtl::star<Sequence<Comma, Lines, Expect<Cadence, K::KeywordEvery>>>> {};
struct Warmup : Node<K::Warmup, ClauseWord<K::KeywordWarmup>, ExpectExpression<Sum>> {};
struct BaselineOver
    : Node<K::BaselineOver, ClauseWord<K::KeywordBaseline>, Expect<Word<K::KeywordOver>>, ExpectExpression<Sum>> {};

struct UnlessClause
    : Clause<K::UnlessClause, K::KeywordUnless, Expect<Word<K::KeywordApproved>>, Expect<StringLiteral>> {};
struct Always : Node<K::Always, ClauseWord<K::KeywordAlways>, ExpectExpression<>, pegtl::opt<UnlessClause>> {};
struct Never : Node<K::Never, ClauseWord<K::KeywordNever>, ExpectExpression<>, pegtl::opt<UnlessClause>> {};

// A clause word with the word behind it on the same line: `on missing`, `rollback within`.
template <SyntaxKind kFirst, SyntaxKind kSecond>
struct WordPair : Custom<WordPair<kFirst, kSecond>> {
  using Analysis = AnyToken;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind != kFirst || tree.scan_word(tree.skip_blanks(word.end)).kind != kSecond) return false;
    return run<ClauseWord<kFirst>>(in, tree) && run<Word<kSecond>>(in, tree);
  }
};

struct RollbackWithin : Node<K::RollbackWithin, WordPair<K::KeywordRollback, K::KeywordWithin>, ExpectExpression<Sum>> {
};
struct AfterEndOf : Attempt<Word<K::KeywordEnd>, Word<K::KeywordOf>> {};
struct RollbackExpires
    : Node<K::RollbackExpires, WordPair<K::KeywordRollback, K::KeywordExpires>, ExpectExpression<Sum>,
           Expect<Word<K::KeywordAfter>>, pegtl::opt<AfterEndOf>, Expect<Name>, pegtl::opt<ElseClause>> {};

// `traffic via action`; `traffic via.share` is the step.
struct TrafficViaWords : Custom<TrafficViaWords> {
  using Pair = WordPair<K::KeywordTraffic, K::KeywordVia>;
  using Analysis = LikeSequence<Pair>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind != K::KeywordTraffic) return false;
    const PeekedWord via = tree.scan_word(tree.skip_blanks(word.end));
    if (via.kind != K::KeywordVia || tree.character(tree.skip_blanks(via.end)) == '.') return false;
    return run<Pair>(in, tree);
  }
};
struct TrafficVia : Node<K::TrafficVia, TrafficViaWords, Expect<Reference>> {};

// ---------------------------------------------------------------- `on ...` and `at ...`

// `on failure` without a block; with one it is the hook.
struct OnFailureWords : Custom<OnFailureWords> {
  using Pair = WordPair<K::KeywordOn, K::KeywordFailure>;
  using Analysis = LikeSequence<Pair>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind != K::KeywordOn) return false;
    const PeekedWord failure = tree.scan_word(tree.skip_blanks(word.end));
    if (failure.kind != K::KeywordFailure || tree.character(tree.skip_blanks(failure.end)) == '{') return false;
    return run<Pair>(in, tree);
  }
};
struct OnFailure : Node<K::OnFailure, OnFailureWords, Expect<Response, K::Response>> {};
struct MissingFor : Node<K::ForClause, Word<K::KeywordFor>, ExpectExpression<Sum>> {};
struct OnMissing : Node<K::OnMissing, WordPair<K::KeywordOn, K::KeywordMissing>, Expect<MissingFor, K::KeywordFor>,
                        Expect<Response, K::Response>> {};

template <SyntaxKind kFirst, SyntaxKind kSecond>
using TwoWords = Attempt<Word<kFirst>, Word<kSecond>>;
struct HookName
    : pegtl::sor<Sequence<Word<K::KeywordRolling>, Expect<Word<K::KeywordBack>>>,
                 TwoWords<K::KeywordRollback, K::KeywordIncomplete>, Word<K::KeywordFallback>, Word<K::KeywordStart>,
                 Sequence<Word<K::KeywordStage>, pegtl::opt<Word<K::KeywordDone>>>, Word<K::KeywordPause>,
                 Word<K::KeywordResume>, Word<K::KeywordRollback>, Word<K::KeywordSuccess>, Word<K::KeywordFailure>> {
  static constexpr SyntaxKind kExpected = K::HookName;
};
struct Hook : Node<K::Hook, ClauseWord<K::KeywordOn>, Expect<HookName>, ExpectBody<Block>> {};

struct ScheduleAnchor
    : pegtl::sor<Word<K::KeywordStart>, Word<K::KeywordSuccess>, Word<K::KeywordRollback>, Word<K::KeywordFailure>> {
  static constexpr SyntaxKind kExpected = K::ScheduleAnchor;
};
struct ScheduleOffset : Sequence<pegtl::sor<Plus, Minus>, ExpectExpression<Product>> {};
struct ScheduleRepeats : Sequence<EveryClause, Expect<ForClause>> {};
struct Schedule : Node<K::Schedule, ClauseWord<K::KeywordAt>, Expect<ScheduleAnchor>, pegtl::star<ScheduleOffset>,
                       pegtl::opt<ScheduleRepeats>, pegtl::opt<Word<K::KeywordAlways>>, ExpectBody<Block>> {};

}  // namespace rollout::grammar::rules
