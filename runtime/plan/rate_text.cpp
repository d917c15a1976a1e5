#include "runtime/plan/rate_text.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "runtime/plan/units.hpp"

namespace rollout::plan {

namespace {

constexpr int kShownDigits = 6;

bool is_rate(ValueKind kind) {
  return kind == ValueKind::NumberRate || kind == ValueKind::RatioRate || kind == ValueKind::SizeRate;
}

template <typename Units>
double scale_of(const Units& units, std::string_view name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  return found == std::end(units) ? 0 : static_cast<double>(found->scale);
}

// How much a second `1 UNIT` is, for what stands behind the number of a rate: `%/h`, `MB/s`, `/m`; 0 for anything else.
double per_second(std::string_view unit) {
  const std::size_t slash = unit.find('/');
  if (slash == std::string_view::npos) return 0;
  const std::string_view amount = unit.substr(0, slash);
  const double seconds = scale_of(kRateUnits, unit.substr(slash + 1));
  const double scale = amount.empty() ? 1 : amount == "%" ? 0.01 : scale_of(kSizeUnits, amount);
  return seconds > 0 ? scale / seconds : 0;
}

double shown_digits(double amount) {
  if (amount == 0) return 0;
  const double scale = std::pow(10, kShownDigits - 1 - std::floor(std::log10(std::abs(amount))));
  const double rounded = std::round(amount * scale) / scale;
  return std::isfinite(rounded) ? rounded : amount;
}

}  // namespace

std::optional<std::string> rate_text_like(const Value& value, const Value& model) {
  if (!is_rate(value.kind()) || value.kind() != model.kind() || !std::isfinite(value.as_double())) return std::nullopt;
  const std::string written = to_literal(model);
  const std::size_t end = written.find_first_not_of("-.0123456789");
  if (end == std::string::npos) return std::nullopt;
  const std::string unit = written.substr(end);
  const double one = per_second(unit);
  if (one <= 0) return std::nullopt;
  return to_literal(Value::number(shown_digits(value.as_double() / one))) + unit;
}

}  // namespace rollout::plan
