#!/usr/bin/env python3
"""Kills the real runtime (SIGKILL) at random moments and resumes it, again and again, until the run ends.

The oracle is a ledger that the steps themselves write, independent of the journal: an opaque step is started at most once unless a
person said so, an idempotent one may be repeated, and every step of the program is in the ledger at the end, in order.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS = 12


def program(folder):
    """Opaque and idempotent steps in turn; each writes its name into the ledger before and after a short sleep."""
    lines = []
    for number in range(STEPS):
        word = "idempotent " if number % 2 else ""
        lines.append(f'    {word}run `sh -c "echo start-{number} >> {folder}/ledger; sleep 0.05; echo end-{number} >> {folder}/ledger"`'
                     " undo { readonly run `true` }")
        if number % 4 == 3:
            lines.append("    hold 100ms")
    body = "\n".join(lines)
    return f"rollout crashing {{\n  stage one {{\n{body}\n  }}\n}}\n"


class Failed(Exception):
    """The promise is broken."""


def expect(condition, message):
    if not condition:
        raise Failed(message)


def play(options, folder, chance):
    environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1")
    (folder / "state").mkdir(mode=0o700)
    (folder / "crashing.rollout").write_text(program(folder))

    def rollout(*arguments):
        return subprocess.run([options.rollout, *arguments], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)

    def spawn(*arguments):
        log = open(folder / "log", "ab")
        return subprocess.Popen([options.rollout, *arguments], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def view():
        return json.loads(rollout("status", run, "--format", "json").stdout)

    process = spawn("run", "crashing.rollout", "--yes")
    kills = doubts = 0
    repeated = set()
    run = "crashing-1"
    deadline = time.monotonic() + 60
    while True:
        expect(time.monotonic() < deadline, "the run did not end in a minute")
        end = time.monotonic() + chance.uniform(0.02, 0.5)
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.005)
        if process.poll() is not None:
            expect(process.returncode == 0, f"exit status {process.returncode}: {(folder / 'log').read_text()[-1500:]}")
            break
        if (folder / "state" / "crashing-1.journal").exists() and rollout("list").stdout.find(run) >= 0:
            state = view()
            if state["state"] == "paused":
                expect("unknown outcome" in state["reason"], f"paused because {state['reason']!r}")
                # A person looks at the ledger, as the runtime cannot, and decides.
                step = int(re.search(r"echo start-(\d+) ", state["reason"]).group(1))
                happened = f"end-{step}" in (folder / "ledger").read_text().split()
                answer = rollout("promote" if happened else "retry", run, "looked at the ledger", "--by", "tester")
                expect(answer.returncode == 0, f"the decision was refused: {answer.stderr}{answer.stdout}")
                doubts += 1
                if not happened:
                    repeated.add(step)
                continue
            process.kill()
            process.wait()
            kills += 1
            if view()["state"] == "succeeded":  # it ended just before it was killed
                break
            process = spawn("resume", run)
        else:
            process.kill()
            process.wait()
            kills += 1
            shutil.rmtree(folder / "state")
            (folder / "state").mkdir(mode=0o700)
            expect(not (folder / "ledger").exists(), "a step ran before the run was stored")
            process = spawn("run", "crashing.rollout", "--yes")
    check(folder, repeated)
    return kills, doubts


def check(folder, repeated):
    words = (folder / "ledger").read_text().split()
    seen = []
    for word in words:
        kind, number = word.split("-")
        if kind == "start" and int(number) not in seen:
            seen.append(int(number))
    expect(seen == list(range(STEPS)), f"the steps began in the order {seen}")
    for number in range(0, STEPS, 2):
        starts = words.count(f"start-{number}")
        expect(starts == 1 or number in repeated, f"opaque step {number} was started {starts} times and nobody said so")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    parser.add_argument("--cycles", type=int, default=8, help="runs that are played to their end")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    options.rollout = str(pathlib.Path(options.rollout).resolve())
    seed = options.seed if options.seed is not None else random.randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    kills = doubts = failed = 0
    for _ in range(options.cycles):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="rollout-crash-"))
        try:
            more = play(options, folder, chance)
            kills, doubts = kills + more[0], doubts + more[1]
        except (Failed, subprocess.TimeoutExpired, json.JSONDecodeError) as problem:
            failed += 1
            print(f"FAILED (seed {seed}): {problem}", flush=True)
        finally:
            subprocess.run(["pkill", "-KILL", "-f", str(folder)], check=False)
            shutil.rmtree(folder, ignore_errors=True)
    print(f"killed {kills} times, {doubts} outcomes in doubt were settled by a person")
    print(f"crash: {options.cycles - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
