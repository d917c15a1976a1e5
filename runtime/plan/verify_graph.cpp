#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "runtime/plan/opcodes.hpp"
#include "runtime/plan/verification.hpp"
#include "runtime/plan/verify.hpp"

// The rows of a plan refer to each other: a block runs blocks, has guards with responses whose steps are blocks, and so
// on. All of that together must have no cycle, so that nothing can run itself, and stay shallow and small when written
// out as a tree. References that go by name and not by ownership (to stages, spots, variables, constants, roles) are no
// edges: a guard may well send the rollout back to the stage that it stands in.

namespace rollout::plan {

namespace {

using Node = std::uint32_t;

constexpr Table kNodeTables[] = {Table::Routine, Table::Metric, Table::Effect,  Table::Response,     Table::Guard,
                                 Table::Hold,    Table::Gate,   Table::Channel, Table::Notification, Table::Block};

bool is_node(Table table) {
  return std::find(std::begin(kNodeTables), std::end(kNodeTables), table) != std::end(kNodeTables);
}

class Graph {
 public:
  explicit Graph(const Plan& plan) : plan_(plan) {
    for (const Table table : kNodeTables) {
      first_[static_cast<std::size_t>(table)] = count_;
      count_ += static_cast<Node>(table_size(plan, table));
    }
    root_ = count_++;
    add_rows();
    add_code();
    sort_edges();
  }

  Reject check() {
    if (auto reason = order_nodes()) return reason;
    return measure();
  }

 private:
  struct Edge {
    Node from, to;
  };

  Node node(Table table, Id id) const { return first_[static_cast<std::size_t>(table)] + id; }

  template <typename Row>
  void add_row(Node from, const Row& row) {
    for_each_reference(row, [&](const Reference& ref) {
      if (ref.id != kNone && is_node(ref.table)) edges_.push_back({from, node(ref.table, ref.id)});
    });
  }

  template <typename Row>
  void add_table(Table table, const std::vector<Row>& rows) {
    for (std::size_t index = 0; index < rows.size(); ++index) add_row(node(table, static_cast<Id>(index)), rows[index]);
  }

  // What the row of a child names is used by whoever runs its block.
  void add_child(const Rollout& child) {
    bool own = true;
    for_each_reference(child, [&](const Reference& ref) {
      if (ref.id == kNone || !is_node(ref.table)) return;
      const bool itself = own && ref.table == Table::Block && ref.id == child.block;
      if (itself) {
        own = false;
      } else {
        edges_.push_back({node(Table::Block, child.block), node(ref.table, ref.id)});
      }
    });
  }

  void add_rows() {
    add_table(Table::Metric, plan_.metrics);
    add_table(Table::Effect, plan_.effects);
    add_table(Table::Response, plan_.responses);
    add_table(Table::Guard, plan_.guards);
    add_table(Table::Hold, plan_.holds);
    add_table(Table::Gate, plan_.gates);
    add_table(Table::Channel, plan_.channels);
    add_table(Table::Notification, plan_.notifications);
    add_table(Table::Block, plan_.blocks);
    add_row(root_, plan_.rollout);
    for (const Rollout& child : plan_.children) add_child(child);
    for (const Stage& stage : plan_.stages) add_row(root_, stage);
  }

  static Table operand_table(OperandKind operand) {
    switch (operand) {
      case OperandKind::Metric: return Table::Metric;
      case OperandKind::Routine: return Table::Routine;
      case OperandKind::Block: return Table::Block;
      case OperandKind::Effect: return Table::Effect;
      case OperandKind::Hold: return Table::Hold;
      case OperandKind::Gate: return Table::Gate;
      case OperandKind::Notification: return Table::Notification;
      case OperandKind::Response: return Table::Response;
      case OperandKind::None:
      case OperandKind::Constant:
      case OperandKind::Variable:
      case OperandKind::Secret:
      case OperandKind::Builtin:
      case OperandKind::Context:
      case OperandKind::Aggregate:
      case OperandKind::Count:
      case OperandKind::Target: return Table::None;
    }
    return Table::None;
  }

  void add_code(Node from, std::uint32_t begin, std::uint32_t end) {
    for (std::uint32_t at = begin; at < end; ++at) {
      const Instruction& instruction = plan_.code[at];
      const Table table = operand_table(info(instruction.op).operand);
      if (table != Table::None) edges_.push_back({from, node(table, instruction.b)});
      const bool second =
          instruction.op == Op::Let || instruction.op == Op::JumpUnless || instruction.op == Op::Require;
      if (second && instruction.c != kNone) edges_.push_back({from, node(Table::Routine, instruction.c)});
    }
  }

  void add_code() {
    for (RoutineId id = 0; id < plan_.routines.size(); ++id) {
      add_code(node(Table::Routine, id), plan_.routines[id].begin, plan_.routines[id].end);
    }
    for (BlockId id = 0; id < plan_.blocks.size(); ++id) {
      add_code(node(Table::Block, id), plan_.blocks[id].begin, plan_.blocks[id].end);
    }
  }

  // Edges by their source, so that those of a node are one range.
  void sort_edges() {
    begin_.assign(count_ + 1, 0);
    for (const Edge& edge : edges_) ++begin_[edge.from + 1];
    for (Node index = 0; index < count_; ++index) begin_[index + 1] += begin_[index];
    targets_.resize(edges_.size());
    std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
    for (const Edge& edge : edges_) targets_[next[edge.from]++] = edge.to;
  }

