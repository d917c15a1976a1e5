#include "runtime/machine/snapshot.hpp"

#include "runtime/machine/archive.hpp"

namespace rollout::machine {

namespace {

constexpr std::string_view kMagic = "ROLLSNAP";
constexpr std::uint32_t kVersion = 1;

// FNV-1a: damage is to be seen, not forgery.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string write_snapshot(const Core& core) {
  ArchiveWriter body;
  std::string plan_id = core.plan_id;
  // Archives describe both directions with one function, so they take the state as changeable; writing leaves it alone.
  body(plan_id, const_cast<State&>(core.state));
  std::string payload = body.take();
  ArchiveWriter head;
  std::uint32_t version = kVersion;
  std::uint64_t sum = checksum(payload);
  head(version, sum);
  return std::string(kMagic) + head.take() + payload;
}

void repair_checksum(std::string& bytes) {
  constexpr std::size_t kHead = kMagic.size() + sizeof(kVersion) + sizeof(std::uint64_t);
  if (bytes.size() < kHead) return;
  ArchiveWriter head;
  std::uint32_t version = kVersion;
  std::uint64_t sum = checksum(std::string_view(bytes).substr(kHead));
  head(version, sum);
  bytes.replace(0, kHead, std::string(kMagic) + head.take());
}

std::string read_snapshot(Core& core, std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return "the stored state is not one of a run";
  ArchiveReader head(bytes.substr(kMagic.size()));
  std::uint32_t version = 0;
  std::uint64_t sum = 0;
  head(version, sum);
  if (head.failed()) return "the stored state is cut short";
  if (version > kVersion) return "the stored state is of a newer version of the runtime";
  const std::string_view payload = bytes.substr(kMagic.size() + head.offset());
  if (checksum(payload) != sum) return "the stored state is damaged: its checksum does not fit";
  ArchiveReader body(payload);
  std::string plan_id;
  State state;
  body(plan_id);
  if (!body.failed() && plan_id != core.plan_id) return "the stored state belongs to another plan";
  body(state);
  if (body.failed() || !body.at_end()) return "the stored state is damaged";
  std::string problem = check_state(core.plan, state);
  if (!problem.empty()) return "the stored state is damaged: " + problem;
  core.state = std::move(state);
  core.fix_look_back();
  return {};
}

}  // namespace rollout::machine
