// The dumps: stable text for goldens and for `rolloutc --print`.
#include <fmt/format.h>

#include <iterator>

#include "grammar/parse.hpp"

namespace rollout::grammar {
namespace {

// The text on one line: line ends, quotes and bytes that are not printable ASCII or UTF-8 are written as escapes.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

void print_node(std::string& out, NodeRef node, std::size_t depth) {
  out.append(2 * depth, ' ');
  out += name_of(node.kind());
  if (node.is(SyntaxKind::Missing)) {
    fmt::format_to(std::back_inserter(out), " {}", name_of(node.expected()));
  } else if (node.is_leaf()) {
    fmt::format_to(std::back_inserter(out), " {}", quoted(node.text()));
  }
  out += '\n';
}

void print_problem(std::string& out, const Problem& problem, const SyntaxTree& tree, const LineTable& lines) {
  const LineColumn place = lines.position(problem.span.begin, ColumnUnit::CodePoint);
  fmt::format_to(std::back_inserter(out), "{}:{} {}", place.line + 1, place.column + 1, name_of(problem.kind));
  if (problem.expected != SyntaxKind::Missing) {
    fmt::format_to(std::back_inserter(out), ", expected {}", name_of(problem.expected));
  }
  if (problem.found != SyntaxKind::Missing) {
    fmt::format_to(std::back_inserter(out), ", found {}", name_of(problem.found));
  }
  if (!problem.span.empty()) {
    fmt::format_to(std::back_inserter(out), ", at {}",
                   quoted(tree.text().substr(problem.span.begin, problem.span.size())));
  }
  if (!problem.related.empty()) {
    const LineColumn related = lines.position(problem.related.begin, ColumnUnit::CodePoint);
    fmt::format_to(std::back_inserter(out), ", see {}:{}", related.line + 1, related.column + 1);
  }
  out += '\n';
}

}  // namespace

std::string print_tokens(const SyntaxTree& tree) {
  std::string out;
  for (const Event& event : tree.events()) {
    if (event.width != 1 || event.begin == event.end) continue;
    fmt::format_to(std::back_inserter(out), "{} {} {}\n", event.begin, name_of(event.kind),
                   quoted(tree.text().substr(event.begin, event.end - event.begin)));
  }
  return out;
}

std::string print_tree(const SyntaxTree& tree) {
  struct Pending {
    NodeRef node;
    std::size_t depth;
  };
  std::string out;
  std::vector<Pending> pending = {{tree.root(), 0}};
  while (!pending.empty()) {
    const Pending next = pending.back();
    pending.pop_back();
    print_node(out, next.node, next.depth);
    const std::vector<NodeRef> children = next.node.all_children();
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      if (!is_trivia(child->kind())) pending.push_back({*child, next.depth + 1});
    }
  }
  const std::string problems = print_problems(tree);
  if (!problems.empty()) out += "\n" + problems;
  return out;
}

std::string print_problems(const SyntaxTree& tree) {
  const LineTable lines(tree.text());
  std::string out;
  for (const Problem& problem : tree.problems()) print_problem(out, problem, tree, lines);
  return out;
}

}  // namespace rollout::grammar
