#include "editor-support/language-server/queries/workspace.hpp"

#include <algorithm>
#include <filesystem>

namespace rollout::language_server {
namespace {

// A folder with more plans than this is searched no further.
constexpr std::size_t kMostFiles = 1000;
constexpr std::size_t kMostEntries = 100'000;

bool is_read_from(const driver::CompiledFile& file, const std::string& path) {
  return std::ranges::any_of(file.module.files.files,
                             [&](const grammar::SourceFile& source) { return source.path == path; });
}

bool misses_a_file(const driver::CompiledFile& file) {
  return std::ranges::any_of(file.diagnostics, [](const diagnostics::Diagnostic& diagnostic) {
    return diagnostic.code == diagnostics::Code::MissingFile;
  });
}

bool is_passed_over(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string();
  return name.starts_with(".") || name == "node_modules" || name == "build";
}

std::vector<std::string> plans_below(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (std::size_t seen = 0; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (++seen > kMostEntries || paths.size() >= kMostFiles) break;
    std::error_code unreadable;
    if (entry->is_directory(unreadable) && is_passed_over(entry->path())) entry.disable_recursion_pending();
    if (entry->path().extension() == ".rollout" && entry->is_regular_file(unreadable)) {
      paths.push_back(entry->path().lexically_normal().string());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

void Workspace::mark_stale(const std::string& changed) {
  for (auto& [path, open] : open_) {
    if (path == changed ||
        (open.compiled && (is_read_from(*open.compiled, changed) || misses_a_file(*open.compiled)))) {
      open.compiled = nullptr;
    }
  }
  std::erase_if(closed_, [&](const auto& closed) {
    return closed.first == changed || is_read_from(*closed.second.compiled, changed) ||
           misses_a_file(*closed.second.compiled);
  });
}

void Workspace::set_text(const std::string& path, std::string text) {
  open_[path].text = std::move(text);
  mark_stale(path);
}

void Workspace::close(const std::string& path) {
  if (open_.erase(path) != 0) mark_stale(path);
}

const std::string* Workspace::text(const std::string& path) const {
  const auto found = open_.find(path);
  return found == open_.end() ? nullptr : &found->second.text;
}

std::vector<std::string> Workspace::open_paths() const {
  std::vector<std::string> paths;
  paths.reserve(open_.size());
  for (const auto& [path, open] : open_) paths.push_back(path);
  return paths;
}

bool Workspace::is_stale(const std::string& path) const {
  const auto found = open_.find(path);
  return found != open_.end() && !found->second.compiled;
}

void Workspace::forget_disk() {
  for (auto& [path, open] : open_) open.compiled = nullptr;
  closed_.clear();
}

Compiled Workspace::compiled_with(const std::string& path, const std::map<std::string, std::string>& replaced) const {
  driver::CompileOptions options;
  options.unsaved = [&](const std::string& wanted) -> std::optional<std::string> {
    if (const auto found = replaced.find(wanted); found != replaced.end()) return found->second;
    const std::string* open = text(wanted);
    return open == nullptr ? std::nullopt : std::optional(*open);
  };
  if (auto main = options.unsaved(path)) {
    return std::make_shared<driver::CompiledFile>(driver::compile_source({path, std::move(*main)}, options));
  }
  auto file = driver::compile_file(path, options);
  return file ? std::make_shared<driver::CompiledFile>(std::move(*file)) : nullptr;
}

Compiled Workspace::compiled(const std::string& path) {
  const auto found = open_.find(path);
  if (found == open_.end()) return nullptr;
  if (!found->second.compiled) {
    found->second.compiled = compiled_with(path, {});
    found->second.times.reset();
  }
  return found->second.compiled;
}

const driver::Times& Workspace::times(const std::string& path) {
  static const driver::Times kNothing;
  const Compiled file = compiled(path);
  if (!file) return kNothing;
  std::optional<driver::Times>& times = open_.find(path)->second.times;
  if (!times) times = driver::times_of(*file);
  return *times;
}

std::vector<Workspace::Stamp> Workspace::stamps_of(const driver::CompiledFile& file) const {
  std::vector<Stamp> stamps;
  for (const grammar::SourceFile& source : file.module.files.files) {
    if (open_.contains(source.path)) continue;
    std::error_code error;
    // What comes with the compiler is on no disk, and stays the same.
    const auto time = std::filesystem::last_write_time(source.path, error);
    const auto size = error ? 0 : std::filesystem::file_size(source.path, error);
    stamps.push_back({source.path, error ? 0 : static_cast<std::int64_t>(time.time_since_epoch().count()), size});
  }
  return stamps;
}

Compiled Workspace::closed_file(const std::string& path) {
  const auto known = closed_.find(path);
  if (known != closed_.end() && !misses_a_file(*known->second.compiled) &&
      known->second.made_of == stamps_of(*known->second.compiled)) {
    return known->second.compiled;
  }
  Compiled file = compiled_with(path, {});
  if (file) closed_[path] = {file, stamps_of(*file)};
  return file;
}

std::vector<Compiled> Workspace::everything(const std::vector<std::string>& folders) {
  std::vector<Compiled> files;
  for (const std::string& path : open_paths()) files.push_back(compiled(path));
  for (const std::string& folder : folders) {
    for (const std::string& path : plans_below(folder)) {
      if (open_.contains(path)) continue;
      if (Compiled file = closed_file(path)) files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace rollout::language_server
