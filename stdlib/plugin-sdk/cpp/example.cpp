// A channel: appends notifications to a file that a team reads, and a metric of how long the board is. Build it with
//
//   g++ -std=c++20 example.cpp -o notice_board -pthread
#include <boost/json/src.hpp>  // Boost.JSON itself, so that nothing has to be linked
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "rollout_plugin.hpp"

using rollout_plugin::Call;
using rollout_plugin::Failure;
namespace json = boost::json;

namespace {

json::value post(const Call& call) {
  std::ofstream board(call.text("file"), std::ios::app);
  board << '[' << call.text("severity") << "] " << call.text("text") << '\n';
  if (!board.flush()) throw Failure("the board `" + call.text("file") + "` cannot be written");
  return nullptr;
}

// Lines on the board; a board that is not there has none.
json::value length_of(const json::object& arguments) {
  std::ifstream board(json::value_to<std::string>(arguments.at("file")));
  std::int64_t lines = 0;
  for (std::string line; std::getline(board, line);) ++lines;
  return lines;
}

// Seconds since 1970 of an instant such as 2026-12-01T02:00:00Z.
double seconds_of(const std::string& instant) {
  std::tm parts{};
  ::strptime(instant.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  return static_cast<double>(::timegm(&parts));
}

// The board keeps no history: a slot in the last minute has the length of now, those before have no data.
json::array past_of(const std::string& from, const std::string& to, double step, const json::object& arguments) {
  json::array values;
  for (double at = seconds_of(from); at <= seconds_of(to); at += step) {
    values.push_back(at > static_cast<double>(std::time(nullptr)) - 60 ? length_of(arguments) : json::value());
  }
  return values;
}

json::value wipe(const Call& call) {
  call.heartbeat();
  std::ofstream(call.text("file"), std::ios::trunc);
  call.log("wiped " + call.text("file"));
  return nullptr;
}

}  // namespace

int main() {
  rollout_plugin::Plugin plugin("notice_board", "1.0.0", "A notice board in a file.");
  plugin.channel({{"name", "board"},
                  {"doc", "Appends to the board in that file."},
                  {"params", json::array{json::object{{"name", "file"}, {"type", "string"}}}}},
                 post);
  const json::array file{json::object{{"name", "file"}, {"type", "string"}}};
  const json::object example{{"file", "/tmp/rollout-notice-board.txt"}};
  plugin.metric({{"name", "length"},
                 {"doc", "Lines on the board in that file."},
                 {"type", "number"},
                 {"params", file},
                 {"example", example}},
                length_of, past_of);
  rollout_plugin::Ahead ahead;
  ahead.validate = [](const json::object& arguments) -> std::vector<rollout_plugin::Problem> {
    const json::value* given = arguments.if_contains("file");
    if (given == nullptr || !given->get_string().empty()) return {};
    return {{"file", "a board needs a file"}};
  };
  ahead.plan = [](const json::object& arguments) {
    const json::value* given = arguments.if_contains("file");
    return "empties " + (given == nullptr ? std::string("a board") : json::value_to<std::string>(*given));
  };
  plugin.operation({{"name", "wipe"},
                    {"doc", "Makes the board empty."},
                    {"effect", "irreversible"},
                    {"heartbeat_s", 10},
                    {"params", file},
                    {"example", example}},
                   wipe, ahead);
  return plugin.run();
}
