#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "runtime/engine/scheduler.hpp"
#include "runtime/executors/plugin_caller.hpp"
#include "runtime/plan/plan.hpp"

// The plugins of one run: started when first called, kept, started again when they die, and given up when they die too
// often. What a plugin was asked and did not answer is settled by asking the plugin's next life.

namespace rollout::plugins {

// A plugin and where its program is on this machine: already compared with what was locked.
struct Program {
  plan::Plugin plugin;
  std::string path;
};

class Supervised;

class Host final : public executors::PluginCaller {
 public:
  Host(boost::asio::io_context& io, engine::Scheduler& scheduler, std::vector<Program> programs);
  // Ends all plugins; what is open is not told.
  ~Host() override;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  Id start(executors::PluginCall call, Done done) override;
  void cancel(Id id) override;

 private:
  engine::Scheduler& scheduler_;
  std::vector<std::shared_ptr<Supervised>> plugins_;
  Id last_id_ = 0;
};

}  // namespace rollout::plugins
