#include "grammar/find_problems.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "grammar/brace_problems.hpp"
#include "grammar/quoted_problems.hpp"
#include "grammar/utf8.hpp"

namespace rollout::grammar {
namespace {

using K = SyntaxKind;

// For tables by kind.
constexpr std::size_t kSyntaxKinds = 0
#define SYNTAX_KIND(name, display, kind_class) +1
#include "grammar/syntax_kind.def"
    ;

// A problem with the event that shows it, so that what lies in an error region can be taken back.
struct Found {
  Problem problem;
  std::uint32_t event = 0;
  std::uint32_t container = 0;  // of ProblemKind::WrongContainer
  bool is_missing = false;
};

bool allowed_in_rollout(K item) {
  return is_header(item) || is_step(item) || item == K::Hook || item == K::Schedule || item == K::Stage;
}
bool allowed_in_stage(K item) {
  return is_step(item) || item == K::Sample || item == K::Warmup || item == K::Window;
}
bool allowed_in_reply(K item) {
  return is_outcome(item) || item == K::Ask || item == K::Notify || item == K::Let || item == K::If ||
         item == K::Effect;
}

// What may stand in a body, and what a message calls it.
struct ContainerRow {
  K container;
  K category;
  bool (*allows)(K);
};

constexpr ContainerRow kContainers[] = {
    {K::File, K::Declaration, is_declaration},
    {K::RolloutBody, K::RolloutItem, allowed_in_rollout},
    {K::StageBody, K::StageItem, allowed_in_stage},
    {K::Block, K::Step, is_step},
    {K::Branch, K::Step, [](K item) { return is_step(item) || item == K::Block; }},
    {K::CheckBody, K::CheckItem, [](K item) { return is_step(item) || item == K::Require; }},
    {K::SourceBody, K::Step, [](K item) { return is_step(item) || item == K::Past; }},
    {K::ActionBody, K::Step, [](K item) { return is_step(item) || item == K::Probe; }},
    {K::ChannelBody, K::Step, [](K item) { return is_step(item) || item == K::Acknowledged; }},
    {K::GuardsBody, K::Guard, [](K item) { return item == K::When || item == K::Watch; }},
    {K::Reply, K::Response, allowed_in_reply},
};

// Asked for every node of a text: most kinds are refused without a look at the rows.
constexpr auto kContainerKinds = [] {
  std::array<bool, kSyntaxKinds> kinds{};
  for (const ContainerRow& row : kContainers) kinds[static_cast<std::size_t>(row.container)] = true;
  return kinds;
}();

const ContainerRow* container_row(K kind) {
  if (!kContainerKinds[static_cast<std::size_t>(kind)]) return nullptr;
  return std::ranges::find(kContainers, kind, &ContainerRow::container);
}

struct MalformedRow {
  K kind;
  ProblemKind problem;
};

constexpr MalformedRow kMalformed[] = {
    {K::MalformedUnit, ProblemKind::UnknownUnit},     {K::MalformedSpacedUnit, ProblemKind::SpacedUnit},
    {K::MalformedDate, ProblemKind::DateWithoutTime}, {K::MalformedInstant, ProblemKind::NoSuchInstant},
    {K::MalformedTime, ProblemKind::NoSuchTime},      {K::MalformedNumber, ProblemKind::MalformedNumber},
    {K::MalformedName, ProblemKind::ReservedName}};

std::optional<ProblemKind> kind_of_malformed(K kind) {
  if (kind < kMalformed[0].kind || kind > K::MalformedName) return std::nullopt;
  const auto row = std::ranges::find(kMalformed, kind, &MalformedRow::kind);
  return row == std::end(kMalformed) ? std::nullopt : std::optional(row->problem);
}

// Clauses that a statement takes once.
constexpr auto kSingleClauses = [] {
  constexpr K kClauses[] = {K::TimeoutClause, K::RetryClause,    K::WithinClause,  K::UndoClause,     K::ElseClause,
                            K::EveryClause,   K::OverClause,     K::UnitClause,    K::StaleClause,    K::BaselineClause,
                            K::AbsentClause,  K::MatchingClause, K::DefaultClause, K::SeverityClause, K::AckClause,
                            K::ByClause,      K::CheckClause};
  std::array<bool, kSyntaxKinds> kinds{};
  for (const K kind : kClauses) kinds[static_cast<std::size_t>(kind)] = true;
  return kinds;
}();

bool is_single_clause(K kind) {
  return kSingleClauses[static_cast<std::size_t>(kind)];
}

class ProblemFinder {
 public:
  ProblemFinder(std::string_view text, const std::vector<Event>& events) : text_(text), events_(events) {}

