#include "grammar/syntax_kind.hpp"

#include <array>

#include "grammar/words.hpp"

namespace rollout::grammar {
namespace {

struct KindRow {
  std::string_view name;
  std::string_view display;
  SyntaxClass kind_class;
};

constexpr std::array kRows = {
#define SYNTAX_KIND(name, display, kind_class) KindRow{#name, display, SyntaxClass::kind_class},
#include "grammar/syntax_kind.def"
};

constexpr const KindRow& row_of(SyntaxKind kind) {
  return kRows[static_cast<std::size_t>(kind)];
}

constexpr bool between(SyntaxKind kind, SyntaxKind first, SyntaxKind last) {
  return first <= kind && kind <= last;
}

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
  switch (kind) {
    case SyntaxKind::Use:
    case SyntaxKind::Param:
    case SyntaxKind::Secret:
    case SyntaxKind::Let:
    case SyntaxKind::Fn:
    case SyntaxKind::Enum:
    case SyntaxKind::Record:
    case SyntaxKind::Role:
    case SyntaxKind::Metric:
    case SyntaxKind::Source:
    case SyntaxKind::Check:
    case SyntaxKind::Action:
    case SyntaxKind::Channel:
    case SyntaxKind::Guards:
    case SyntaxKind::Stage:
    case SyntaxKind::Rollout:
    case SyntaxKind::World:
    case SyntaxKind::Scenario: return true;
    default: return false;
  }
}

bool is_header(SyntaxKind kind) {
  return between(kind, SyntaxKind::Owner, SyntaxKind::Never) && kind != SyntaxKind::Zone && kind != SyntaxKind::Days &&
         kind != SyntaxKind::DayRange && kind != SyntaxKind::Cadence;
}

bool is_outcome(SyntaxKind kind) {
  return kind == SyntaxKind::RollbackOutcome || kind == SyntaxKind::RollbackToOutcome ||
         kind == SyntaxKind::AbortOutcome || kind == SyntaxKind::ContinueOutcome || kind == SyntaxKind::PauseOutcome;
}

bool is_response(SyntaxKind kind) {
  return is_outcome(kind) || kind == SyntaxKind::Reply || kind == SyntaxKind::Ask || kind == SyntaxKind::Notify ||
         kind == SyntaxKind::Effect;
}

bool is_step(SyntaxKind kind) {
  switch (kind) {
    case SyntaxKind::Let:
    case SyntaxKind::If:
    case SyntaxKind::Each:
    case SyntaxKind::When:
    case SyntaxKind::Watch:
    case SyntaxKind::Hold:
    case SyntaxKind::Traffic:
    case SyntaxKind::Verify:
    case SyntaxKind::Approve:
    case SyntaxKind::Checklist:
    case SyntaxKind::Ask:
    case SyntaxKind::Notify:
    case SyntaxKind::Parallel:
    case SyntaxKind::Within:
    case SyntaxKind::Child:
    case SyntaxKind::Recur:
    case SyntaxKind::Undo:
    case SyntaxKind::Return:
    case SyntaxKind::Effect: return true;
    default: return is_outcome(kind);
  }
}

bool is_scenario_line(SyntaxKind kind) {
  switch (kind) {
    case SyntaxKind::Signal:
    case SyntaxKind::ConsoleLine:
    case SyntaxKind::With:
    case SyntaxKind::Starts:
    case SyntaxKind::ApproveLine:
    case SyntaxKind::RejectLine:
    case SyntaxKind::AnswerLine:
    case SyntaxKind::TickLine:
    case SyntaxKind::AcknowledgeLine:
    case SyntaxKind::Crash:
    case SyntaxKind::WorldEffect: return true;
    default: return between(kind, SyntaxKind::ExpectTraffic, SyntaxKind::ExpectOutcome);
  }
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
