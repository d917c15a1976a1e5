#include "runtime/console/timeline_folding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "runtime/console/phrase.hpp"

namespace rollout::console {

namespace {

using machine::Record;
using machine::RecordKind;
using Records = std::span<const Record>;

// ---------------------------------------------------------------- what comes and goes

// A guard's condition that became true and false again without firing, or whose data went and came back.
struct Episode {
  std::size_t begin = 0, end = 0;  // records
};
constexpr std::size_t kShownEpisodes = 2;

void fold_pairs(Records records, RecordKind opening, RecordKind closing, std::string_view words, Folding& folding) {
  std::map<std::string, std::size_t> open;
  std::map<std::string, std::vector<Episode>> episodes;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    if (record.kind == opening) open.emplace(field_text(record, "guard"), i);
    if (record.kind != closing) continue;
    const auto begun = open.find(field_text(record, "guard"));
    if (begun == open.end()) continue;
    episodes[begun->first].push_back({begun->second, i});
    open.erase(begun);
  }
  for (const auto& [guard, list] : episodes) {
    if (list.size() <= kShownEpisodes + 1) continue;
    for (std::size_t i = kShownEpisodes; i < list.size(); ++i) {
      folding.hidden.insert(list[i].begin);
      folding.hidden.insert(list[i].end);
    }
    const std::size_t first = list[kShownEpisodes].begin;
    folding.instead[first] =
        fmt::format("{}: {} {} times more, last {} later", guard, words, list.size() - kShownEpisodes,
                    readable(records[list.back().end].at - records[first].at));
  }
}

// ---------------------------------------------------------------- what belongs to something told

// run/path/statement/attempt: the path of the block that an effect of an action stands in, and of all that it contains.
std::string block_of(const std::string& key) {
  const std::size_t statement = key.rfind('/', key.rfind('/') - 1);
  return key.substr(0, statement) + "/";
}

bool is_inside(const std::string& key, const std::set<std::string>& blocks) {
  for (auto at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1)) {
    if (blocks.contains(key.substr(0, at + 1))) return true;
  }
  return false;
}

// The commands of an action that was told as a whole, reads, and whatever sends notifications: those have lines of
// their own.
void fold_effects(Records records, Folding& folding) {
  std::set<std::string> calls;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].kind != RecordKind::Intent) continue;
    const std::string key = field_text(records[i], "key");
    const std::string kind = field_text(records[i], "kind");
    const bool is_channel = kind == "call" && std::count(key.begin(), key.end(), '/') == 3;
    const bool is_read = kind == "check" || field_text(records[i], "class") == "readonly";
    if (is_channel || is_read || is_inside(key, calls)) folding.hidden.insert(i);
    if (kind == "call") calls.insert(block_of(key));
  }
}

// What an undo did is told when it is done.
void fold_undos(Records records, Folding& folding) {
  std::optional<std::size_t> begun;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].kind == RecordKind::UndoStarted) begun = i;
    if (records[i].kind == RecordKind::UndoFailed) begun.reset();
    if (records[i].kind != RecordKind::UndoDone || !begun) continue;
    for (std::size_t inside = *begun; inside < i; ++inside) {
      if (records[inside].kind == RecordKind::Intent) folding.hidden.insert(inside);
    }
    begun.reset();
  }
}

// The action that changes the share of traffic stands at the place that the change names.
void fold_traffic(Records records, Folding& folding) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string place = field_text(records[i], "spot");
    if (records[i].kind != RecordKind::TrafficChanged || place.empty()) continue;
    for (std::size_t begin = i; begin-- > 0;) {
      if (records[begin].kind == RecordKind::TrafficChanged) break;
      if (records[begin].kind != RecordKind::StepStarted || field_text(records[begin], "spot") != place) continue;
      const std::string component = "/" + field_text(records[begin], "step") + ".";
      for (std::size_t inside = begin; inside < i; ++inside) {
        const bool belongs = field_text(records[inside], "key").find(component) != std::string::npos;
        if (records[inside].kind == RecordKind::Intent && belongs) folding.hidden.insert(inside);
      }
      break;
    }
  }
}

// Whether a `verify` names the check of that path. A module may be called otherwise where the check is used.
bool names_check(std::string_view verify, std::string_view check) {
  if (!verify.starts_with("verify ") || verify == check) return false;
  if (verify.find(check) != std::string_view::npos) return true;
  const std::string_view name = check.substr(check.rfind('.') + 1);
  const auto is_part_of_name = [&](std::size_t at) {
    return at < verify.size() && (std::isalnum(static_cast<unsigned char>(verify[at])) != 0 || verify[at] == '_');
  };
  for (std::size_t at = verify.find(name); at != std::string_view::npos; at = verify.find(name, at + 1)) {
    if (!name.empty() && !is_part_of_name(at - 1) && !is_part_of_name(at + name.size())) return true;
  }
  return false;
}

// A check that a `verify` at the same instant names is told by it, and what answered the check by the check.
void fold_checks(Records records, Folding& folding) {
  const auto is_check = [&](std::size_t i) {
    return records[i].kind == RecordKind::CheckPassed || records[i].kind == RecordKind::CheckFailed;
  };
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!is_check(i)) continue;
    if (i > 0 && records[i].kind == RecordKind::CheckFailed && records[i - 1].kind == RecordKind::Outcome &&
        records[i - 1].at == records[i].at)
      folding.hidden.insert(i - 1);
    const std::string check = field_text(records[i], "check");
    for (std::size_t later = i + 1; later < records.size() && records[later].at == records[i].at; ++later) {
      const std::string outer = is_check(later) ? field_text(records[later], "check") : std::string{};
      if (names_check(outer, check)) folding.hidden.insert(i);
    }
  }
}

}  // namespace

Folding fold(Records records) {
  Folding folding;
  fold_pairs(records, RecordKind::GuardPending, RecordKind::GuardReset, "true and false again", folding);
  fold_pairs(records, RecordKind::GuardUnknown, RecordKind::GuardSeesAgain, "without an answer for a moment", folding);
  fold_effects(records, folding);
  fold_undos(records, folding);
  fold_traffic(records, folding);
  fold_checks(records, folding);
  return folding;
}

}  // namespace rollout::console
