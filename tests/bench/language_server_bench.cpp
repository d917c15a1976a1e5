// How long an editor waits: from a change in a module of 5,000 lines to its diagnostics, and for completion in it. The
// median of several changes; seconds are this process's own.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <string>
#include <vector>

#include "editor-support/language-server/server.hpp"
#include "tests/bench/large_module.hpp"

namespace {

using namespace rollout;
using language_server::Server;
namespace json = boost::json;
namespace protocol = language_server::protocol;

constexpr std::size_t kLines = 5'000;
constexpr int kRuns = 15;
constexpr double kGoalMilliseconds = 30;

json::object document(int version) {
  return {{"uri", "file:///bench.rollout"}, {"version", version}};
}

void send(Server& server, const std::string& message) {
  server.receive(message);
  while (server.has_work()) server.work();
}

// A blank at the end of the first line, as somebody who types.
std::string typed(int version) {
  const json::object place{{"line", 0}, {"character", 1'000}};
  json::object change{{"range", {{"start", place}, {"end", place}}}, {"text", " "}};
  json::object params{{"textDocument", document(version)}, {"contentChanges", json::array{std::move(change)}}};
  return protocol::notification_text("textDocument/didChange", std::move(params));
}

std::string completion() {
  json::object params{{"textDocument", document(0)}, {"position", {{"line", kLines - 1}, {"character", 0}}}};
  return protocol::request_text(2, "textDocument/completion", std::move(params));
}

// Milliseconds.
template <typename Work>
double median_of(Work work) {
  std::vector<double> times;
  for (int run = 0; run < kRuns; ++run) {
    const std::clock_t begin = std::clock();
    work(run);
    times.push_back(1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

bool report(std::string_view what, double milliseconds) {
  const bool reached = milliseconds <= kGoalMilliseconds;
  fmt::print("{:<25} {:>12.2f} ms     goal at most  {:>9} ms     {}\n", what, milliseconds, kGoalMilliseconds,
             reached ? "reached" : "MISSED");
  return reached;
}

}  // namespace

int main() {
  Server server("");
  send(server, protocol::request_text(1, "initialize", json::object{{"capabilities", json::object()}}));
  json::object opened = document(1);
  opened["text"] = bench::large_module(kLines);
  send(server, protocol::notification_text("textDocument/didOpen", json::object{{"textDocument", std::move(opened)}}));
  server.publish_diagnostics();
  const bool diagnostics = report("diagnostics after a change", median_of([&](int run) {
                                    send(server, typed(run + 2));
                                    server.publish_diagnostics();
                                  }));
  const bool completed = report("completion", median_of([&](int) { send(server, completion()); }));
  return diagnostics && completed ? 0 : 1;
}
