#!/usr/bin/env python3
"""Kills the real runtime (SIGKILL) a given number of times, at random moments of canary releases with real child processes.

Each release goes 5 %, 25 %, 50 %, 100 %: a step that starts the new version, one that moves the traffic, a hold under a guard that
reads a real file. Some releases grow slow and are rolled back, some are taken back by a person; the runtime is killed all the while,
also while it recovers and while it rolls back. The oracle is a ledger that the commands write themselves, independent of the journal:

  - what is opaque is started once, unless a person who looked at the ledger said so;
  - of one effect, two processes never run at a time: what outlived the runtime has ended before the next one begins;
  - traffic goes from one share to the next, or back to nothing;
  - after a success everything is there, after a rollback nothing is left, and no child lives on;
  - the journal is whole (`rollout log --verify`), and has one outcome for each intent at most.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from cases import Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARES = [5, 25, 50, 100]

# Writes "begin NAME pid", does its work in two halves, writes "end NAME pid". Appends of a line are atomic.
STEP = """#!/bin/sh
echo "begin $1 $$" >> ledger
sleep 0.03
case $1 in
  traffic*) echo "$2" > share ;;
  start*) touch "$2" ;;
  stop*) rm -f "$2" ;;
esac
sleep 0.03
echo "end $1 $$" >> ledger
"""


def program():
    stages = []
    for share in SHARES:
        stages.append(f"""
  stage share_{share} {{
    when latency > 250ms for 300ms then rollback
    run `./step start-{share} version-{share}` undo {{ idempotent run `./step stop-{share} version-{share}` timeout 10s }}
    traffic {share}%
    hold 300ms
  }}""")
    return f"""
metric latency: duration = file("latency.csv") every 100ms stale after 1h

action weight(share: ratio) {{ idempotent run `./step traffic-${{share / 1%}} ${{share / 1%}}` timeout 10s }}

