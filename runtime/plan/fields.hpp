#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "runtime/plan/plan.hpp"

// Every struct of a plan as one list of its fields: the writer, the reader, the verifier and the disassembler all walk
// these, so that they cannot drift apart. The order is the order in the file. An id also says which table it points
// into, and the id of a routine what kind of value the routine must leave.

namespace rollout::plan {

enum class Table : std::uint8_t {
  None,
  File,
  Spot,
  Constant,
  Routine,
  Variable,
  Secret,
  Role,
  Metric,
  Effect,
  Response,
  Guard,
  Hold,
  Gate,
  Channel,
  Notification,
  Block,
  Stage,
  Rollout,
};
inline constexpr std::size_t kTables = 19;

enum class Need : std::uint8_t { Optional, Required };

template <typename Owner, typename Member>
struct Field {
  std::string_view name;
  Member Owner::* member;
  Table table = Table::None;        // what the id, or each id of the list, points into
  Need need = Need::Optional;       // Optional: kNone is allowed
  ValueKind kind = ValueKind::Any;  // of a routine: what it must leave
};

template <typename Owner, typename Member>
constexpr auto plain(std::string_view name, Member Owner::* member) {
  return Field<Owner, Member>{name, member};
}
template <typename Owner, typename Member>
constexpr auto required(Table table, std::string_view name, Member Owner::* member) {
  return Field<Owner, Member>{name, member, table, Need::Required};
}
template <typename Owner, typename Member>
constexpr auto optional(Table table, std::string_view name, Member Owner::* member) {
  return Field<Owner, Member>{name, member, table, Need::Optional};
}
// A routine that must be there, or may be missing, and the kind of its value.
template <typename Owner>
constexpr auto routine(ValueKind kind, std::string_view name, RoutineId Owner::* member) {
  return Field<Owner, RoutineId>{name, member, Table::Routine, Need::Required, kind};
}
template <typename Owner>
constexpr auto optional_routine(ValueKind kind, std::string_view name, RoutineId Owner::* member) {
  return Field<Owner, RoutineId>{name, member, Table::Routine, Need::Optional, kind};
}

constexpr auto fields(const Instruction*) {
  return std::tuple(plain("op", &Instruction::op), plain("flags", &Instruction::flags), plain("a", &Instruction::a),
                    plain("b", &Instruction::b), plain("c", &Instruction::c),
                    optional(Table::Spot, "spot", &Instruction::spot));
}

constexpr auto fields(const Spot*) {
  return std::tuple(required(Table::File, "file", &Spot::file), plain("line", &Spot::line),
                    plain("column", &Spot::column), plain("end_line", &Spot::end_line),
                    plain("end_column", &Spot::end_column), plain("text", &Spot::text));
}

constexpr auto fields(const SourceDigest*) {
  return std::tuple(plain("path", &SourceDigest::path), plain("sha256", &SourceDigest::sha256));
}

constexpr auto fields(const Routine*) {
  return std::tuple(plain("begin", &Routine::begin), plain("end", &Routine::end), plain("kind", &Routine::kind),
                    plain("text", &Routine::text));
}

constexpr auto fields(const Variable*) {
  return std::tuple(plain("name", &Variable::name), plain("kind", &Variable::kind));
}

constexpr auto fields(const Parameter*) {
  return std::tuple(plain("name", &Parameter::name), plain("documentation", &Parameter::documentation),
                    required(Table::Variable, "variable", &Parameter::variable), plain("kind", &Parameter::kind),
                    plain("labels", &Parameter::labels),
                    optional_routine(ValueKind::Any, "default", &Parameter::default_value),
                    plain("pattern", &Parameter::pattern));
}

constexpr auto fields(const Secret*) {
  return std::tuple(plain("name", &Secret::name), plain("provider", &Secret::provider),
                    routine(ValueKind::String, "argument", &Secret::argument),
                    plain("configuration", &Secret::configuration));
}

constexpr auto fields(const Role*) {
  return std::tuple(plain("name", &Role::name), routine(ValueKind::List, "members", &Role::members));
}

constexpr auto fields(const Argument*) {
  return std::tuple(plain("name", &Argument::name), routine(ValueKind::Any, "value", &Argument::value));
}

constexpr auto fields(const Metric*) {
  return std::tuple(
      plain("name", &Metric::name), plain("declaration", &Metric::declaration), plain("arguments", &Metric::arguments),
      plain("provider", &Metric::provider), plain("configuration", &Metric::configuration),
      plain("kind", &Metric::kind), plain("scale", &Metric::scale), plain("labels", &Metric::labels),
      plain("label_values", &Metric::label_values), plain("by", &Metric::by),
      optional_routine(ValueKind::Duration, "every", &Metric::every),
      optional_routine(ValueKind::Duration, "stale_after", &Metric::stale_after),
      optional_routine(ValueKind::Duration, "over", &Metric::over),
      optional_routine(ValueKind::Any, "baseline", &Metric::baseline),
      optional(Table::Constant, "absent", &Metric::absent), optional(Table::Block, "check", &Metric::check),
      optional(Table::Block, "past", &Metric::past), optional(Table::Variable, "past_from", &Metric::past_from),
      optional(Table::Variable, "past_to", &Metric::past_to),
      optional(Table::Variable, "past_step", &Metric::past_step), optional(Table::Spot, "spot", &Metric::spot));
}

constexpr auto fields(const Response*) {
  return std::tuple(
      plain("outcome", &Response::outcome), optional_routine(ValueKind::String, "reason", &Response::reason),
      optional(Table::Block, "steps", &Response::steps), optional(Table::Stage, "stage", &Response::stage),
      plain("retry", &Response::retry), optional_routine(ValueKind::Number, "at_most", &Response::at_most),
      optional_routine(ValueKind::Duration, "after", &Response::after),
      optional(Table::Hold, "until", &Response::until),
      optional_routine(ValueKind::Duration, "within", &Response::within),
      optional(Table::Response, "otherwise", &Response::otherwise), optional(Table::Spot, "spot", &Response::spot));
}

constexpr auto fields(const Guard*) {
  return std::tuple(routine(ValueKind::Bool, "condition", &Guard::condition),
                    optional_routine(ValueKind::Duration, "for", &Guard::for_duration), plain("of_m", &Guard::of_m),
                    plain("of_n", &Guard::of_n), required(Table::Response, "response", &Guard::response),
                    optional(Table::Response, "blind", &Guard::blind),
                    optional_routine(ValueKind::Duration, "repeat_every", &Guard::repeat_every),
                    optional_routine(ValueKind::Any, "observed", &Guard::observed),
                    optional_routine(ValueKind::Any, "threshold", &Guard::threshold),
                    optional_routine(ValueKind::List, "series", &Guard::series),
                    required(Table::Metric, "metrics", &Guard::metrics), plain("text", &Guard::text),
                    optional(Table::Spot, "spot", &Guard::spot));
}

constexpr auto fields(const HoldCondition*) {
  return std::tuple(routine(ValueKind::Bool, "condition", &HoldCondition::condition),
                    optional_routine(ValueKind::Duration, "for", &HoldCondition::for_duration),
                    required(Table::Metric, "metrics", &HoldCondition::metrics), plain("text", &HoldCondition::text),
                    optional_routine(ValueKind::List, "series", &HoldCondition::series));
}

constexpr auto fields(const Hold*) {
  return std::tuple(optional_routine(ValueKind::Duration, "least", &Hold::least),
                    optional_routine(ValueKind::Duration, "most", &Hold::most), plain("until", &Hold::until),
                    optional(Table::Response, "otherwise", &Hold::otherwise), plain("text", &Hold::text),
                    optional(Table::Spot, "spot", &Hold::spot));
}

constexpr auto fields(const GateItem*) {
  return std::tuple(routine(ValueKind::String, "text", &GateItem::text), optional(Table::Role, "role", &GateItem::role),
                    optional_routine(ValueKind::Number, "needed", &GateItem::needed),
                    optional(Table::Block, "check", &GateItem::check));
}

constexpr auto fields(const GateAnswer*) {
  return std::tuple(plain("text", &GateAnswer::text), required(Table::Response, "response", &GateAnswer::response));
}

constexpr auto fields(const Gate*) {
  return std::tuple(plain("kind", &Gate::kind), routine(ValueKind::String, "text", &Gate::text),
                    optional(Table::Role, "role", &Gate::role),
                    optional_routine(ValueKind::Number, "needed", &Gate::needed),
                    optional_routine(ValueKind::Duration, "within", &Gate::within),
                    optional(Table::Response, "otherwise", &Gate::otherwise), plain("items", &Gate::items),
                    plain("answers", &Gate::answers), optional(Table::Spot, "spot", &Gate::spot));
}

constexpr auto fields(const Effect*) {
  return std::tuple(plain("kind", &Effect::kind), plain("class", &Effect::effect_class), plain("text", &Effect::text),
                    plain("arguments", &Effect::arguments), optional(Table::Variable, "result", &Effect::result),
                    optional_routine(ValueKind::Duration, "timeout", &Effect::timeout),
                    optional(Table::Spot, "spot", &Effect::spot));
}

constexpr auto fields(const Channel*) {
  return std::tuple(plain("name", &Channel::name), optional(Table::Block, "block", &Channel::block),
                    optional(Table::Block, "acknowledged", &Channel::acknowledged),
                    required(Table::Variable, "kept", &Channel::kept),
                    required(Table::Variable, "copies", &Channel::copies));
}

constexpr auto fields(const Notification*) {
  return std::tuple(required(Table::Channel, "channel", &Notification::channel),
                    routine(ValueKind::String, "text", &Notification::text), plain("severity", &Notification::severity),
                    optional_routine(ValueKind::Duration, "acknowledge_within", &Notification::acknowledge_within),
                    optional(Table::Response, "otherwise", &Notification::otherwise),
                    optional(Table::Spot, "spot", &Notification::spot));
}

constexpr auto fields(const Cadence*) {
  return std::tuple(routine(ValueKind::Duration, "every", &Cadence::every),
                    optional_routine(ValueKind::Duration, "for", &Cadence::for_duration));
}

constexpr auto fields(const Block*) {
  return std::tuple(
      plain("kind", &Block::kind), plain("name", &Block::name), plain("begin", &Block::begin),
      plain("end", &Block::end), required(Table::Guard, "guards", &Block::guards),
      required(Table::Block, "companions", &Block::companions), optional(Table::Block, "undo", &Block::undo),
      plain("undo_continues", &Block::undo_continues), optional(Table::Block, "probe", &Block::probe),
      plain("class", &Block::effect_class), optional(Table::Response, "otherwise", &Block::otherwise),
      optional_routine(ValueKind::Duration, "timeout", &Block::timeout),
      optional_routine(ValueKind::Duration, "within", &Block::within), plain("retries", &Block::retries),
      optional_routine(ValueKind::Duration, "retry_every", &Block::retry_every),
      optional_routine(ValueKind::Duration, "every", &Block::every),
      optional_routine(ValueKind::Duration, "warmup", &Block::warmup), plain("sampling", &Block::sampling),
      optional(Table::Stage, "stage", &Block::stage), optional(Table::Rollout, "rollout", &Block::rollout),
      optional(Table::Variable, "result", &Block::result), plain("arguments", &Block::arguments),
      required(Table::Variable, "captures", &Block::captures), plain("external", &Block::external),
      plain("at_most", &Block::at_most), optional(Table::Spot, "spot", &Block::spot));
}

constexpr auto fields(const Weekdays*) {
  return std::tuple(plain("mask", &Weekdays::mask));
}

constexpr auto fields(const Window*) {
  return std::tuple(plain("from", &Window::from), plain("to", &Window::to), plain("zone", &Window::zone),
                    plain("days", &Window::days));
}

constexpr auto fields(const Freeze*) {
  return std::tuple(plain("from", &Freeze::from), plain("to", &Freeze::to), plain("reason", &Freeze::reason));
}

constexpr auto fields(const Stage*) {
  return std::tuple(plain("name", &Stage::name), plain("documentation", &Stage::documentation),
                    required(Table::Rollout, "rollout", &Stage::rollout),
                    required(Table::Block, "block", &Stage::block), plain("windows", &Stage::windows));
}

constexpr auto fields(const Hook*) {
  return std::tuple(plain("kind", &Hook::kind), required(Table::Block, "block", &Hook::block));
}

constexpr auto fields(const Schedule*) {
  return std::tuple(
      plain("anchor", &Schedule::anchor), optional_routine(ValueKind::Duration, "offset", &Schedule::offset),
      optional_routine(ValueKind::Duration, "every", &Schedule::every),
      optional_routine(ValueKind::Duration, "for", &Schedule::for_duration), plain("always", &Schedule::always),
      required(Table::Block, "block", &Schedule::block), plain("text", &Schedule::text));
}

constexpr auto fields(const Setting*) {
  return std::tuple(plain("name", &Setting::name), routine(ValueKind::Any, "value", &Setting::value),
                    plain("reason", &Setting::reason));
}

constexpr auto fields(const NamedText*) {
  return std::tuple(plain("name", &NamedText::name), plain("text", &NamedText::text));
}

constexpr auto fields(const Rollout*) {
  return std::tuple(
      plain("path", &Rollout::path), optional(Table::Rollout, "parent", &Rollout::parent),
      plain("name", &Rollout::name), plain("documentation", &Rollout::documentation), plain("owner", &Rollout::owner),
      plain("description", &Rollout::description), plain("service", &Rollout::service),
      plain("environment", &Rollout::environment), plain("exclusive", &Rollout::exclusive),
      plain("links", &Rollout::links), plain("contacts", &Rollout::contacts), plain("settings", &Rollout::settings),
      plain("windows", &Rollout::windows), plain("freezes", &Rollout::freezes),
      plain("requirements", &Rollout::requirements), required(Table::Block, "block", &Rollout::block),
      required(Table::Stage, "stages", &Rollout::stages), optional(Table::Block, "traffic_via", &Rollout::traffic_via),
      optional_routine(ValueKind::Duration, "rollback_within", &Rollout::rollback_within),
      optional_routine(ValueKind::Duration, "rollback_expires", &Rollout::rollback_expires),
      optional(Table::Stage, "expires_after_stage", &Rollout::expires_after_stage),
      plain("expires_at_end", &Rollout::expires_at_end), optional(Table::Response, "expired", &Rollout::expired),
      optional(Table::Response, "on_failure", &Rollout::on_failure),
      optional_routine(ValueKind::Duration, "missing_for", &Rollout::missing_for),
      optional(Table::Response, "on_missing", &Rollout::on_missing),
      optional_routine(ValueKind::Duration, "baseline_over", &Rollout::baseline_over), plain("hooks", &Rollout::hooks),
      plain("schedules", &Rollout::schedules), optional(Table::Spot, "spot", &Rollout::spot));
}

constexpr auto fields(const Plugin*) {
  return std::tuple(plain("name", &Plugin::name), plain("version", &Plugin::version), plain("path", &Plugin::path),
                    plain("executable", &Plugin::executable), plain("schema", &Plugin::schema));
}

constexpr auto fields(const PluginAccess*) {
  return std::tuple(plain("plugin", &PluginAccess::plugin), plain("reads", &PluginAccess::reads),
                    plain("writes", &PluginAccess::writes), plain("connects", &PluginAccess::connects));
}

constexpr auto fields(const EnvironmentVariable*) {
  return std::tuple(plain("name", &EnvironmentVariable::name), plain("value", &EnvironmentVariable::value));
}
constexpr auto fields(const RunEnvironment*) {
  return std::tuple(plain("name", &RunEnvironment::name), plain("description", &RunEnvironment::description),
                    plain("production", &RunEnvironment::production),
                    plain("prometheus_url", &RunEnvironment::prometheus_url),
                    plain("variables", &RunEnvironment::variables));
}

// The sections of a plan file, in order; their numbers are the positions here, from 1. The compiler's version is in the
// header. `globals` alternates between a variable and a routine: its ids are checked by the verifier itself.
constexpr auto fields(const Plan*) {
  return std::tuple(
      plain("files", &Plan::files), plain("spots", &Plan::spots), plain("constants", &Plan::constants),
      plain("code", &Plan::code), plain("routines", &Plan::routines), plain("variables", &Plan::variables),
      plain("parameters", &Plan::parameters), plain("secrets", &Plan::secrets), plain("roles", &Plan::roles),
      plain("metrics", &Plan::metrics), plain("effects", &Plan::effects), plain("responses", &Plan::responses),
      plain("guards", &Plan::guards), plain("holds", &Plan::holds), plain("gates", &Plan::gates),
      plain("channels", &Plan::channels), plain("notifications", &Plan::notifications), plain("blocks", &Plan::blocks),
      plain("stages", &Plan::stages), plain("globals", &Plan::globals), plain("rollout", &Plan::rollout),
      plain("children", &Plan::children), plain("environment", &Plan::environment), plain("plugins", &Plan::plugins),
      plain("plugin_access", &Plan::plugin_access));
}

template <typename Row>
concept HasFields = requires { fields(static_cast<const Row*>(nullptr)); };

// Whether a field is a list of structs.
template <typename Member>
inline constexpr bool kIsRowList = false;
template <HasFields Row>
inline constexpr bool kIsRowList<std::vector<Row>> = true;

template <HasFields Row>
inline constexpr std::size_t kFieldCount = std::tuple_size_v<decltype(fields(static_cast<const Row*>(nullptr)))>;

// Calls visit(field, row.*member) for each field, in order. Row may be const.
template <typename Row, typename Visit>
constexpr void for_each_field(Row& row, Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field, row.*(field.member)), ...); },
             fields(static_cast<const std::remove_const_t<Row>*>(nullptr)));
}

}  // namespace rollout::plan
