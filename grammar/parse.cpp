// The only translation unit that knows PEGTL: recovery, and the functions of parse.hpp that run the rules.
#include "grammar/parse.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tao/pegtl/contrib/analyze.hpp>

#include "grammar/find_problems.hpp"
#include "grammar/rules_scenarios.hpp"

namespace rollout::grammar {
namespace rules {
namespace {

constexpr bool is_high_byte(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool is_opener(char c) {
  return c == '(' || c == '[';
}
bool is_closer(char c) {
  return c == ')' || c == ']';
}

// A block that goes over lines: nothing but a comment follows its brace on the line.
bool opens_lines(TreeBuilder& tree, const char* at) {
  const char* next = tree.skip_blanks(at + 1);
  return tree.at_line_end(next) || tree.at_end(next) || *next == '#';
}

// One piece of text that fits nowhere: a string, a command, a word, a run of bytes that are not ASCII, or a character.
void take_chunk(Input& in, TreeBuilder& tree) {
  if (run<StringLiteral>(in, tree) || run<CommandLiteral>(in, tree)) return;
  const char* at = in.current();
  const char* stop = at + 1;
  if (is_word_part(*at)) {
    while (stop != tree.end() && is_word_part(*stop)) ++stop;
  } else if (is_high_byte(*at)) {
    while (stop != tree.end() && is_high_byte(*stop)) ++stop;
  }
  tree.token(*at == '}' ? K::RightBrace : K::ErrorText, in.iterator(), stop);
}

// How deep a region is in brackets and in braces that it opened itself.
struct RegionDepth {
  std::uint32_t brackets = 0;
  std::uint32_t braces = 0;

  void count(char c) {
    if (is_opener(c)) ++brackets;
    if (is_closer(c) && brackets > 0) --brackets;
    if (c == '{') ++braces;
    if (c == '}' && braces > 0) --braces;
  }
};

// Whether a line end inside of a region's brackets ends the region all the same: the next line begins something.
bool next_line_begins(TreeBuilder& tree, const char* at) {
  const char* next = tree.skip_lines(at);
  return tree.at_end(next) || *next == '}' || begins_statement(tree, next);
}

bool region_ends(TreeBuilder& tree, const char* at, const RegionDepth& depth, bool stop_at_comma) {
  if (tree.at_end(at)) return true;
  if (tree.at_line_end(at)) return depth.brackets == 0 || next_line_begins(tree, at);
  if (*at == '}') return depth.braces == 0;
  return *at == ';' || (*at == ',' && stop_at_comma && depth.brackets == 0);
}

}  // namespace

void skip_statement(Input& in, TreeBuilder& tree, SyntaxKind category, bool stop_at_comma) {
  const auto mark = tree.mark(in.current());
  RegionDepth depth;
  do {
    const char c = tree.character(in.current());
    if (c == '{' && opens_lines(tree, in.current()) && tree.depth < tree.depth_limit) {
      run<Block>(in, tree);
      continue;
    }
    depth.count(c);
    take_chunk(in, tree);
    if (depth.brackets > 0 && tree.at_line_end(in.current()) && !next_line_begins(tree, in.current())) {
      tree.lines(in.iterator());
    }
  } while (!region_ends(tree, in.current(), depth, stop_at_comma));
  tree.close(K::Error, mark, category);
}

bool skip_element(Input& in, TreeBuilder& tree, SyntaxKind category) {
  const auto ends = [&tree](const char* at, std::uint32_t brackets) {
    if (tree.at_end(at) || *at == '{' || *at == '}' || !tree.same_line(at)) return true;
    return brackets == 0 && (*at == ',' || is_closer(*at));
  };
  if (ends(in.current(), 0)) return false;
  const auto mark = tree.mark(in.current());
  RegionDepth depth;
  do {
    depth.count(tree.character(in.current()));
    take_chunk(in, tree);
  } while (!ends(in.current(), depth.brackets));
  tree.close(K::Error, mark, category);
  return true;
}

bool skip_too_deep(Input& in, TreeBuilder& tree) {
  const char* at = in.current();
  std::uint32_t open = 0;
  for (; at != tree.end(); ++at) {
    const bool closes = is_closer(*at) || *at == '}';
    if (open == 0 && (closes || *at == ',' || *at == ';' || *at == '\n')) break;
    if (is_opener(*at) || *at == '{') ++open;
    if (closes && --open == 0) {
      ++at;
      break;
    }
  }
  if (at == in.current()) return false;
  if (tree.character(at) == '"' && *in.current() == '"') ++at;  // a string that ends with an insert
  const auto mark = tree.mark(in.current());
  tree.token(K::ErrorText, in.iterator(), at);
  tree.close(K::Error, mark, K::ShallowerNesting);
  return true;
}

namespace {

// What has to follow the word of an item, so that it is that item and no call or name.
enum class Follower { Word, Text, WordOrText, Action };
// Items that begin with the word can stand at the top of a file only, or in a rollout only.
enum class Home { Module, Rollout };

struct HomeRow {
  SyntaxKind word;
  Follower follower;
  Home home;
};

constexpr HomeRow kHomes[] = {
    {K::KeywordUse, Follower::WordOrText, Home::Module},    {K::KeywordParam, Follower::Word, Home::Module},
    {K::KeywordSecret, Follower::Word, Home::Module},       {K::KeywordFn, Follower::Word, Home::Module},
    {K::KeywordEnum, Follower::Word, Home::Module},         {K::KeywordRecord, Follower::Word, Home::Module},
    {K::KeywordRole, Follower::Word, Home::Module},         {K::KeywordMetric, Follower::Word, Home::Module},
    {K::KeywordSource, Follower::Word, Home::Module},       {K::KeywordCheck, Follower::Word, Home::Module},
    {K::KeywordAction, Follower::Word, Home::Module},       {K::KeywordReadonly, Follower::Action, Home::Module},
    {K::KeywordIdempotent, Follower::Action, Home::Module}, {K::KeywordIrreversible, Follower::Action, Home::Module},
    {K::KeywordChannel, Follower::Word, Home::Module},      {K::KeywordGuards, Follower::Word, Home::Module},
    {K::KeywordWorld, Follower::Word, Home::Module},        {K::KeywordScenario, Follower::Text, Home::Module},
    {K::KeywordStage, Follower::Word, Home::Rollout},       {K::KeywordOn, Follower::Word, Home::Rollout},
    {K::KeywordAt, Follower::Word, Home::Rollout},          {K::KeywordOwner, Follower::Text, Home::Rollout},
    {K::KeywordDescription, Follower::Text, Home::Rollout}, {K::KeywordService, Follower::Text, Home::Rollout},
    {K::KeywordEnvironment, Follower::Text, Home::Rollout}, {K::KeywordExclusive, Follower::Text, Home::Rollout},
    {K::KeywordLink, Follower::Text, Home::Rollout},        {K::KeywordSetting, Follower::Text, Home::Rollout},
    {K::KeywordRequires, Follower::Text, Home::Rollout}};

bool follows(TreeBuilder& tree, const PeekedWord& word, Follower follower) {
  const char* next = tree.skip_blanks(word.end);
  const SyntaxKind kind = next == word.end ? K::Missing : tree.scan_word(next).kind;
  const bool text = tree.character(next) == '"';
  switch (follower) {
    case Follower::Word: return kind != K::Missing;
    case Follower::Text: return text;
    case Follower::WordOrText: return text || kind != K::Missing;
    case Follower::Action: return kind == K::KeywordAction;
  }
  return false;
}

// Where the item that begins here has to stand; nothing where it may stand in many bodies.
std::optional<Home> home_of(TreeBuilder& tree, const PeekedWord& word) {
  const auto row = std::ranges::find(kHomes, word.kind, &HomeRow::word);
  if (row == std::end(kHomes) || !follows(tree, word, row->follower)) return std::nullopt;
  return row->home;
}

// `rollout name {` and `rollout name(parameters) {`: as a step it takes no block.
bool is_rollout_head(TreeBuilder& tree, const PeekedWord& word) {
  if (word.kind != K::KeywordRollout) return false;
  const PeekedWord name = tree.scan_word(tree.skip_blanks(word.end));
  if (name.kind == K::Missing) return false;
  const char* at = name.end;
  if (tree.character(at) == '(') {
    std::uint32_t open = 0;
    for (; at != tree.end() && *at != '\n' && *at != '{'; ++at) {
      if (*at == '(') ++open;
      if (*at == ')' && --open == 0) break;
    }
    if (tree.character(at) != ')') return false;
    ++at;
  }
  return tree.character(tree.skip_blanks(at)) == '{';
}

// Bodies whose items are not statements: a word of the language followed by another word is none of them.
bool holds_no_statements(SyntaxKind body) {
  return body == K::ConditionBlock || body == K::Items || body == K::Answers || body == K::Map || body == K::EnumBody ||
         body == K::RecordBody;
}

bool is_statement_of_its_own(TreeBuilder& tree, const PeekedWord& word) {
  const char* next = tree.skip_blanks(word.end);
  const char c = tree.character(next);
  return next != word.end && (is_word_part(c) || c == '"') && begins_statement(tree, word.begin);
}

}  // namespace

bool ends_unclosed_body(TreeBuilder& tree, const char* at) {
  const PeekedWord word = tree.word(at);
  if (!is_keyword(word.kind) || !tree.first_on_line(at)) return false;
  const TreeBuilder::OpenBody body = tree.bodies.back();
  if (tree.column(at) > body.indentation) return false;
  if (holds_no_statements(body.kind)) return word.kind != K::KeywordItem && is_statement_of_its_own(tree, word);
  if (is_rollout_head(tree, word)) return true;
  const auto home = home_of(tree, word);
  if (!home) return false;
  return *home == Home::Module || (body.kind != K::RolloutBody && body.kind != K::ScenarioBody);
}

namespace {

bool deeper_line_follows(TreeBuilder& tree, const char* at) {
  const char* next = tree.skip_lines(at);
  if (tree.at_end(next)) return false;
  const char* line = next;
  while (line != at && line[-1] != '\n') --line;
  return static_cast<std::uint32_t>(next - line) > tree.indentation();
}

// Looks no further than people write on a line.
bool closing_brace_on_line(TreeBuilder& tree, const char* at) {
  constexpr std::ptrdiff_t kLongLine = 400;
  const char* stop = tree.end() - at > kLongLine ? at + kLongLine : tree.end();
  bool in_string = false;
  for (; at != stop && *at != '\n' && (in_string || *at != '{'); ++at) {
    if (*at == '"') in_string = !in_string;
    if (*at == '}' && !in_string) return true;
  }
  return false;
}

}  // namespace

bool body_follows(TreeBuilder& tree, const char* at) {
  if (tree.at_line_end(at)) return deeper_line_follows(tree, at);
  return begins_statement(tree, at) && closing_brace_on_line(tree, at);
}

bool begins_statement(TreeBuilder& tree, const char* at) {
  const PeekedWord word = tree.word(at);
  if (word.kind == K::KeywordItem) return true;
  return is_keyword(word.kind) && AnyItem::has_case(word.kind) && !is_glued_opener(tree.character(word.end));
}

bool CallRule::parse(Input& in, TreeBuilder& tree) {
  const auto mark = tree.mark(in.current());
  if (!run<Reference>(in, tree)) {
    tree.leave(mark);
    return false;
  }
  if (tree.last_kind() == K::Call) {
    tree.leave(mark);
    return true;
  }
  const bool spaced = tree.character(in.current()) == '(' && tree.same_line(in.current());
  if (!spaced && tree.last_kind() == K::NameExpression) {
    tree.abandon(in.iterator(), mark);
    return false;
  }
  run<Expect<Arguments>>(in, tree);
  tree.close(K::Call, mark);
  return true;
}

bool SwallowedRollout::parse(Input& in, TreeBuilder& tree) {
  return is_rollout_head(tree, tree.word(in.current())) && run<Rollout>(in, tree);
}

// The whole file: items up to its end.
struct File : Custom<File> {
  using Analysis = LikeOption<pegtl::star<FileItem>>;

