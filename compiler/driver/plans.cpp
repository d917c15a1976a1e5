#include "compiler/driver/plans.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "grammar/source.hpp"

namespace rollout::driver {
namespace {

using diagnostics::Location;
using plan::Excess;

// `1234567` as 1,234,567: limits are read by people.
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

// What mends it, by what there is too much of.
std::string_view help_of(Excess::Kind kind) {
  switch (kind) {
    case Excess::Kind::Rows:
      return "split it into rollouts that run one after the other; what stands in a loop, an action, a function or a "
             "template counts once for each use";
    case Excess::Kind::Metrics:
      return "let one metric stand for many, `metric errors by instance: ...` with `any(...)`, or split the rollout";
    case Excess::Kind::Rounds: return "go through fewer at a time, in several rollouts or in the command itself";
    case Excess::Kind::Depth: return "let less stand inside each other: put inner steps behind each other";
    case Excess::Kind::Size:
      return "make it smaller, or several of it; long texts belong into a file that a command reads";
  }
  return {};
}

std::optional<Location> location_of(const check::CheckedModule& module, const Excess& excess, lower::Purpose purpose) {
  if (!excess.place) return std::nullopt;
  const auto& files = module.files.files;
  const auto file = std::ranges::find(files, excess.path, &grammar::SourceFile::path);
  if (file == files.end()) return std::nullopt;
  const diagnostics::FileId id{static_cast<std::uint32_t>(file - files.begin())};
  const plan::Spot& spot = *excess.place;
  if (purpose == lower::Purpose::Times) return Location{id, {spot.column - 1, spot.end_column - 1}};
  const grammar::LineTable lines(file->text);
  const auto offset = [&](std::uint32_t line, std::uint32_t column) {
    return lines.offset({line - 1, column - 1}, grammar::ColumnUnit::CodePoint);
  };
  return Location{id, {offset(spot.line, spot.column), offset(spot.end_line, spot.end_column)}};
}

diagnostics::Diagnostic plan_too_large(const check::Symbol& rollout, const Excess& excess,
                                       const std::optional<Location>& place) {
  diagnostics::Diagnostic made;
  made.code = diagnostics::Code::PlanTooLarge;
  made.message = excess.counted > 0
                     ? fmt::format("the plan of `{}` would be too large: {} {}, and the most is {}", rollout.name,
                                   grouped(excess.counted), excess.what, grouped(excess.most))
                     : fmt::format("the plan of `{}` would be too large: it has more than {} {}", rollout.name,
                                   grouped(excess.most), excess.what);
  made.primary = rollout.declared;
  if (place && !place->span.empty()) {
    made.labels.push_back({made.primary, "in the plan of this rollout"});
    made.primary = *place;
  }
  made.notes.push_back(
      "a runtime refuses plans beyond its limits, so that none can exhaust the machine that it runs on");
  made.helps.emplace_back(help_of(excess.kind));
  return made;
}

}  // namespace

Expected<PlanPointer, PlanProblem> lower_and_verify(const check::CheckedModule& module,
                                                    const check::RolloutDecl& rollout, lower::SourceTables& sources) {
  const check::Symbol& symbol = module.symbols[rollout.symbol];
  plan::Plan plan = lower::lower_rollout(module, symbol.name, sources);
  if (sources.too_large) {
    return PlanProblem{plan_too_large(symbol, sources.too_large->excess, sources.too_large->place), {}};
  }
  auto verified = plan::verify(std::move(plan));
  if (verified) return *verified;
  const plan::PlanError& error = verified.error();
  if (error.excess) {
    const auto place = location_of(module, *error.excess, sources.purpose);
    return PlanProblem{plan_too_large(symbol, *error.excess, place), {}};
  }
  return PlanProblem{std::nullopt,
                     fmt::format("the compiler made a plan that does not verify ({}); this is a fault of rolloutc, "
                                 "please report it with the file",
                                 error.message)};
}

Expected<PlanPointer, PlanProblem> verified_plan(const CompiledFile& file, const check::RolloutDecl& rollout) {
  lower::SourceTables sources;
  return lower_and_verify(file.module, rollout, sources);
}

std::string problem_text(const CompiledFile& file, const PlanProblem& problem, diagnostics::Format format,
                         const diagnostics::RenderOptions& options) {
  if (!problem.diagnostic) return problem.message + "\n";
  return diagnostics::render(std::vector{*problem.diagnostic}, file.module.files, format, options);
}

}  // namespace rollout::driver
