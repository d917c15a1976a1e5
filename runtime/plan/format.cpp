#include "runtime/plan/format.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <boost/algorithm/hex.hpp>

#include "runtime/plan/archive.hpp"

namespace rollout::plan {

namespace {

// Not text, not UTF-8, and damaged by whoever converts line ends or stops at the end-of-file mark of old systems.
constexpr std::string_view kMagic("\x89RPL\r\n\x1a\n", 8);

// Up to the compiler's name, in bytes: magic, major, minor, features, total length.
constexpr std::size_t kFixedHeader = 8 + 2 + 2 + 8 + 8;
constexpr std::uint32_t kMaxCompilerVersion = 256;
constexpr std::uint32_t kMaxSections = 64;

// What a plan may need beyond format 1.0, by bit. Of those that are not among kKnownFeatures this program knows the
// names, not the meaning.
struct Feature {
  unsigned bit;
  std::string_view name;
};
constexpr Feature kLaterFeatures[] = {
    {0, "child rollouts"},
    {1, "grouped metrics"},
    {2, "plugins"},
    {3, "sampling that changes with age"},
    {4, "plugins that are confined"},
};

constexpr std::uint64_t kPlugins = 1 << 2;
constexpr std::uint64_t kConfinedPlugins = 1 << 4;
constexpr std::uint64_t kKnownFeatures = kPlugins | kConfinedPlugins;
// The sections of format 2.0, which every plan has. Each that follows is there where its feature says so, and those
// before it.
constexpr std::size_t kFirstSections = 23;
constexpr std::uint64_t kLaterSections[] = {kPlugins, kConfinedPlugins};

std::uint64_t features_of(const Plan& plan) {
  if (plan.plugins.empty()) return 0;
  return plan.plugin_access.empty() ? kPlugins : kPlugins | kConfinedPlugins;
}

std::size_t section_count(std::uint64_t features) {
  std::size_t count = kFirstSections;
  for (const std::uint64_t feature : kLaterSections) {
    if ((features & feature) == 0) break;
    ++count;
  }
  return count;
}

std::string feature_name(unsigned bit) {
  for (const Feature& feature : kLaterFeatures) {
    if (feature.bit == bit) return fmt::format("`{}` (feature {})", feature.name, bit);
  }
  return fmt::format("feature {}", bit);
}

struct Header {
  std::uint16_t major = 0, minor = 0;
  std::uint64_t features = 0, total = 0;
  std::string compiler_version;
  std::uint32_t sections = 0;
};

std::string write_header(const Header& header) {
  Writer writer;
  writer.write(header.major);
  writer.write(header.minor);
  writer.write(header.features);
  writer.write(header.total);
  writer.write(header.compiler_version);
  writer.write(header.sections);
  std::string bytes = std::string(kMagic) + writer.take();
  writer.write(crc32c(bytes));
  return bytes + writer.take();
}

struct Section {
  std::uint32_t number = 0;
  std::string_view content;
  std::uint64_t offset = 0;  // of the content in the file
};

PlanError incomplete(std::size_t have, std::uint64_t wanted) {
  return {fmt::format("the file ends after {} of {} bytes: copied incompletely?", have, wanted), have};
}

// What can be said before the header's layout is certain.
std::optional<PlanError> check_beginning(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) {
    if (bytes.empty()) return PlanError{"not a plan file: it is empty", 0};
    if (bytes.size() < kMagic.size() && kMagic.starts_with(bytes)) {
      return PlanError{
          fmt::format("the file ends after {} bytes, inside its header: copied incompletely?", bytes.size()),
          bytes.size()};
    }
    if (bytes.starts_with(kMagic.substr(0, 4))) {
      return PlanError{"the plan file was changed by a transfer that converts line ends: copy it as binary", 4};
    }
    return PlanError{"not a plan file: build one with `rolloutc build`", 0};
  }
  if (bytes.size() < kFixedHeader) {
    return PlanError{fmt::format("the file ends after {} bytes, inside its header: copied incompletely?", bytes.size()),
                     bytes.size()};
  }
  return std::nullopt;
}

std::optional<PlanError> check_header(const Header& header, std::size_t size) {
  if (header.major != kFormatMajor) {
    return PlanError{
        fmt::format("made by format {}.{}, this program reads {}.x: {}", header.major, header.minor, kFormatMajor,
                    header.major > kFormatMajor ? "update rollout" : "build the plan again with `rolloutc build`"),
        8};
  }
  if (header.total > kMaxFileBytes) {
    return PlanError{fmt::format("the file says that it has {} bytes, the most is 64 MiB", header.total), 20};
  }
  if (size < header.total) return incomplete(size, header.total);
  if (size > header.total) {
    return PlanError{fmt::format("the file goes on for {} bytes after its end", size - header.total), header.total};
  }
  return std::nullopt;
}

std::optional<PlanError> check_features(const Header& header) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (((header.features & ~kKnownFeatures) >> bit & 1) == 0) continue;
    return PlanError{
        fmt::format("the plan needs {}, which this program does not know: update rollout", feature_name(bit)), 12};
  }
  return std::nullopt;
}

