#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/check/checker.hpp"

// The parts of `aws:`, by which a request is signed: what is wrong with those that are written out is said before a run
// would find it at its first request.

namespace rollout::check {
namespace {

constexpr std::array<std::string_view, 5> kParts{"region", "service", "access_key", "secret_key", "session_token"};

bool is_plain_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

void report_bad_name(Checker& c, std::string_view part, ExprId value) {
  const auto text = value == kNone ? std::nullopt : constant_value(c, value);
  if (!text || text->kind() != plan::ValueKind::String || is_plain_name(text->as_string())) return;
  c.report(Code::BadAwsPart, c.expr(value).location, fmt::format("`{}` is no {} of AWS", text->as_string(), part))
      .label("small letters, digits and `-`")
      .note("it becomes a part of the signature, and AWS refuses the request")
      .help(part == "region" ? "write the region's code, such as \"eu-west-1\""
                             : "write the name by which the service's requests are signed, such as \"monitoring\"");
}

void report_unknown_part(Checker& c, const std::string& name, const Location& at) {
  const std::vector<std::string> parts(kParts.begin(), kParts.end());
  const auto nearest = diagnostics::closest(name, parts);
  c.report(Code::BadAwsPart, at, fmt::format("`aws:` has no part `{}`", name))
      .note("it takes `region`, `service`, `access_key`, `secret_key` and `session_token`")
      .help(nearest ? fmt::format("did you mean `{}`?", *nearest) : "");
}

void check_parts(Checker& c, ExprId id) {
  const Expr parts = c.expr(id);
  if (parts.kind != ExprKind::Map) return;
  bool unsure = false;
  for (std::size_t i = 0; i < parts.labels.size(); ++i) {
    const bool known = std::ranges::find(kParts, parts.labels[i]) != kParts.end();
    if (!known) report_unknown_part(c, parts.labels[i], c.expr(parts.children[i]).location);
    unsure = unsure || !known;
    if (parts.labels[i] == "region" || parts.labels[i] == "service")
      report_bad_name(c, parts.labels[i], parts.children[i]);
  }
  const auto has = [&](std::string_view part) { return std::ranges::find(parts.labels, part) != parts.labels.end(); };
  const bool own_key = has("access_key") || has("secret_key") || has("session_token");
  std::vector<std::string> missing;
  for (const std::string_view part : {"region", "service", "access_key", "secret_key"}) {
    const bool needed = part == "region" || part == "service" || own_key;
    if (needed && !has(part)) missing.push_back(fmt::format("`{}`", part));
  }
  if (missing.empty() || unsure) return;
  c.report(Code::BadAwsPart, parts.location, fmt::format("`aws:` lacks {}", fmt::join(missing, ", ")))
      .note(
          "a request to AWS is signed for a region and a service, with a key of two parts; without a key of the plan's "
          "own it is signed with that of where rollout runs");
}

}  // namespace

void report_aws_parts(Checker& c) {
  // Indexes: what a report looks up may add expressions.
  for (ExprId id = 0; id < c.module.exprs.size(); ++id) {
    const Expr& call = c.expr(id);
    if (call.kind != ExprKind::Call || c.symbol(call.symbol).kind != SymbolKind::Native) continue;
    const Native& native = c.module.natives[c.symbol(call.symbol).index];
    const std::string_view wanted = native.module == "aws_secrets" ? "region" : "aws";
    const auto found = std::ranges::find(call.labels, wanted);
    if (found == call.labels.end()) continue;
    const ExprId value = call.children[static_cast<std::size_t>(found - call.labels.begin())];
    if (value == kNone) continue;
    if (wanted == "region") {
      report_bad_name(c, wanted, value);
    } else {
      check_parts(c, value);
    }
  }
}

}  // namespace rollout::check