  std::vector<Problem> find(std::size_t limit);

 private:
  // The indexes of an event's children, the last one first.
  template <typename Visit>
  void each_child_backwards(std::uint32_t node, Visit visit) const {
    const std::uint32_t stop = node + 1 - events_[node].width;
    for (std::uint32_t i = node; i > stop; i -= events_[i - 1].width) visit(i - 1);
  }
  std::vector<std::uint32_t> children(std::uint32_t node) const {
    std::vector<std::uint32_t> found;
    each_child_backwards(node, [&](std::uint32_t child) { found.push_back(child); });
    std::ranges::reverse(found);
    return found;
  }
  Span span(std::uint32_t event) const { return {events_[event].begin, events_[event].end}; }
  Span first_token(std::uint32_t node) const { return span(node + 1 - events_[node].width); }
  std::uint32_t first_event(std::uint32_t node) const { return node + 1 - events_[node].width; }

  void add(std::uint32_t event, ProblemKind kind, Span place, K expected = K::Missing, Span related = {}) {
    found_.push_back({{kind, place, expected, K::Missing, related}, event, 0, false});
  }
  bool explains_last_missing(std::uint32_t begin) const;
  Span first_line(Span region) const;

  void visit(std::uint32_t event);
  void visit_missing(std::uint32_t event);
  void visit_error(std::uint32_t event);
  void visit_comparison(std::uint32_t event);
  void visit_argument(std::uint32_t event);
  void visit_call(std::uint32_t event, K arguments);
  void visit_insert(std::uint32_t event);
  void visit_until(std::uint32_t event);
  void visit_who(std::uint32_t event);
  void visit_checklist(std::uint32_t event);
  void visit_string(std::uint32_t event);
  void visit_clauses(std::uint32_t event);
  void visit_container(std::uint32_t event, const ContainerRow& row);
  void visit_scenario(std::uint32_t event);
  bool is_reference_shaped(std::uint32_t event) const;
  std::uint32_t opener_event(std::uint32_t missing, K opener) const;
  Span opener_of(std::uint32_t missing, K opener) const;
  bool insert_ends_at(std::uint32_t place) const;
  void forgive_in_region(std::uint32_t region, std::uint32_t first);
  void add_brace_problems();
  std::vector<Problem> in_order(std::size_t limit);

