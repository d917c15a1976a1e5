#include "tests/simulation/life.hpp"

#include <fmt/format.h>

#include "runtime/engine/entries.hpp"
#include "runtime/journal/sqlite_journal.hpp"
#include "tests/simulation/sometimes.hpp"

namespace rollout::simulation {

namespace {

constexpr const char* kJournalPath = "/state/journal";

}  // namespace

std::string_view flavour_name(Flavour flavour) {
  static constexpr std::string_view kNames[kFlavours] = {"killed before the write",
                                                         "killed between write and sync",
                                                         "power cut, nothing unsynced stored",
                                                         "power cut, torn",
                                                         "power cut, reordered",
                                                         "power cut after the sync",
                                                         "killed after the write",
                                                         "killed after starting something",
                                                         "killed while waiting",
                                                         "power cut while waiting",
                                                         "frozen"};
  return kNames[static_cast<std::size_t>(flavour)];
}

bool cuts_power(Flavour flavour) {
  switch (flavour) {
    case Flavour::UnsyncedLost:
    case Flavour::Torn:
    case Flavour::Reordered:
    case Flavour::SyncedUntold:
    case Flavour::PowerBetween: return true;
    default: return false;
  }
}

Loss loss_of(Flavour flavour) {
  switch (flavour) {
    case Flavour::UnsyncedLost: return Loss::Lost;
    case Flavour::Torn: return Loss::Torn;
    case Flavour::Reordered:
    case Flavour::PowerBetween: return Loss::Reordered;
    case Flavour::SyncedUntold: return Loss::Lost;
    default: return Loss::None;
  }
}

// ---------------------------------------------------------------- the clock

std::optional<Nanoseconds> SimulatedClock::next_due() {
  const auto due = queue_.next_due();
  if (!due) return std::nullopt;
  return *due - offset_;
}

bool SimulatedClock::run_one() {
  auto action = queue_.take(now());
  if (!action) return false;
  action();
  return true;
}

// ---------------------------------------------------------------- the journal, with deaths in it

class Life::GuardedJournal final : public journal::Journal {
 public:
  GuardedJournal(Life& life, std::unique_ptr<journal::Journal> inner) : life_(life), inner_(std::move(inner)) {}

  journal::Expected<journal::Claim> create(const journal::RunRow& run, const std::string& plan_bytes,
                                           const std::string& snapshot,
                                           const std::vector<journal::NewEntry>& entries) override {
    return write_state(snapshot, entries.size(), [&] { return inner_->create(run, plan_bytes, snapshot, entries); });
  }
  journal::Expected<journal::Claim> claim(const std::string& run_id, const std::string& owner) override {
    return write(1, [&] { return inner_->claim(run_id, owner); });
  }
  journal::Expected<bool> append(journal::Claim& claim, const std::vector<journal::NewEntry>& entries,
                                 const std::string& snapshot, const std::string& state,
                                 std::optional<Nanoseconds> wake_at) override {
    return write_state(snapshot, entries.size(),
                       [&] { return inner_->append(claim, entries, snapshot, state, wake_at); });
  }
  journal::Expected<std::vector<journal::RunRow>> runs() override { return inner_->runs(); }
  journal::Expected<journal::RunRow> run(const std::string& run_id) override { return inner_->run(run_id); }
  journal::Expected<std::string> plan(const std::string& plan_id) override { return inner_->plan(plan_id); }
  journal::Expected<std::string> snapshot(const std::string& run_id) override { return inner_->snapshot(run_id); }
  journal::Expected<std::vector<journal::Entry>> entries(const std::string& run_id, std::int64_t after,
                                                         std::size_t limit) override {
    return inner_->entries(run_id, after, limit);
  }
  journal::Expected<bool> tidy() override {
    auto tidied = inner_->tidy();
    sometimes("the log is moved into the file");
    return tidied;
  }

 private:
  template <typename Write>
  auto write_state(const std::string& snapshot, std::size_t entries, const Write& operation) -> decltype(operation()) {
    life_.attempted = snapshot;
    auto result = write(entries, operation);
    if (result) life_.acknowledged = snapshot;
    return result;
  }
  template <typename Write>
  auto write(std::size_t entries, const Write& operation) -> decltype(operation()) {
    ++life_.writes_;
    if (life_.before_write) life_.before_write(entries);
    const auto& doom = life_.options_.doom;
    const bool now =
        doom && doom->at == kNotEver && doom->flavour != Flavour::EffectBegun && doom->count == life_.writes_;
    if (now && doom->flavour == Flavour::BeforeWrite) die();
    if (now) life_.storage_.death = death_of(doom->flavour);
    auto result = operation();
    // A write that needed no sync has nothing to die in: it dies here.
    if (now || life_.storage_.dead) die();
    if (life_.after_write) life_.after_write(entries);
    return result;
  }
  static Death death_of(Flavour flavour) {
    if (flavour == Flavour::SyncedUntold) return Death::AfterSync;
    return flavour == Flavour::Acknowledged ? Death::None : Death::BeforeSync;
  }
  [[noreturn]] void die() {
    life_.storage_.dead = true;
    throw Died{};
  }

