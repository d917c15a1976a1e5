#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "compiler/driver/compile.hpp"
#include "runtime/command/commands.hpp"
#include "runtime/command/environment.hpp"
#include "runtime/command/output.hpp"
#include "runtime/command/parameters.hpp"
#include "runtime/command/plugin_foresight.hpp"
#include "runtime/command/plugin_programs.hpp"
#include "runtime/command/preflight.hpp"
#include "runtime/command/state_directory.hpp"
#include "runtime/console/text.hpp"
#include "runtime/engine/outside.hpp"
#include "runtime/executors/secret_store.hpp"
#include "runtime/executors/secrets.hpp"
#include "runtime/executors/spawn.hpp"
#include "runtime/plan/known_values.hpp"
#include "runtime/plan/plugin_access.hpp"
#include "runtime/plan/undo_blocks.hpp"
#include "runtime/plugins/confinement.hpp"
#include "runtime/zones/zones.hpp"

// What would make a run fail at 2 AM, looked for before. Nothing is changed.

namespace rollout::command {

namespace {

using PlanPointer = std::shared_ptr<const plan::VerifiedPlan>;

enum class Health : std::uint8_t { Good, Careful, Bad };

struct Finding {
  Health health{};
  std::string what;  // was looked at: "journal of portal_api-7"
  std::string seen;
  std::string remedy = {};
};
using Findings = std::vector<Finding>;

// ---------------------------------------------------------------- this machine

Finding disk(const std::string& folder) {
  constexpr std::uint64_t kLittle = 100ULL << 20;
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return {Health::Bad, "disk", "its free space cannot be read"};
  const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  const std::string seen = fmt::format("{} MB free for journals", free >> 20);
  if (free >= kLittle) return {Health::Good, "disk", seen};
  return {Health::Bad, "disk", seen,
          fmt::format("a run stops when its journal cannot be written: free some of `{}`", folder)};
}

Finding clock() {
  timex state{};
  const int status = ::adjtimex(&state);
  if (status < 0) return {Health::Careful, "clock", "its state cannot be read"};
  if (status != TIME_ERROR && (state.status & STA_UNSYNC) == 0) return {Health::Good, "clock", "synchronised"};
  return {Health::Careful, "clock", "nothing keeps it synchronised",
          "samples are asked for by the wall clock: run an NTP client"};
}

Finding core_dumps() {
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  if (limit.rlim_cur == 0) return {Health::Good, "core dumps", "off"};
  return {Health::Good, "core dumps", "the runtime turns them off for itself, since secrets pass through it"};
}

Finding sandbox() {
  const plugins::Confines kernel = plugins::confines();
  const std::string confined =
      fmt::format("plugins that say what they touch are kept to it ({}); ", plugins::confines_text(kernel));
  const std::string others = "other plugins and commands have the rights of who starts the rollout";
  if (kernel.everything()) return {Health::Good, "sandbox", confined + others};
  return {Health::Careful, "sandbox", confined + others,
          kernel.files() ? "a newer kernel confines more" : "this needs a kernel with Landlock (5.13 or newer)"};
}

Finding journal_of(const StateDirectory& state, const journal::RunRow& run) {
  Finding finding{Health::Good, "journal of " + run.run_id, {}};
  auto journal = journal::open_sqlite(state.journal_of(run.run_id), journal::OpenMode::ReadOnly);
  const auto entries = journal ? (*journal)->entries(run.run_id, 0, 0) : journal.error();
  if (!entries) {
    return {Health::Bad, finding.what, entries.error().message, "what it tells cannot be relied on: look at the world"};
  }
  finding.seen = fmt::format("{} entries, all in their chain; {}", entries->size(), run.state);
  return finding;
}

void add_runs(const StateDirectory& state, Findings& findings) {
  std::vector<std::string> problems;
  for (const journal::RunRow& run : all_runs(state, problems)) {
    findings.push_back(journal_of(state, run));
    if (!is_unfinished(run) || is_driven(state, run.run_id)) continue;
    findings.push_back({Health::Careful, run.run_id, "it is " + run.state + ", and no process drives it",
                        "rollout resume " + run.run_id});
  }
  for (const std::string& problem : problems) {
    findings.push_back({Health::Bad, "journal", problem, "what it tells cannot be relied on: look at the world"});
  }
}

void add_machine(const std::string& given, Findings& findings) {
  const auto state = open_state_directory(given);
  if (!state) {
    findings.push_back({Health::Bad, "state directory", state.error().message});
  } else {
    findings.push_back({Health::Good, "state directory", state->path});
    findings.push_back(disk(state->path));
    add_runs(*state, findings);
  }
  findings.push_back(clock());
  findings.push_back(core_dumps());
  findings.push_back(sandbox());
}

// ---------------------------------------------------------------- a plan

struct Uses {
  std::size_t all = 0, back = 0;  // of them on the way back
};

// The programs that its commands start, as far as that is known before a run.
std::map<std::string, Uses> programs_of(const plan::Plan& plan, const plan::KnownValues& values) {
  std::map<std::string, Uses> programs;
  const std::vector<bool> back = plan::undo_blocks(plan);
  for (std::size_t id = 0; id < plan.blocks.size(); ++id) {
    for (std::uint32_t at = plan.blocks[id].begin; at < plan.blocks[id].end; ++at) {
      const plan::Instruction& one = plan.code[at];
      if (one.op != plan::Op::Effect || one.b >= plan.effects.size()) continue;
      const plan::Effect& effect = plan.effects[one.b];
      if (effect.kind != plan::EffectKind::Process) continue;
      const auto command = std::ranges::find(effect.arguments, "command", &plan::Argument::name);
      if (command == effect.arguments.end()) continue;
      const plan::Value value = values.value(command->value);
      if (value.as_list().empty() || value.as_list().front().as_string().empty()) continue;
      Uses& uses = programs[value.as_list().front().as_string()];
      ++uses.all;
      if (back[id]) ++uses.back;
    }
  }
  return programs;
}

void add_programs(const plan::Plan& plan, const plan::KnownValues& values, Findings& findings) {
  for (const auto& [name, uses] : programs_of(plan, values)) {
    const auto problem = executors::missing_program(name);
    const std::string steps =
        fmt::format("{} step{}, {} on the way back", uses.all, uses.all == 1 ? "" : "s", uses.back);
    if (!problem) {
      findings.push_back({Health::Good, "command " + name, "for " + steps});
    } else {
      findings.push_back({Health::Bad, "command " + name, fmt::format("{}; it is needed for {}", *problem, steps),
                          "install it where the rollout runs"});
    }
  }
}

Finding plugin_finding(const plan::Plan& plan, const plugins::Program& program, const plugins::Foresight& seen) {
  const std::string what = "plugin " + program.plugin.name;
  if (!seen.problem.empty()) {
    return {Health::Bad, what, fmt::format("`{}` {}", program.path, seen.problem),
            fmt::format("try it: rollout plugin test {}", program.path)};
  }
  const auto refused = std::ranges::find(seen.notes, true, &plugins::CallNote::error);
  if (refused != seen.notes.end()) {
    return {Health::Bad, what, "it refuses the arguments of " + note_line(plan, *refused), "the run would not start"};
  }
  if (!seen.notes.empty())
    return {Health::Careful, what, note_line(plan, seen.notes.front()), "it is a warning of the plugin's"};
  std::string kept;
  if (program.access) {
    const auto missing = plugins::missing_paths(*program.access, program.path);
    if (!missing.empty())
      return {Health::Careful, what, fmt::format("`{}`, which it touches, is not there", missing.front()),
              "it gets no right to what comes there after its start"};
    kept = "; it is kept to its access: it " + plan::access_text(*program.access);
  }
  const std::string looked =
      seen.validates ? fmt::format(", and finds nothing wrong with {} calls", seen.calls) : std::string();
  return {Health::Good, what, fmt::format("`{}` is as it was locked, answers{}{}", program.path, looked, kept), {}};
}

void add_plugins(const plan::Plan& plan, const std::string& file, const ParameterValues& parameters,
                 Findings& findings) {
  if (plan.plugins.empty()) return;
  const auto found = programs_beside(file, plan);
  if (!found) findings.push_back({Health::Bad, "plugins", found.error(), {}});
  if (!found) return;
  const auto seen = ask_plugins(plan, parameters, *found, false);
  for (std::size_t i = 0; i < found->size(); ++i) findings.push_back(plugin_finding(plan, (*found)[i], seen[i]));
}

// Whether a request of the plan is signed for AWS with what this process has.
bool signs_for_aws(const plan::Plan& plan, const plan::KnownValues& values) {
  return std::ranges::any_of(plan.effects, [&](const plan::Effect& effect) {
    const auto how = std::ranges::find(effect.arguments, "aws", &plan::Argument::name);
    return effect.kind == plan::EffectKind::Http && how != effect.arguments.end() &&
           executors::needs_aws_credentials({{"aws", values.value(how->value)}});
  });
}

void add_secrets(const PlanPointer& plan, const plan::KnownValues& values, Findings& findings) {
  const auto masker = std::make_shared<executors::Masker>();
  boost::asio::io_context io;
  const auto scheduler = engine::make_real_scheduler(io);
  const engine::Outside outside = engine::real_outside(io, *scheduler);
  executors::SecretStore store(*outside.http, *outside.processes, *scheduler, masker);
  const executors::Secrets secrets(plan, [&](plan::RoutineId id) { return values.value(id); }, masker, &store);
  executors::Secrets::Arguments all;
  for (std::uint32_t index = 0; index < (*plan)->secrets.size(); ++index)
    all.emplace_back("", plan::Value::secret({{.text = {}, .secret = index}}));
  bool fetched = false;
  secrets.fetch(all, [&] { fetched = true; });
  while (!fetched && io.run_one() > 0) continue;
  if (signs_for_aws(**plan, values)) {
    std::optional<plan::Expected<executors::AwsCredentials>> credentials;
    store.ask_aws([&](const auto& found) { credentials = found; });
    io.restart();
    while (!credentials && io.run_one() > 0) continue;
    const std::string problem = !credentials ? "nobody answers" : *credentials ? "" : credentials->error().message;
    findings.push_back(problem.empty()
                           ? Finding{Health::Good, "credentials of AWS", "there are some, to sign requests with"}
                           : Finding{Health::Bad, "credentials of AWS", problem});
  }
  for (std::uint32_t index = 0; index < (*plan)->secrets.size(); ++index) {
    const std::string& name = (*plan)->secrets[index].name;
    const auto value = secrets.resolve({{.text = {}, .secret = index}});
    if (value) {
      findings.push_back({Health::Good, "secrets", fmt::format("`{}` has a value", name)});
    } else {
      findings.push_back({Health::Bad, "secrets", value.error().message});
    }
  }
}

void add_sources(const PlanPointer& plan, const ParameterValues& parameters, const std::string& url,
                 Findings& findings) {
  if ((*plan)->metrics.empty()) return;
  const auto problem = unreachable_source(*plan, parameters, url);
  findings.push_back(problem ? Finding{Health::Bad, "sources", *problem}
                             : Finding{Health::Good, "sources",
                                       fmt::format("whatever its {} metrics ask answers", (*plan)->metrics.size())});
}

void add_way_back(const plan::Plan& plan, Findings& findings) {
  const auto undo =
      static_cast<std::size_t>(std::ranges::count(plan.blocks, plan::BlockKind::Undo, &plan::Block::kind));
  findings.push_back(
      {undo == 0 ? Health::Careful : Health::Good, "way back", fmt::format("{} steps have an undo", undo),
       undo == 0 ? "nothing that it does can be taken back" : "rehearse it: rollout drill FILE.rollout"});
}

// ---------------------------------------------------------------- the report

std::string_view word_of(Health health) {
  switch (health) {
    case Health::Good: return "good";
    case Health::Careful: return "careful";
    case Health::Bad: return "bad";
  }
  return "bad";
}

console::Tone tone_of(Health health) {
  return health == Health::Good  ? console::Tone::Good
         : health == Health::Bad ? console::Tone::Bad
                                 : console::Tone::Careful;
}

void print(const Findings& findings, Format format) {
  if (format == Format::Json) {
    for (const Finding& one : findings) {
      const plan::Value value = plan::Value::map({{"health", plan::Value::string(std::string(word_of(one.health)))},
                                                  {"what", plan::Value::string(one.what)},
                                                  {"seen", plan::Value::string(one.seen)},
                                                  {"remedy", plan::Value::string(one.remedy)}});
      fmt::print("{}\n", plan::to_json(value));
    }
    return;
  }
  const bool colour = driver::terminal_options(STDOUT_FILENO).colour == diagnostics::Colour::Always;
  for (const Finding& one : findings) {
    fmt::print("{}  {}: {}\n",
               console::painted(console::padded(std::string(word_of(one.health)), 7), tone_of(one.health), colour),
               console::escaped(one.what), console::escaped(one.seen));
    if (!one.remedy.empty() && one.health != Health::Good) fmt::print("         {}\n", console::escaped(one.remedy));
  }
}

}  // namespace

Exit doctor(const DoctorArguments& arguments) {
  Findings findings;
  add_machine(arguments.common.state, findings);
  if (!arguments.plan.file.empty()) {
    const auto deployed = load_deployed(arguments.plan, {});
    if (!deployed) return Exit::Usage;
    const PlanPointer& plan = deployed->plan;
    const auto parameters = read_parameters(**plan, deployed->parameters);
    if (!parameters) return complain(parameters.error().message);
    const plan::KnownValues values(**plan, *parameters, plan::Defaults::Assumed);
    add_sources(plan, *parameters, prometheus_url(arguments.prometheus_url, **plan), findings);
    add_secrets(plan, values, findings);
    add_programs(**plan, values, findings);
    add_plugins(**plan, arguments.plan.file, *parameters, findings);
    add_way_back(**plan, findings);
  }
  print(findings, arguments.common.format);
  const bool bad = std::ranges::any_of(findings, [](const Finding& one) { return one.health == Health::Bad; });
  return bad ? Exit::Failed : Exit::Ok;
}

}  // namespace rollout::command
