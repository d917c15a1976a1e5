#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "tests/simulation/sometimes.hpp"
#include "tests/simulation/world.hpp"

// A Prometheus server of the simulated world: metrics `sum(NAME)` whose values are a function of their instant.

namespace rollout::simulation {

namespace {

constexpr Nanoseconds kSpell = 4 * kMinute;  // good and bad times last so long

double share(std::uint64_t number) {
  return static_cast<double>(number >> 11) * 0x1.0p-53;
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '%' && index + 2 < text.size()) {
      int byte = 0;
      std::from_chars(text.data() + index + 1, text.data() + index + 3, byte, 16);
      result += static_cast<char>(byte);
      index += 2;
    } else {
      result += text[index];
    }
  }
  return result;
}

std::string field(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const auto end = std::min(form.find('&'), form.size());
    const std::string_view pair = form.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) return decoded(pair.substr(std::min(equals + 1, pair.size())));
    form.remove_prefix(std::min(end + 1, form.size()));
  }
  return {};
}

Nanoseconds instant(const std::string& seconds) {
  return static_cast<Nanoseconds>(std::llround(std::strtod(seconds.c_str(), nullptr) * 1'000)) * kMillisecond;
}

std::string point(Nanoseconds at, double value) {
  return fmt::format("[{}.{:03},\"{}\"]", at / kSecond, at / kMillisecond % 1'000, value);
}

}  // namespace

std::optional<double> World::metric_at(const std::string& name, Nanoseconds slot) const {
  const auto spell = static_cast<std::uint64_t>(slot / kSpell);
  const std::uint64_t luck = lot(seed_, name, spell);
  if (share(mixed(luck ^ 1)) < weather_.gaps) return std::nullopt;
  if (share(lot(seed_, name + "?", static_cast<std::uint64_t>(slot / kSecond))) < weather_.gaps) return std::nullopt;
  const bool bad = share(mixed(luck ^ 2)) < weather_.bad_metrics;
  const double noise = share(lot(seed_, name + "~", static_cast<std::uint64_t>(slot / kSecond))) * 20;
  return (bad ? 80 : 10) + noise;
}

void World::answer_metric(Call& call, const executors::HttpRequest& request) {
  call.number = ledger.size();
  call.started = now;
  const std::string query = field(request.body, "query");
  const std::string name = query.starts_with("sum(") ? query.substr(4, query.size() - 5) : query;
  const bool is_range = request.url.ends_with("query_range");
  const Nanoseconds first = instant(field(request.body, is_range ? "start" : "time"));
  const Nanoseconds last = is_range ? instant(field(request.body, "end")) : first;
  const Nanoseconds step = is_range ? std::max(instant(field(request.body, "step")), kMillisecond) : kSecond;
  const std::uint64_t luck = lot(seed_, name + "!", static_cast<std::uint64_t>(first / kSecond));
  const bool fails = !is_range && share(mixed(luck ^ 1)) < weather_.failed_polls;
  const bool late = !is_range && share(mixed(luck ^ 2)) < weather_.late_answers;
  call.ends = now + static_cast<Nanoseconds>(1 + mixed(luck ^ 3) % 300) * kMillisecond;
  call.status = fails ? 503 : 200;
  std::string points;
  for (Nanoseconds slot = first; slot <= last; slot += step) {
    const auto value = metric_at(name, slot);
    Served told{value ? Served::Kind::Value : Served::Kind::NoData, value.value_or(0), now};
    if (fails) told.kind = Served::Kind::Failed;
    if (late) told.kind = Served::Kind::Late;
    served[{name, slot}].push_back(told);
    if (value) points += (points.empty() ? "" : ",") + point(slot, *value);
  }
  if (late) {
    call.ends = call.limit + kMillisecond;
    call.ending = CallEnd::TimedOut;
  }
  if (is_range) sometimes("missed slots are asked for by a range");
  const std::string series = fmt::format(R"({{"metric":{{}},"{}":{}{}{}}})", is_range ? "values" : "value",
                                         is_range ? "[" : "", points, is_range ? "]" : "");
  call.output = fmt::format(R"({{"status":"success","data":{{"resultType":"{}","result":[{}]}}}})",
                            is_range ? "matrix" : "vector", points.empty() ? "" : series);
  open_.insert(call.number);
  ledger.push_back(call);
}

}  // namespace rollout::simulation
