#include "runtime/zones/tzif.hpp"

#include <algorithm>

#include "runtime/zones/posix_rule.hpp"

namespace rollout::zones {

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Seconds kFarthest = 9'000'000'000;  // the year 2255: what an instant in ns can hold
constexpr Seconds kMostOffset = 26 * 3'600;
constexpr std::size_t kHeader = 44;

// Big-endian numbers from the beginning of the bytes; nothing is read past their end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  std::string_view rest() const { return bytes_; }
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::int64_t number(std::size_t size) {
    const std::string_view taken = take(size);
    if (taken.empty()) return 0;
    std::uint64_t value = (taken.front() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (const char byte : taken) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
  }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

struct Header {
  bool sound = false;
  char version = 0;
  std::size_t utc_marks = 0, standard_marks = 0, leaps = 0, times = 0, types = 0, characters = 0;
  std::size_t body(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) + standard_marks + utc_marks;
  }
};

Header read_header(Reader& reader) {
  Header header;
  Reader head(reader.take(kHeader));
  if (reader.failed() || head.take(4) != "TZif") return header;
  header.version = head.take(1).front();
  head.take(15);
  for (std::size_t* count :
       {&header.utc_marks, &header.standard_marks, &header.leaps, &header.times, &header.types, &header.characters}) {
    *count = static_cast<std::size_t>(head.number(4) & 0xffffffff);
  }
  header.sound = true;
  return header;
}

// Everything that the file says: changes in order, the offset before them, and the rule after them.
struct Contents {
  Seconds first = 0;
  std::vector<RuleChange> changes;
  std::optional<PosixRule> rule;
};

std::optional<Contents> read_contents(std::string_view bytes) {
  Reader reader(bytes);
  const Header old = read_header(reader);
  if (!old.sound || old.version < '2') return std::nullopt;
  reader.take(old.body(4));
  const Header header = read_header(reader);
  if (!header.sound || header.types == 0) return std::nullopt;
  Reader times(reader.take(header.times * 8));
  const std::string_view kinds = reader.take(header.times);
  Reader types(reader.take(header.types * 6));
  if (reader.failed()) return std::nullopt;
  std::vector<Seconds> offsets;
  for (std::size_t index = 0; index < header.types; ++index) {
    const Seconds offset = types.number(4);
    types.take(2);
    if (offset < -kMostOffset || offset > kMostOffset) return std::nullopt;
    offsets.push_back(offset);
  }
  Contents contents;
  contents.first = offsets.front();
  for (std::size_t index = 0; index < header.times; ++index) {
    const auto type = static_cast<unsigned char>(kinds[index]);
    const Seconds at = times.number(8);
    const bool ascends = contents.changes.empty() || contents.changes.back().at < at;
    if (type >= offsets.size() || !ascends) return std::nullopt;
    contents.changes.push_back({at, offsets[type]});
  }
  reader.take(header.characters + header.leaps * 12 + header.standard_marks + header.utc_marks);
  std::string_view foot = reader.rest();
  if (reader.failed() || !foot.starts_with('\n')) return std::nullopt;
  foot.remove_prefix(1);
  const std::size_t end = foot.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  if (end == 0) return contents;
  contents.rule = parse_posix_rule(foot.substr(0, end));
  if (!contents.rule) return std::nullopt;
  return contents;
}

}  // namespace

plan::Expected<plan::Zone> read_tzif(std::string_view bytes, std::string name, Nanoseconds from, Nanoseconds to) {
  auto contents = read_contents(bytes);
  if (!contents) return plan::PlanError{"the tz database's file of the zone \"" + name + "\" is damaged"};
  const Seconds begin = from / kSecond, end = std::min(to / kSecond, kFarthest);
  std::vector<RuleChange>& changes = contents->changes;
  if (contents->rule) {
    const Seconds last = changes.empty() ? -kFarthest : changes.back().at;
    for (int year = year_of(std::max(begin, last)) - 1; year <= year_of(end) + 1; ++year) {
      for (const RuleChange& change : changes_in(*contents->rule, year)) {
        if (change.at > last) changes.push_back(change);
      }
    }
    if (changes.empty()) contents->first = contents->rule->standard;
  }
  plan::Zone zone{std::move(name), contents->first * kSecond, {}};
  Seconds offset = contents->first;
  for (const RuleChange& change : changes) {
    if (change.at > end) break;
    if (change.at <= begin) {
      zone.offset = change.offset * kSecond;
    } else if (change.offset != offset) {
      zone.changes.push_back({change.at * kSecond, change.offset * kSecond});
    }
    offset = change.offset;
  }
  return zone;
}

}  // namespace rollout::zones
