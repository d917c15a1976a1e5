#!/usr/bin/env python3
"""The module `k6`, with a strict double of its command that writes summaries as k6 does."""

import json

from world import Action, Check, main

SUMMARY = {"metrics": {"http_req_duration": {"avg": 120.1, "min": 3, "med": 90, "max": 900, "p(90)": 301.5, "p(95)": 412.25},
                       "http_req_failed": {"passes": 3, "fails": 997, "value": 0.003}, "http_reqs": {"count": 1000, "rate": 33.3},
                       "checks": {"passes": 1000, "fails": 0, "value": 1}}, "root_group": {}}


def k6(world, crossed=False, fails=0):
    summary = json.loads(json.dumps(SUMMARY))
    summary["metrics"]["checks"]["fails"] = fails
    world.double("k6", {"summary": summary, "crossed": crossed, "runs": []})
    (world.folder / "load.js").write_text("export default function () {}\n")
    (world.folder / "k6.json").unlink(missing_ok=True)
    made = world.folder / "done.json"
    made.write_text(json.dumps(summary))
    world.snapshot = lambda: (world.folder / "k6.json").exists()


def crossed(world):
    k6(world, crossed=True)


def failing(world):
    k6(world, fails=7)


LOAD = 'k6.load("%s.js", summary: "k6.json", users: 50, length: 1m30s)'

CASES = [
    Action("k6.load", LOAD % "load", k6, undo=False, after=lambda there: there),
    Action("k6.load", LOAD % "load", crossed, undo=False, after=lambda there: there, title="crossed thresholds"),
    Check("k6.load", LOAD % "other", k6, step=True, passes=False, says="couldn't be found", title="no script"),
    Check("k6.p95_at_most", 'k6.p95_at_most("done.json", most: 413ms)', k6),
    Check("k6.p95_at_most", 'k6.p95_at_most("done.json", most: 400ms)', k6, passes=False, says="the 95th percentile is 412.25 ms", title="slow"),
    Check("k6.failed_at_most", 'k6.failed_at_most("done.json", most: 0.5%)', k6),
    Check("k6.failed_at_most", 'k6.failed_at_most("done.json", most: 0.1%)', k6, passes=False, says="0.003 of the requests failed", title="too many"),
    Check("k6.rate_at_least", 'k6.rate_at_least("done.json", least: 33)', k6),
    Check("k6.rate_at_least", 'k6.rate_at_least("done.json", least: 34)', k6, passes=False, says="there were 33.3 requests a second", title="too few"),
    Check("k6.checks_pass", 'k6.checks_pass("done.json")', k6),
    Check("k6.checks_pass", 'k6.checks_pass("done.json")', failing, passes=False, says="7 checks of the load test failed", title="some fail"),
]

if __name__ == "__main__":
    main(__file__, CASES)
