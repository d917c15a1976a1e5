#include "runtime/plugins/confinement.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace rollout::plugins {

namespace {

namespace fs = std::filesystem;
using executors::Descriptor;

// Of linux/landlock.h. Debian 12's header knows the first three versions, and kernels are newer than headers.
constexpr std::uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2, kReadFolder = 1 << 3;
constexpr std::uint64_t kAllOfVersion1 = (1 << 13) - 1, kMove = 1 << 13, kTruncate = 1 << 14, kDeviceControl = 1 << 15;
constexpr std::uint64_t kBind = 1 << 0, kConnect = 1 << 1;
constexpr std::uint64_t kAbstractSockets = 1 << 0, kSignals = 1 << 1;
constexpr unsigned kAskVersion = 1 << 0;
enum RuleType : unsigned { kPathBeneath = 1, kPort = 2 };

struct RulesetAttributes {
  std::uint64_t files = 0, connections = 0, scopes = 0;
};
struct [[gnu::packed]] PathRule {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};
struct PortRule {
  std::uint64_t allowed = 0, port = 0;
};

constexpr std::uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kDeviceControl;
constexpr std::uint64_t kReading = kExecute | kReadFile | kReadFolder;

// What programs and their interpreters read wherever they run. Nothing of it is a secret of the user's.
constexpr const char* kReadByAll[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/dev/random",
    "/dev/urandom",
};
constexpr const char* kWrittenByAll[] = {"/dev/full", "/dev/null", "/dev/zero"};

fs::path folder_of(const std::string& program) {
  std::error_code error;
  return fs::weakly_canonical(program, error).parent_path();
}

// A path of an access on this machine.
std::string located(const std::string& path, const fs::path& folder) {
  if (!path.starts_with("~/") && path != "~") return (folder / path).lexically_normal().string();
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string() : fs::path(home + path.substr(1)).lexically_normal().string();
}

// All that such a plugin reads.
std::vector<std::string> readable_paths(const plan::PluginAccess& access, const fs::path& folder) {
  std::vector<std::string> paths(std::begin(kReadByAll), std::end(kReadByAll));
  std::error_code error;
  // Debian keeps what Python reads at its start in a folder for each version.
  for (fs::directory_iterator at("/etc", error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with("python")) paths.push_back(at->path().string());
  }
  paths.push_back(folder.string());
  for (const auto* own : {&access.reads, &access.writes}) {
    for (const std::string& path : *own) paths.push_back(located(path, folder));
  }
  std::erase(paths, "");  // below a home folder that there is none of
  return paths;
}

std::uint64_t handled_files(const Confines& kernel) {
  return kAllOfVersion1 | (kernel.version >= 2 ? kMove : 0) | (kernel.truncation() ? kTruncate : 0) |
         (kernel.version >= 5 ? kDeviceControl : 0);
}

bool is_below(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

class Ruleset {
 public:
  explicit Ruleset(const Confines& kernel) : kernel_(kernel) {
    const RulesetAttributes attributes{handled_files(kernel), kernel.connections() ? kBind | kConnect : 0,
                                       kernel.signals() ? kAbstractSockets | kSignals : 0};
    descriptor_ =
        Descriptor(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0U)));
    if (descriptor_.get() < 0) note_failure("rights");
  }

  void allow_path(const std::string& path, std::uint64_t rights) {
    const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat status{};
    // What is not there, or not to be reached, gives no rights.
    if (place.get() < 0 || ::fstat(place.get(), &status) != 0) return;
    rights &= handled_files(kernel_);
    if (!S_ISDIR(status.st_mode)) rights &= kOfFiles;
    const PathRule rule{rights, place.get()};
    if (::syscall(SYS_landlock_add_rule, descriptor_.get(), kPathBeneath, &rule, 0U) != 0) note_failure(path);
  }

  void allow_port(std::int64_t port) {
    if (!kernel_.connections()) return;
    const PortRule rule{kConnect, static_cast<std::uint64_t>(port)};
    if (::syscall(SYS_landlock_add_rule, descriptor_.get(), kPort, &rule, 0U) != 0)
      note_failure(fmt::format("port {}", port));
  }

  plan::Expected<Descriptor, std::string> take() {
    if (!failure_.empty()) return failure_;
    return std::move(descriptor_);
  }

 private:
  void note_failure(const std::string& what) {
    if (failure_.empty()) failure_ = fmt::format("it cannot be confined: {}: {}", what, std::strerror(errno));
  }

  Confines kernel_;
  Descriptor descriptor_;
  std::string failure_;
};

}  // namespace

Confines confines() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return {static_cast<int>(std::max(0L, version))};
}

std::string confines_text(const Confines& confines) {
  const std::pair<bool, const char*> all[] = {{confines.files(), "files"},
                                              {confines.truncation(), "cutting files off"},
                                              {confines.connections(), "connections"},
                                              {confines.signals(), "signals"}};
  std::vector<std::string> can, cannot;
  for (const auto& [is_kept, what] : all) (is_kept ? can : cannot).push_back(what);
  if (can.empty()) return "nothing";
  const std::string text = fmt::format("{}", fmt::join(can, ", "));
  return cannot.empty() ? text : fmt::format("{}, not {}", text, fmt::join(cannot, ", "));
}

plan::Expected<Descriptor, std::string> make_ruleset(const plan::PluginAccess& access, const std::string& program) {
  const Confines kernel = confines();
  if (!kernel.files()) return Descriptor();
  const fs::path folder = folder_of(program);
  Ruleset ruleset(kernel);
  for (const std::string& path : readable_paths(access, folder)) ruleset.allow_path(path, kReading);
  for (const char* path : kWrittenByAll) ruleset.allow_path(path, kReadFile | kWriteFile | kTruncate);
  for (const std::string& path : access.writes) ruleset.allow_path(located(path, folder), handled_files(kernel));
  for (const std::int64_t port : access.connects) ruleset.allow_port(port);
  return ruleset.take();
}

int enter_ruleset(int ruleset) {
  return ::syscall(SYS_landlock_restrict_self, ruleset, 0U) == 0 ? 0 : errno;
}

std::string readable_folders(std::string_view path, const plan::PluginAccess& access, const std::string& program) {
  std::error_code error;
  std::vector<fs::path> roots;
  for (const std::string& root : readable_paths(access, folder_of(program)))
    roots.push_back(fs::weakly_canonical(root, error));
  std::vector<std::string_view> kept;
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(path.size(), folder.size() + 1));
    const fs::path real = fs::weakly_canonical(folder, error);
    const auto holds = [&](const fs::path& root) { return is_below(real, root); };
    if (folder.starts_with('/') && std::ranges::any_of(roots, holds)) kept.push_back(folder);
  }
  return kept.empty() ? "/usr/bin:/bin" : fmt::format("{}", fmt::join(kept, ":"));
}

std::vector<std::string> missing_paths(const plan::PluginAccess& access, const std::string& program) {
  const fs::path folder = folder_of(program);
  std::vector<std::string> missing;
  for (const auto* paths : {&access.reads, &access.writes}) {
    for (const std::string& path : *paths) {
      if (::access(located(path, folder).c_str(), F_OK) != 0) missing.push_back(path);
    }
  }
  return missing;
}

}  // namespace rollout::plugins
