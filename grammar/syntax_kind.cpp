#include "grammar/syntax_kind.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "grammar/words.hpp"

namespace rollout::grammar {
namespace {

struct KindRow {
  std::string_view name;
  std::string_view display;
  SyntaxClass kind_class;
};

constexpr KindRow kRows[] = {
#define SYNTAX_KIND(name, display, kind_class) KindRow{#name, display, SyntaxClass::kind_class},
#include "grammar/syntax_kind.def"
};

constexpr const KindRow& row_of(SyntaxKind kind) {
  return kRows[static_cast<std::size_t>(kind)];
}

constexpr bool between(SyntaxKind kind, SyntaxKind first, SyntaxKind last) {
  return first <= kind && kind <= last;
}

template <std::size_t kCount>
bool is_one_of(const SyntaxKind (&kinds)[kCount], SyntaxKind kind) {
  return std::ranges::find(kinds, kind) != std::end(kinds);
}

constexpr SyntaxKind kDeclarations[] = {
    SyntaxKind::Use,     SyntaxKind::Param,  SyntaxKind::Secret,  SyntaxKind::Let,    SyntaxKind::Fn,
    SyntaxKind::Enum,    SyntaxKind::Record, SyntaxKind::Role,    SyntaxKind::Metric, SyntaxKind::Source,
    SyntaxKind::Check,   SyntaxKind::Action, SyntaxKind::Channel, SyntaxKind::Guards, SyntaxKind::Stage,
    SyntaxKind::Rollout, SyntaxKind::World,  SyntaxKind::Scenario};
constexpr SyntaxKind kHeaders[] = {SyntaxKind::Owner,          SyntaxKind::Description,     SyntaxKind::Service,
                                   SyntaxKind::Environment,    SyntaxKind::Exclusive,       SyntaxKind::Link,
                                   SyntaxKind::Setting,        SyntaxKind::Contact,         SyntaxKind::Window,
                                   SyntaxKind::Freeze,         SyntaxKind::Requires,        SyntaxKind::TrafficVia,
                                   SyntaxKind::RollbackWithin, SyntaxKind::RollbackExpires, SyntaxKind::OnFailure,
                                   SyntaxKind::OnMissing,      SyntaxKind::BaselineOver,    SyntaxKind::Sample,
                                   SyntaxKind::Warmup,         SyntaxKind::Always,          SyntaxKind::Never};
constexpr SyntaxKind kOutcomes[] = {SyntaxKind::RollbackOutcome, SyntaxKind::RollbackToOutcome,
                                    SyntaxKind::AbortOutcome, SyntaxKind::ContinueOutcome, SyntaxKind::PauseOutcome};
constexpr SyntaxKind kSteps[] = {SyntaxKind::Let,      SyntaxKind::If,        SyntaxKind::Each,    SyntaxKind::When,
                                 SyntaxKind::Watch,    SyntaxKind::Hold,      SyntaxKind::Traffic, SyntaxKind::Verify,
                                 SyntaxKind::Approve,  SyntaxKind::Checklist, SyntaxKind::Ask,     SyntaxKind::Notify,
                                 SyntaxKind::Parallel, SyntaxKind::Within,    SyntaxKind::Child,   SyntaxKind::Recur,
                                 SyntaxKind::Undo,     SyntaxKind::Return,    SyntaxKind::Effect};
constexpr SyntaxKind kScenarioLines[] = {
    SyntaxKind::Signal,          SyntaxKind::ConsoleLine,   SyntaxKind::With,           SyntaxKind::Starts,
    SyntaxKind::ApproveLine,     SyntaxKind::RejectLine,    SyntaxKind::AnswerLine,     SyntaxKind::TickLine,
    SyntaxKind::AcknowledgeLine, SyntaxKind::Crash,         SyntaxKind::WorldEffect,    SyntaxKind::ExpectTraffic,
    SyntaxKind::ExpectEnd,       SyntaxKind::ExpectBecause, SyntaxKind::ExpectBlind,    SyntaxKind::ExpectBefore,
    SyntaxKind::ExpectReached,   SyntaxKind::ExpectCalled,  SyntaxKind::ExpectNotified, SyntaxKind::ExpectOutcome};

constexpr auto kFirstWord = SyntaxKind::KeywordAnd;
constexpr auto kLastWord = SyntaxKind::KeywordDuring;
constexpr std::size_t kWordSlots = 1024;

constexpr std::size_t slot_of(std::string_view word) {
  std::size_t hash = word.size();
  for (const char c : word) hash = hash * 31 + static_cast<unsigned char>(c);
  return (hash ^ (hash >> 10)) % kWordSlots;
}

// A keyword's text is its display text without the backticks.
constexpr std::string_view text_of_word(SyntaxKind kind) {
  const std::string_view display = row_of(kind).display;
  return display.substr(1, display.size() - 2);
}

// Open addressing, filled when compiled; an empty slot holds SyntaxKind::Name.
constexpr auto make_word_table() {
  std::array<SyntaxKind, kWordSlots> table{};
  for (SyntaxKind& slot : table) slot = SyntaxKind::Name;
  for (auto kind = kFirstWord; kind <= kLastWord; kind = static_cast<SyntaxKind>(static_cast<int>(kind) + 1)) {
    std::size_t slot = slot_of(text_of_word(kind));
    while (table[slot] != SyntaxKind::Name) slot = (slot + 1) % kWordSlots;
    table[slot] = kind;
  }
  return table;
}

constexpr auto kWordTable = make_word_table();

}  // namespace

SyntaxClass class_of(SyntaxKind kind) {
  return row_of(kind).kind_class;
}
std::string_view name_of(SyntaxKind kind) {
  return row_of(kind).name;
}
std::string_view display_of(SyntaxKind kind) {
  return row_of(kind).display;
}

bool is_trivia(SyntaxKind kind) {
  return between(kind, SyntaxKind::ByteOrderMark, SyntaxKind::DocComment);
}
bool is_keyword(SyntaxKind kind) {
  return between(kind, kFirstWord, kLastWord);
}
bool is_expression(SyntaxKind kind) {
  return kind != SyntaxKind::Arguments && kind != SyntaxKind::Argument && kind != SyntaxKind::AnyArgument &&
         kind != SyntaxKind::Entry && kind != SyntaxKind::Insert &&
         between(kind, SyntaxKind::Or, SyntaxKind::NameExpression);
}
bool is_type(SyntaxKind kind) {
  return between(kind, SyntaxKind::NamedType, SyntaxKind::RateType);
}

bool is_declaration(SyntaxKind kind) {
  return is_one_of(kDeclarations, kind);
}
bool is_header(SyntaxKind kind) {
  return is_one_of(kHeaders, kind);
}
bool is_outcome(SyntaxKind kind) {
  return is_one_of(kOutcomes, kind);
}
bool is_step(SyntaxKind kind) {
  return is_outcome(kind) || is_one_of(kSteps, kind);
}
bool is_scenario_line(SyntaxKind kind) {
  return is_one_of(kScenarioLines, kind);
}

bool is_response(SyntaxKind kind) {
  return is_outcome(kind) || kind == SyntaxKind::Reply || kind == SyntaxKind::Ask || kind == SyntaxKind::Notify ||
         kind == SyntaxKind::Effect;
}

SyntaxKind kind_of_word(std::string_view word) {
  for (std::size_t slot = slot_of(word);; slot = (slot + 1) % kWordSlots) {
    const SyntaxKind kind = kWordTable[slot];
    if (kind == SyntaxKind::Name) return word == "_" ? SyntaxKind::Underscore : kind;
    if (text_of_word(kind) == word) return kind;
  }
}

bool is_reserved(SyntaxKind kind) {
  return between(kind, SyntaxKind::KeywordAnd, SyntaxKind::KeywordEach) || kind == SyntaxKind::Underscore;
}

}  // namespace rollout::grammar
