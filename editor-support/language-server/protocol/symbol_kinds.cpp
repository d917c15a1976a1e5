#include "editor-support/language-server/protocol/symbol_kinds.hpp"

#include <algorithm>
#include <array>

namespace rollout::language_server::protocol {
namespace {

using grammar::SyntaxKind;

struct SymbolKindRow {
  SyntaxKind kind;
  int number;  // of the protocol's SymbolKind
};
constexpr int kOtherSymbol = 13;
constexpr auto kSymbolKinds = std::to_array<SymbolKindRow>({
    {SyntaxKind::Rollout, 5},    {SyntaxKind::Stage, 6},    {SyntaxKind::Field, 8},    {SyntaxKind::Metric, 8},
    {SyntaxKind::Enum, 10},      {SyntaxKind::Guards, 11},  {SyntaxKind::Check, 12},   {SyntaxKind::Action, 12},
    {SyntaxKind::Fn, 12},        {SyntaxKind::Source, 12},  {SyntaxKind::Channel, 12}, {SyntaxKind::Param, 14},
    {SyntaxKind::Let, 14},       {SyntaxKind::Role, 18},    {SyntaxKind::World, 19},   {SyntaxKind::Secret, 20},
    {SyntaxKind::EnumValue, 22}, {SyntaxKind::Record, 23},  {SyntaxKind::Hook, 24},    {SyntaxKind::Schedule, 24},
    {SyntaxKind::When, 24},      {SyntaxKind::Scenario, 6},
});

}  // namespace

int symbol_kind(SyntaxKind kind) {
  const auto found = std::ranges::find(kSymbolKinds, kind, &SymbolKindRow::kind);
  return found == kSymbolKinds.end() ? kOtherSymbol : found->number;
}

}  // namespace rollout::language_server::protocol
