// Runs a fuzz target on random mutations without libFuzzer: the same inputs for the same seed, on any compiler.
//
//   fuzz_source [--count N] [--seed S] [--only I] [FILE or FOLDER...]
//
// The inputs run in a child process. Where it dies, the input that killed it is written to ./crash-I, and `--only I`
// runs that one again.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <optional>
#include <random>

#include "tests/fuzz/target.hpp"

namespace {

constexpr unsigned kSecondsForOne = 10;  // of the processor: a busy computer makes no input slow

struct Options {
  std::uint64_t count = 1000;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> only;
  std::vector<std::string> paths;
};

std::optional<Options> read_options(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("--")) {
      options.paths.emplace_back(word);
      continue;
    }
    std::uint64_t number = 0;
    if (++i == count) return std::nullopt;
    const char* end = words[i] + std::strlen(words[i]);
    if (std::from_chars(words[i], end, number).ptr != end) return std::nullopt;
    if (word == "--count") {
      options.count = number;
    } else if (word == "--seed") {
      options.seed = number;
    } else if (word == "--only") {
      options.only = number;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> all_seeds(const std::vector<std::string>& paths) {
  std::vector<std::string> seeds = rollout::fuzz::built_in_seeds();
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
    } else {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    }
  }
  std::ranges::sort(files);
  for (const auto& file : files) seeds.push_back(read_file(file));
  if (seeds.empty()) seeds.emplace_back();
  return seeds;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, std::uint64_t seed) : seeds_(seeds), seed_(seed) {}

  // The first inputs are the seeds as they are.
  std::string input(std::uint64_t number) {
    if (number < seeds_.size()) return seeds_[number];
    engine_.seed(seed_ * 0x9E3779B97F4A7C15 + number);
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t i = 1 + below(below(4) == 0 ? 12 : 3); i > 0; --i) mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(engine_() % limit); }
  char byte() { return static_cast<char>(engine_() & 0xFF); }
  // A word, a number or a run of anything else, somewhere in a text.
  static std::pair<std::size_t, std::size_t> word_at(const std::string& text, std::size_t at) {
    const auto inside = [&](std::size_t i) {
      return std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_';
    };
    std::size_t begin = at, end = at;
    while (begin > 0 && inside(begin - 1)) --begin;
    while (end < text.size() && inside(end)) ++end;
    return {begin, std::max(end, std::min(at + 1, text.size()))};
  }
  std::string some_word() {
    const std::string& seed = seeds_[below(seeds_.size())];
    if (seed.empty()) return "x";
    const auto [begin, end] = word_at(seed, below(seed.size()));
    return seed.substr(begin, end - begin);
  }

  void mutate(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(below(3) == 0 ? 200 : 12) + 1, text.size() - at);
    const auto [begin, end] = word_at(text, at);
    switch (below(10)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, 1 + below(4), byte()); break;
      case 2: text.insert(below(text.size() + 1), text.substr(at, length)); break;
      case 3: text.resize(at); break;
      case 4: text.replace(begin, end - begin, some_word()); break;
      case 5: text.insert(at, some_word()); break;
      case 6: text.erase(begin, end - begin); break;
      case 7: splice(text, at); break;
      default:
        if (at < text.size()) text[at] = below(2) == 0 ? static_cast<char>(text[at] ^ (1 << below(8))) : byte();
    }
  }
  // The rest of another seed behind the beginning of this one.
  void splice(std::string& text, std::size_t at) {
    const std::string& other = seeds_[below(seeds_.size())];
    text.resize(at);
    text += other.substr(below(other.size() + 1));
  }

  const std::vector<std::string>& seeds_;
  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

// Which input the child is at, in memory that both processes see.
std::atomic<std::uint64_t>& shared_counter() {
  void* page =
      ::mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *new (page) std::atomic<std::uint64_t>(0);
}

[[noreturn]] void run_all(Mutator& mutator, const Options& options, std::atomic<std::uint64_t>& at) {
  const std::uint64_t first = options.only.value_or(0);
  const std::uint64_t end = options.only ? first + 1 : options.count;
  for (std::uint64_t number = first; number < end; ++number) {
    at = number;
    const std::string input = mutator.input(number);
    const itimerval limit = {.it_interval = {}, .it_value = {.tv_sec = kSecondsForOne, .tv_usec = 0}};
    ::setitimer(ITIMER_PROF, &limit, nullptr);
    rollout::fuzz::test_one(input);
  }
  std::exit(0);
}

int report_death(Mutator& mutator, std::uint64_t number, int status) {
  const std::string path = fmt::format("crash-{}", number);
  std::ofstream(path, std::ios::binary) << mutator.input(number);
  const bool slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
  if (WIFSIGNALED(status) && !slow) fmt::print("{}\n", ::strsignal(WTERMSIG(status)));
  fmt::print("input {} {}; it is in ./{}, run it alone with --only {}\n", number,
             slow ? fmt::format("took longer than {} s", kSecondsForOne) : "broke the target", path, number);
  return 1;
}

}  // namespace

int main(int count, char** words) {
  const std::optional<Options> options = read_options(count, words);
  if (!options) {
    fmt::print(stderr, "usage: {} [--count N] [--seed S] [--only I] [FILE or FOLDER...]\n", words[0]);
    return 2;
  }
  const std::vector<std::string> seeds = all_seeds(options->paths);
  Mutator mutator(seeds, options->seed);
  std::atomic<std::uint64_t>& at = shared_counter();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) run_all(mutator, *options, at);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return report_death(mutator, at, status);
  fmt::print("{} inputs from {} seeds, all well\n", options->only ? 1 : options->count, seeds.size());
  return 0;
}
