// prometheus: any bytes that a metrics server may answer are samples in order, or an error with a reason
#include <algorithm>

#include "runtime/metrics/prometheus_answer.hpp"
#include "tests/fuzz/target.hpp"

namespace rollout::fuzz {

void test_one(std::string_view bytes) {
  executors::HttpResult result;
  result.status = bytes.size() % 3 == 0 ? 400 : 200;
  result.body = std::string(bytes);
  for (const bool is_range : {false, true}) {
    for (const std::vector<std::string>& by : {std::vector<std::string>(), {"instance"}, {"instance", "zone"}}) {
      const metrics::PrometheusAnswer answer = metrics::read_prometheus_answer(result, is_range, by);
      const auto time = [](const auto& sample) { return sample.first; };
      if (!std::ranges::is_sorted(answer.samples, {}, time)) broken("samples are out of order");
      if (!answer.error.empty() && !answer.samples.empty()) broken("an error has samples");
    }
  }
  static_cast<void>(metrics::is_plain_selector(bytes));
}

std::vector<std::string> built_in_seeds() {
  return {
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000.5,"0.25"]}]}})",
      R"({"status":"success","data":{"resultType":"scalar","result":[1700000000,"NaN"]}})",
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"instance":"a"},"values":[[1,"1"],[2,"+Inf"]]}]}})",
      R"({"status":"success","warnings":["w"],"data":{"resultType":"vector","result":[{"metric":{"instance":"a","zone":"b"},"value":[1,"1"]},{"metric":{"instance":"b","zone":"b"},"value":[1,"2"]}]}})",
      R"({"status":"error","errorType":"bad_data","error":"parse error"})",
      R"(up{job="api",instance=~"a.*"} offset 5m)",
  };
}

}  // namespace rollout::fuzz
