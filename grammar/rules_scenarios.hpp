// Worlds, scenarios and their lines. Only parse.cpp includes this.
#pragma once

#include "grammar/rules_steps.hpp"

namespace rollout::grammar::rules {

// ---------------------------------------------------------------- points in time, and clauses with them

struct EndOf : Custom<EndOf> {
  using Words = Sequence<Word<K::KeywordEnd>, Word<K::KeywordOf>, Expect<StagePath>>;
  using Analysis = LikeSequence<Words>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (word.kind != K::KeywordEnd || tree.scan_word(tree.skip_blanks(word.end)).kind != K::KeywordOf) return false;
    return run<Words>(in, tree);
  }
};
struct Point : Node<K::Point, pegtl::sor<EndOf, Product>, pegtl::star<Sequence<Plus, ExpectExpression<Product>>>> {};
struct FromClause : Node<K::FromClause, Word<K::KeywordFrom>, Expect<Point>> {};
struct ToClause : Node<K::ToClause, Word<K::KeywordTo>, Expect<Point>> {};
struct AtClause : Node<K::AtClause, Word<K::KeywordAt>, Expect<Point>> {};
struct FromTo : Sequence<pegtl::opt<FromClause>, pegtl::opt<ToClause>> {};
struct ByText : Node<K::ByClause, Word<K::KeywordBy>, Expect<StringLiteral>> {};
struct Timing : pegtl::sor<AtClause, PlainWithin, AfterClause> {};

// A number of times: what begins with a digit, and anything else that `times` follows.
struct TimesClause : Custom<TimesClause> {
  using Analysis = LikeSequence<Sum>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const auto mark = tree.mark(in.current());
    const bool certain = is_digit(tree.character(in.current()));
    if (run<Sum>(in, tree) && (certain || tree.word(in.current()).kind == K::KeywordTimes)) {
      run<Expect<Word<K::KeywordTimes>>>(in, tree);
      tree.close(K::TimesClause, mark);
      return true;
    }
    tree.abandon(in.iterator(), mark);
    return false;
  }
};

// ---------------------------------------------------------------- signals and effects

struct SlotCount : Sequence<Word<K::KeywordX>, ExpectExpression<Sum>> {};
struct Slot : Node<K::Slot, pegtl::sor<Word<K::Underscore>, Word<K::KeywordError>, Expression>, pegtl::opt<SlotCount>> {
};
struct SlotList : Brackets<'[', Slot, K::Slot> {};
struct SlotsInside : Sequence<Sum, Expect<Comma>, Expect<SlotList, K::LeftBracket>> {};
struct Slots : Custom<Slots> {
  using SlotsNode = Node<K::Slots, Word<K::KeywordSlots>, Brackets<'(', SlotsInside, K::Expression, false>>;
  using Analysis = LikeSequence<SlotsNode>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    return word.kind == K::KeywordSlots && tree.character(word.end) == '(' && run<SlotsNode>(in, tree);
  }
};
struct MissingValue : Node<K::MissingValue, Word<K::KeywordMissing>> {};
struct Value : pegtl::sor<MissingValue, Slots, Expression> {};

struct Series : Node<K::Series, Glued<Brackets<'[', StringLiteral, K::StringLiteral>>> {};
struct SignalRest : Sequence<Assign, Lines, Expect<Value, K::Expression>, FromTo> {};

struct Succeeds : Node<K::SucceedsClause, Word<K::KeywordSucceeds>,
                       pegtl::opt<Sequence<Word<K::KeywordIn>, ExpectExpression<Sum>>>> {};
struct Fails : Node<K::FailsClause, Word<K::KeywordFails>, pegtl::opt<StringLiteral>, pegtl::opt<TimesClause>> {};
struct Hangs : Node<K::HangsClause, Word<K::KeywordHangs>> {};
struct Returns : Node<K::ReturnsClause, Word<K::KeywordReturns>, ExpectExpression<>,
                      pegtl::star<Sequence<Word<K::KeywordThen>, ExpectExpression<>>>> {};
struct Behaviour : pegtl::sor<Succeeds, Fails, Hangs, Returns> {};

// `metric = value`, `callable fails`: what it is shows behind the reference.
struct SeriesThenSignal : Sequence<Series, Expect<SignalRest, K::Assign>> {};
struct ReferenceLine : Leading<Reference, Finish<K::Signal, SignalRest>, Finish<K::Signal, SeriesThenSignal>,
                               Finish<K::WorldEffect, Behaviour, FromTo>, OtherwiseFail> {};
