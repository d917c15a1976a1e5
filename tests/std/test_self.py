#!/usr/bin/env python3
"""The harness itself: broken actions, each of which has to fail for its own reason, beside one that passes."""

import argparse
import json
import pathlib
import sys

from world import ROOT, Action, Answer, Check, play

ACTIONS = """
action good(to: number) {
  let before = readonly run `counter read`
  run `counter set ${to}`
  undo { idempotent run `counter set ${trim(before.stdout)}` }
  probe { let there = readonly run `counter read`; require number(trim(there.stdout)) == to }
}
action no_way_back(to: number) { idempotent run `counter set ${to}` undo { readonly run `counter read` } }
action wrong_way_back(to: number) { run `counter set ${to}` undo { idempotent run `counter set 7` } }
action half_way_back() {
  let done = run `counter add`
  run `counter add`
  undo { if done.exit == 0 { run `counter subtract` }; run `counter subtract` }
}
action lying_probe(to: number) {
  let before = readonly run `counter read`
  run `counter add`
  undo { idempotent run `counter set ${trim(before.stdout)}` }
  probe { let there = readonly run `counter read`; require number(trim(there.stdout)) == to + 1 }
}
action repeated() {
  let before = readonly run `counter read`
  idempotent run `counter add`
  undo { idempotent run `counter set ${trim(before.stdout)}` }
}
action without_probe(to: number) {
  let before = readonly run `counter read`
  run `counter set ${to}`
  undo { idempotent run `counter set ${trim(before.stdout)}` }
}
action unknown() { idempotent run `counter dance` undo { readonly run `counter read` } }
action does_nothing() { idempotent run `counter set 1` undo { readonly run `counter read` } }
action repeats_undo() {
  let before = readonly run `counter read`
  idempotent run `counter set 5`
  undo { idempotent run `counter subtract`; idempotent run `counter subtract`; idempotent run `counter subtract`; idempotent run `counter subtract` }
}
action unknown_request() { http.post("{address}/other", json: { "to": 1 }) undo { readonly run `counter read` } }
check changes { let seen = readonly run `counter add`; require seen.exit == 0 }
"""


def counter(world):
    world.double("counter", {"value": 1})
    world.words = {"address": world.http(lambda request: Answer(200) if request.path == "/known" else None)}


def action(name, call):
    return Action(f"self.{name}", f"{name}{call}", counter, declarations=ACTIONS)


# Each broken action, and what has to be said of it.
BROKEN = [
    (action("no_way_back", "(5)"), "the world is not as it was"),
    (action("wrong_way_back", "(5)"), "the world is not as it was"),
    (action("half_way_back", "()"), "the world is not as it was"),
    (action("lying_probe", "(5)"), "after the resume the world is"),
    (action("repeated", "()"), "after the resume the world is"),
    (action("without_probe", "(5)"), "a person is asked"),
    (action("unknown", "()"), "the double does not know `counter dance`"),
    (action("does_nothing", "()"), "it changed nothing"),
    (action("repeats_undo", "()"), "the world is not as it was"),
    (action("unknown_request", "()"), "unknown request POST /other"),
    (Action("self.after", "good(5)", counter, declarations=ACTIONS, after=lambda state: state["value"] == 6), "afterwards the world is"),
    (Check("self.fails", "good(0)", counter, declarations=ACTIONS, step=True), "has changed the world"),
    (Check("self.passes", 'verify "it" { require 1 == 1 }', counter, step=True, passes=False), "it passes"),
]
CASES = []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    rollout = str(pathlib.Path(parser.parse_args().rollout).resolve())
    failed = 0
    problem = play(rollout, action("good", "(5)"))
    if problem:
        failed += 1
        print(f"FAILED: good\n  {problem}")
    for case, reason in BROKEN:
        problem = play(rollout, case) or "nothing"
        if reason in problem.split("\n")[0]:
            print(f"passed: {case.name} is found: {reason}", flush=True)
        else:
            failed += 1
            print(f"FAILED: {case.name}: {json.dumps(reason)} was not found, but {problem}", flush=True)
    print(f"self: {len(BROKEN) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