rollout canary {{
  traffic via weight()
  on missing for 30m pause
{"".join(stages)}
}}
"""


def expect(condition, message):
    if not condition:
        raise Failed(message)


class Release:
    """One run through all the lives of its runtime."""

    def __init__(self, rollout, folder, chance):
        self.rollout, self.folder, self.chance = rollout, folder, chance
        self.environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1")
        self.kills = self.doubts = 0
        self.allowed = set()  # opaque steps that a person let run again
        self.run = "canary-1"
        self.becomes_slow = chance.random() < 0.35
        self.taken_back = not self.becomes_slow and chance.random() < 0.2
        (folder / "canary.rollout").write_text(program())
        (folder / "step").write_text(STEP)
        (folder / "step").chmod(0o755)
        (folder / "ledger").touch()
        (folder / "share").write_text("0\n")
        (folder / "latency.csv").write_text("time,value\n")
        self.measure("40ms")

    def measure(self, value):
        with open(self.folder / "latency.csv", "a") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}Z,{value}\n")

    def call(self, *arguments):
        return subprocess.run([self.rollout, *arguments], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)

    def spawn(self, *arguments):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen([self.rollout, *arguments], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log)

    def ledger(self):
        return [tuple(line.split()) for line in (self.folder / "ledger").read_text().splitlines()]

    def view(self):
        answer = self.call("status", self.run, "--format", "json")
        expect(answer.returncode == 0, f"`rollout status` fails: {answer.stderr}")
        return json.loads(answer.stdout)

    def is_stored(self):
        return self.run in self.call("list").stdout

    def play(self, kills_left):
        process = self.spawn("run", "canary.rollout", "--yes")
        deadline = time.monotonic() + 600
        while True:
            expect(time.monotonic() < deadline, f"the run did not end in ten minutes: {self.tail()}")
            # Mostly in the middle of something, now and then while it starts or recovers.
            patience = self.chance.choice([0.02, 0.1, 0.4]) * self.chance.uniform(0.3, 1.5)
            if self.wait(process, patience if self.kills < kills_left else 30):
                break
            if self.settles_a_doubt():
                continue
            process.kill()
            process.wait()
            self.kills += 1
            if not self.is_stored():
                expect(not self.ledger(), "a step ran before its run was stored")
                process = self.begin_again()
                continue
            if self.view()["state"] in ("succeeded", "rolled back"):  # it ended just before it was killed
                break
            process = self.spawn("resume", self.run)
        self.check(self.view()["state"])

    def begin_again(self):
        shutil.rmtree(self.folder / "state")
        (self.folder / "state").mkdir(mode=0o700)
        return self.spawn("run", "canary.rollout", "--yes")

    def wait(self, process, seconds):
        """Whether the process has ended by itself."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            self.disturb()
            if seconds > 1:
                self.settles_a_doubt()
            time.sleep(0.01)
        if process.poll() is None:
            return False
        expect(process.returncode in (0, 3), f"exit status {process.returncode}: {self.tail()}")
        return True

    def disturb(self):
        """What the world brings, once the second share has been reached."""
        if not (self.becomes_slow or self.taken_back) or "version-25" not in os.listdir(self.folder):
            return
        if self.becomes_slow:
            self.becomes_slow = False
            self.measure("900ms")
        elif self.call("rollback", self.run, "not today", "--by", "tester").returncode == 0:
            self.taken_back = False

    def settles_a_doubt(self):
        """A person looks at the ledger, as the runtime cannot, and decides."""
        if not self.is_stored():
            return False
        state = self.view()
        if state["state"] != "paused":
            return False
        expect("unknown outcome" in state["reason"], f"paused because {state['reason']!r}")
        found = re.search(r"start-(\d+)", state["reason"])
        expect(found, f"nobody can tell what is in doubt: {state['reason']!r}")
        name = found.group(0)
        happened = any(kind == "end" and step == name for kind, step, _ in self.ledger())
        answer = self.call("promote" if happened else "retry", self.run, "looked at the ledger", "--by", "tester")
        if answer.returncode != 0:  # the process that asks is just starting, or has been killed
            return False
        self.doubts += 1
        if not happened:
            self.allowed.add(name)
        return True

    def tail(self):
        return (self.folder / "log").read_text(errors="replace")[-1500:]

    # ---------------------------------------------------------------- the oracle

    def check(self, state):
        self.check_overlaps()
        starts = [step for kind, step, _ in self.ledger() if kind == "begin"]
        for share in SHARES:
            name = f"start-{share}"
            expect(starts.count(name) <= 1 or name in self.allowed, f"{name} was started {starts.count(name)} times, and nobody said so")
        self.check_traffic(starts)
        there = [share for share in SHARES if (self.folder / f"version-{share}").exists()]
        share = int((self.folder / "share").read_text())
        if state == "succeeded":
            expect(there == SHARES and share == 100, f"after the success {there} are there, traffic {share} %")
        else:
            expect(state == "rolled back", f"it ended {state}")
            expect(there == [] and share == 0, f"after the rollback {there} are left, traffic {share} %")
        self.check_children()
        self.check_journal()

    def check_overlaps(self):
        """Of one name, nothing is still being done when it begins again: a process that was ended writes no more."""
        begun = {}
        for kind, step, process in self.ledger():
            if kind == "begin":
                begun[step] = process
            else:
                expect(begun.get(step) == process, f"process {process} of {step} went on after another one had begun")

    def check_traffic(self, starts):
        shares = [int(step.split("-")[1]) for step in starts if step.startswith("traffic-")]
        levels = [0, *SHARES]
        before = 0
        for share in shares:
            forward = levels.index(share) - levels.index(before)
            expect(forward in (0, 1) or forward < 0, f"traffic jumps from {before} % to {share} %")
            before = share

    def check_children(self):
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                folder = os.readlink(f"/proc/{entry}/cwd")
            except OSError:
                continue
            expect(folder != str(self.folder), f"process {entry} lives on: {pathlib.Path(f'/proc/{entry}/cmdline').read_bytes()}")

    def check_journal(self):
        verified = self.call("log", self.run, "--verify")
        expect(verified.returncode == 0, f"the journal is not whole: {verified.stdout}{verified.stderr}")
        outcomes = {}
        for line in self.call("log", self.run, "--format", "json").stdout.splitlines():
            entry = json.loads(line)
            if entry["kind"] == "effect finished":
                key = entry["body"]["effect"]
                outcomes[key] = outcomes.get(key, 0) + 1
        expect(outcomes, "the journal has no outcome of any effect")
        twice = [key for key, count in outcomes.items() if count > 1]
        expect(not twice, f"effects {twice} have several outcomes in the journal")


def end_children(folder):
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == str(folder):
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            continue


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    parser.add_argument("--cycles", type=int, default=20, help="kills, over as many releases as that takes")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    rollout = str(pathlib.Path(options.rollout).resolve())
    seed = options.seed if options.seed is not None else random.randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    kills = doubts = failed = releases = 0
    begun = time.monotonic()
    while kills < options.cycles and failed < 5:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="rollout-kills-"))
        (folder / "state").mkdir(mode=0o700)
        release = Release(rollout, folder, chance)
        try:
            release.play(options.cycles - kills)
        except (Failed, subprocess.TimeoutExpired, json.JSONDecodeError) as problem:
            failed += 1
            print(f"FAILED (seed {seed}, release {releases + 1}): {problem}", flush=True)
        finally:
            end_children(folder)
            shutil.rmtree(folder, ignore_errors=True)
        before = kills
        kills, doubts, releases = kills + release.kills, doubts + release.doubts, releases + 1
        if kills // 100 > before // 100:
            print(f"killed {kills} times in {releases} releases so far, {failed} failed", flush=True)
    print(f"killed {kills} times in {releases} releases and {time.monotonic() - begun:.0f} s; a person settled {doubts} doubts")
    print(f"kill cycles: {releases - failed} passed, {failed} failed")
    return 1 if failed or kills < options.cycles else 0


if __name__ == "__main__":
    sys.exit(main())
