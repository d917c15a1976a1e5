#!/usr/bin/env python3
"""The module `newman`, with the real newman against an HTTP double."""

import json
import os
import shutil

from world import Answer, Check, expect, main


def collection(*asserted):
    """A request for each status that is asserted of `/health`."""
    return {"info": {"name": "shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": [
        {"name": f"health {status}", "request": {"method": "GET", "url": "{{base}}/health"},
         "event": [{"listen": "test", "script": {"exec": [f'pm.test("{status}", () => pm.response.to.have.status({status}));']}}] if status else []}
        for status in asserted]}


def newman(world):

    def answer(request):
        if (request.method, request.path) != ("GET", "/health"):
            return None
        return Answer(200, {"status": "ok"})

    address = world.http(answer, told=False)
    found = os.path.realpath(shutil.which("newman"))
    world.command("newman", target=[shutil.which("node"), found])
    for name, statuses in (("good", (200, 200)), ("bad", (200, 500)), ("empty", (None,))):
        (world.folder / f"{name}.json").write_text(json.dumps(collection(*statuses)))
    (world.folder / "production.json").write_text(json.dumps({"name": "production", "values": [{"key": "base", "value": address, "enabled": True}]}))
    (world.folder / "gone.json").write_text(json.dumps({"name": "gone", "values": [{"key": "base", "value": "http://127.0.0.1:9", "enabled": True}]}))


def with_folder(world):
    """The report is written there and nowhere else."""
    newman(world)
    (world.folder / "newman.json").mkdir()
    (world.folder / "out").mkdir()
    world.closing.callback(lambda: expect((world.folder / "out" / "results.json").is_file(), "there is no report"))


CASES = [
    Check("newman.passes", 'newman.passes("good.json", environment: "production.json")', newman),
    Check("newman.passes", 'newman.passes("good.json", environment: "production.json", iterations: 3, delay: 10ms)', newman, title="three times"),
    Check("newman.passes", 'newman.passes("good.json", environment: "production.json", report: "out/results.json")', with_folder, title="another report"),
    Check("newman.passes", 'newman.passes("bad.json", environment: "production.json")', newman, passes=False, says="1 of 2 assertions", title="one fails"),
    Check("newman.passes", 'newman.passes("bad.json", environment: "production.json", failures: 1)', newman, title="one may fail"),
    Check("newman.passes", 'newman.passes("empty.json", environment: "production.json")', newman, passes=False, says="empty.json asserts nothing",
          title="nothing is asserted"),
    Check("newman.passes", 'newman.passes("good.json", environment: "gone.json")', newman, passes=False, says="2 of 2 requests", title="nobody answers"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["newman", "node"])
