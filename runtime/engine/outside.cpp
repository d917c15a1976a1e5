#include "runtime/engine/outside.hpp"

namespace rollout::engine {

Outside real_outside(boost::asio::io_context& io, Scheduler& scheduler,
                     const executors::EnvironmentVariables& variables) {
  Outside outside;
  outside.processes = std::make_unique<executors::ChildProcesses>(io, scheduler, variables);
  outside.http = std::make_unique<executors::CurlHttpClient>(io, scheduler);
  outside.mails = std::make_unique<executors::CurlMailSender>(io);
  outside.end_orphans = [](const auto& journalled, const auto& doubtful, Nanoseconds grace) {
    return end_orphans(find_orphans(journalled, doubtful), grace);
  };
  outside.boot = boot_id();
  return outside;
}

}  // namespace rollout::engine
