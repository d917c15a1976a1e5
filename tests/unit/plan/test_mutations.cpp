#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "runtime/plan/archive.hpp"
#include "runtime/plan/evaluate.hpp"
#include "runtime/plan/format.hpp"
#include "sample_plan.hpp"

// Plans from a hostile hand: bytes are changed and all checksums put right again, so that the reader and the verifier
// have to find what is wrong. Whatever they let through must be harmless.

namespace rollout::plan {

namespace {

template <typename Integer>
Integer take(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t index = 0; index < sizeof(Integer); ++index) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + index])} << (8 * index);
  }
  return static_cast<Integer>(value);
}

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t index = 0; index < width; ++index)
    bytes[at + index] = static_cast<char>(value >> (8 * index) & 0xff);
}

// Where things stand in a file of format 1.
constexpr std::size_t kTotalLength = 20, kCompiler = 28, kSectionHeader = 16;

struct Parts {
  std::string header;  // without its checksum
  std::vector<std::pair<std::uint32_t, std::string>> sections;
};

Parts split(const std::string& bytes) {
  const std::size_t header = kCompiler + 4 + take<std::uint32_t>(bytes, kCompiler) + 4;
  Parts parts{bytes.substr(0, header), {}};
  for (std::size_t at = header + 4; at < bytes.size();) {
    const auto length = take<std::uint64_t>(bytes, at + 4);
    parts.sections.emplace_back(take<std::uint32_t>(bytes, at), bytes.substr(at + kSectionHeader, length));
    at += kSectionHeader + length;
  }
  return parts;
}

std::string join(Parts parts) {
  std::string body;
  for (const auto& [number, content] : parts.sections) {
    Writer head;
    head.write(number);
    head.write(static_cast<std::uint64_t>(content.size()));
    head.write(crc32c(content));
    body += head.take() + content;
  }
  put(parts.header, kTotalLength, parts.header.size() + 4 + body.size(), 8);
  put(parts.header, parts.header.size() - 4, parts.sections.size(), 4);
  Writer checksum;
  checksum.write(crc32c(parts.header));
  return parts.header + checksum.take() + body;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutate(const Parts& original) {
    Parts parts = original;
    for (std::uint64_t changes = 1 + random_() % 3; changes != 0; --changes) change(parts);
    return join(std::move(parts));
  }

 private:
  void change(Parts& parts) {
    if (parts.sections.empty()) return;
    if (random_() % 64 == 0) return change_sections(parts);
    std::string& content = parts.sections[random_() % parts.sections.size()].second;
    if (content.empty()) return;
    const std::size_t at = random_() % content.size();
    switch (random_() % 20) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: content[at] = static_cast<char>(content[at] ^ (1 << (random_() % 8))); break;
      case 5: content[at] = static_cast<char>(random_()); break;
      case 6: content[at] = static_cast<char>(content[at] + (random_() % 2 == 0 ? 1 : -1)); break;
      case 7: content.erase(at, random_() % 8); break;
      case 8: content.insert(at, content.substr(random_() % content.size(), random_() % 32)); break;
      case 9: content.resize(at); break;
      default: put_number(content, at);
    }
  }

  // Ids and counts are four bytes wide and small: numbers near the tables' sizes and the ends of the range hurt most.
  void put_number(std::string& content, std::size_t at) {
    if (at + 4 > content.size()) return;
    const std::uint64_t numbers[] = {0, 1, kNone, 0x7fffffff, 0x100000, random_() % 32, random_() % 128};
    put(content, at, numbers[random_() % std::size(numbers)], 4);
  }

  void change_sections(Parts& parts) {
    const std::size_t one = random_() % parts.sections.size(), other = random_() % parts.sections.size();
    switch (random_() % 3) {
      case 0: std::swap(parts.sections[one], parts.sections[other]); break;
      case 1: parts.sections.erase(parts.sections.begin() + static_cast<std::ptrdiff_t>(one)); break;
      default: parts.sections.push_back(parts.sections[one]);
    }
  }

  std::mt19937_64 random_;
};

// Calls visit(number) for every 32-bit number of a plan's rows and code: ids, positions, counts.
template <typename Member, typename Visit>
void for_each_number(Member& member, Visit&& visit) {
  if constexpr (std::is_same_v<Member, std::uint32_t>) {
    visit(member);
  } else if constexpr (HasFields<Member>) {
    for_each_field(member, [&](const auto&, auto& inner) { for_each_number(inner, visit); });
  } else if constexpr (kIsRowList<Member> || std::is_same_v<Member, std::vector<Id>>) {
    for (auto& element : member) for_each_number(element, visit);
  }
}