  std::string_view text_;
  const std::vector<Event>& events_;
  std::vector<Found> found_;
  std::vector<std::uint32_t> any_arguments_;
  std::uint32_t last_region_end_ = 0;
  bool too_deep_ = false;
  bool brace_trouble_ = false;
};

void ProblemFinder::visit(std::uint32_t event) {
  const K kind = events_[event].kind;
  if (events_[event].width == 1) {
    if (kind == K::Missing) visit_missing(event);
    if (const auto malformed = kind_of_malformed(kind)) add(event, *malformed, span(event));
    return;
  }
  switch (kind) {
    case K::Error: return visit_error(event);
    case K::Comparison: return visit_comparison(event);
    case K::Argument: return visit_argument(event);
    case K::AnyArgument: any_arguments_.push_back(event); return;
    case K::Call: return visit_call(event, K::Arguments);
    case K::Fn:
    case K::Check:
    case K::Source:
    case K::Action:
    case K::Channel:
    case K::Guards:
    case K::Stage:
    case K::Rollout: return visit_call(event, K::Params);
    case K::Insert: return visit_insert(event);
    case K::UntilClause: return visit_until(event);
    case K::Who: return visit_who(event);
    case K::StringLiteral: return visit_string(event);
    case K::ScenarioBody: return visit_scenario(event);
    case K::Checklist: visit_checklist(event); return visit_clauses(event);
    case K::Metric: visit_call(event, K::Params); return visit_clauses(event);
    case K::Param:
    case K::Let:
    case K::Effect:
    case K::Traffic:
    case K::Verify:
    case K::Child:
    case K::Notify:
    case K::Item: return visit_clauses(event);
    default: break;
  }
  if (const ContainerRow* row = container_row(kind)) visit_container(event, *row);
}

// The sibling before a missing leaf that opened what is not closed; the leaf itself where there is none.
std::uint32_t ProblemFinder::opener_event(std::uint32_t missing, K opener) const {
  for (std::uint32_t i = missing; i > 0 && events_[i - 1].width <= i; i -= events_[i - 1].width) {
    if (events_[i - 1].kind == opener) return i - 1;
  }
  return missing;
}

Span ProblemFinder::opener_of(std::uint32_t missing, K opener) const {
  const std::uint32_t event = opener_event(missing, opener);
  return event == missing ? Span{} : span(event);
}

// Whether an insert that was not closed either reaches to here: one problem is enough for both.
bool ProblemFinder::insert_ends_at(std::uint32_t place) const {
  return !found_.empty() && found_.back().problem.kind == ProblemKind::UnterminatedInsert &&
         found_.back().problem.span.end == place;
}

void ProblemFinder::visit_missing(std::uint32_t event) {
  const K expected = events_[event].expected;
  const std::uint32_t place = events_[event].begin;
  if (expected == K::RightBrace) {
    brace_trouble_ = true;
    return;
  }
  const bool closes_quote = expected == K::StringQuote || expected == K::CommandQuote;
  if ((last_region_end_ == place && place != 0) || (closes_quote && insert_ends_at(place))) return;
  if (expected == K::RightParenthesis || expected == K::RightBracket) {
    const Span opener = opener_of(event, expected == K::RightBracket ? K::LeftBracket : K::LeftParenthesis);
    add(event, ProblemKind::UnclosedBracket, {place, place}, expected, opener);
  } else if (expected == K::StringQuote) {
    add(event, ProblemKind::UnterminatedString, {opener_of(event, K::StringQuote).begin, place});
  } else if (expected == K::CommandQuote) {
    add(event, ProblemKind::UnterminatedCommand, {opener_of(event, K::CommandQuote).begin, place});
  } else if (expected == K::KeywordThen) {
    add(event, ProblemKind::GuardWithoutThen, {place, place}, expected);
  } else {
    add(event, ProblemKind::Expected, {place, place}, expected);
  }
  found_.back().is_missing = true;
}

// An insert without its brace, or without anything that could be an expression: what is wrong inside comes from that.
void ProblemFinder::visit_insert(std::uint32_t event) {
  const Event& last = events_[event - 1];
  const bool unclosed = last.kind == K::Missing && last.expected == K::RightBrace;
  bool has_expression = false;
  each_child_backwards(
      event, [&](std::uint32_t child) { has_expression = has_expression || is_expression(events_[child].kind); });
  if (!unclosed && has_expression) return;
  const std::uint32_t first = first_event(event);
  for (; !found_.empty() && found_.back().event >= first; found_.pop_back()) {
    if (found_.back().problem.kind == ProblemKind::TooDeep) return;
  }
  add(event, unclosed ? ProblemKind::UnterminatedInsert : ProblemKind::MalformedInsert, span(event));
}

// Drops what was found in an error region, but not what stands in blocks that were parsed in it.
void ProblemFinder::forgive_in_region(std::uint32_t region, std::uint32_t first) {
  std::vector<std::uint32_t> blocks;
  each_child_backwards(region, [&](std::uint32_t child) {
    if (events_[child].kind == K::Block) blocks.push_back(child);
  });
  const auto is_in_block = [&](const Found& found) {
    return std::ranges::any_of(blocks, [&](std::uint32_t block) {
      return first_event(block) <= found.event && found.event <= block && found.container != block;
    });
  };
  // Whatever was found since the region's first event stands at the end.
  auto begin = found_.end();
  while (begin != found_.begin() && (begin - 1)->event >= first) --begin;
  found_.erase(std::remove_if(begin, found_.end(), [&](const Found& found) { return !is_in_block(found); }),
               found_.end());
}

// Whether a region that begins here is what stands in place of the last missing thing: only blanks lie between.
bool ProblemFinder::explains_last_missing(std::uint32_t begin) const {
  if (found_.empty() || !found_.back().is_missing) return false;
  const std::uint32_t place = found_.back().problem.span.end;
  return place <= begin && text_.substr(place, begin - place).find_first_not_of(" \t") == std::string_view::npos;
}

Span ProblemFinder::first_line(Span region) const {
  const std::string_view line = text_.substr(region.begin, text_.substr(region.begin, region.size()).find('\n'));
  const std::size_t last = line.substr(0, region.size()).find_last_not_of(" \t\r");
  return last == std::string_view::npos ? region
                                        : Span{region.begin, region.begin + static_cast<std::uint32_t>(last + 1)};
}

void ProblemFinder::visit_error(std::uint32_t event) {
  const std::uint32_t first = first_event(event);
  forgive_in_region(event, first);
  const Span region = span(event);
  const K expected = events_[event].expected;
  last_region_end_ = region.end;
  if (expected == K::ShallowerNesting) {
    if (!too_deep_) add(event, ProblemKind::TooDeep, first_token(event));
    too_deep_ = true;
    return;
  }
  if (events_[first].kind == K::RightBrace) {
    brace_trouble_ = true;
    add(event, ProblemKind::UnmatchedBrace, span(first));
    return;
  }
  if (explains_last_missing(region.begin)) {
    Problem& problem = found_.back().problem;
    const std::string_view text = text_.substr(region.begin, region.size());
    const bool is_or = problem.expected == K::KeywordThen && text.starts_with("or") && text.substr(2).starts_with(" ");
    if (problem.kind == ProblemKind::GuardWithoutThen) problem.kind = ProblemKind::Expected;
    if (problem.kind == ProblemKind::Expected) problem.span = first_line(region);
    if (is_or) problem = {ProblemKind::ForAfterFor, {region.begin, region.begin + 2}, K::Missing, K::Missing, {}};
    found_.back().is_missing = false;
    return;
  }
  const auto head = static_cast<unsigned char>(text_[region.begin]);
  const bool control = head < 0x20 || head == 0x7f;
  add(event, control ? ProblemKind::ControlCharacter : ProblemKind::Unexpected, first_line(region), expected);
}

void ProblemFinder::visit_comparison(std::uint32_t event) {
  std::vector<std::uint32_t> operators;
  each_child_backwards(event, [&](std::uint32_t child) {
    const K kind = events_[child].kind;
    if ((kind >= K::Equal && kind <= K::GreaterEqual) || kind == K::Assign || kind == K::KeywordIn ||
        kind == K::KeywordIs) {
      operators.push_back(child);
    }
  });
  const auto assign = std::ranges::find(operators, K::Assign, [&](std::uint32_t i) { return events_[i].kind; });
  if (assign != operators.end()) {
    add(event, ProblemKind::AssignInsteadOfEqual, span(*assign));
  } else if (operators.size() > 1) {
    add(event, ProblemKind::ChainedComparison, span(operators[operators.size() - 2]), K::Missing,
        span(operators.back()));
  }
}

// `f(name = value)`: the comparison is the argument itself and begins with a bare name.
void ProblemFinder::visit_argument(std::uint32_t event) {
  if (found_.empty() || found_.back().problem.kind != ProblemKind::AssignInsteadOfEqual) return;
  const bool is_whole_argument = found_.back().event + 1 == event && events_[event - 1].begin == events_[event].begin;
  const bool begins_with_name =
      first_event(event) + 1 < event && events_[first_event(event) + 1].kind == K::NameExpression;
  if (is_whole_argument && begins_with_name) found_.back().problem.kind = ProblemKind::AssignInsteadOfColon;
}

// A call's arguments and a declaration's parameters are glued to what stands before them.
void ProblemFinder::visit_call(std::uint32_t event, K arguments) {
  each_child_backwards(event, [&](std::uint32_t child) {
    if (events_[child].kind != arguments || events_[child].begin == 0) return;
    const char before = text_[events_[child].begin - 1];
    if (before != ' ' && before != '\t' && before != '\r') return;
    const std::size_t word_end = text_.find_last_not_of(" \t\r", events_[child].begin - 1);
    if (word_end == std::string_view::npos) return;
    add(event, ProblemKind::SpacedCall, {static_cast<std::uint32_t>(word_end + 1), events_[child].begin});
  });
}

void ProblemFinder::visit_until(std::uint32_t event) {
  each_child_backwards(event, [&](std::uint32_t child) {
    if (events_[child].kind == K::KeywordOr) add(event, ProblemKind::ForAfterFor, span(child));
  });
}

bool ProblemFinder::is_reference_shaped(std::uint32_t event) const {
  K kind = events_[event].kind;
  if (kind == K::Call) {
    event = children(event).front();
    kind = events_[event].kind;
  }
  while (kind == K::Member) {
    event = children(event).front();
    kind = events_[event].kind;
  }
  return kind == K::NameExpression;
}

void ProblemFinder::visit_who(std::uint32_t event) {
  bool counted = false;
  std::optional<std::uint32_t> lone;
  each_child_backwards(event, [&](std::uint32_t child) {
    if (events_[child].kind == K::KeywordOf) counted = true;
    if (is_expression(events_[child].kind)) lone = child;
  });
  if (!counted && lone && !is_reference_shaped(*lone)) add(event, ProblemKind::Expected, span(*lone), K::Reference);
}

void ProblemFinder::visit_checklist(std::uint32_t event) {
  bool before_items = false;
  each_child_backwards(event, [&](std::uint32_t child) {
    if (events_[child].kind == K::Items) before_items = true;
    if (!before_items || events_[child].kind != K::ElseClause) return;
    each_child_backwards(child, [&](std::uint32_t part) {
      if (events_[part].kind == K::Reply) add(event, ProblemKind::ElseBlockBeforeItems, span(child));
    });
  });
}

void ProblemFinder::visit_string(std::uint32_t event) {
  bool triple = false;
  const std::uint32_t first = first_event(event);
  triple = events_[first].end - events_[first].begin == 3;
  if (triple) return;
  each_child_backwards(event, [&](std::uint32_t child) {
    if (events_[child].kind != K::StringText) return;
    const Span run = span(child);
    if (const auto bad = find_unknown_escape(text_.substr(run.begin, run.size()))) {
      add(event, ProblemKind::UnknownEscape, {run.begin + bad->begin, run.begin + bad->end});
    }
  });
}

void ProblemFinder::visit_clauses(std::uint32_t event) {
  std::size_t clauses = 0;
  each_child_backwards(event, [&](std::uint32_t child) { clauses += is_single_clause(events_[child].kind) ? 1 : 0; });
  if (clauses < 2) return;
  std::vector<std::uint32_t> seen;
  for (const std::uint32_t child : children(event)) {
    if (!is_single_clause(events_[child].kind)) continue;
    const auto same = [&](std::uint32_t other) { return events_[other].kind == events_[child].kind; };
    const auto earlier = std::ranges::find_if(seen, same);
    if (earlier != seen.end()) {
      add(event, ProblemKind::RepeatedClause, first_token(child), events_[child].kind, first_token(*earlier));
    }
    seen.push_back(child);
  }
}

// Of several wrong items in a row only the first is reported.
void ProblemFinder::visit_container(std::uint32_t event, const ContainerRow& row) {
  bool previous_wrong = false;
  std::vector<std::uint32_t> wrong;
  for (const std::uint32_t child : children(event)) {
    const K kind = events_[child].kind;
    if (class_of(kind) != SyntaxClass::Node || kind == K::Error) continue;
    const bool is_wrong = !row.allows(kind);
    if (is_wrong && !previous_wrong) wrong.push_back(child);
    previous_wrong = is_wrong;
  }
  const std::uint32_t first = first_event(event);
  const Span opener = events_[first].kind == K::LeftBrace ? span(first) : Span{};
  for (const std::uint32_t child : wrong) {
    const K kind = events_[child].kind;
    found_.push_back(
        {{ProblemKind::WrongContainer, first_token(child), row.category, kind, opener}, child, event, false});
  }
}

void ProblemFinder::visit_scenario(std::uint32_t event) {
  const std::uint32_t first = first_event(event);
  while (!any_arguments_.empty() && any_arguments_.back() >= first) any_arguments_.pop_back();
}

// A statement in the wrong block comes from the braces where they are wrong; and a closing brace that closes nothing
// comes from an opening one that is missing, if there is one before it.
void ProblemFinder::add_brace_problems() {
  if (!brace_trouble_) return;
  const BraceLayout braces(text_, events_);
  const std::vector<Problem> unclosed = braces.unclosed();
  const auto is_unmatched = [](const Found& found) { return found.problem.kind == ProblemKind::UnmatchedBrace; };
  const auto unmatched = std::ranges::find_if(found_, is_unmatched);
  const bool explained = std::ranges::any_of(found_.begin(), unmatched, [](const Found& found) {
    return found.problem.kind == ProblemKind::Expected && found.problem.expected == K::LeftBrace;
  });
  const bool trouble = unmatched != found_.end() || !unclosed.empty();
  if (unmatched != found_.end() && explained) {
    found_.erase(unmatched);
  } else if (unmatched != found_.end()) {
    unmatched->problem.related = braces.closed_too_much(unmatched->problem.span.begin);
  }
  if (trouble) {
    std::erase_if(found_, [](const Found& found) { return found.problem.kind == ProblemKind::WrongContainer; });
  }
  for (const Problem& problem : unclosed) found_.push_back({problem, 0, 0, false});
}

std::vector<Problem> ProblemFinder::in_order(std::size_t limit) {
  std::ranges::stable_sort(found_, {}, [](const Found& found) { return found.problem.span.begin; });
  std::vector<Problem> problems;
  for (const Found& found : found_) {
    if (!problems.empty() && problems.back().span.begin == found.problem.span.begin) continue;
    if (problems.size() == limit) break;
    problems.push_back(found.problem);
  }
  return problems;
}

std::vector<Problem> ProblemFinder::find(std::size_t limit) {
  if (const std::size_t bad = find_invalid_utf8(text_); bad != std::string_view::npos) {
    const auto place = static_cast<std::uint32_t>(bad);
    add(0, ProblemKind::InvalidUtf8, {place, place + 1});
  }
  for (std::uint32_t event = 0; event < events_.size(); ++event) visit(event);
  for (const std::uint32_t argument : any_arguments_) add(argument, ProblemKind::AnyArgumentHere, span(argument));
  add_brace_problems();
  return in_order(limit);
}

}  // namespace

std::vector<Problem> find_problems(std::string_view text, const std::vector<Event>& events, std::size_t limit) {
  return ProblemFinder(text, events).find(limit);
}

}  // namespace rollout::grammar
