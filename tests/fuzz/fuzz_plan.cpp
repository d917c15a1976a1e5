// plan: any bytes are refused with a reason, or are a plan that verifies and whose run keeps within bounds
#include "compiler/driver/compile.hpp"
#include "runtime/plan/archive.hpp"
#include "runtime/plan/format.hpp"
#include "runtime/plan/time_bounds.hpp"
#include "tests/fuzz/drive.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

constexpr int kEvents = 200;

void put_checksum(std::string& bytes, std::size_t at, std::uint32_t checksum) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(checksum >> (8 * i));
}

std::uint64_t number_at(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < size; ++i) result |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return result;
}

// Makes the checksums right again where the file's outline is still sound: otherwise hardly any mutation would get past
// them. The layout is that of format.cpp: magic, versions, features, length, compiler, sections.
std::string with_right_checksums(std::string bytes) {
  constexpr std::size_t kCompiler = 28;
  if (bytes.size() < kCompiler + 4) return bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes[20 + i] = static_cast<char>(std::uint64_t{bytes.size()} >> (8 * i));
  const std::size_t header_end = kCompiler + 4 + number_at(bytes, kCompiler, 4) + 4;
  if (header_end + 4 > bytes.size()) return bytes;
  put_checksum(bytes, header_end, plan::crc32c(std::string_view(bytes).substr(0, header_end)));
  std::size_t at = header_end + 4;
  while (at + 16 <= bytes.size()) {
    const std::uint64_t length = number_at(bytes, at + 4, 8);
    if (length > bytes.size() - at - 16) break;
    put_checksum(bytes, at + 12, plan::crc32c(std::string_view(bytes).substr(at + 16, length)));
    at += 16 + length;
  }
  return bytes;
}

void test_plan(std::string_view bytes) {
  auto plan = plan::read_plan(bytes);
  if (!plan) {
    if (plan.error().message.empty()) broken("a plan was refused without a reason");
    return;
  }
  static_cast<void>(plan::disassemble(*plan));
  const auto verified = plan::verify(std::move(*plan));
  if (!verified) {
    if (verified.error().message.empty()) broken("a plan failed to verify without a reason");
    return;
  }
  // What a person is told before a run is worked out from the file alone.
  for (const plan::Defaults defaults : {plan::Defaults::Assumed, plan::Defaults::Unknown}) {
    const plan::TimeBounds bounds = plan::time_bounds(***verified, plan::KnownValues(***verified, {}, defaults));
    if (bounds.blocks.size() != (***verified).blocks.size()) broken("blocks without times");
  }
  constexpr plan::Nanoseconds kCreated = 1'800'000'000'000'000'000;
  auto machine = machine::Machine::create(*verified, options_for(***verified), kCreated);
  if (machine) drive(*verified, *machine, machine::Wake{}, kCreated, bytes.substr(bytes.size() / 2), kEvents);
}

}  // namespace

void test_one(std::string_view bytes) {
  test_plan(bytes);
  test_plan(with_right_checksums(std::string(bytes)));
}

std::vector<std::string> built_in_seeds() {
  std::vector<std::string> seeds;
  for (const std::string& source : example_sources()) {
    const driver::CompiledFile file = driver::compile_source({"seed.rollout", source});
    if (file.has_errors) continue;
    for (const std::string& name : driver::rollout_names(file.module)) {
      if (const auto plan = driver::plan_of(file, name)) seeds.push_back(plan::write_plan(*plan));
    }
  }
  if (seeds.empty()) return seeds;
  // None of the examples that are found this way has a plugin: the first plan gets one.
  auto plan = plan::read_plan(seeds.front());
  if (!plan) broken("a plan that was just written cannot be read");
  plan->plugins.push_back({"acme", "1", "acme", std::string(64, 'a'), std::string(64, 'b')});
  plan->plugin_access.push_back({"acme", {"~/a"}, {"b"}, {443}});
  seeds.push_back(plan::write_plan(*plan));
  return seeds;
}

}  // namespace rollout::fuzz