int fuzz_count() {
  const char* wanted = std::getenv("ROLLOUT_FUZZ_COUNT");
  return wanted != nullptr ? std::atoi(wanted) : 3000;
}

}  // namespace

TEST_CASE("a file that is taken apart and put together is the same file") {
  const std::string bytes = write_plan(sample_plan());
  CHECK(join(split(bytes)) == bytes);
}

TEST_CASE("a changed plan with right checksums is refused with a reason or harmless") {
  const Parts original = split(write_plan(sample_plan()));
  int malformed = 0, invalid = 0, valid = 0;
  for (int round = 0; round < fuzz_count(); ++round) {
    const std::string bytes = Mutator(static_cast<std::uint64_t>(round)).mutate(original);
    INFO("seed " << round);
    const auto plan = read_plan(bytes);
    if (!plan) {
      REQUIRE_FALSE(plan.error().message.empty());
      REQUIRE(plan.error().offset <= bytes.size());
      ++malformed;
      continue;
    }
    REQUIRE(write_plan(*plan) == bytes);
    REQUIRE_FALSE(disassemble(*plan).empty());
    const auto verified = verify(*plan);
    if (!verified) {
      REQUIRE(verified.error().message.starts_with("the plan is not valid: "));
      ++invalid;
      continue;
    }
    for (RoutineId routine = 0; routine < plan->routines.size(); ++routine) {
      static_cast<void>(evaluate(*plan, routine, Environment{}));
    }
    ++valid;
  }
  // The mutations reach all three ends, or they test nothing.
  if (fuzz_count() >= 1000) {
    CHECK(malformed > fuzz_count() / 20);
    CHECK(invalid > fuzz_count() / 20);
    CHECK(valid > fuzz_count() / 20);
  }
  UNSCOPED_INFO(malformed << " malformed, " << invalid << " invalid, " << valid << " valid");
  CHECK(malformed + invalid + valid == fuzz_count());
}

TEST_CASE("a plan with a wrong number somewhere is refused with a reason or harmless") {
  const Plan original = sample_plan();
  std::mt19937_64 random(7);
  int invalid = 0, valid = 0;
  for (int round = 0; round < fuzz_count(); ++round) {
    Plan plan = original;
    std::vector<std::uint32_t*> numbers;
    for_each_number(plan, [&](std::uint32_t& number) { numbers.push_back(&number); });
    for (std::uint64_t changes = 1 + random() % 2; changes != 0; --changes) {
      const std::uint32_t choices[] = {kNone, *numbers[random() % numbers.size()],
                                       static_cast<std::uint32_t>(random() % 130)};
      *numbers[random() % numbers.size()] = choices[random() % std::size(choices)];
    }
    const auto verified = verify(plan);
    if (!verified) {
      REQUIRE(verified.error().message.starts_with("the plan is not valid: "));
      ++invalid;
      continue;
    }
    for (RoutineId routine = 0; routine < plan.routines.size(); ++routine) {
      static_cast<void>(evaluate(plan, routine, Environment{}));
    }
    const auto again = read_plan(write_plan(plan));
    REQUIRE(again);
    REQUIRE(*again == plan);
    ++valid;
  }
  UNSCOPED_INFO(invalid << " invalid, " << valid << " valid");
  CHECK(invalid + valid == fuzz_count());
}

TEST_CASE("a newer minor version may add sections, an unknown feature is named") {
  Parts parts = split(write_plan(sample_plan()));
  parts.sections.emplace_back(99, "what this program does not know");
  const auto same_version = read_plan(join(parts));
  REQUIRE_FALSE(same_version);
  CHECK(same_version.error().message == "section 99 is not of this format version");
  parts.header[10] = 7;
  const auto newer = read_plan(join(parts));
  REQUIRE(newer);
  CHECK(*newer == sample_plan());
  parts.header[12] = 2;
  const auto named = read_plan(join(parts));
  REQUIRE_FALSE(named);
  CHECK(named.error().message ==
        "the plan needs `grouped metrics` (feature 1), which this program does not know: update rollout");
  parts.header[12] = 0;
  parts.header[19] = 1;
  const auto numbered = read_plan(join(parts));
  REQUIRE_FALSE(numbered);
  CHECK(numbered.error().message == "the plan needs feature 56, which this program does not know: update rollout");
}

}  // namespace rollout::plan
