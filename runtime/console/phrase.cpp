#include "runtime/console/phrase.hpp"

#include <array>
#include <cmath>
#include <optional>

#include "runtime/plan/rate_text.hpp"

namespace rollout::console {

namespace {

using machine::Record;
using machine::RecordKind;
using plan::ValueKind;

constexpr int kShownDigits = 6;

struct Row {
  RecordKind kind{};
  Mark mark{};
  Level level{};
  std::string_view pattern;
};

constexpr auto kRows = std::to_array<Row>({
#define PHRASE(kind, mark, level, pattern) {RecordKind::kind, Mark::mark, Level::level, pattern},
#include "runtime/console/phrases.def"
#undef PHRASE
});

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order(), "phrases.def has one row for each kind of records.def, in the same order");

const Row* row_of(RecordKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < kRows.size() ? &kRows[index] : nullptr;
}

// An end or a hold may have gone either way.
Mark mark_of(const Row& row, const Record& record) {
  if (row.kind == RecordKind::RunEnded) {
    const std::string state = field_text(record, "state");
    return state == "succeeded" || state == "following up" ? Mark::Good : Mark::Bad;
  }
  if (row.kind == RecordKind::ChildEnded && field_text(record, "state") != "succeeded") return Mark::Bad;
  if (row.kind == RecordKind::HoldEnded && field_text(record, "how") == "failed") return Mark::Bad;
  if (row.kind == RecordKind::GateAnswered && field_text(record, "verb") == "reject") return Mark::Bad;
  return row.mark;
}

// A latency of 1.4s is no second; a wait of minutes is told in whole seconds.
std::string measured(plan::Nanoseconds duration) {
  constexpr plan::Nanoseconds kSecond = 1'000'000'000, kShown = kSecond / 100;
  const bool part_of_a_second = duration > kSecond && duration < 60 * kSecond && duration % kSecond != 0;
  return part_of_a_second ? plan::duration_text((duration + kShown / 2) / kShown * kShown) : readable(duration);
}

std::string value_text(const plan::Value& given) {
  if (given.is_missing()) return {};
  const plan::Value value = rounded(given);
  if (value.kind() == ValueKind::Instant) return time_of_day_text(value.as_integer()) + " UTC";
  if (value.kind() == ValueKind::Duration) return measured(value.as_integer());
  if (value.kind() == ValueKind::Map || value.kind() == ValueKind::List) {
    std::string text;
    for (const plan::Value& one : value.as_list()) text += (text.empty() ? "" : ", ") + plan::to_text(one);
    for (const auto& [name, one] : value.as_map())
      text += (text.empty() ? "" : ", ") + name + " = " + plan::to_literal(one);
    return text;
  }
  return plan::to_text(value);
}

// Fills `{field}` in; nothing where a field is missing or empty.
std::optional<std::string> filled(std::string_view pattern, const Record& record, bool needs_all) {
  std::string text;
  while (!pattern.empty()) {
    const char first = pattern.front();
    const auto end = pattern.find(first == '{' ? '}' : ']');
    if ((first != '{' && first != '[') || end == std::string_view::npos) {
      text += first;
      pattern.remove_prefix(1);
      continue;
    }
    const std::string_view inner = pattern.substr(1, end - 1);
    pattern.remove_prefix(end + 1);
    if (first == '[') {
      text += filled(inner, record, true).value_or("");
      continue;
    }
    const std::string field = field_text(record, inner);
    const bool counts = inner == "retries_left" || inner == "missed_slots";
    const bool nothing = field.empty() || (field == "0" && counts);
    if (nothing && needs_all) return std::nullopt;
    text += field;
  }
  return text;
}

}  // namespace

std::string_view sign_of(Mark mark) {
  switch (mark) {
    case Mark::Step: return "·";
    case Mark::Begin: return "▶";
    case Mark::Ask: return "?";
    case Mark::Good: return "✓";
    case Mark::Careful: return "!";
    case Mark::Bad: return "✗";
    case Mark::Back: return "↶";
    case Mark::Wait: return "‖";
    case Mark::Say: return "»";
  }
  return " ";
}

Tone tone_of(Mark mark) {
  switch (mark) {
    case Mark::Step:
    case Mark::Wait: return Tone::Plain;
    case Mark::Begin: return Tone::Accent;
    case Mark::Good: return Tone::Good;
    case Mark::Ask:
    case Mark::Careful: return Tone::Careful;
    case Mark::Bad:
    case Mark::Back: return Tone::Bad;
    case Mark::Say: return Tone::Accent;
  }
  return Tone::Plain;
}

std::string field_text(const Record& record, std::string_view name) {
  const plan::Value* value = record.find(name);
  if (!value) return {};
  // What was measured is read beside what it was compared with.
  const plan::Value* model = name == "observed" ? record.find("threshold") : nullptr;
  const auto rate = model ? plan::rate_text_like(*value, *model) : std::nullopt;
  return escaped(rate ? *rate : value_text(*value));
}

plan::Value rounded(const plan::Value& value) {
  const double exact = value.as_double();
  if (exact == 0 || !std::isfinite(exact)) return value;
  const double scale = std::pow(10, kShownDigits - 1 - std::floor(std::log10(std::abs(exact))));
  const double amount = std::round(exact * scale) / scale;
  if (!std::isfinite(amount)) return value;
  switch (value.kind()) {
    case ValueKind::Number: return plan::Value::number(amount);
    case ValueKind::Ratio: return plan::Value::ratio(amount);
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate: return plan::Value::rate(value.kind(), amount);
    case ValueKind::Missing:
    case ValueKind::Bool:
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant:
    case ValueKind::String:
    case ValueKind::Enum:
    case ValueKind::List:
    case ValueKind::Map:
    case ValueKind::Secret:
    case ValueKind::Any: break;
  }
  return value;
}

double share_of(const plan::Value& value) {
  return value.kind() == ValueKind::Ratio || value.kind() == ValueKind::Number ? value.as_double() : 0;
}

Phrase phrase_of(const Record& record) {
  const Row* row = row_of(record.kind);
  if (!row) return {Mark::Step, Level::Detail, std::string(machine::record_name(record.kind))};
  return {mark_of(*row, record), row->level, filled(row->pattern, record, false).value_or("")};
}

}  // namespace rollout::console
