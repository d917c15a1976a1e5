#include <algorithm>
#include <cmath>
#include <set>

#include "runtime/plan/plugin_access.hpp"
#include "runtime/plan/series.hpp"
#include "runtime/plan/units.hpp"
#include "runtime/plan/verification.hpp"
#include "runtime/plan/verify.hpp"

namespace rollout::plan {

namespace {

constexpr Nanoseconds kDayLength = kTimeUnits[1].scale;

// Depth is bounded by kMaxValueDepth.
bool holds_secret(const Value& value) {
  if (value.kind() == ValueKind::Secret) return true;
  const auto& list = value.as_list();
  const auto& map = value.as_map();
  return std::any_of(list.begin(), list.end(), holds_secret) ||
         std::any_of(map.begin(), map.end(), [](const auto& entry) { return holds_secret(entry.second); });
}

Reject check_constants(const Plan& plan) {
  for (std::size_t index = 0; index < plan.constants.size(); ++index) {
    if (holds_secret(plan.constants[index])) return fmt::format("constant {} is a secret", index);
    const std::uint64_t weight = plan.constants[index].weight();
    if (weight > kMaxStringBytes) {
      return Refusal(
          fmt::format("constant {} is larger than 1 MiB", index),
          {.kind = Excess::Kind::Size, .what = "bytes in one value", .counted = weight, .most = kMaxStringBytes});
    }
  }
  return std::nullopt;
}

// A block for slots gone by is told which ones.
Reject check_past(const Plan& plan, const Metric& metric) {
  if (metric.past == kNone) return std::nullopt;
  const auto takes = [&](VariableId variable, ValueKind kind) {
    return variable != kNone && fits(plan.variables[variable].kind, kind);
  };
  const bool told = takes(metric.past_from, ValueKind::Instant) && takes(metric.past_to, ValueKind::Instant) &&
                    takes(metric.past_step, ValueKind::Duration);
  return told ? std::nullopt : Reject("its past is not told which slots are asked for");
}

Reject check_channel(const Plan&, const Channel& channel) {
  if (channel.kept.size() == channel.copies.size()) return std::nullopt;
  return fmt::format("it keeps {} variables but has {} for them", channel.kept.size(), channel.copies.size());
}

Reject check_series_labels(const Metric& metric) {
  if (metric.by.empty()) return std::nullopt;
  if (metric.check != kNone) return "it is grouped, but a check has one answer";
  if (metric.by.size() > kMaxSeriesLabels) {
    return Refusal(fmt::format("it is grouped by {} labels, the most is {}", metric.by.size(), kMaxSeriesLabels),
                   {.kind = Excess::Kind::Size,
                    .what = "labels of one metric",
                    .counted = metric.by.size(),
                    .most = kMaxSeriesLabels},
                   metric.spot);
  }
  const std::set<std::string_view> distinct(metric.by.begin(), metric.by.end());
  if (distinct.size() != metric.by.size() || distinct.contains("")) return "it is grouped by a label twice";
  return std::nullopt;
}

Reject check_metric(const Plan& plan, const Metric& metric) {
  if (metric.kind == ValueKind::Missing || metric.kind == ValueKind::Secret) {
    return fmt::format("its samples cannot be {}", kind_name(metric.kind));
  }
  if (!std::isfinite(metric.scale) || metric.scale == 0) return "its scale is not a finite number other than zero";
  const bool asks_block = metric.provider == MetricProvider::Probe || metric.provider == MetricProvider::Check ||
                          metric.provider == MetricProvider::Source;
  if (asks_block && metric.check == kNone) return "it has no check to ask";
  if (auto reason = check_past(plan, metric)) return reason;
  if (!metric.label_values.empty() && metric.label_values.size() != metric.labels.size()) {
    return fmt::format("it has {} labels but {} values for them", metric.labels.size(), metric.label_values.size());
  }
  for (const Value& value : metric.label_values) {
    if (value.kind() != ValueKind::Number && value.kind() != ValueKind::String) {
      return fmt::format("a label cannot stand for {}", kind_name(value.kind()));
    }
  }
  if (auto reason = check_series_labels(metric)) return reason;
  if (std::any_of(metric.arguments.begin(), metric.arguments.end(), holds_secret)) return "an argument is a secret";
  if (metric.absent != kNone && !fits(metric.kind, plan.constants[metric.absent].kind())) {
    return fmt::format("`absent` is {}, its samples are {}", kind_name(plan.constants[metric.absent].kind()),
                       kind_name(metric.kind));
  }
  return std::nullopt;
}

// The metrics are listed once, in order, and all that the condition reads are among them: what is not listed is never
// asked for.
Reject check_watched(const Plan& plan, RoutineId condition, const std::vector<MetricId>& metrics) {
  for (std::size_t index = 1; index < metrics.size(); ++index) {
    if (metrics[index - 1] >= metrics[index]) return "its metrics are not in ascending order, each once";
  }
  for (const MetricId metric : metrics_read(plan, condition)) {
    if (!std::binary_search(metrics.begin(), metrics.end(), metric)) {
      return fmt::format("its condition reads metric {}, which is not among its metrics", metric);
    }
  }
  return std::nullopt;
}

Reject check_guard(const Plan& plan, const Guard& guard) {
  if (guard.of_m > guard.of_n) return fmt::format("it asks for {} of {} samples", guard.of_m, guard.of_n);
  if (guard.of_n > kMaxSampleCount) {
    return Refusal(
        fmt::format("it asks for {} samples, the most is {}", guard.of_n, kMaxSampleCount),
        {.kind = Excess::Kind::Size, .what = "samples of one guard", .counted = guard.of_n, .most = kMaxSampleCount},
        guard.spot);
  }
  if (guard.of_n != 0 && guard.of_m == 0) return fmt::format("it asks for 0 of {} samples", guard.of_n);
  return check_watched(plan, guard.condition, guard.metrics);
}

Reject check_hold(const Plan& plan, const Hold& hold) {
  for (const HoldCondition& condition : hold.until) {
    if (auto reason = check_watched(plan, condition.condition, condition.metrics)) return reason;
  }
  return std::nullopt;
}

Reject check_response(const Plan&, const Response& response) {
  if (response.outcome == OutcomeKind::RollbackTo && response.stage == kNone) return "it rolls back to no stage";
  return std::nullopt;
}

Reject check_gate(const Plan&, const Gate& gate) {
  if (gate.kind != GateKind::Checklist && gate.role == kNone) return "nobody may answer it: it names no role";
  if (gate.kind == GateKind::Ask && gate.answers.empty()) return "it has no answers";
  return std::nullopt;
}

std::vector<std::string_view> needed_arguments(EffectKind kind) {
  switch (kind) {
    case EffectKind::Process: return {"command"};
    case EffectKind::Shell: return {"script"};
    case EffectKind::Http: return {"url"};
    case EffectKind::Mail: return {"server", "from", "to"};
    case EffectKind::Plugin: return {"plugin", "method", "operation"};
  }
  return {};
}

Reject check_effect(const Plan&, const Effect& effect) {
  for (const std::string_view needed : needed_arguments(effect.kind)) {
    const auto found = std::find_if(effect.arguments.begin(), effect.arguments.end(),
                                    [&](const Argument& argument) { return argument.name == needed; });
    if (found == effect.arguments.end()) return fmt::format("its argument `{}` is missing", needed);
  }
  return std::nullopt;
}

Reject check_parameter(const Plan& plan, const Parameter& parameter) {
  const ValueKind variable = plan.variables[parameter.variable].kind;
  if (!fits(variable, parameter.kind)) {
    return fmt::format("it is {}, but its variable holds {}", kind_name(parameter.kind), kind_name(variable));
  }
  if (parameter.kind == ValueKind::Secret || parameter.kind == ValueKind::Missing) {
    return fmt::format("a parameter cannot be {}", kind_name(parameter.kind));
  }
  if (parameter.default_value != kNone && !fits(parameter.kind, plan.routines[parameter.default_value].kind)) {
    return fmt::format("it is {}, but its default is {}", kind_name(parameter.kind),
                       kind_name(plan.routines[parameter.default_value].kind));
  }
  return std::nullopt;
}

Reject check_block_row(const Plan& plan, std::size_t index, const Block& block) {
  if (block.retries > kMaxRetries) {
    return Refusal(
        fmt::format("it retries {} times, the most is {}", block.retries, kMaxRetries),
        {.kind = Excess::Kind::Size, .what = "tries of one step", .counted = block.retries, .most = kMaxRetries},
        block.spot);
  }
  if (block.kind == BlockKind::Every && block.every == kNone) return "it has no period";
  for (const BlockId companion : block.companions) {
    if (plan.blocks[companion].kind != BlockKind::Every) {
      return fmt::format("its companion {} is not an `every` block", describe_block(plan, companion));
    }
  }
  if (block.sampling.size() > kMaxCadences) {
    return Refusal(fmt::format("it samples in {} ways, the most is {}", block.sampling.size(), kMaxCadences),
                   {.kind = Excess::Kind::Size,
                    .what = "parts of one `sample`",
                    .counted = block.sampling.size(),
                    .most = kMaxCadences},
                   block.spot);
  }
  for (std::size_t part = 0; part + 1 < block.sampling.size(); ++part) {
    if (block.sampling[part].for_duration == kNone) return "a part of its sampling never ends, and others follow";
  }
  if (block.kind != BlockKind::Stage) return std::nullopt;
  if (block.stage == kNone || plan.stages[block.stage].block != index) return "it is a stage block of no stage";
  return std::nullopt;
}

Reject check_zone(std::string_view zone) {
  constexpr std::size_t kLongest = 64;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '+' || c == '/';
  };
  // Zones are looked up as files: the name stays inside their folder.
  if (zone.empty() || zone.size() > kLongest || zone.front() == '/' ||
      !std::all_of(zone.begin(), zone.end(), allowed)) {
    return fmt::format("`{}` is not the name of a time zone", shown(zone));
  }
  return std::nullopt;
}

Reject check_windows(const std::vector<Window>& windows) {
  for (const Window& window : windows) {
    for (const Nanoseconds time : {window.from, window.to}) {
      if (time < 0 || time > kDayLength) return "a window's time is not within a day";
    }
    if (window.days.mask == 0 || window.days.mask > 0x7f) return "a window is open on no day of the week";
    if (auto reason = check_zone(window.zone)) return reason;
  }
  return std::nullopt;
}

Reject check_stage(const Plan& plan, std::size_t index, const Stage& stage) {
  const Block& block = plan.blocks[stage.block];
  if (block.kind != BlockKind::Stage || block.stage != index) {
    return fmt::format("{} is not its stage block", describe_block(plan, stage.block));
  }
  return check_windows(stage.windows);
}

Reject check_rollout(const Plan& plan, RolloutId id) {
  const Rollout& rollout = rollout_row(plan, id);
  if (plan.blocks[rollout.block].kind != BlockKind::Rollout) {
    return fmt::format("its {} is not a rollout block", describe_block(plan, rollout.block));
  }
  if (plan.blocks[rollout.block].rollout != id) {
    return fmt::format("its {} belongs to another rollout", describe_block(plan, rollout.block));
  }
  // Parents come first, so that nothing is its own ancestor.
  if (id == 0 && rollout.parent != kNone) return "the main rollout has no parent";
  if (id != 0 && rollout.parent >= id) return "its parent does not come before it";
  std::set<StageId> seen;
  for (const StageId stage : rollout.stages) {
    if (!seen.insert(stage).second) return fmt::format("stage {} stands in it twice", stage);
    if (plan.stages[stage].rollout != id) return fmt::format("stage {} belongs to another rollout", stage);
  }
  for (const Freeze& freeze : rollout.freezes) {
    if (freeze.from >= freeze.to) return "a freeze ends before it begins";
  }
  return check_windows(rollout.windows);
}

// A block of a rollout without its row would run as nobody's.
Reject check_rollout_blocks(const Plan& plan) {
  for (BlockId id = 0; id < plan.blocks.size(); ++id) {
    const Block& block = plan.blocks[id];
    if (block.kind != BlockKind::Rollout) continue;
    if (block.rollout < rollout_count(plan) && rollout_row(plan, block.rollout).block == id) continue;
    return fmt::format("{}: no rollout has it as its block", describe_block(plan, id));
  }
  return std::nullopt;
}

// Runs check(row) over a table and says of which row the reason is.
template <typename Row, typename Check>
Reject check_table(std::string_view name, const std::vector<Row>& table, Check&& check) {
  for (std::size_t index = 0; index < table.size(); ++index) {
    if (auto reason = check(index, table[index])) {
      return describe(name, index, table[index]) + ": " + *reason;
    }
  }
  return std::nullopt;
}

bool is_digest(std::string_view text) {
  const auto fits = [](char letter) { return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f'); };
  return text.size() == 64 && std::ranges::all_of(text, fits);
}

Reject check_plugin(const Plan& plan, std::size_t index, const Plugin& plugin) {
  if (plugin.name.empty() || plugin.path.empty()) return "it has no name or no program";
  if (!is_digest(plugin.executable) || !is_digest(plugin.schema)) return "its digests are not those of SHA-256";
  const auto first = std::ranges::find(plan.plugins, plugin.name, &Plugin::name);
  if (first - plan.plugins.begin() != static_cast<std::ptrdiff_t>(index)) return "its name is that of another";
  return std::nullopt;
}

Reject check_access(const Plan& plan, std::size_t index, const PluginAccess& access) {
  if (std::ranges::find(plan.plugins, access.plugin, &Plugin::name) == plan.plugins.end())
    return "it is that of no plugin of the plan";
  const auto first = std::ranges::find(plan.plugin_access, access.plugin, &PluginAccess::plugin);
  if (first - plan.plugin_access.begin() != static_cast<std::ptrdiff_t>(index)) return "its plugin has another";
  if (const std::string problem = access_problem(access); !problem.empty()) return problem;
  return std::nullopt;
}

Reject check_spot(const Spot& spot) {
  if (spot.text.size() > kMaxSpotText) return fmt::format("its text is longer than {} bytes", kMaxSpotText);
  return std::nullopt;
}

}  // namespace

Reject check_rows(const Plan& plan) {
  const auto with_plan = [&](auto check) {
    return [&plan, check](std::size_t, const auto& row) { return check(plan, row); };
  };
  Reject reject = check_constants(plan);
  const auto table = [&](std::string_view name, const auto& rows, auto check) {
    if (!reject) reject = check_table(name, rows, check);
  };
  table("spot", plan.spots, [](std::size_t, const Spot& spot) { return check_spot(spot); });
  table("parameter", plan.parameters, with_plan(check_parameter));
  table("metric", plan.metrics, with_plan(check_metric));
  table("effect", plan.effects, with_plan(check_effect));
  table("response", plan.responses, with_plan(check_response));
  table("guard", plan.guards, with_plan(check_guard));
  table("hold", plan.holds, with_plan(check_hold));
  table("gate", plan.gates, with_plan(check_gate));
  table("channel", plan.channels, with_plan(check_channel));
  table("block", plan.blocks, [&](std::size_t index, const Block& row) { return check_block_row(plan, index, row); });
  table("stage", plan.stages, [&](std::size_t index, const Stage& row) { return check_stage(plan, index, row); });
  table("plugin", plan.plugins, [&](std::size_t index, const Plugin& row) { return check_plugin(plan, index, row); });
  table("access of a plugin", plan.plugin_access,
        [&](std::size_t index, const PluginAccess& row) { return check_access(plan, index, row); });
  if (reject) return reject;
  if (auto reason = check_rollout(plan, 0)) return std::string("the rollout: ") + *reason;
  for (RolloutId id = 1; id < rollout_count(plan); ++id) {
    if (auto reason = check_rollout(plan, id)) {
      return describe("rollout", id, plan.children[id - 1]) + ": " + *reason;
    }
  }
  return check_rollout_blocks(plan);
}

}  // namespace rollout::plan