  static bool parse(Input& in, TreeBuilder& tree) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (tree.starts_with(in.current(), kByteOrderMark)) tree.byte_order_mark(in.iterator());
    ItemLoop<FileItem, K::Declaration, Separators::Lines>::parse(in, tree, true);
    return true;
  }
};

}  // namespace rules

namespace {

SyntaxTree make_tree(SourceFile source, std::vector<Event> events, const ParseLimits& limits) {
  SyntaxTree::Data data{std::move(source), std::move(events), {}, {}};
  for (std::uint32_t index = 0; index < data.events.size(); ++index) {
    const SyntaxKind kind = data.events[index].kind;
    if (kind == SyntaxKind::Missing || kind == SyntaxKind::Error || kind == SyntaxKind::ErrorText ||
        class_of(kind) == SyntaxClass::Malformed) {
      data.faults.push_back(index);
    }
  }
  data.problems = find_problems(data.source.text, data.events, limits.problems);
  return SyntaxTree(std::move(data));
}

}  // namespace

SyntaxTree parse(SourceFile source, ParseLimits limits) {
  const auto size = static_cast<std::uint32_t>(source.text.size());
  if (source.text.size() > limits.bytes) {
    std::vector<Event> events = {{SyntaxKind::ErrorText, SyntaxKind::Missing, 0, size, 1},
                                 {SyntaxKind::File, SyntaxKind::Missing, 0, size, 2}};
    SyntaxTree::Data data{std::move(source), std::move(events), {}, {0}};
    data.problems.push_back({ProblemKind::TooLarge, {0, 0}, SyntaxKind::Missing, SyntaxKind::Missing, {}});
    return SyntaxTree(std::move(data));
  }
  TreeBuilder tree(source.text, limits.depth);
  rules::Input in(source.text.data(), source.text.data() + source.text.size(), "");
  rules::run<rules::File>(in, tree);
  const auto width = static_cast<std::uint32_t>(tree.events.size() + 1);
  tree.events.push_back({SyntaxKind::File, SyntaxKind::Missing, 0, size, width});
  return make_tree(std::move(source), std::move(tree.events), limits);
}

std::size_t count_grammar_issues() {
  return tao::pegtl::analyze<rules::File>(1);
}

}  // namespace rollout::grammar
