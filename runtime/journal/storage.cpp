#include "runtime/journal/storage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace rollout::journal {

namespace {

struct FileSystem {
  unsigned long type;
  const char* name;
};
// From linux/magic.h and the file systems' own headers.
constexpr std::array<FileSystem, 9> kRemote{{{0x6969, "NFS"},
                                             {0xff534d42, "CIFS"},
                                             {0xfe534d42, "SMB"},
                                             {0x517b, "SMB"},
                                             {0x01021997, "9P"},
                                             {0x00c36400, "Ceph"},
                                             {0x5346414f, "AFS"},
                                             {0x73757245, "Coda"},
                                             {0x0bd00bd0, "Lustre"}}};

JournalError io_error(std::string message) {
  const bool full = errno == ENOSPC || errno == EDQUOT;  // gcov-exclude-branch: surroundings.py fills a disk
  return {full ? JournalError::Kind::DiskFull : JournalError::Kind::Io, std::move(message)};  // gcov-exclude-branch
}

// A new folder is there for good once the folder around it is synced: without that a power cut could take the journal
// with everything that was synced into it.
Expected<bool> store_name(const std::filesystem::path& folder) {
  const std::filesystem::path around = folder.has_parent_path() ? folder.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(around.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // What was just made lies in a folder that can be opened and synced, on a disk that works: hence the exclusions.
  const bool stored = descriptor >= 0 && ::fsync(descriptor) == 0;  // gcov-exclude-branch
  const int problem = errno;
  if (descriptor >= 0) ::close(descriptor);  // gcov-exclude-branch
  // Some file systems sync no folders, and have nothing to lose then.
  if (stored || problem == EINVAL || problem == EACCES) return true;  // gcov-exclude-branch
  errno = problem;
  return io_error(
      fmt::format("cannot store the name of the state directory `{}`: {}", folder.string(), std::strerror(problem)));
}

Expected<bool> make_folders(const std::filesystem::path& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return true;
    return JournalError{
        JournalError::Kind::Io,
        fmt::format("the state directory `{}` is a file; name a folder with `--state`", folder.string())};
  }
  if (folder.has_parent_path()) {
    if (auto made = make_folders(folder.parent_path()); !made) return made;
  }
  if (::mkdir(folder.c_str(), 0700) == 0) return store_name(folder);
  if (errno == EEXIST) return true;
  return io_error(fmt::format("cannot create the state directory `{}`: {}", folder.string(), std::strerror(errno)));
}

}  // namespace

std::optional<std::string> refused_file_system(long type) {
  for (const FileSystem& remote : kRemote) {
    // The kernel's field is signed on some machines: compare the 32 bits that count.
    if ((static_cast<unsigned long>(type) & 0xffffffffUL) == remote.type) {
      return fmt::format(
          "it lies on a network file system ({}), where neither locks nor syncs are reliable enough; name a folder on "
          "a local "
          "disk with `--state`",
          remote.name);
    }
  }
  return std::nullopt;
}

Expected<bool> make_folder(const std::string& folder) {
  return make_folders(folder);
}

Expected<bool> prepare_storage(const std::string& path) {
  const std::filesystem::path file = std::filesystem::path(path);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (auto made = make_folders(folder); !made) return made;
  struct statfs place{};
  if (::statfs(folder.c_str(), &place) == 0) {  // gcov-exclude-branch: the folder is there
    const auto why = refused_file_system(static_cast<long>(place.f_type));
    if (why) {  // gcov-exclude-branch: no test has a network file system; the table is tested
      return JournalError{JournalError::Kind::Io,
                          fmt::format("cannot keep the journal in `{}`: {}", folder.string(), *why)};
    }
  }
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return io_error(fmt::format("cannot open the journal `{}` for writing: {}", path, std::strerror(errno)));
  }
  ::close(descriptor);
  return true;
}

Expected<bool> check_readable(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      return JournalError{
          JournalError::Kind::Io,
          fmt::format("there is no journal at `{}`: nothing was run yet with this state directory", path)};
    }
    return io_error(fmt::format("cannot read the journal `{}`: {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    return JournalError{JournalError::Kind::Io, fmt::format("cannot read the journal `{}`: it is not a file", path)};
  }
  if (::access(path.c_str(), R_OK) != 0) {  // gcov-exclude-branch: the tests run as root, who may read everything
    return io_error(fmt::format("cannot read the journal `{}`: {}", path, std::strerror(errno)));
  }
  return true;
}

std::optional<FileIdentity> file_at(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

}  // namespace rollout::journal
