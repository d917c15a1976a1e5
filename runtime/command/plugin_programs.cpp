#include "runtime/command/plugin_programs.hpp"

#include <filesystem>

#include "compiler/driver/plugins.hpp"
#include "runtime/engine/entries.hpp"

namespace rollout::command {

namespace {

std::vector<std::string> folders_for(const std::string& folder) {
  return {std::filesystem::path(driver::lock_path(folder)).parent_path().string(), folder, "."};
}

}  // namespace

Programs programs_beside(const std::string& file, const plan::Plan& plan) {
  if (plan.plugins.empty()) return std::vector<plugins::Program>();
  return plugins::find_programs(plan, {}, folders_for(std::filesystem::path(file).parent_path().string()));
}

Programs stored_programs(const StateDirectory& state, const std::string& run_id, const plan::Plan& plan) {
  if (plan.plugins.empty()) return std::vector<plugins::Program>();
  std::map<std::string, std::string> known;
  const auto journal = journal::open_sqlite(state.journal_of(run_id), journal::OpenMode::ReadOnly);
  if (!journal) return journal.error().message;
  const auto entries = (*journal)->entries(run_id, 0, 0);
  if (!entries) return entries.error().message;
  for (const engine::PluginNote& note : engine::plugin_notes(*entries)) known[note.name] = note.path;
  return plugins::find_programs(plan, known, folders_for(""));
}

}  // namespace rollout::command