  std::span<const Node> targets(Node from) const {
    return std::span(targets_).subspan(begin_[from], begin_[from + 1] - begin_[from]);
  }

  // Kahn's algorithm: users before what they use; whatever is left over lies on a cycle or behind one.
  Reject order_nodes() {
    std::vector<std::uint32_t> users(count_, 0);
    for (const Node target : targets_) ++users[target];
    for (Node index = 0; index < count_; ++index) {
      if (users[index] == 0) order_.push_back(index);
    }
    for (std::size_t at = 0; at < order_.size(); ++at) {
      for (const Node target : targets(order_[at])) {
        if (--users[target] == 0) order_.push_back(target);
      }
    }
    if (order_.size() == count_) return std::nullopt;
    return cycle_text(users);
  }

  // Every node that is left over has a user that is left over too: walking back from any of them ends on a cycle.
  std::string cycle_text(const std::vector<std::uint32_t>& users) const {
    std::vector<Node> user_of(count_, root_);
    for (Node from = 0; from < count_; ++from) {
      if (users[from] == 0) continue;
      for (const Node target : targets(from)) user_of[target] = from;
    }
    Node at = 0;
    while (users[at] == 0) ++at;
    std::vector<bool> seen(count_, false);
    for (; !seen[at]; at = user_of[at]) seen[at] = true;
    std::vector<Node> cycle{at};
    for (Node other = user_of[at]; other != at; other = user_of[other]) cycle.push_back(other);
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    std::reverse(cycle.begin() + 1, cycle.end());
    constexpr std::size_t kShown = 8;
    std::string text;
    for (std::size_t index = 0; index < cycle.size() && index < kShown; ++index) text += name(cycle[index]) + " uses ";
    if (cycle.size() > kShown) text += "... uses ";
    return text + name(cycle.front()) + ": it would never end";
  }

  std::string name(Node index) const {
    if (index == root_) return "the rollout";
    Table found = Table::None;
    for (const Table table : kNodeTables) {
      if (index >= node(table, 0) && index - node(table, 0) < table_size(plan_, table)) found = table;
    }
    const Id id = index - node(found, 0);
    if (found == Table::Block) return describe_block(plan_, id);
    if (found == Table::Routine) return describe_routine(plan_, id);
    return fmt::format("{} {}", table_name(found), id);
  }

  bool is_block(Node index) const {
    return index >= node(Table::Block, 0) && index - node(Table::Block, 0) < plan_.blocks.size();
  }

  // What the node weighs by itself.
  std::uint64_t instructions(Node index) const {
    if (is_block(index)) {
      const Block& block = plan_.blocks[index - node(Table::Block, 0)];
      return block.end - block.begin;
    }
    const Node routine = index - node(Table::Routine, 0);
    if (routine < plan_.routines.size()) return plan_.routines[routine].end - plan_.routines[routine].begin;
    return 1;
  }

  SpotId spot(Node index) const { return is_block(index) ? plan_.blocks[index - node(Table::Block, 0)].spot : kNone; }

  std::uint64_t attempts(Node index) const {
    return is_block(index) ? std::uint64_t{plan_.blocks[index - node(Table::Block, 0)].retries} + 1 : 1;
  }

  // From what is used to its users: the depth below each node, and its size when every use is a copy.
  Reject measure() const {
    struct Measure {
      std::uint32_t blocks = 0, rows = 0;
      std::uint64_t size = 0;
    };
    std::vector<Measure> measures(count_);
    for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
      Measure& mine = measures[*at];
      mine.size = instructions(*at);
      for (const Node target : targets(*at)) {
        const Measure& theirs = measures[target];
        mine.blocks = std::max(mine.blocks, theirs.blocks);
        mine.rows = std::max(mine.rows, theirs.rows);
        mine.size = std::min(mine.size + theirs.size, kMaxExpansion + 1);
      }
      mine.size *= attempts(*at);
      ++mine.rows;
      mine.blocks += is_block(*at) ? 1 : 0;
      if (mine.blocks > kMaxBlockDepth) {
        return Refusal(fmt::format("{} runs blocks more than {} deep", name(*at), kMaxBlockDepth),
                       {.kind = Excess::Kind::Depth, .what = "blocks inside each other", .most = kMaxBlockDepth},
                       spot(*at));
      }
      if (mine.rows > kMaxReferenceDepth) {
        return Refusal(
            fmt::format("{} refers to others more than {} deep", name(*at), kMaxReferenceDepth),
            {.kind = Excess::Kind::Depth, .what = "parts that use each other in a chain", .most = kMaxReferenceDepth},
            spot(*at));
      }
      if (mine.size > kMaxExpansion) {
        return Refusal(fmt::format("{} has more than {} steps when written out", name(*at), kMaxExpansion),
                       {.what = "steps when each try is counted", .most = kMaxExpansion}, spot(*at));
      }
    }
    return std::nullopt;
  }

  const Plan& plan_;
  std::array<Node, kTables> first_{};
  Node count_ = 0, root_ = 0;
  std::vector<Edge> edges_;
  std::vector<std::uint32_t> begin_;
  std::vector<Node> targets_;
  std::vector<Node> order_;
};

}  // namespace

Reject check_graph(const Plan& plan) {
  return Graph(plan).check();
}

}  // namespace rollout::plan
