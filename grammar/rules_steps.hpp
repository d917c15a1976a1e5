// Steps, guards, gates and responses, and what may stand in a body. Only parse.cpp includes this.
#pragma once

#include "grammar/rules_rollouts.hpp"

namespace rollout::grammar::rules {

struct Block : Body<K::Block, AnyItem, K::Step> {};

// ---------------------------------------------------------------- tail clauses

struct RetryClause : Clause<K::RetryClause, K::KeywordRetry, ExpectExpression<Sum>, pegtl::opt<EveryClause>> {};

// `within D`; a line `within D {` is the next step. The one place that looks ahead without a bound.
struct WithinClause : Custom<WithinClause> {
  using Plain = Clause<K::WithinClause, K::KeywordWithin, ExpectExpression<Sum>>;
  using Analysis = LikeSequence<Plain>;
  static constexpr SyntaxKind kExpected = K::KeywordWithin;

  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.next_word(in.current()).kind != K::KeywordWithin) return false;
    const auto mark = tree.mark(in.current());
    run<Plain>(in, tree);
    if (tree.character(in.current()) != '{') {
      tree.leave(mark);
      return true;
    }
    tree.abandon(in.iterator(), mark);
    return false;
  }
};

// On the line where its step ends; on a line of its own it is the block's.
struct UndoClause : Node<K::UndoClause, ClauseWord<K::KeywordUndo>, ExpectBody<Block>> {};
struct ElseClause : Clause<K::ElseClause, K::KeywordElse, Expect<Response, K::Response>> {};

struct TailClauses
    : Sequence<pegtl::star<pegtl::sor<TimeoutClause, RetryClause, WithinClause, UndoClause>>, pegtl::opt<ElseClause>> {
};

struct AtMostClause : Node<K::AtMostClause, Word<K::KeywordAt>, Expect<Word<K::KeywordMost>>, ExpectExpression<Sum>> {};
struct AfterClause : Node<K::AfterClause, Word<K::KeywordAfter>, ExpectExpression<Sum>> {};

// ---------------------------------------------------------------- outcomes and responses

struct ConditionRule : Node<K::Condition, Expression, pegtl::opt<ForClause>> {
  static constexpr SyntaxKind kExpected = K::Expression;
};

struct AndRetryClause : Clause<K::AndRetryClause, K::KeywordAnd, Expect<Word<K::KeywordRetry>>,
                               pegtl::opt<AtMostClause>, pegtl::opt<AfterClause>> {};
struct RollbackTo : Node<K::RollbackToOutcome, WordPair<K::KeywordRollback, K::KeywordTo>, Expect<Name>,
                         pegtl::opt<Sequence<AndRetryClause, pegtl::opt<ElseClause>>>> {};
struct RollbackPlain : Node<K::RollbackOutcome, ClauseWord<K::KeywordRollback>, pegtl::opt<StringLiteral>> {};
struct RollbackResponse : pegtl::sor<RollbackTo, RollbackPlain> {};
struct Abort : Node<K::AbortOutcome, ClauseWord<K::KeywordAbort>, pegtl::opt<StringLiteral>> {};
struct Continue : Node<K::ContinueOutcome, ClauseWord<K::KeywordContinue>> {};
struct PauseUntil : Clause<K::UntilClause, K::KeywordUntil, Expect<ConditionRule>> {};
struct Pause : Node<K::PauseOutcome, ClauseWord<K::KeywordPause>, pegtl::opt<StringLiteral>,
                    pegtl::opt<Sequence<PauseUntil, pegtl::opt<WithinClause>, pegtl::opt<ElseClause>>>> {};

struct Answer : Node<K::Answer, StringLiteral, Expect<Arrow>, Lines, Expect<Response, K::Response>> {};
struct Answers : Body<K::Answers, Answer, K::Answer, K::Answer> {};
struct PlainWithin : Clause<K::WithinClause, K::KeywordWithin, ExpectExpression<Sum>> {};
struct Ask : Node<K::Ask, ClauseWord<K::KeywordAsk>, Expect<Reference>, Expect<StringLiteral>, pegtl::opt<PlainWithin>,
                  ExpectBody<Answers>, pegtl::opt<ElseClause>> {};

struct SeverityName : pegtl::sor<Word<K::KeywordInfo>, Word<K::KeywordWarning>, Word<K::KeywordCritical>> {
  static constexpr SyntaxKind kExpected = K::SeverityName;
};
struct SeverityClause : Clause<K::SeverityClause, K::KeywordSeverity, Expect<SeverityName>> {};
struct AckClause : Clause<K::AckClause, K::KeywordAck, Expect<Word<K::KeywordWithin>>, ExpectExpression<Sum>,
                          Expect<ElseClause, K::KeywordElse>> {};
