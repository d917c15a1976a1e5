#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/orphans.hpp"
#include "runtime/engine/scheduler.hpp"
#include "runtime/executors/http_client.hpp"
#include "runtime/executors/mail_sender.hpp"
#include "runtime/executors/plugin_caller.hpp"
#include "runtime/executors/process.hpp"

namespace rollout::engine {

// Everything that the engine reaches of the world outside, besides its scheduler and its journal: this machine and its
// network, or a simulated world. Metric sources are asked through the first two.
struct Outside {
  std::unique_ptr<executors::ProcessRunner> processes;
  std::unique_ptr<executors::HttpClient> http;
  std::unique_ptr<executors::MailSender> mails;
  std::unique_ptr<executors::PluginCaller> plugins;  // null: there are none
  // Finds the processes of effects in doubt that outlived a runtime before this one, and ends them: `journalled` are
  // all that were noted, `doubtful` the effects and their keys. Blocks until they are gone or cannot be ended.
  std::function<std::vector<OrphanEnd>(const std::vector<ProcessNote>& journalled,
                                       const std::vector<std::pair<std::uint64_t, std::string>>& doubtful,
                                       Nanoseconds grace)>
      end_orphans;
  std::string boot;  // what process ids and start times belong to: see ProcessNote::boot
};

// This machine: child processes, which get `variables` besides what they inherit, libcurl, /proc.
Outside real_outside(boost::asio::io_context& io, Scheduler& scheduler,
                     const executors::EnvironmentVariables& variables = {});

}  // namespace rollout::engine
