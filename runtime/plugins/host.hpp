#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "runtime/engine/scheduler.hpp"
#include "runtime/executors/plugin_caller.hpp"
#include "runtime/plugins/programs.hpp"

// The plugins of one run: started when first called, kept, started again when they die, and given up when they die too
// often. What a plugin was asked and did not answer is settled by asking the plugin's next life.

namespace rollout::plugins {

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