  Life& life_;
  std::unique_ptr<journal::Journal> inner_;
};

// ---------------------------------------------------------------- the outside

void Life::started_something() {
  ++starts_;
  const auto& doom = options_.doom;
  if (!doom || doom->flavour != Flavour::EffectBegun || doom->count != starts_) return;
  storage_.dead = true;
  throw Died{};
}

class Life::Processes final : public executors::ProcessRunner {
 public:
  explicit Processes(Life& life) : life_(life) {}
  Started start(const executors::ProcessRequest& request, Done done) override {
    const std::uint64_t call = life_.world_.start_process(request, life_.number());
    life_.waiting_[call] = [done = std::move(done)](const Call& ended) { done(process_result(ended)); };
    life_.started_something();
    if (life_.world_.ledger[call].ending == CallEnd::NotStarted) return {call, std::nullopt};
    return {call, executors::ProcessIdentity{static_cast<pid_t>(1'000 + call), call}};
  }
  void cancel(Id id) override { life_.world_.cancel(id); }

 private:
  Life& life_;
};

class Life::Http final : public executors::HttpClient {
 public:
  explicit Http(Life& life) : life_(life) {}
  Id start(executors::HttpRequest request, Done done) override {
    const std::uint64_t call = life_.world_.start_http(request, life_.number());
    life_.waiting_[call] = [done = std::move(done)](const Call& ended) { done(http_result(ended)); };
    if (!life_.world_.ledger[call].measures) life_.started_something();
    return call;
  }
  void cancel(Id id) override { life_.world_.cancel(id); }

 private:
  Life& life_;
};

class Life::Mails final : public executors::MailSender {
 public:
  explicit Mails(Life& life) : life_(life) {}
  Id start(executors::MailRequest request, Done done) override {
    const std::uint64_t call = life_.world_.start_mail(request, life_.number());
    life_.waiting_[call] = [done = std::move(done)](const Call& ended) { done(mail_result(ended)); };
    life_.started_something();
    return call;
  }
  void cancel(Id id) override { life_.world_.cancel(id); }

 private:
  Life& life_;
};

engine::Outside Life::outside() {
  engine::Outside outside;
  outside.processes = std::make_unique<Processes>(*this);
  outside.http = std::make_unique<Http>(*this);
  outside.mails = std::make_unique<Mails>(*this);
  outside.end_orphans = [this](const std::vector<engine::ProcessNote>&,
                               const std::vector<std::pair<std::uint64_t, std::string>>& doubtful, Nanoseconds) {
    std::vector<std::string> keys;
    for (const auto& [effect, key] : doubtful) keys.push_back(key);
    std::vector<engine::OrphanEnd> ends;
    for (const std::uint64_t call : world_.end_orphans(keys, number())) {
      engine::ProcessNote note;
      note.key = world_.ledger[call].key;
      note.process = {static_cast<pid_t>(1'000 + call), call};
      note.boot = "boot";
      ends.push_back({note, "terminated"});
    }
    return ends;
  };
  outside.boot = "boot";
  return outside;
}

void Life::deliver(const Call& call) {
  clock_.at(clock_.now(), [this, number = call.number] {
    const auto found = waiting_.extract(number);
    if (!found.empty()) found.mapped()(world_.ledger[number]);
  });
}

// ---------------------------------------------------------------- living

Life::Life(World& world, Storage& storage, const LifeOptions& options)
    : world_(world), storage_(storage), options_(options), clock_(world, options.clock_offset) {
  auto opened = journal::SqliteJournal::open_on(storage_name(), kJournalPath);
  if (!opened) {
    error = opened.error().message;
    return;
  }
  journal_ = std::make_unique<GuardedJournal>(*this, std::move(*opened));
  engine::EngineOptions engine_options;
  engine_options.succeeded_run = [](const std::string& rollout) { return std::optional(rollout + "-1"); };
  engine_ = std::make_unique<engine::Engine>(outside(), clock_, *journal_, std::move(engine_options));
  engine_->set_observer(
      {.record = [this](const machine::Record& record) { told.push_back(engine::entry_of(record).body); },
       .changed = {},
       .broken = [this](const std::string&, const std::string& why) { error = why; }});
}

Life::~Life() = default;

journal::Journal& Life::journal() {
  return *journal_;
}

}  // namespace rollout::simulation