// Header and position of the first section.
Expected<std::pair<Header, std::size_t>> read_header(std::string_view bytes) {
  if (auto error = check_beginning(bytes)) return *error;
  ReadBudget budget;
  Reader reader(bytes.substr(kMagic.size()), &budget);
  Header header;
  reader.read(header.major);
  reader.read(header.minor);
  reader.read(header.features);
  reader.read(header.total);
  if (auto error = check_header(header, bytes.size())) return *error;
  reader.read(header.compiler_version);
  reader.read(header.sections);
  const std::size_t end = kMagic.size() + reader.position();
  std::uint32_t checksum = 0;
  reader.read(checksum);
  if (!reader.ok() || checksum != crc32c(bytes.substr(0, end))) {
    return PlanError{"the file's header is damaged (checksum differs): copy or build it again", 0};
  }
  if (header.compiler_version.size() > kMaxCompilerVersion || header.sections > kMaxSections) {
    return PlanError{"the file's header is over a limit", kFixedHeader};
  }
  if (auto error = check_features(header)) return *error;
  return std::pair(std::move(header), end + sizeof checksum);
}

std::vector<std::string_view> section_names() {
  std::vector<std::string_view> names;
  std::apply([&](const auto&... field) { (names.push_back(field.name), ...); },
             fields(static_cast<const Plan*>(nullptr)));
  return names;
}

std::string section_name(std::uint32_t number) {
  const auto names = section_names();
  return number >= 1 && number <= names.size() ? fmt::format("section `{}`", names[number - 1])
                                               : fmt::format("section {}", number);
}

Expected<std::vector<Section>> read_sections(std::string_view bytes, const Header& header, std::size_t at) {
  constexpr std::size_t kSectionHeader = 4 + 8 + 4;
  std::vector<Section> sections;
  ReadBudget budget;
  for (std::uint32_t index = 0; index < header.sections; ++index) {
    Reader reader(bytes.substr(at), &budget);
    Section section;
    std::uint64_t length = 0;
    std::uint32_t checksum = 0;
    reader.read(section.number);
    reader.read(length);
    reader.read(checksum);
    if (!reader.ok() || length > bytes.size() - at - kSectionHeader) {
      return PlanError{fmt::format("{} is damaged: it is longer than the file", section_name(section.number)), at};
    }
    section.offset = at + kSectionHeader;
    section.content = bytes.substr(section.offset, length);
    if (const std::uint32_t actual = crc32c(section.content); actual != checksum) {
      return PlanError{fmt::format("{} is damaged (checksum {:08x} instead of {:08x}): copy or build the file again",
                                   section_name(section.number), actual, checksum),
                       at};
    }
    at += kSectionHeader + length;
    sections.push_back(section);
  }
  if (at != bytes.size()) return PlanError{"the file holds more than its sections", at};
  return sections;
}

// The known sections come first, each once and in order; what follows them belongs to a newer minor version.
std::optional<PlanError> check_order(const std::vector<Section>& sections, const Header& header) {
  const std::size_t known = section_count(header.features);
  for (std::size_t index = 0; index < known; ++index) {
    if (index >= sections.size() || sections[index].number != index + 1) {
      const std::uint64_t offset = index < sections.size() ? sections[index].offset : header.total;
      return PlanError{section_name(static_cast<std::uint32_t>(index + 1)) + " is not in its place", offset};
    }
  }
  if (sections.size() > known && header.minor <= kFormatMinor) {
    return PlanError{section_name(sections[known].number) + " is not of this format version", sections[known].offset};
  }
  return std::nullopt;
}

template <typename Member>
std::optional<PlanError> read_section(const Section& section, ReadBudget* budget, Member& member) {
  Reader reader(section.content, budget);
  reader.read(member);
  if (reader.ok() && reader.remaining() != 0) reader.fail("it goes on after its content");
  if (reader.ok()) return std::nullopt;
  return PlanError{fmt::format("{} is malformed: {}", section_name(section.number), reader.problem()),
                   section.offset + reader.position()};
}

}  // namespace

std::string write_plan(const Plan& plan) {
  std::string body;
  std::uint32_t number = 0;
  const std::uint64_t features = features_of(plan);
  const std::size_t sections = section_count(features);
  for_each_field(plan, [&](const auto&, const auto& member) {
    if (number == sections) return;
    Writer content;
    content.write(member);
    const std::string bytes = content.take();
    Writer head;
    head.write(++number);
    head.write(static_cast<std::uint64_t>(bytes.size()));
    head.write(crc32c(bytes));
    body += head.take();
    body += bytes;
  });
  Header header{kFormatMajor, kFormatMinor, features, 0, plan.compiler_version, number};
  header.total = write_header(header).size() + body.size();
  return write_header(header) + body;
}

Expected<Plan> read_plan(std::string_view bytes) {
  const auto header = read_header(bytes);
  if (!header) return header.error();
  const auto sections = read_sections(bytes, header->first, header->second);
  if (!sections) return sections.error();
  if (auto error = check_order(*sections, header->first)) return *error;
  Plan plan;
  plan.compiler_version = header->first.compiler_version;
  ReadBudget budget;
  std::size_t index = 0;
  const std::size_t there = section_count(header->first.features);
  std::optional<PlanError> error;
  for_each_field(plan, [&](const auto&, auto& member) {
    const std::size_t section = index++;
    if (!error && section < there) error = read_section((*sections)[section], &budget, member);
  });
  if (error) return *error;
  return plan;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return boost::algorithm::hex_lower(std::string(digest.begin(), digest.begin() + length));
}

std::string plan_id(const Plan& plan) {
  return sha256_hex(write_plan(plan));
}

std::string write_value(const Value& value) {
  Writer writer;
  writer.write(value);
  return writer.take();
}

Expected<Value> read_value(std::string_view bytes) {
  ReadBudget budget{kMaxValueWeight, kMaxValueWeight};
  Reader reader(bytes, &budget);
  Value value;
  reader.read(value);
  if (reader.ok() && reader.remaining() != 0) reader.fail("it goes on after its content");
  if (!reader.ok()) return PlanError{"the value is malformed: " + reader.problem(), reader.position()};
  return value;
}

}  // namespace rollout::plan
