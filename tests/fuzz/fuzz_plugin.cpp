// plugin: any bytes from a plugin, in any pieces, are frames or refused with a reason; a schema becomes a module or not
#include <boost/json/serialize.hpp>

#include "runtime/plan/plugin_access.hpp"
#include "runtime/plugins/frames.hpp"
#include "runtime/plugins/schema/lock.hpp"
#include "runtime/plugins/schema/schema.hpp"
#include "runtime/plugins/schema/strict_json.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {
namespace {

constexpr std::string_view kSchema =
    R"({"plugin":{"name":"acme","version":"1"},"access":{"read":["~/a"],"write":["b"],"connect":[443]},"enums":[{"name":"pool","labels":["blue"]}],"operations":[{"name":"shift",)"
    R"("effect":"idempotent","params":[{"name":"share","type":"ratio","default":0.5},{"name":"at","type":"pool"}],"undo":"back"},)"
    R"({"name":"back","effect":"idempotent","params":[]}],"metrics":[{"name":"p","type":"duration","past":true}]})";

// What comes out of the frames that are whole, when the bytes come in pieces of that size.
std::vector<std::string> messages_in(std::string_view bytes, std::size_t piece) {
  plugins::FrameReader reader;
  std::vector<std::string> messages;
  while (!bytes.empty()) {
    reader.add(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (auto message = reader.next();; message = reader.next()) {
      if (!message && message.error().empty()) broken("a frame was refused without a reason");
      if (!message) return messages;
      if (!*message) break;
      messages.push_back(plugins::canonical(**message));
    }
  }
  return messages;
}

}  // namespace

void test_one(std::string_view bytes) {
  if (messages_in(bytes, 1 << 20) != messages_in(bytes, 7)) broken("frames depend on the pieces in which they come");
  const auto parsed = plugins::parse_strict(bytes);
  if (!parsed && parsed.error().empty()) broken("JSON was refused without a reason");
  if (parsed) {
    const auto again = plugins::parse_strict(plugins::canonical(*parsed));
    if (!again || plugins::canonical(*again) != plugins::canonical(*parsed)) broken("the canonical text is not stable");
    const auto schema = plugins::read_schema(*parsed);
    if (!schema && schema.error().empty()) broken("a schema was refused without a reason");
    if (schema && plugins::module_text(*schema).empty()) broken("a schema became nothing");
    if (schema && schema->access && !plan::access_problem(*schema->access).empty()) broken("an access is none");
  }
  if (const auto lock = plugins::read_lock(bytes); lock) {
    const auto again = plugins::read_lock(plugins::write_lock(*lock));
    if (!again || plugins::write_lock(*again) != plugins::write_lock(*lock)) broken("a lock file is not stable");
  }
}

std::vector<std::string> built_in_seeds() {
  const std::string answer = R"({"jsonrpc":"2.0","id":1,"result":{"state":"done","result":null}})";
  plugins::Lock lock;
  const auto schema = plugins::parse_strict(kSchema);
  if (!schema) broken("the seed is no JSON");
  lock.plugins.push_back({{"acme", "1", "acme", std::string(64, 'a'), plugins::schema_digest(*schema)}, {1}, *schema});
  return {plugins::raw_frame(answer), plugins::raw_frame(answer) + plugins::raw_frame(kSchema), std::string(kSchema),
          "content-length:  2\r\nX: y\r\n\r\n{}", plugins::write_lock(lock)};
}

}  // namespace rollout::fuzz
