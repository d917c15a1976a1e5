#include "tests/simulation/disk.hpp"

#include <algorithm>

namespace rollout::simulation {

namespace {

void touch(Disk::File& file, std::size_t sector) {
  if (!file.unsynced.insert(sector).second) std::erase(file.order, sector);
  file.order.push_back(sector);
}

// The first `length` bytes of the sector as they are seen go to the platters.
void store(Disk::File& file, std::size_t sector, std::size_t length) {
  const std::size_t begin = sector * kSector;
  const std::size_t end = std::min(file.seen.size(), begin + length);
  if (begin >= end) return;
  if (file.stored.size() < end) file.stored.resize(end);
  std::copy(file.seen.begin() + static_cast<std::ptrdiff_t>(begin),
            file.seen.begin() + static_cast<std::ptrdiff_t>(end),
            file.stored.begin() + static_cast<std::ptrdiff_t>(begin));
}

// Only the bytes that change: an overwrite harms nothing beside it, and nothing that it does not change. SQLite counts
// on that, as it does by default on Linux.
void fill_with_rubbish(Disk::File& file, std::size_t sector, Random& random) {
  const std::size_t begin = sector * kSector;
  const std::size_t end = std::min(file.seen.size(), begin + kSector);
  for (std::size_t at = begin; at < end; ++at) {
    if (at >= file.stored.size()) file.stored.resize(end, static_cast<std::uint8_t>(~file.seen[at]));
    if (file.stored[at] != file.seen[at]) file.stored[at] = static_cast<std::uint8_t>(random.next());
  }
}

void lose_sectors(Disk::File& file, Loss loss, Random& random) {
  if (loss == Loss::Torn && !file.order.empty()) {
    const std::size_t torn = random.below(file.order.size());
    for (std::size_t index = 0; index < torn; ++index) store(file, file.order[index], kSector);
    store(file, file.order[torn], random.below(kSector));
  }
  if (loss == Loss::Reordered) {
    const double kept = random.chance(0.5) ? 0.2 : 0.8;
    for (const std::size_t sector : file.order) {
      if (random.chance(kept)) {
        store(file, sector, kSector);
      } else if (random.chance(0.05)) {
        fill_with_rubbish(file, sector, random);
      }
    }
  }
}

}  // namespace

void Disk::remove(const std::string& name) {
  files_.erase(name);
}

void Disk::write(const std::string& name, std::size_t offset, const std::uint8_t* bytes, std::size_t length) {
  File& target = files_[name];
  if (target.seen.size() < offset + length) target.seen.resize(offset + length);
  std::copy_n(bytes, length, target.seen.begin() + static_cast<std::ptrdiff_t>(offset));
  for (std::size_t sector = offset / kSector; sector * kSector < offset + length; ++sector) touch(target, sector);
}

void Disk::truncate(const std::string& name, std::size_t size) {
  File& target = files_[name];
  target.seen.resize(size);
  touch(target, size / kSector);
}

void Disk::sync(const std::string& name) {
  File& target = files_[name];
  for (const std::size_t sector : target.unsynced) store(target, sector, kSector);
  target.stored.resize(target.seen.size());
  target.unsynced.clear();
  target.order.clear();
  for (auto& [other, file] : files_) file.entry_stored = true;
}

void Disk::lie(const std::string& name, Random& random) {
  File& target = files_[name];
  for (const std::size_t sector : target.unsynced) {
    if (random.chance(0.5)) store(target, sector, kSector);
  }
  target.unsynced.clear();
  target.order.clear();
}

void Disk::lose(Loss loss, Random& random) {
  if (loss == Loss::None) return;
  std::erase_if(files_, [&](const auto& entry) { return !entry.second.entry_stored && random.chance(0.5); });
  for (auto& [name, file] : files_) {
    lose_sectors(file, loss, random);
    file.seen = file.stored;
    file.unsynced.clear();
    file.order.clear();
    file.entry_stored = true;
  }
}

std::size_t Disk::unsynced_sectors() const {
  std::size_t count = 0;
  for (const auto& [name, file] : files_) count += file.unsynced.size();
  return count;
}

}  // namespace rollout::simulation
