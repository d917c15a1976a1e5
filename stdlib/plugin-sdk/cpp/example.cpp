// A channel: appends notifications to a file that a team reads. Build it with
//
//   g++ -std=c++20 example.cpp -o notice_board -pthread
#include <boost/json/src.hpp>  // Boost.JSON itself, so that nothing has to be linked
#include <fstream>

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

}  // namespace

int main() {
  rollout_plugin::Plugin plugin("notice_board", "1.0.0", "A notice board in a file.");
  plugin.channel({{"name", "board"},
                  {"doc", "Appends to the board in that file."},
                  {"params", json::array{json::object{{"name", "file"}, {"type", "string"}}}}},
                 post);
  plugin.operation({{"name", "wipe"},
                    {"doc", "Makes the board empty."},
                    {"effect", "irreversible"},
                    {"params", json::array{json::object{{"name", "file"}, {"type", "string"}}}}},
                   [](const Call& call) -> json::value {
                     std::ofstream(call.text("file"), std::ios::trunc);
                     return nullptr;
                   });
  return plugin.run();
}
