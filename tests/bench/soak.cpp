// Ten thousand rollouts at once in one engine, on the real clock, with a real journal and simulated metrics and
// commands, for as long as is asked. Shows what memory does, and how late timers are.
//
//   soak [--seconds S] [--runs N] [--spread S] [--folder FOLDER]
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <vector>

#include "compiler/driver/compile.hpp"
#include "runtime/engine/engine.hpp"

namespace {

using namespace rollout;
using plan::Nanoseconds;

constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kSecond = 1'000 * kMillisecond;
constexpr Nanoseconds kAnswersAfter = 20 * kMillisecond;
constexpr double kFlat = 1.05;        // memory at the end, of that at half of the time
constexpr long kSlack = 16 << 10;     // KiB that it may grow besides
constexpr double kLatestGoal = 0.25;  // seconds that 99 % of the timers may be late by
constexpr double kShownShares[] = {0.5, 0.9, 0.99, 0.999};

// One guard that sees something every minute, one step each five minutes, and a hold that outlasts the bench. Each
// answer is one sync of the disk and each step is three: 10,000 rollouts ask for about 270 syncs a second, where their
// starts are spread. Started at once (`--spread 0`), their steps come due at once, and wait for the disk.
constexpr const char* kPlan = R"plan(
use std.prometheus
metric load: number = prometheus.query("sum(load)") every 1m
rollout soak {
  stage only {
    when load > 50 for 2m then rollback
    every 5m { idempotent run `tick` }
    hold 30d
  }
}
)plan";

long resident_kib() {
  std::ifstream file("/proc/self/statm");
  long pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) >> 10);
}

// What the disk can do, in two seconds of trying: the rollouts can ask for no more.
double syncs_a_second(const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  const auto begun = std::chrono::steady_clock::now();
  std::chrono::duration<double> passed{0};
  int syncs = 0;
  while (file >= 0 && passed.count() < 2) {
    if (::pwrite(file, block.data(), block.size(), syncs * 4096L) < 0 || ::fdatasync(file) != 0) break;
    ++syncs;
    passed = std::chrono::steady_clock::now() - begun;
  }
  if (file >= 0) ::close(file);
  return syncs / std::max(passed.count(), 0.001);
}

double share(const std::vector<Nanoseconds>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[index]) / static_cast<double>(kSecond);
}

// The real scheduler; notes how late each action comes that was due in the future.
class WatchedScheduler final : public engine::Scheduler {
 public:
  explicit WatchedScheduler(boost::asio::io_context& io) : inner_(engine::make_real_scheduler(io)) {}
  Nanoseconds now() const override { return inner_->now(); }
  engine::TimerId at(Nanoseconds due, std::function<void()> action) override {
    if (due <= now()) return inner_->at(due, std::move(action));
    return inner_->at(due, [this, due, action = std::move(action)] {
      if (watching) late.push_back(now() - due);
      action();
    });
  }
  void cancel(engine::TimerId timer) override { inner_->cancel(timer); }

  bool watching = false;
  std::vector<Nanoseconds> late;

 private:
  std::unique_ptr<engine::Scheduler> inner_;
};

// Answers every question with a healthy value.
class Metrics final : public executors::HttpClient {
 public:
  explicit Metrics(engine::Scheduler& scheduler) : scheduler_(scheduler) {}
  Id start(executors::HttpRequest, Done done) override {
    ++asked;
    scheduler_.at(scheduler_.now() + kAnswersAfter, [done = std::move(done), seconds = scheduler_.now() / kSecond] {
      executors::HttpResult result;
      result.status = 200;
      result.body = fmt::format(
          R"({{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[{},"10"]}}]}}}})",
          seconds);
      done(result);
    });
    return asked;
  }
  void cancel(Id) override {}

  std::uint64_t asked = 0;

 private:
  engine::Scheduler& scheduler_;
};

