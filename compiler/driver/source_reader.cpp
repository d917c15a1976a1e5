#include "compiler/driver/source_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace rollout::driver {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ > STDERR_FILENO) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

std::string mebibytes(std::size_t bytes) {
  return bytes % (1u << 20) == 0 ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} bytes", bytes);
}

std::string reason_of(int error, const std::string& shown) {
  switch (error) {
    case ENOENT: return fmt::format("there is no file {}; check the path, it is relative to this folder", shown);
    case EISDIR: return fmt::format("{} is a folder; name the files in it", shown);
    case EACCES: return fmt::format("{} may not be read by this user", shown);
    default: return fmt::format("cannot read {}: {}", shown, std::strerror(error));
  }
}

std::string too_large(const std::string& shown, std::size_t most_bytes) {
  return fmt::format("{} is larger than {}, the limit for one file; is it the right one?", shown,
                     mebibytes(most_bytes));
}

}  // namespace

Expected<std::string, InputError> read_bytes(const std::string& path, std::size_t most_bytes) {
  const bool standard_input = path == "-";
  const std::string shown = standard_input ? "the standard input" : "`" + path + "`";
  const Descriptor file(standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return InputError{path, reason_of(errno, shown)};
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return InputError{path, reason_of(errno, shown)};
  if (S_ISDIR(status.st_mode)) return InputError{path, reason_of(EISDIR, shown)};
  const bool regular = S_ISREG(status.st_mode);
  if (regular && static_cast<std::size_t>(status.st_size) > most_bytes) {
    return InputError{path, too_large(shown, most_bytes)};
  }

  std::string bytes;
  if (regular) bytes.reserve(static_cast<std::size_t>(status.st_size));
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return bytes;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return InputError{path, reason_of(errno, shown)};
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (bytes.size() > most_bytes) return InputError{path, too_large(shown, most_bytes)};
  }
}

std::string write_bytes(const std::string& path, const std::string& bytes) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  const auto failed = [&](int error) {
    ::unlink(temporary.c_str());
    return fmt::format("cannot write `{}`: {}", path, std::strerror(error));
  };
  const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0) return failed(errno);
  for (std::size_t written = 0; written < bytes.size();) {
    const ssize_t count = ::write(file.get(), bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(errno);
    written += static_cast<std::size_t>(count);
  }
  // What is replaced keeps its mode.
  struct stat before{};
  if (::stat(path.c_str(), &before) == 0 && ::fchmod(file.get(), before.st_mode & 07777) != 0) return failed(errno);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return failed(errno);
  return "";
}

}  // namespace rollout::driver
