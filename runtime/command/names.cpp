#include "runtime/command/names.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "runtime/executors/text.hpp"

namespace rollout::command {

namespace {

using executors::printable;
using executors::trimmed;

constexpr std::size_t kShown = 80;

std::set<std::string> names_in(const std::string& list) {
  std::set<std::string> names;
  std::istringstream parts(list);
  for (std::string name; std::getline(parts, name, ',');) {
    if (const std::string word(trimmed(name)); !word.empty()) names.insert(word);
  }
  return names;
}

}  // namespace

plan::Expected<Names> read_names(const std::string& text) {
  Names names;
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string content(trimmed(line.substr(0, line.find('#'))));
    if (content.empty()) continue;
    const auto colon = content.find(':');
    const std::string user(trimmed(content.substr(0, colon)));
    const std::set<std::string> people =
        colon == std::string::npos ? std::set<std::string>{} : names_in(content.substr(colon + 1));
    if (user.empty() || people.empty()) {
      return plan::PlanError{
          fmt::format("line {} is `{}`; write a Unix user, a colon, and the people that it may speak for: `deploy: "
                      "ana, ben`",
                      number, printable(content, kShown)),
          0};
    }
    names[user].insert(people.begin(), people.end());
  }
  return names;
}

std::optional<std::string> refused_name(const StateDirectory& state, const std::string& who,
                                        const engine::Speaker& speaker) {
  if (who == speaker.name()) return std::nullopt;
  const std::string path = state.path + "/people";
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto names = read_names(text);
  if (!names) return fmt::format("the file `{}` cannot be used: {}", path, names.error().message);
  const auto found = names->find(speaker.name());
  if (found != names->end() && found->second.contains(who)) return std::nullopt;
  return fmt::format(
      "`{}` speaks under the name of `{}`, and this run touches production; leave `--by` out, or write the line `{}: "
      "{}` into `{}`",
      speaker.name(), printable(who, kShown), speaker.name(), printable(who, kShown), path);
}

}  // namespace rollout::command
