#include <algorithm>
#include <iterator>
#include <utility>

#include "compiler/check/checker.hpp"

// The functions that the runtime carries out itself, as symbols: those of the prelude and of its modules.

namespace rollout::check {
namespace {

enum class NeedOf : std::uint8_t { Required, Optional };
enum class SecrecyOf : std::uint8_t { Plain, Secret };
// TypeKinds, and the two structured types that natives take.
enum class ParameterType : std::uint8_t { Bool, Duration, String, Command, Json, StringMap, NumberList };

struct ParameterRow {
  std::string_view name;
  ParameterType type;
  NeedOf need;
  SecrecyOf secrecy;
};
struct NativeRow {
  std::string_view module, name;
  NativeKind kind;
  plan::EffectKind effect;
  plan::MetricProvider provider;
  plan::EffectClass effect_class;
  TypeKind result;
  std::string_view documentation;
  bool is_parameter;
  ParameterRow parameter;
};

constexpr NativeRow kRows[] = {
#define NATIVE(module, name, kind, effect, provider, effect_class, result, documentation) \
  {module,                                                                                \
   name,                                                                                  \
   NativeKind::kind,                                                                      \
   plan::EffectKind::effect,                                                              \
   plan::MetricProvider::provider,                                                        \
   plan::EffectClass::effect_class,                                                       \
   TypeKind::result,                                                                      \
   documentation,                                                                         \
   false,                                                                                 \
   {}},
#define PARAMETER(name, type, need, secrecy) \
  {{}, {}, {}, {}, {}, {}, {}, {}, true, {name, ParameterType::type, NeedOf::need, SecrecyOf::secrecy}},
#include "compiler/check/natives.def"
};

TypeId parameter_type(Checker& c, ParameterType type) {
  switch (type) {
    case ParameterType::Bool: return type_id(TypeKind::Bool);
    case ParameterType::Duration: return type_id(TypeKind::Duration);
    case ParameterType::String: return type_id(TypeKind::String);
    case ParameterType::Command: return type_id(TypeKind::Command);
    case ParameterType::Json: return type_id(TypeKind::Json);
    case ParameterType::StringMap: return map_of(c, type_id(TypeKind::String));
    case ParameterType::NumberList: return list_of(c, type_id(TypeKind::Number));
  }
  return kErrorType;
}

void add_prelude_module(Checker& c, std::string_view name) {
  if (c.prelude.contains(name)) return;
  Symbol symbol;
  symbol.kind = SymbolKind::Module;
  symbol.name = symbol.path = name;
  symbol.index = static_cast<std::uint32_t>(c.modules.size());
  c.modules.push_back({std::string(name), std::nullopt});
  c.prelude.emplace(name, add_symbol(c, std::move(symbol), {}));
}

void add_native(Checker& c, const NativeRow& row) {
  Symbol symbol;
  symbol.kind = SymbolKind::Native;
  symbol.name = row.name;
  symbol.path = row.module.empty() ? std::string(row.name) : std::string(row.module) + "." + std::string(row.name);
  symbol.type = type_id(row.result);
  symbol.index = static_cast<std::uint32_t>(c.module.natives.size());
  symbol.documentation = row.documentation;
  const std::string path = symbol.path;
  // `http.get` is found by its path; some modules have to be brought in by `use`.
  c.prelude.emplace(path, add_symbol(c, std::move(symbol), {}));
  constexpr std::string_view kWithoutUse[] = {"http", "command", "log"};
  if (std::ranges::find(kWithoutUse, row.module) != std::end(kWithoutUse)) add_prelude_module(c, row.module);

  Native native;
  native.module = row.module;
  native.name = row.name;
  native.kind = row.kind;
  native.effect = row.effect;
  native.provider = row.provider;
  native.effect_class = row.effect_class;
  native.result = type_id(row.result);
  c.module.natives.push_back(std::move(native));
}

}  // namespace

void add_natives(Checker& c) {
  for (const NativeRow& row : kRows) {
    if (!row.is_parameter) {
      add_native(c, row);
      continue;
    }
    const bool secret = row.parameter.secrecy == SecrecyOf::Secret;
    c.module.natives.back().parameters.push_back({std::string(row.parameter.name),
                                                  parameter_type(c, row.parameter.type),
                                                  row.parameter.need == NeedOf::Required, secret});
  }
}

}  // namespace rollout::check
