#include <catch2/catch.hpp>

#include "runtime/journal/sqlite_journal.hpp"
#include "tests/simulation/storage.hpp"
#include "tests/unit/journal/scratch.hpp"

// Power cuts and failed syncs, on the modelled disk of the simulator.

using namespace rollout::journal;
using rollout::simulation::Death;
using rollout::simulation::Loss;
using rollout::simulation::Random;
using rollout::simulation::Storage;
using rollout::simulation::storage_name;
using rollout::simulation::use_storage;

namespace {

std::unique_ptr<Journal> open() {
  auto journal = SqliteJournal::open_on(storage_name(), "/journal");
  INFO((journal ? "" : journal.error().message));
  REQUIRE(journal);
  return std::move(*journal);
}

bool append(Journal& journal, Claim& claim) {
  const auto next = static_cast<int>(claim.sequence) + 1;
  return static_cast<bool>(
      journal.append(claim, sample_entries(next, 1), std::string(20'000, 'x') + std::to_string(next), "running", {}));
}

void cut_power(Storage& storage, std::unique_ptr<Journal> journal, Loss loss) {
  storage.dead = true;
  journal.reset();
  storage.start_again();
  storage.disk.lose(loss, storage.random);
}

}  // namespace

TEST_CASE("what was acknowledged survives a power cut at the next write") {
  const auto loss = GENERATE(Loss::Lost, Loss::Torn, Loss::Reordered);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Storage storage;
    storage.random = Random(seed);
    use_storage(&storage);
    auto journal = open();
    auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
    const auto writes = static_cast<int>(1 + seed % 5);
    for (int count = 0; count < writes; ++count) REQUIRE(append(*journal, claim));
    storage.death = Death::BeforeSync;
    CHECK_FALSE(append(*journal, claim));
    cut_power(storage, std::move(journal), loss);
    journal = open();
    const auto run = journal->run("r1");
    REQUIRE(run);
    CHECK((run->sequence == writes || run->sequence == writes + 1));
    CHECK(journal->entries("r1", 0, 0)->size() == static_cast<std::size_t>(run->sequence));
    journal.reset();
    use_storage(nullptr);
  }
}

TEST_CASE("what a failed sync left out is stored before anybody appends behind it") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Storage storage;
    storage.random = Random(seed);
    use_storage(&storage);
    auto journal = open();
    auto claim = *journal->create(sample_run("r1"), "plan", "0", {});
    REQUIRE(append(*journal, claim));
    storage.fails_next_sync = true;
    CHECK_FALSE(append(*journal, claim));
    CHECK_FALSE(append(*journal, claim));
    journal.reset();
    storage.start_again();
    journal = open();
    claim = *journal->claim("r1", "the next process");
    REQUIRE(append(*journal, claim));
    const auto acknowledged = claim.sequence;
    cut_power(storage, std::move(journal), Loss::Lost);
    journal = open();
    const auto run = journal->run("r1");
    REQUIRE(run);
    CHECK(run->sequence == acknowledged);
    CHECK(run->epoch == 2);
    journal.reset();
    use_storage(nullptr);
  }
}
