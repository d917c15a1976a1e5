#include "runtime/plugins/host.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/executors/text.hpp"
#include "runtime/plugins/supervised.hpp"

namespace rollout::plugins {

Host::Host(boost::asio::io_context& io, engine::Scheduler& scheduler, std::vector<Program> programs)
    : scheduler_(scheduler) {
  for (Program& program : programs) plugins_.push_back(std::make_shared<Supervised>(io, scheduler, std::move(program)));
}

Host::~Host() {
  for (const auto& plugin : plugins_) plugin->close();
}

Host::Id Host::start(PluginCall call, Done done) {
  const Id id = ++last_id_;
  const auto found = std::ranges::find_if(plugins_, [&](const auto& plugin) { return plugin->name() == call.plugin; });
  if (found == plugins_.end()) {
    PluginResult result{call.ask ? PluginEnd::InDoubt : PluginEnd::NotStarted,
                        {},
                        fmt::format("plugin `{}` is none of the plan's", executors::printable(call.plugin, 60))};
    scheduler_.at(scheduler_.now(), [done = std::move(done), result] { done(result); });
    return id;
  }
  Op op;
  op.call = std::move(call);
  op.done = std::move(done);
  (*found)->begin(id, std::move(op));
  return id;
}

void Host::cancel(Id id) {
  for (const auto& plugin : plugins_) {
    if (plugin->has(id)) return plugin->cancel(id);
  }
}

}  // namespace rollout::plugins