struct RunLine : Node<K::WorldEffect, Run, Expect<Behaviour, K::Behaviour>, FromTo> {};
struct EffectLine : pegtl::sor<RunLine, ReferenceLine> {};

// ---------------------------------------------------------------- people, console, the runtime

struct ConsoleCommand : pegtl::sor<Word<K::KeywordRollback>, Word<K::KeywordPause>, Word<K::KeywordResume>,
                                   Word<K::KeywordPromote>, Word<K::KeywordAbort>, Word<K::KeywordRetry>> {
  static constexpr SyntaxKind kExpected = K::ConsoleCommand;
};
struct ConsoleLine : Node<K::ConsoleLine, ClauseWord<K::KeywordAt>, Expect<Point>, Expect<ConsoleCommand>,
                          pegtl::opt<StringLiteral>, pegtl::opt<ByText>> {};
struct With : Node<K::With, ClauseWord<K::KeywordWith>, Expect<Name>, Expect<EqualsValue>> {};
struct Starts : Node<K::Starts, ClauseWord<K::KeywordStarts>, ExpectExpression<Sum>> {};

struct AllOrText : pegtl::sor<Word<K::KeywordAll>, Sequence<StringLiteral, pegtl::opt<ByText>>> {
  static constexpr SyntaxKind kExpected = K::StringLiteral;
};
struct ApproveLine : Node<K::ApproveLine, ClauseWord<K::KeywordApprove>, Expect<AllOrText>, pegtl::opt<AfterClause>> {};
struct TickLine : Node<K::TickLine, ClauseWord<K::KeywordTick>, Expect<AllOrText>, pegtl::opt<AfterClause>> {};
struct RejectLine : Node<K::RejectLine, ClauseWord<K::KeywordReject>, Expect<StringLiteral>, pegtl::opt<ByText>,
                         pegtl::opt<AfterClause>> {};
struct AnswerLine : Node<K::AnswerLine, ClauseWord<K::KeywordAnswer>, Expect<StringLiteral>, Expect<StringLiteral>,
                         pegtl::opt<ByText>, pegtl::opt<AfterClause>> {};
struct AcknowledgeLine
    : Node<K::AcknowledgeLine, ClauseWord<K::KeywordAcknowledge>, Expect<Reference>, pegtl::opt<AfterClause>> {};
struct Crash : Node<K::Crash, ClauseWord<K::KeywordCrash>, Expect<AtClause, K::KeywordAt>, pegtl::opt<ForClause>> {};

// ---------------------------------------------------------------- expectations

struct ExpectWord : ClauseWord<K::KeywordExpect> {};
struct TrafficRest : Sequence<Word<K::KeywordTraffic>, pegtl::opt<Sequence<Word<K::KeywordOf>, Expect<StagePath>>>,
                              Expect<ComparisonOperator>, ExpectExpression<Sum>, pegtl::opt<AtClause>> {};
struct EndWithin : Node<K::WithinClause, Word<K::KeywordWithin>, ExpectExpression<Sum>> {};
struct BeforeRest : Sequence<Path, Expect<Word<K::KeywordBefore>>, Expect<Path>> {};
struct CallableOrRun : pegtl::sor<Run, Reference> {};
struct ReachedRest : Sequence<Word<K::KeywordReached>, Expect<StagePath>, pegtl::opt<Timing>> {};
struct CalledRest : Sequence<Word<K::KeywordCalled>, Expect<CallableOrRun, K::Reference>, pegtl::opt<TimesClause>> {};
struct NotifiedRest : Sequence<Word<K::KeywordNotified>, Expect<Reference>, pegtl::opt<TimesClause>,
                               pegtl::opt<Sequence<Word<K::KeywordWith>, Expect<StringLiteral>>>> {};
struct OutcomeWords
    : pegtl::sor<Word<K::KeywordSucceeded>, Sequence<Word<K::KeywordRolled>, Expect<Word<K::KeywordBack>>>,
                 Sequence<Word<K::KeywordRollback>, Expect<Word<K::KeywordIncomplete>>>, Word<K::KeywordPaused>,
                 Word<K::KeywordAborted>, Word<K::KeywordFailed>> {};