// Every command succeeds after a while.
class Commands final : public executors::ProcessRunner {
 public:
  explicit Commands(engine::Scheduler& scheduler) : scheduler_(scheduler) {}
  Started start(const executors::ProcessRequest&, Done done) override {
    ++started;
    scheduler_.at(scheduler_.now() + kAnswersAfter, [done = std::move(done)] {
      executors::ProcessResult result;
      result.end = executors::ProcessEnd::Exited;
      result.elapsed = kAnswersAfter;
      done(std::move(result));
    });
    return {started, executors::ProcessIdentity{1, started}};
  }
  void cancel(Id) override {}

  std::uint64_t started = 0;

 private:
  engine::Scheduler& scheduler_;
};

class NoMails final : public executors::MailSender {
 public:
  Id start(executors::MailRequest, Done) override { return 0; }
  void cancel(Id) override {}
};

std::shared_ptr<const plan::VerifiedPlan> compiled() {
  const auto file = driver::compile_source({"soak.rollout", kPlan});
  if (file.has_errors) fmt::print(stderr, "{}", driver::render(file, diagnostics::Format::Text, {}));
  auto plan = driver::plan_of(file, "soak");
  if (!plan) return nullptr;
  auto verified = plan::verify(std::move(*plan));
  return verified ? *verified : nullptr;
}

struct Arguments {
  int seconds = 600, runs = 10'000, spread = 300;
  std::string folder;
};

class Soak {
 public:
  Soak(const Arguments& arguments, journal::Journal& journal)
      : arguments_(arguments), scheduler_(io_), engine_(outside(), scheduler_, journal, {}) {
    engine_.set_observer({.record =
                              [this](const machine::Record& record) {
                                if (record.kind == machine::RecordKind::RunEnded) ++ended_;
                              },
                          .changed = {},
                          .broken = [this](const std::string&, const std::string& error) { broken_ = error; }});
  }

  bool run() {
    const auto plan = compiled();
    if (plan == nullptr || !start_all(plan)) return false;
    // The burst of the beginning is over, and every rollout has had its first answer, before timers are looked at.
    live(75);
    ::malloc_trim(0);
    fmt::print("{} rollouts are under way, {} MiB resident\n", arguments_.runs, resident_kib() >> 10);
    std::fflush(stdout);
    const std::uint64_t asked = metrics_->asked, started = commands_->started;
    const std::clock_t processor = std::clock();
    scheduler_.watching = true;
    // By half of the time each rollout has been through each of its timers, and what it keeps of them is there.
    live(arguments_.seconds / 2);
    ::malloc_trim(0);
    const long before = own_kib();
    live(arguments_.seconds - arguments_.seconds / 2);
    scheduler_.watching = false;
    fmt::print("{} s: {} polls, {} commands, {:.0f} s of the processor\n", arguments_.seconds, metrics_->asked - asked,
               commands_->started - started, static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC);
    return report(before);
  }

 private:
  engine::Outside outside() {
    engine::Outside outside;
    auto metrics = std::make_unique<Metrics>(scheduler_);
    auto commands = std::make_unique<Commands>(scheduler_);
    metrics_ = metrics.get();
    commands_ = commands.get();
    outside.http = std::move(metrics);
    outside.processes = std::move(commands);
    outside.mails = std::make_unique<NoMails>();
    outside.end_orphans = [](const auto&, const auto&, Nanoseconds) { return std::vector<engine::OrphanEnd>{}; };
    outside.boot = "soak";
    return outside;
  }

  // Evenly over the time that is asked for: rollouts of many teams do not begin in the same second.
  bool start_all(const std::shared_ptr<const plan::VerifiedPlan>& plan) {
    const Nanoseconds begun = scheduler_.now();
    for (int number = 1; number <= arguments_.runs; ++number) {
      machine::RunOptions options;
      options.run_id = fmt::format("soak-{}", number);
      if (const auto run = engine_.start(plan, options); !run) {
        fmt::print(stderr, "soak: run {} does not start: {}\n", number, run.error().message);
        return false;
      }
      io_.poll();
      const Nanoseconds next = begun + arguments_.spread * kSecond / arguments_.runs * number;
      if (const Nanoseconds left = next - scheduler_.now(); left > 0) io_.run_for(std::chrono::nanoseconds(left));
    }
    fmt::print("{} rollouts started in {} s\n", arguments_.runs, (scheduler_.now() - begun) / kSecond);
    std::fflush(stdout);
    return true;
  }

