#include "editor-support/language-server/protocol/session.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "compiler/diagnostics/explain.hpp"
#include "compiler/driver/plugins.hpp"
#include "compiler/driver/source_reader.hpp"
#include "editor-support/language-server/protocol/uri.hpp"
#include "stdlib/modules.hpp"

namespace rollout::language_server {
namespace {

constexpr std::string_view kLibrary = "std/";
constexpr std::string_view kSuffix = ".rollout";
constexpr std::size_t kMostPageBytes = 4u << 20;

// The URI of a file with that text below the folder, written where it is not there yet; empty where it cannot be. It is
// read-only: what is changed there would change nothing.
std::string page_uri(const std::string& folder, const std::string& name, std::string_view text) {
  if (folder.empty()) return {};
  const std::filesystem::path path = std::filesystem::path(folder) / name;
  const auto there = driver::read_bytes(path.string(), kMostPageBytes);
  if (!there || *there != text) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    std::filesystem::remove(path, error);
    if (error || !driver::write_bytes(path.string(), std::string(text)).empty()) return {};
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::owner_read | perms::group_read | perms::others_read, error);
  }
  return protocol::uri_of_path(path.string());
}

}  // namespace

std::string Session::uri_of(const std::string& path) const {
  const auto open = documents.find(path);
  if (open != documents.end()) return open->second.uri;
  if (path.starts_with(kLibrary) && path.ends_with(kSuffix)) {
    const std::string name = path.substr(kLibrary.size(), path.size() - kLibrary.size() - kSuffix.size());
    const auto text = stdlib::module_text(name);
    const std::string uri = text ? page_uri(pages_folder, path, *text) : std::string();
    if (!uri.empty()) return uri;
  }
  if (path.starts_with(driver::kPluginFiles)) {
    const std::string uri = plugin_page(path.substr(driver::kPluginFiles.size()));
    if (!uri.empty()) return uri;
  }
  return protocol::uri_of_path(path);
}

// The module of a plugin as the open programs use it.
std::string Session::plugin_page(const std::string& file) const {
  const std::string name = file.substr(0, file.size() - std::min(file.size(), kSuffix.size()));
  for (const auto& [path, document] : documents) {
    const auto found = driver::plugin_module(std::filesystem::path(path).parent_path().string(), name);
    if (const auto* plugin = std::get_if<check::PluginModule>(&found))
      return page_uri(pages_folder, "plugins/" + file, plugin->source.text);
  }
  return {};
}

std::string Session::explanation_uri(diagnostics::Code code) const {
  const auto page = diagnostics::explanation_of(code);
  return page ? page_uri(pages_folder, fmt::format("explain/{}.md", diagnostics::code_text(code)), *page)
              : std::string();
}

std::string path_from(std::string_view uri) {
  return protocol::path_of_uri(uri).value_or(std::string(uri));
}

Compiled open_file(Session& session, std::string_view uri) {
  return session.workspace.compiled(path_from(uri));
}

std::optional<std::uint32_t> asked_offset(const Session& session, Asked& asked, const json::value& params) {
  return protocol::offset_from(asked.translator.lines(), protocol::member(params, "position"), session.dialect.unit);
}

}  // namespace rollout::language_server
