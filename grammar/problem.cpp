#include "grammar/problem.hpp"

namespace rollout::grammar {
namespace {

using K = SyntaxKind;

struct ProblemRow {
  std::string_view name;
  std::string_view summary;
};

constexpr ProblemRow kRows[] = {
#define PROBLEM_KIND(name, summary) ProblemRow{#name, summary},
#include "grammar/problem_kind.def"
};

const ProblemRow& row_of(ProblemKind kind) {
  return kRows[static_cast<std::size_t>(kind)];
}

const std::vector<SyntaxKind> kDeclarationWords = {
    K::KeywordUse,         K::KeywordParam,  K::KeywordSecret,   K::KeywordLet,      K::KeywordFn,
    K::KeywordEnum,        K::KeywordRecord, K::KeywordRole,     K::KeywordMetric,   K::KeywordSource,
    K::KeywordCheck,       K::KeywordAction, K::KeywordChannel,  K::KeywordGuards,   K::KeywordStage,
    K::KeywordRollout,     K::KeywordWorld,  K::KeywordScenario, K::KeywordReadonly, K::KeywordIdempotent,
    K::KeywordIrreversible};
const std::vector<SyntaxKind> kResponseWords = {K::KeywordRollback, K::KeywordAbort, K::KeywordContinue,
                                                K::KeywordPause,    K::KeywordAsk,   K::KeywordNotify,
                                                K::KeywordRun};
const std::vector<SyntaxKind> kStepWords = {
    K::KeywordLet,         K::KeywordIf,      K::KeywordEach,     K::KeywordWhen,     K::KeywordWatch,
    K::KeywordHold,        K::KeywordTraffic, K::KeywordVerify,   K::KeywordApprove,  K::KeywordChecklist,
    K::KeywordAsk,         K::KeywordNotify,  K::KeywordParallel, K::KeywordWithin,   K::KeywordRollout,
    K::KeywordEvery,       K::KeywordUndo,    K::KeywordReturn,   K::KeywordRollback, K::KeywordAbort,
    K::KeywordContinue,    K::KeywordPause,   K::KeywordRun,      K::KeywordReadonly, K::KeywordIdempotent,
    K::KeywordIrreversible};
const std::vector<SyntaxKind> kHeaderWords = {
    K::KeywordOwner,    K::KeywordDescription, K::KeywordService,  K::KeywordEnvironment, K::KeywordExclusive,
    K::KeywordLink,     K::KeywordSetting,     K::KeywordContact,  K::KeywordWindow,      K::KeywordFreeze,
    K::KeywordRequires, K::KeywordTraffic,     K::KeywordRollback, K::KeywordOn,          K::KeywordBaseline,
    K::KeywordSample,   K::KeywordWarmup,      K::KeywordAlways,   K::KeywordNever};
const std::vector<SyntaxKind> kLineWords = {K::KeywordAt,     K::KeywordWith,   K::KeywordStarts, K::KeywordApprove,
                                            K::KeywordReject, K::KeywordAnswer, K::KeywordTick,   K::KeywordAcknowledge,
                                            K::KeywordCrash,  K::KeywordExpect};
const std::vector<SyntaxKind> kExpectationWords = {
    K::KeywordTraffic,  K::KeywordEnd,    K::KeywordBecause,  K::KeywordBlind,     K::KeywordNot,
    K::KeywordReached,  K::KeywordCalled, K::KeywordNotified, K::KeywordSucceeded, K::KeywordRolled,
    K::KeywordRollback, K::KeywordPaused, K::KeywordAborted,  K::KeywordFailed};

std::vector<SyntaxKind> joined(std::vector<SyntaxKind> words, const std::vector<SyntaxKind>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

std::string_view name_of(ProblemKind kind) {
  return row_of(kind).name;
}
std::string_view summary_of(ProblemKind kind) {
  return row_of(kind).summary;
}

std::vector<SyntaxKind> first_words(SyntaxKind category) {
  switch (category) {
    case K::Declaration: return kDeclarationWords;
    case K::Step: return kStepWords;
    case K::CheckItem: return joined(kStepWords, {K::KeywordRequire});
    case K::StageItem: return joined(kStepWords, {K::KeywordSample, K::KeywordWarmup, K::KeywordWindow});
    case K::RolloutItem: return joined(joined(kHeaderWords, kStepWords), {K::KeywordStage, K::KeywordAt});
    case K::Header: return kHeaderWords;
    case K::Guard: return {K::KeywordWhen, K::KeywordWatch};
    case K::Response: return kResponseWords;
    case K::Item: return {K::KeywordItem};
    case K::ScenarioLine: return kLineWords;
    case K::Expectation: return kExpectationWords;
    case K::Behaviour: return {K::KeywordSucceeds, K::KeywordFails, K::KeywordHangs, K::KeywordReturns};
    case K::SeverityName: return {K::KeywordInfo, K::KeywordWarning, K::KeywordCritical};
    case K::ScheduleAnchor: return {K::KeywordStart, K::KeywordSuccess, K::KeywordRollback, K::KeywordFailure};
    case K::HookName:
      return {K::KeywordRolling, K::KeywordRollback, K::KeywordFallback, K::KeywordStart,  K::KeywordStage,
              K::KeywordPause,   K::KeywordResume,   K::KeywordSuccess,  K::KeywordFailure};
    case K::ConsoleCommand:
      return {K::KeywordRollback, K::KeywordPause, K::KeywordResume,
              K::KeywordPromote,  K::KeywordAbort, K::KeywordRetry};
    case K::Separator:
      return {K::KeywordTimeout, K::KeywordRetry, K::KeywordWithin, K::KeywordUndo,     K::KeywordElse,
              K::KeywordEvery,   K::KeywordFor,   K::KeywordUntil,  K::KeywordThen,     K::KeywordBlind,
              K::KeywordRepeat,  K::KeywordBy,    K::KeywordCheck,  K::KeywordSeverity, K::KeywordAck};
    default: return {};
  }
}

}  // namespace rollout::grammar