  void live(int seconds) {
    io_.restart();
    io_.run_for(std::chrono::seconds(seconds));
  }

  // Without what the bench itself notes.
  long own_kib() const {
    return resident_kib() - static_cast<long>(scheduler_.late.capacity() * sizeof(Nanoseconds) >> 10);
  }

  // Drift: are timers later at the end than at the beginning? Slots lie on a grid, so lateness must not add up.
  bool report(long before) {
    // Given back first: what the heap keeps for later is no growth of what lives.
    ::malloc_trim(0);
    const long after = own_kib();
    std::vector<Nanoseconds>& late = scheduler_.late;
    const auto third = static_cast<std::ptrdiff_t>(late.size() / 3);
    std::vector<Nanoseconds> first(late.begin(), late.begin() + third), last(late.end() - third, late.end());
    for (auto* part : {&late, &first, &last}) std::ranges::sort(*part);
    fmt::print("memory: {} MiB at half of the time, {} MiB at the end\n", before >> 10, after >> 10);
    fmt::print("timers: {} were late by", late.size());
    for (const double part : kShownShares) fmt::print(" {:.1f} ms ({:g} %)", share(late, part) * 1e3, part * 100);
    fmt::print(", {:.1f} ms at most\n", share(late, 1) * 1e3);
    fmt::print("drift: half of them by {:.1f} ms in the first third, {:.1f} ms in the last\n", share(first, 0.5) * 1e3,
               share(last, 0.5) * 1e3);
    const bool flat = static_cast<double>(after) <= static_cast<double>(before) * kFlat + kSlack;
    const bool in_time = share(last, 0.99) <= kLatestGoal;
    if (!flat) fmt::print("MISSED: memory grows\n");
    if (!in_time) fmt::print("MISSED: 1 % of the timers is late by more than {} s\n", kLatestGoal);
    if (ended_ > 0) fmt::print("MISSED: {} runs ended\n", ended_);
    if (!broken_.empty()) fmt::print("MISSED: the journal broke: {}\n", broken_);
    return flat && in_time && ended_ == 0 && broken_.empty();
  }

  Arguments arguments_;
  boost::asio::io_context io_{1};
  WatchedScheduler scheduler_;
  Metrics* metrics_ = nullptr;
  Commands* commands_ = nullptr;
  engine::Engine engine_;
  int ended_ = 0;
  std::string broken_;
};

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  CLI::App app("Holds many rollouts at once on the real clock, and shows memory and timers.");
  app.add_option("--seconds", arguments.seconds, "how long, after they are all under way");
  app.add_option("--runs", arguments.runs, "how many rollouts");
  app.add_option("--spread", arguments.spread, "seconds over which their starts are spread");
  app.add_option("--folder", arguments.folder, "where the journal lies while it runs; a temporary one unless told");
  CLI11_PARSE(app, count, words);
  std::string folder = (std::filesystem::path(arguments.folder.empty() ? std::filesystem::temp_directory_path()
                                                                       : std::filesystem::path(arguments.folder)) /
                        "rollout-soak-XXXXXX")
                           .string();
  if (::mkdtemp(folder.data()) == nullptr) {
    fmt::print(stderr, "soak: cannot make a folder in {}\n", folder);
    return 2;
  }
  fmt::print("the disk takes {:.0f} syncs a second\n", syncs_a_second(folder + "/probe"));
  std::fflush(stdout);
  bool good = false;
  {
    auto journal = journal::open_sqlite(folder + "/journal", journal::OpenMode::ReadWrite);
    if (journal) {
      good = Soak(arguments, **journal).run();
      fmt::print("journal: {} MiB\n", std::filesystem::file_size(folder + "/journal") >> 20);
    } else {
      fmt::print(stderr, "soak: {}\n", journal.error().message);
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return good ? 0 : 1;
}
