#include "tests/bench/large_module.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rollout::bench {

namespace {

// One service's part of the module: everything that a rollout is made of, in the mixture of the examples.
std::string service(std::size_t number) {
  return fmt::format(R"(
## The share of requests of service {0} answered with a 5xx.
metric errors_{0}: ratio = prometheus.query("""
  sum(rate(http_requests_total{{app="service-{0}",code=~"5.."}}[1m])) / sum(rate(http_requests_total{{app="service-{0}"}}[1m]))
""") every 15s
metric p95_{0}(endpoint: string = ".*"): duration = prometheus.query("""
  histogram_quantile(0.95, sum by (le) (rate(duration_seconds_bucket{{app="service-{0}",endpoint=~"${{endpoint}}"}}[1m])))
""") unit s every 15s

let image_{0} = "registry.example.com/service-{0}:${{version}}"
fn slow_{0}(x: duration): duration = 20% above x

check healthy_{0} {{
  let r = http.get("https://service-{0}.example.com/health", timeout: 5s)
  require r.status == 200 "the service answers with ${{r.status}}"
  require p95_{0}() < slow_{0}(400ms)
}}

action deploy_{0}(image: string) {{
  let before = run(`kubectl get deployment/service-{0} -o name`)
  run `kubectl set image deployment/service-{0} app=${{image}}`
  undo {{ run `kubectl rollout undo deployment/service-{0}` }}
}}

action weight_{0}(share: ratio) {{
  idempotent run `lb-weight service-{0} ${{share / 1%}}`
}}

guards budget_{0} {{
  # What the team agreed on in spring.
  when p95_{0}("contacts") > 600ms for 10m then rollback
  when errors_{0} > 1% for 10m then rollback
}}

rollout service_{0} {{
  owner   "Platform Engineering"
  window  02:00..04:00 UTC
  traffic via weight_{0}()
  watch budget_{0}
  approve "Go / no-go for {0}" by release_manager within 1h else abort

  stage canary {{
    when errors_{0} > 5% for 2m then rollback
    when p95_{0}() > 1s for 5m then rollback "too slow"
    deploy_{0}(image_{0})
    traffic 5%
    hold 15m..30m until {{
      errors_{0} < 0.5%
      p95_{0}() < 500ms for 5m
    }} else rollback
  }}
  stage expanded {{
    traffic 25%
    hold 30m..45m until p95_{0}("contacts") < 300ms and errors_{0} < 1% else rollback
  }}
  stage full {{ traffic 100%; hold 15m; verify healthy_{0} retry 3 every 10s }}

  on rollback {{ notify ops "service {0} ${{version}} rolled back: ${{reason}}" }}
  on success  {{ notify ops "service {0} ${{version}} is live" }}
}}

scenario "service {0} is slow at 25 %" of service_{0} {{
  with version = "v2"
  errors_{0} = 0.1%
  p95_{0}(_) = 180ms
  p95_{0}("contacts") = 700ms from expanded + 5m
  approve all
  expect rolled back during expanded
  expect traffic <= 25%
}}
)",
                     number);
}

}  // namespace

std::string large_module(std::size_t wanted) {
  std::string text =
      "use std.prometheus\nuse std.http\nuse std.terminal\n\nparam version: string = \"v1\"\n"
      "role release_manager = [\"dana\", \"kim\"]\nlet ops = terminal.channel()\n";
  std::size_t lines = 7;
  for (std::size_t number = 0; lines < wanted; ++number) {
    const std::string part = service(number);
    lines += static_cast<std::size_t>(std::ranges::count(part, '\n'));
    text += part;
  }
  return text;
}

}  // namespace rollout::bench