struct Notify : Node<K::Notify, ClauseWord<K::KeywordNotify>, Expect<Reference>, Expect<StringLiteral>,
                     pegtl::star<pegtl::sor<SeverityClause, AckClause>>> {};

// A path with its arguments: `f(x)`. A single bare name is no call, and `a.b` is one whose arguments are missing.
struct CallRule : Custom<CallRule> {
  using Analysis = LikeSequence<Reference>;
  static constexpr SyntaxKind kExpected = K::Call;
  static bool parse(Input& in, TreeBuilder& tree);
};
struct CallOrRun : pegtl::sor<Run, CallRule> {};

template <typename Tail>
using EffectWith =
    pegtl::sor<Node<K::Effect, Modifier, Expect<CallOrRun, K::Call>, Tail>, Node<K::Effect, CallOrRun, Tail>>;
struct ResponseTail : pegtl::star<pegtl::sor<TimeoutClause, RetryClause>> {};
struct ResponseEffect : EffectWith<ResponseTail> {};

struct Reply : Body<K::Reply, ReplyItem, K::Response, K::Response> {};
struct ReplyOrEffect : pegtl::sor<Reply, ResponseEffect> {};
struct Response
    : Guarded<WordSwitch<ReplyOrEffect, On<K::KeywordRollback, RollbackResponse>, On<K::KeywordAbort, Abort>,
                         On<K::KeywordContinue, Continue>, On<K::KeywordPause, Pause>, On<K::KeywordAsk, Ask>,
                         On<K::KeywordNotify, Notify>>> {
  static constexpr SyntaxKind kExpected = K::Response;
};

// ---------------------------------------------------------------- gates

// `N of role` or `role`: told apart by the `of`.
struct Who : Leading<Sum, Finish<K::Who, Word<K::KeywordOf>, Expect<Reference>>, OtherwiseNode<K::Who>> {};
struct ByWho : Clause<K::ByClause, K::KeywordBy, Expect<Who, K::Who>> {
  static constexpr SyntaxKind kExpected = K::KeywordBy;
};
struct Approve : Node<K::Approve, ClauseWord<K::KeywordApprove>, Expect<StringLiteral>, Expect<ByWho>,
                      pegtl::opt<WithinClause>, pegtl::opt<ElseClause>> {};

struct CheckClause : Clause<K::CheckClause, K::KeywordCheck, Expect<Reference>> {};
struct Item
    : Node<K::Item, ClauseWord<K::KeywordItem>, Expect<StringLiteral>, pegtl::star<pegtl::sor<ByWho, CheckClause>>> {};
struct Items : Body<K::Items, Item, K::Item, K::Item> {};
struct Checklist : Node<K::Checklist, ClauseWord<K::KeywordChecklist>, Expect<StringLiteral>, pegtl::opt<ByWho>,
                        pegtl::opt<PlainWithin>, pegtl::opt<ElseClause>, ExpectBody<Items>, pegtl::opt<WithinClause>,
                        pegtl::opt<ElseClause>> {};

struct VerifyNamed : Sequence<StringLiteral, ExpectBody<CheckBody>> {};
struct VerifyAll : Node<K::VerifyAll, TwoWords<K::KeywordAll, K::KeywordOf>, Expect<List>> {};
struct VerifyWhat : pegtl::sor<VerifyNamed, VerifyAll, Reference> {
  static constexpr SyntaxKind kExpected = K::Reference;
};
struct Verify : Node<K::Verify, ClauseWord<K::KeywordVerify>, Expect<VerifyWhat>, TailClauses> {};

// ---------------------------------------------------------------- traffic, hold

struct RampClause : Clause<K::RampClause, K::KeywordBy, ExpectExpression<Sum>, Expect<EveryClause>> {};
struct Ramp : Sequence<DotDot, Lines, ExpectExpression<Sum>, Expect<RampClause>> {};
struct TrafficStep
    : Node<K::Traffic, ClauseWord<K::KeywordTraffic>, ExpectExpression<Sum>, pegtl::opt<Ramp>, TailClauses> {};
struct TrafficItem : pegtl::sor<TrafficVia, TrafficStep> {};

