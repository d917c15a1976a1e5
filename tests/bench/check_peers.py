#!/usr/bin/env python3
"""How long `rolloutc check` takes beside tools of the same kind: whole processes, in turns, on the same number of rules.

A program of 10,000 metrics, each with a guard, beside 10,000 alerting rules for `promtool check rules` and the same metrics and rules
in `jsonnet`. Ours has to be at least five times faster than both. Seconds are the processor's, of the best of some rounds with one tool
after the other in each: a busy machine slows all of them, and disturbs the best round least.
"""

import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = 10_000
ROUNDS = 5
GOAL = 5.0


def expression(number):
    return (
        f'sum(rate(http_requests_total{{app="service-{number}",code=~"5.."}}[1m])) / '
        f'sum(rate(http_requests_total{{app="service-{number}"}}[1m]))'
    )


def rollout_module():
    parts = ["use std.prometheus\n"]
    for number in range(RULES):
        parts.append(f'metric errors_{number}: ratio = prometheus.query("""\n  {expression(number)}\n""") every 15s\n')
    parts.append("rollout service {\n  stage canary {\n")
    parts += [f'    when errors_{number} > 5% for 2m then rollback "service {number} fails"\n' for number in range(RULES)]
    parts.append("    hold 15m\n  }\n}\n")
    return "".join(parts)


def prometheus_rules():
    parts = ["groups:\n- name: service\n  rules:\n"]
    for number in range(RULES):
        parts.append(
            f"  - alert: errors_{number}\n    expr: '({expression(number)}) > 0.05'\n    for: 2m\n"
            f"    annotations:\n      summary: service {number} fails\n"
        )
    return "".join(parts)


def jsonnet_rules():
    """As in our program: metrics with a name and a type, and rules that refer to them and check that the types agree."""
    parts = [
        "local metric(expr, type, every) = { expr: expr, type: type, every: every };\n"
        "local rule(name, metric, type, threshold, duration, summary) =\n"
        "  assert metric.type == type : 'the metric of ' + name + ' is no ' + type;\n"
        "  { alert: name, expr: '(' + metric.expr + ') > ' + threshold, 'for': duration, annotations: { summary: summary } };\n"
        "local metrics = {\n"
    ]
    for number in range(RULES):
        parts.append(f"  errors_{number}: metric('{expression(number)}', 'ratio', '15s'),\n")
    parts.append("};\n{ groups: [{ name: 'service', rules: [\n")
    for number in range(RULES):
        name = f"errors_{number}"
        parts.append(f"  rule('{name}', metrics.{name}, 'ratio', 0.05, '2m', 'service {number} fails'),\n")
    parts.append("] }] }\n")
    return "".join(parts)


def seconds_of(command):
    """The processor's, for the whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if answer.returncode != 0:
        sys.exit(f"check_peers: `{' '.join(command[:3])} ...` ended with {answer.returncode}: {answer.stderr[:2000]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    rolloutc = os.environ.get("ROLLOUT_BIN", str(ROOT / "build" / "bin")) + "/rolloutc"
    peers = ["promtool", "jsonnet"]
    if missing := [peer for peer in peers if not shutil.which(peer)]:
        sys.exit(f"check_peers: not installed: {' '.join(missing)} (Debian: prometheus, jsonnet)")
    examples = sorted(str(path) for path in (ROOT / "examples").rglob("*.rollout"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "rules.rollout").write_text(rollout_module())
        (folder / "rules.yaml").write_text(prometheus_rules())
        (folder / "rules.jsonnet").write_text(jsonnet_rules())
        commands = {
            "rolloutc": [rolloutc, "check", "--format", "short", str(folder / "rules.rollout")],
            "promtool": ["promtool", "check", "rules", str(folder / "rules.yaml")],
            "jsonnet": ["jsonnet", str(folder / "rules.jsonnet")],
            "examples": [rolloutc, "check", "--format", "short", *examples],
        }
        times = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(seconds_of(command))
        size = (folder / "rules.rollout").stat().st_size
    best = {name: min(values) for name, values in times.items()}
    missed = False
    for peer in peers:
        ratio = best[peer] / best["rolloutc"]
        missed |= ratio < GOAL
        print(
            f"check 10,000 rules, {peer:<9} {ratio:>9.2f} times  goal at least {GOAL:>9g} times  "
            f"{'reached' if ratio >= GOAL else 'MISSED'}   "
            f"(rolloutc {best['rolloutc'] * 1e3:.0f} ms, {peer} {best[peer] * 1e3:.0f} ms, {size} bytes)"
        )
    print(f"check all examples        {best['examples'] * 1e3:>12.2f} ms     ({len(examples)} files in one process)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