struct DuringClause : Node<K::DuringClause, Word<K::KeywordDuring>, Expect<StagePath>> {};
struct OutcomeRest : Sequence<OutcomeWords, pegtl::opt<DuringClause>, pegtl::opt<Timing>> {};
template <typename Rest>
using Negatable = pegtl::sor<Attempt<Word<K::KeywordNot>, Rest>, Rest>;

struct ExpectLine
    : Leading<ExpectWord, Finish<K::ExpectTraffic, TrafficRest>,
              Finish<K::ExpectEnd, Word<K::KeywordEnd>, Expect<EndWithin, K::KeywordWithin>>,
              Finish<K::ExpectBecause, Word<K::KeywordBecause>, Expect<StringLiteral>>,
              Finish<K::ExpectBlind, ClauseWord<K::KeywordBlind>>, Finish<K::ExpectReached, Negatable<ReachedRest>>,
              Finish<K::ExpectCalled, Negatable<CalledRest>>, Finish<K::ExpectNotified, Negatable<NotifiedRest>>,
              Finish<K::ExpectOutcome, OutcomeRest>, OtherwiseFail> {};
struct ExpectBefore : Node<K::ExpectBefore, ExpectWord, Expect<BeforeRest, K::Reference>> {};

// `a.b before c` first: its first name may be one of the words above.
struct Expectation : Custom<Expectation> {
  using Analysis = LikeChoice<ExpectLine, ExpectBefore>;
  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (is_glued_opener(tree.character(word.end))) return false;
    if (has_before(tree, tree.skip_blanks(word.end))) return run<ExpectBefore>(in, tree);
    return run<ExpectLine>(in, tree);
  }

 private:
  static bool has_before(TreeBuilder& tree, const char* at) {
    PeekedWord word = tree.scan_word(at);
    if (word.kind == K::KeywordBlind && tree.character(word.end) != '.') return false;
    while (word.kind != K::Missing && tree.character(word.end) == '.') word = tree.scan_word(word.end + 1);
    return word.kind != K::Missing && tree.scan_word(tree.skip_blanks(word.end)).kind == K::KeywordBefore;
  }
};

// ---------------------------------------------------------------- lines

struct LineSwitch
    : WordSwitch<EffectLine, On<K::KeywordAt, ConsoleLine>, On<K::KeywordWith, With>, On<K::KeywordStarts, Starts>,
                 On<K::KeywordApprove, ApproveLine>, On<K::KeywordReject, RejectLine>, On<K::KeywordAnswer, AnswerLine>,
                 On<K::KeywordTick, TickLine>, On<K::KeywordAcknowledge, AcknowledgeLine>, On<K::KeywordCrash, Crash>,
                 On<K::KeywordExpect, Expectation>> {};

// A word before `=` is a metric, and one before `fails` a callable, even where it is also a word of the language.
struct ScenarioLine : Custom<ScenarioLine> {
  using Analysis = LikeSequence<LineSwitch>;

  static bool parse(Input& in, TreeBuilder& tree) {
    const PeekedWord word = tree.word(in.current());
    if (is_keyword(word.kind) && is_reference(tree, word)) return run<ReferenceLine>(in, tree);
    return run<LineSwitch>(in, tree);
  }

 private:
  static bool is_reference(TreeBuilder& tree, const PeekedWord& word) {
    const char* next = tree.skip_blanks(word.end);
    if (tree.character(next) == '=') return !tree.starts_with(next, "==");
    if (word.kind == K::KeywordStarts || word.kind == K::KeywordAcknowledge) return false;
    const SyntaxKind behaviour = tree.scan_word(next).kind;
    return behaviour == K::KeywordSucceeds || behaviour == K::KeywordFails || behaviour == K::KeywordHangs ||
           behaviour == K::KeywordReturns;
  }
};

struct ScenarioBody : Body<K::ScenarioBody, ScenarioLine, K::ScenarioLine> {};
struct World : Node<K::World, ClauseWord<K::KeywordWorld>, DeclaredName, ExpectBody<ScenarioBody>> {};
struct Scenario
    : Node<K::Scenario, ClauseWord<K::KeywordScenario>, Expect<StringLiteral>, Expect<Word<K::KeywordOf>>,
           Expect<Reference>, pegtl::opt<Sequence<Word<K::KeywordIn>, Expect<Name>>>, ExpectBody<ScenarioBody>> {};

}  // namespace rollout::grammar::rules