struct ConditionBlock : Body<K::ConditionBlock, ConditionRule, K::Expression, K::Expression> {};
// `A for D and B`: after a `for` only `and` may go on; an `or` is taken too, for a better message.
struct MoreConditions
    : pegtl::star<Sequence<pegtl::sor<NextWord<K::KeywordAnd>, NextWord<K::KeywordOr>>, Lines, Expect<ConditionRule>>> {
};
struct UntilConditions : pegtl::sor<ConditionBlock, Sequence<ConditionRule, MoreConditions>> {};
struct UntilWhat : pegtl::sor<UntilConditions, UnopenedBody<ConditionBlock>> {
  static constexpr SyntaxKind kExpected = K::Expression;
};
struct UntilClause : Clause<K::UntilClause, K::KeywordUntil, Expect<UntilWhat>> {};
struct Hold : Node<K::Hold, ClauseWord<K::KeywordHold>, ExpectExpression<RangeOrSum>, pegtl::opt<UntilClause>,
                   pegtl::opt<ElseClause>> {};

// ---------------------------------------------------------------- guards

struct SamplesRest : Sequence<Word<K::KeywordOf>, ExpectExpression<Sum>, Expect<Word<K::KeywordSamples>>> {};
struct ForLead : Sequence<NextWord<K::KeywordFor>, ExpectExpression<Sum>> {};
// `for D` or `for M of N samples`, told apart by the `of`.
struct GuardFor : Custom<GuardFor> {
  using Both = Leading<Sequence<Word<K::KeywordFor>, ExpectExpression<Sum>>, Finish<K::SamplesClause, SamplesRest>,
                       OtherwiseNode<K::ForClause>>;
  using Analysis = LikeSequence<Both>;
  static bool parse(Input& in, TreeBuilder& tree) {
    if (tree.next_word(in.current()).kind != K::KeywordFor) return false;
    tree.lines(in.iterator());
    return run<Both>(in, tree);
  }
};
struct BlindClause : Clause<K::BlindClause, K::KeywordBlind, Expect<Response>> {};
struct ThenClause : Clause<K::ThenClause, K::KeywordThen, Expect<Response>> {};
struct RepeatClause : Clause<K::RepeatClause, K::KeywordRepeat, Expect<Word<K::KeywordEvery>>, ExpectExpression<Sum>> {
};

// The clause of a guard that says what it does; without its `then`, a response that stands there all the same is taken.
struct ExpectThen : Custom<ExpectThen> {
  using Analysis = LikeOption<ThenClause, Response>;
  static bool parse(Input& in, TreeBuilder& tree) {
    if (run<ThenClause>(in, tree)) return true;
    tree.missing(K::KeywordThen, in.current());
    const auto mark = tree.mark(in.current());
    if (run<Response>(in, tree)) {
      tree.close(K::ThenClause, mark);
    } else {
      tree.leave(mark);
    }
    return true;
  }
};
struct When : Node<K::When, Word<K::KeywordWhen>, ExpectExpression<>, pegtl::opt<GuardFor>, pegtl::opt<BlindClause>,
                   ExpectThen, pegtl::opt<RepeatClause>> {};
struct Watch : Node<K::Watch, ClauseWord<K::KeywordWatch>, Expect<Reference>> {};

// ---------------------------------------------------------------- steps that hold steps

struct LoopHead
    : Sequence<Word<K::KeywordEach>, DeclaredName, Expect<Word<K::KeywordIn>>, ExpectExpression<RangeOrSum>> {};
struct Each : Node<K::Each, LoopHead, ExpectBody<Block>> {};

struct Branch : pegtl::sor<Node<K::Branch, Block>, Node<K::Branch, AnyItem>> {};
struct Branches : Body<K::Branches, Branch, K::Step> {};
struct ParallelEach : Sequence<LoopHead, pegtl::opt<AtMostClause>, ExpectBody<Block>> {};
struct Parallel : Node<K::Parallel, ClauseWord<K::KeywordParallel>, pegtl::sor<ParallelEach, ExpectBody<Branches>>> {};

struct If;
struct ElseBranch : Clause<K::ElseBranch, K::KeywordElse, pegtl::sor<Guarded<If>, ExpectBody<Block>>> {};
struct If : Node<K::If, Word<K::KeywordIf>, ExpectExpression<>, ExpectBody<Block>, pegtl::opt<ElseBranch>> {};
struct Within
    : Node<K::Within, ClauseWord<K::KeywordWithin>, ExpectExpression<Sum>, ExpectBody<Block>, pegtl::opt<ElseClause>> {
};
struct Recur : Node<K::Recur, ClauseWord<K::KeywordEvery>, ExpectExpression<Sum>, ExpectBody<Block>> {};
struct Undo : Node<K::Undo, ClauseWord<K::KeywordUndo>, pegtl::sor<Word<K::KeywordRest>, ExpectBody<Block>>> {};
struct Return : Node<K::Return, ClauseWord<K::KeywordReturn>, ExpectExpression<>> {};
struct Child : Node<K::Child, ClauseWord<K::KeywordRollout>, Expect<Reference>, TailClauses> {};
struct StepEffect : EffectWith<TailClauses> {};

