#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/sometimes.hpp"

namespace rollout::simulation {

namespace {

constexpr std::string_view kOnce = "I1 what is opaque is started once, unless it ended or somebody said so";
constexpr std::string_view kSame = "I2 equal keys are equal requests";
constexpr std::string_view kRepeated = "I2 a server hears the same request under the same key";
constexpr std::string_view kAfter = "I3 nothing is changed after the end";
constexpr std::string_view kFenced = "I3 who was fenced starts nothing";
constexpr std::string_view kOrphans = "I3 what outlived the runtime has ended before its effect is settled";
constexpr std::string_view kIntent = "I4 an intent before each effect";
constexpr std::string_view kClosed = "I4 each intent has one outcome";
constexpr std::string_view kTrue = "I4 outcomes are what the world did";
constexpr std::string_view kRetries = "I4 no more tries than the author gave";

bool changes(const Call& call) {
  return !put_name(call).empty() || !drop_name(call).empty() || call.text.find(" weight ") != std::string::npos;
}

bool is_opaque(const Call& call) {
  return call.text.starts_with("opaque ") || call.text.find("//opaque/") != std::string::npos ||
         call.text.starts_with("irreversible ");
}

// What the journal holds about a key between two instants that allows another start.
bool is_allowed_again(const Case& run, const Call& first, const Call& second) {
  const std::string key = journal_key(first.key);
  for (const Fact& fact : run.facts) {
    const bool between = fact.at >= first.started && fact.at <= second.started;
    if ((!between && !run.chronicle.clock_went_back) || fact.text("key") != key) continue;
    if (fact.kind == "effect finished") return true;
    if (fact.kind != "doubt settled") continue;
    const std::string how = fact.text("how");
    if (how.starts_with("run again by a person")) {
      sometimes("a doubt is settled by a person who has it run again");
      return run.said(machine::Verb::Retry, fact.at, fact.at);
    }
    if (how.starts_with("its probe says that it did not happen")) {
      sometimes("a doubt is settled by a probe: it did not happen");
      return true;
    }
    // What a person judged done is done again with the whole of which it is a part, by a person's word.
    if (how.starts_with("it happened")) return run.said(machine::Verb::Retry, fact.at, second.started);
    if (how.starts_with("left")) return true;
  }
  return false;
}

void check_once(const Case& run) {
  std::map<std::string, const Call*> last;
  for (const Call& call : run.world.ledger) {
    if (!is_opaque(call)) continue;
    const Call*& before = last[call.text];
    if (before != nullptr && !is_allowed_again(run, *before, call)) {
      run.breach(kOnce, fmt::format("`{}` was started as #{} and again as #{} under {}", call.text, before->number,
                                    call.number, call.key));
    }
    before = &call;
  }
}

void check_keys(const Case& run) {
  std::map<std::string, const Call*> first;
  std::map<std::string, std::uint32_t> puts;
  for (const Call& call : run.world.ledger) {
    if (call.key.empty()) continue;
    const auto [known, fresh] = first.emplace(call.key, &call);
    if (fresh) continue;
    const bool same = known->second->text == call.text && known->second->body == call.body;
    if (!same)
      run.breach(kSame, fmt::format("#{} and #{} share the key {}", known->second->number, call.number, call.key));
  }
  for (const Call& call : run.world.ledger) {
    const bool keyed = call.means == Means::Http && !call.measures && !call.text.starts_with("GET");
    if (keyed && call.key.empty())
      run.breach(kRepeated, fmt::format("#{} `{}` carries no key", call.number, call.text));
  }
}

void check_end(const Case& run) {
  Nanoseconds ended = kNotEver;
  for (const Fact& fact : run.facts) {
    if (fact.kind == "run ended") ended = std::min(ended, fact.at);
  }
  for (const Call& call : run.world.ledger) {
    if (call.started > ended && changes(call))
      run.breach(kAfter, fmt::format("#{} `{}` was started", call.number, call.text));
  }
}

void check_fence(const Case& run) {
  int newest = 0;
  for (const Call& call : run.world.ledger) {
    if (call.life < newest) run.breach(kFenced, fmt::format("life {} started `{}`", call.life, call.text));
    if (!call.measures) newest = std::max(newest, call.life);
  }
}

void check_orphans(const Case& run) {
  for (const Fact& fact : run.facts) {
    if (fact.kind != "doubt settled") continue;
    const std::string key = fact.text("key");
    for (const Call& call : run.world.ledger) {
      const bool runs = call.end == CallEnd::Open || call.ended_at > fact.at;
      if (call.means == Means::Process && call.started < fact.at && runs && journal_key(call.key) == key)
        run.breach(kOrphans, fmt::format("#{} `{}` still ran", call.number, call.text));
    }
  }
}

void check_intents(const Case& run) {
  std::map<std::string, Nanoseconds> intents;
  for (const Fact& fact : run.facts) {
    if (fact.kind == "effect intended") intents.emplace(fact.text("key"), fact.at);
  }
  for (const Call& call : run.world.ledger) {
    if (call.key.empty() || call.text.starts_with("read ")) continue;
    const auto intent = intents.find(journal_key(call.key));
    const bool late = intent != intents.end() && intent->second > call.started && !run.chronicle.clock_went_back;
    if (intent == intents.end() || late)
      run.breach(kIntent, fmt::format("#{} `{}` has none in the journal", call.number, call.text));
  }
}

void check_outcomes(const Case& run) {
  std::map<std::string, bool> open;
  for (const Fact& fact : run.facts) {
    const std::string key = fact.text("key");
    if (fact.kind == "effect intended") {
      if (open[key]) run.breach(kClosed, fmt::format("{} was intended twice without an outcome between", key));
      open[key] = true;
    } else if (fact.kind == "effect finished" || fact.kind == "doubt settled") {
      if (!open[key]) run.breach(kClosed, fmt::format("{} has an outcome and no intent that is open", key));
      open[key] = false;
    }
  }
  for (const auto& [key, is_open] : open) {
    if (is_open && run.chronicle.ended) run.breach(kClosed, fmt::format("{} has none at the end", key));
  }
}

// The last call of that key that had ended by then.
const Call* ended_call(const World& world, const std::string& key, Nanoseconds by) {
  const Call* found = nullptr;
  for (const Call& call : world.ledger) {
    if (call.end != CallEnd::Open && call.ended_at <= by && journal_key(call.key) == key) found = &call;
  }
  return found;
}

void check_truth(const Case& run) {
  for (const Fact& fact : run.facts) {
    if (fact.kind != "effect finished") continue;
    const std::string key = fact.text("key"), status = fact.text("status");
    // A mail carries its key inside, in a form of its own.
    if (key.find("email.") != std::string::npos) continue;
    const Call* call = ended_call(run.world, key, fact.at);
    if (status == "not started" && call == nullptr) continue;
    if (call == nullptr) {
      run.breach(kTrue, fmt::format("{} {} in the journal, and has not ended outside", key, status));
      continue;
    }
    const bool fine = call->end == CallEnd::Returned && call->status != 1 && call->status < 400;
    if ((status == "succeeded") != fine)
      run.breach(kTrue, fmt::format("#{} `{}` {} in the journal, which it did not", call->number, call->text, status));
  }
}

// Who got no answer, because the runtime died, may have been heard.
bool is_refused(const Saying& saying) {
  return !saying.accepted && !saying.answer.starts_with("(no answer");
}

void check_tries(const Case& run) {
  for (const Thing& thing : run.story.things) {
    if (thing.retries < 0) continue;
    std::map<std::string, int> keys;
    int words = 0;
    for (const Call& call : run.world.ledger) {
      if (put_name(call) == thing.name) ++keys[call.key];
    }
    for (const Saying& saying : run.chronicle.sayings)
      words += saying.said.verb == machine::Verb::Retry && !is_refused(saying) ? 1 : 0;
    // A person's word begins the statement of the stage anew that failed, a `parallel` with all of its branches.
    if (static_cast<int>(keys.size()) > (thing.retries + 1) * (1 + words))
      run.breach(kRetries, fmt::format("`{}` was tried {} times, {} were allowed and people said {} times retry",
                                       thing.name, keys.size(), thing.retries + 1, words));
  }
}

}  // namespace

void check_effects(const Case& run) {
  check_keys(run);
  check_fence(run);
  check_outcomes(run);
  if (!run.story.made_up) return;
  check_intents(run);
  check_once(run);
  check_end(run);
  check_truth(run);
  check_tries(run);
  if (!run.chronicle.clock_went_back) check_orphans(run);
}

}  // namespace rollout::simulation
