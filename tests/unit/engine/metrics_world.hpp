#pragma once

#include <catch2/catch.hpp>
#include <map>

#include "runtime/metrics/reader.hpp"
#include "runtime/plan/builder.hpp"

// Everything that a reader needs, on a loop of its own.
struct MetricsWorld {
  MetricsWorld() {
    rollout::plan::PlanBuilder build;
    build.begin_block(rollout::plan::BlockKind::Rollout, "r");
    build.rollout().name = "r";
    build.rollout().block = build.end_block();
    secrets.emplace(
        *rollout::plan::verify(build.finish()), [](rollout::plan::RoutineId) { return rollout::plan::Value{}; },
        std::make_shared<rollout::executors::Masker>());
  }
  std::map<rollout::plan::Nanoseconds, rollout::metrics::Sample> read(
      const rollout::metrics::Source& source, const std::vector<rollout::plan::Nanoseconds>& slots, int times = 1,
      rollout::plan::Nanoseconds patience = 2 * rollout::plan::kSecond) {
    std::map<rollout::plan::Nanoseconds, rollout::metrics::Sample> samples;
    std::size_t answers = 0;
    for (int time = 0; time < times; ++time) {
      reader.read(source, *secrets, slots, scheduler->now() + patience,
                  [&](rollout::plan::Nanoseconds slot, const rollout::metrics::Sample& sample) {
                    samples[slot] = sample;
                    if (++answers == slots.size() * static_cast<std::size_t>(times)) io.stop();
                  });
    }
    if (answers < slots.size()) io.run_for(std::chrono::seconds(10));
    io.restart();
    CHECK(answers == slots.size() * static_cast<std::size_t>(times));
    return samples;
  }
  rollout::plan::Nanoseconds now() const { return scheduler->now(); }

  boost::asio::io_context io;
  std::unique_ptr<rollout::engine::Scheduler> scheduler = rollout::engine::make_real_scheduler(io);
  rollout::executors::CurlHttpClient http{io, *scheduler};
  rollout::executors::ChildProcesses processes{io, *scheduler};
  std::vector<std::string> warnings;
  rollout::metrics::MetricReader reader{
      rollout::metrics::Means{*scheduler, http, processes, "http://127.0.0.1:1",
                              [this](const std::string& warning) { warnings.push_back(warning); }}};
  std::optional<rollout::executors::Secrets> secrets;
};

inline rollout::metrics::Source number_source(rollout::plan::MetricProvider provider,
                                              std::vector<std::pair<std::string, rollout::plan::Value>> configuration) {
  return {provider, std::move(configuration), 15 * rollout::plan::kSecond, 60 * rollout::plan::kSecond};
}