// ---------------------------------------------------------------- items of bodies

// A rollout inside of a block can only be a declaration that an unclosed brace has swallowed; see RolloutHead.
struct SwallowedRollout : Custom<SwallowedRollout> {
  using Analysis = LikeSequence<Rollout>;
  static bool parse(Input& in, TreeBuilder& tree);
};
struct RolloutOrChild : pegtl::sor<SwallowedRollout, Child> {};

struct RollbackItem : pegtl::sor<RollbackWithin, RollbackExpires, RollbackTo, RollbackPlain> {};
struct OnItem : pegtl::sor<OnFailure, OnMissing, Hook> {};

// `irreversible action name` or `irreversible run ...`.
struct ModifierItem
    : Leading<Modifier, Finish<K::Action, ActionRest>, Finish<K::Effect, Expect<CallOrRun, K::Call>, TailClauses>> {};

struct World;
struct Scenario;

// Whatever may stand in some body stands in every body here; the report says where it may not.
template <typename RolloutRule, typename Otherwise>
using ItemSwitch = WordSwitch<
    Otherwise, On<K::KeywordUse, Use>, On<K::KeywordParam, Param>, On<K::KeywordSecret, Secret>, On<K::KeywordLet, Let>,
    On<K::KeywordFn, Fn>, On<K::KeywordEnum, Enum>, On<K::KeywordRecord, Record>, On<K::KeywordRole, Role>,
    On<K::KeywordMetric, Metric>, On<K::KeywordSource, Source>, On<K::KeywordCheck, Check>,
    On<K::KeywordAction, Action>, On<K::KeywordChannel, Channel>, On<K::KeywordGuards, Guards>,
    On<K::KeywordStage, Stage>, On<K::KeywordRollout, RolloutRule>, On<K::KeywordWorld, World>,
    On<K::KeywordScenario, Scenario>, On<K::KeywordReadonly, ModifierItem>, On<K::KeywordIdempotent, ModifierItem>,
    On<K::KeywordIrreversible, ModifierItem>, On<K::KeywordRequire, Require>, On<K::KeywordProbe, Probe>,
    On<K::KeywordAcknowledged, Acknowledged>, On<K::KeywordOwner, Owner>, On<K::KeywordDescription, Description>,
    On<K::KeywordService, Service>, On<K::KeywordEnvironment, Environment>, On<K::KeywordExclusive, Exclusive>,
    On<K::KeywordLink, Link>, On<K::KeywordSetting, Setting>, On<K::KeywordContact, Contact>,
    On<K::KeywordWindow, Window>, On<K::KeywordFreeze, Freeze>, On<K::KeywordRequires, Requires>,
    On<K::KeywordTraffic, TrafficItem>, On<K::KeywordRollback, RollbackItem>, On<K::KeywordOn, OnItem>,
    On<K::KeywordBaseline, BaselineOver>, On<K::KeywordSample, Sample>, On<K::KeywordWarmup, Warmup>,
    On<K::KeywordAlways, Always>, On<K::KeywordNever, Never>, On<K::KeywordAt, Schedule>, On<K::KeywordHold, Hold>,
    On<K::KeywordVerify, Verify>, On<K::KeywordApprove, Approve>, On<K::KeywordChecklist, Checklist>,
    On<K::KeywordAsk, Ask>, On<K::KeywordNotify, Notify>, On<K::KeywordParallel, Parallel>, On<K::KeywordEach, Each>,
    On<K::KeywordIf, Guarded<If>>, On<K::KeywordWithin, Within>, On<K::KeywordEvery, Recur>, On<K::KeywordUndo, Undo>,
    On<K::KeywordReturn, Return>, On<K::KeywordWhen, When>, On<K::KeywordWatch, Watch>, On<K::KeywordAbort, Abort>,
    On<K::KeywordContinue, Continue>, On<K::KeywordPause, Pause>>;

struct AnyItem : ItemSwitch<RolloutOrChild, StepEffect> {};
// In a reply a call takes only the clauses that a response takes.
struct ReplyItem : WordSwitch<pegtl::sor<ResponseEffect, AnyItem>, On<K::KeywordReadonly, ResponseEffect>,
                              On<K::KeywordIdempotent, ResponseEffect>, On<K::KeywordIrreversible, ResponseEffect>> {};
struct FileItem : ItemSwitch<Rollout, StepEffect> {};

}  // namespace rollout::grammar::rules
