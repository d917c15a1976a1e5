#include <charconv>

#include "runtime/plan/builtins.hpp"

// RFC 6901: "/checks/0/state".

namespace rollout::plan {

namespace {

// `~1` stands for a slash and `~0` for a tilde.
std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t index = 0; index < token.size(); ++index) {
    const bool escape =
        token[index] == '~' && index + 1 < token.size() && (token[index + 1] == '0' || token[index + 1] == '1');
    text += escape ? (token[++index] == '0' ? '~' : '/') : token[index];
  }
  return text;
}

const Value* child(const Value& value, const std::string& token) {
  if (value.kind() == ValueKind::Map) return value.find(token);
  if (value.kind() != ValueKind::List) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool whole = error == std::errc{} && end == token.data() + token.size();
  return whole && index < value.as_list().size() ? &value.as_list()[index] : nullptr;
}

}  // namespace

const Value* find_by_pointer(const Value& document, std::string_view pointer) {
  const Value* found = &document;
  while (!pointer.empty() && found != nullptr) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    found = child(*found, unescaped(token));
    pointer.remove_prefix(token.size());
  }
  return found;
}

}  // namespace rollout::plan
