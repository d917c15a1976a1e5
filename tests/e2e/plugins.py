#!/usr/bin/env python3
"""Plugins end to end: the conformance kit on plugins that break one rule each, and runs with a plugin that dies, hangs, floods and lies."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from cases import Failed, folder_for, options_of, run_cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTS = ROOT / "tests/plugins/acts.py"
BROKEN = sorted(path for path in (ROOT / "tests/plugins/broken").glob("*.py") if path.name != "base.py")
SDK = ROOT / "stdlib/plugin-sdk"
WITHIN = 120

# One step, and what a person could say to it.
PROGRAM = """
use plugin "acts"
use std.terminal
secret token = env("ACTS_TOKEN")
let here = terminal.channel()
rollout shop {
  stage only {
    STEP
  }
}
"""


class Cases:
    def __init__(self, options, folder):
        self._options = options
        self._folder = folder
        self._count = 0

    # ---------------------------------------------------------------- tools

    def _room(self):
        """A folder of its own, with the plugin locked in it."""
        self._count += 1
        room = self._folder / f"case-{self._count}"
        (room / "state").mkdir(parents=True, mode=0o700)
        self._lock(room, "acts", ACTS)
        return room

    def _rollout(self, room, *words, check=None, **more):
        environment = dict(os.environ, ROLLOUT_STATE=str(room / "state"), ACTS_TOKEN="t0ken-of-the-acts")
        done = subprocess.run([self._options.rollout, *map(str, words)], cwd=room, capture_output=True, text=True,
                              timeout=WITHIN, env=environment, **more)
        if check is not None and done.returncode != check:
            raise Failed(f"{words} ended with {done.returncode}, not {check}:\n{done.stdout}{done.stderr}")
        return done

    def _lock(self, room, name, path):
        self._rollout(room, "plugin", "lock", name, path, check=0)

    def _write(self, room, step):
        (room / "shop.rollout").write_text(PROGRAM.replace("STEP", step))
        return room / "shop.rollout"

    def _run(self, room, step, expected):
        self._write(room, step)
        return self._rollout(room, "run", "shop.rollout", "--yes", "--log", "log", check=expected)

    def _begin(self, room, step):
        self._write(room, step)
        environment = dict(os.environ, ROLLOUT_STATE=str(room / "state"), ACTS_TOKEN="t0ken-of-the-acts")
        return subprocess.Popen([self._options.rollout, "run", "shop.rollout", "--yes", "--log", "log"], cwd=room,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)

    @staticmethod
    def _wait_for(what, holds, within=30):
        due = time.monotonic() + within
        while not holds():
            if time.monotonic() > due:
                raise Failed(f"{what} did not come about")
            time.sleep(0.05)

    def _journal(self, room):
        lines = self._rollout(room, "log", "shop-1", "--format", "json", check=0).stdout.splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    @staticmethod
    def _demand(holds, words):
        if not holds:
            raise Failed(words)

    @staticmethod
    def _world(room):
        world = room / "world.txt"
        return world.read_text().splitlines() if world.exists() else []

    def _kit(self, path):
        done = self._rollout(self._folder, "plugin", "test", path, "--format", "json")
        return done.returncode, json.loads(done.stdout)

    # ---------------------------------------------------------------- the kit

    def each_broken_plugin_fails_for_its_own_reason(self):
        failures, first = [], set()
        # Most of the time is waiting for what does not come.
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            tried = list(pool.map(self._kit, BROKEN))
        for path, (status, findings) in zip(BROKEN, tried):
            meant = re.search(r"^# breaks: (.+)$", path.read_text(), re.MULTILINE).group(1).split()
            first.add(meant[0])
            broken = {one["probe"] for one in findings if one["verdict"] == "broken"}
            if status != 1 or meant[0] not in broken or not broken <= set(meant):
                failures.append(f"{path.name}: meant {meant}, broke {sorted(broken)}")
            if any(not one["mend"] or not one["observed"] for one in findings if one["verdict"] == "broken"):
                failures.append(f"{path.name}: a finding does not say what was seen, or how to mend it")
        self._demand(not failures, "\n  ".join(failures))
        self._demand(len(BROKEN) >= 15 and len(first) >= 15, f"only {len(first)} rules are broken by a plugin")

    def a_plugin_that_keeps_every_rule_passes(self):
        for path in (ROOT / "tests/plugins/good.py", ROOT / "examples/plugins/plugins/pool_router"):
            status, findings = self._kit(path)
            self._demand(status == 0, f"{path.name}: {[one for one in findings if one['verdict'] == 'broken']}")
        self._demand(not [one for one in self._kit(ROOT / "tests/plugins/good.py")[1] if one["verdict"] == "skipped"],
                     "the good plugin leaves rules untried")

    def the_sdks_keep_every_rule(self):
        programs = []
        if shutil.which("node"):
            programs.append(SDK / "node/example.js")
        compiler = shutil.which("g++")
        if compiler:
            program = self._folder / "notice_board"
            subprocess.run([compiler, "-std=c++20", "-Wall", "-Wextra", SDK / "cpp/example.cpp", "-o", program, "-pthread"], check=True)
            programs.append(program)
        for path in programs:
            status, findings = self._kit(path)
            self._demand(status == 0, f"{path.name}: {[one for one in findings if one['verdict'] == 'broken']}")

    def the_plugin_of_the_page_works(self):
        text = (ROOT / "docs/plugins.md").read_text()
        program = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
        self._demand(len(program.splitlines()) < 60, "it has 60 lines or more")
        room = self._room()
        path = room / "greeter"
        path.write_text(program)
        path.chmod(0o755)
        status, findings = self._kit(path)
        self._demand(status == 0, f"{[one for one in findings if one['verdict'] == 'broken']}")
        self._lock(room, "greeter", path)
        (room / "greets.rollout").write_text(
            'use plugin "greeter"\nuse std.terminal\nlet here = terminal.channel()\n'
            'metric queue: number = greeter.queue("orders") every 1s\n'
            'rollout greets {\n  let said = greeter.greet("world")\n  notify here "it said ${said}"\n'
            '  when queue > 100 for 2s then rollback\n  hold 2s\n}\n')
        done = self._rollout(room, "run", "greets.rollout", "--yes", check=0)
        self._demand("it said hello, world" in done.stdout, done.stdout)

    # ---------------------------------------------------------------- locking

    def what_was_not_locked_is_refused(self):
        room = self._room()
        program = self._write(room, 'acts.idempotent_one("well")')
        check = [self._options.rolloutc, "check", "--format", "short", program.name]
        shutil.copytree(ROOT / "tests/plugins", room / "tests")
        self._lock(room, "acts", room / "tests/acts.py")
        self._rollout(room, "run", "shop.rollout", "--yes", check=0)
        subprocess.run([self._options.rolloutc, "build", program.name, "-o", "shop.rplan"], cwd=room, check=True,
                       capture_output=True)
        with (room / "tests/acts.py").open("a") as changed:
            changed.write("# changed\n")
        done = subprocess.run(check, cwd=room, capture_output=True, text=True)
        self._demand(done.returncode == 1 and "E0219" in done.stdout + done.stderr, done.stdout + done.stderr)
        done = self._rollout(room, "run", "shop.rplan", "--yes", check=2)
        self._demand("is not the one that the plan was built with" in done.stderr, done.stderr)
        listed = self._rollout(room, "plugin", "list", check=0).stdout
        self._demand("changed since it was locked" in listed, listed)
        (room / "rollout.plugins.lock").unlink()
        done = subprocess.run(check, cwd=room, capture_output=True, text=True)
        self._demand("E0217" in done.stdout + done.stderr, done.stdout + done.stderr)

    def a_wrong_argument_is_an_error_of_the_compiler(self):
        room = self._room()
        program = self._write(room, 'acts.typed(5, 10m, 1MB, 15/s, 2026-12-01T02:00Z, ["a"], { "x": 1 })')
        done = subprocess.run([self._options.rolloutc, "check", program.name], cwd=room, capture_output=True, text=True)
        self._demand(done.returncode == 1 and "`share`" in done.stderr + done.stdout, done.stderr + done.stdout)

    # ---------------------------------------------------------------- calls

    def values_arrive_as_the_page_says(self):
        room = self._room()
        done = self._run(room, 'let r = acts.typed(5%, 1m30s, 1kB, 15/s, 2026-12-01T02:00Z, ["a", "b"], { "x": 1, "y": "z" })\n'
                               '    notify here "got ${r.share} ${r.soak} ${r.count}"', 0)
        self._demand("got 0.05 90 3" in done.stdout, done.stdout)
        line = self._world(room)[0]
        for part in ("('at', '2026-12-01T02:00:00Z')", "('more', {'x': 1, 'y': 'z'})", "('most', 1000)",
                     "('names', ['a', 'b'])", "('pace', 15)", "('share', 0.05)", "('soak', 90)"):
            self._demand(part in line, f"{part} is not in {line}")

    def checks_metrics_and_channels_of_a_plugin_work(self):
        room = self._room()
        (room / "shop.rollout").write_text(
            'use plugin "acts" as a\nlet board = a.board("well")\n'
            'metric delay: duration = a.delay("well") every 1s\nmetric none: duration = a.delay("absent") every 1s absent is 7s\n'
            'rollout shop {\n  stage only {\n    verify a.well("well")\n    notify board "on the board" ack within 20s else rollback\n'
            '    when delay > 300ms for 2s then rollback\n    when none < 7s for 1s then rollback\n    hold 4s until delay > 200ms and none == 7s\n  }\n}\n')
        (room / "acknowledged").touch()
        self._rollout(room, "run", "shop.rollout", "--yes", "--log", "log", check=0)
        self._demand(any("board well" in line for line in self._world(room)), self._world(room))

    def a_failing_check_says_why(self):
        room = self._room()
        done = self._run(room, 'verify acts.well("tired") else abort', 5)
        self._demand("it is tired" in done.stdout, done.stdout)

    def the_undo_of_a_plugin_runs(self):
        room = self._room()
        self._run(room, 'acts.probed("well")\n    acts.idempotent_one("fail")', 3)
        self._demand([line.split()[1] for line in self._world(room)] == ["probed", "take_back"], self._world(room))

    def what_a_plugin_refuses_was_never_begun(self):
        room = self._room()
        done = self._run(room, 'acts.probed("refuse")', 3)
        self._demand("could not be started" in done.stdout and "plugin `acts`" in done.stdout, done.stdout)
        self._demand(not self._world(room), "an undo ran for what was never begun")

    # ---------------------------------------------------------------- before the run

    def what_a_plugin_finds_wrong_stops_the_run_before_it_begins(self):
        room = self._room()
        done = self._run(room, 'acts.opaque("wrong")', 2)
        self._demand("`acts.opaque` (shop.rollout:8): how: there is no such way" in done.stderr, done.stderr)
        self._demand("Nothing was started" in done.stderr, done.stderr)
        self._demand(not self._world(room) and not self._rollout(room, "list", check=0).stdout.count("shop-1"), "something was begun")
        # What only the run knows is no fault.
        self._run(room, 'let how = readonly run `printf well`\n    acts.idempotent_one(trim(how.stdout))', 0)
        self._run(room, 'let how = readonly run `printf well`\n'
                        '    acts.idempotent_one({ "true": "wrong", "false": "well" }["${how.stdout is missing}"])', 0)
        done = self._run(room, 'acts.idempotent_one("odd")', 0)
        self._demand("careful: `acts.idempotent_one` (shop.rollout:8): how: this is an odd way" in done.stderr, done.stderr)

    def a_plugin_that_cannot_be_asked_stops_the_run(self):
        room = self._room()
        done = self._run(room, 'acts.opaque("invalid_answer")', 2)
        self._demand("plugin `acts` was asked to `validate` a call of `opaque` and gave no result" in done.stderr, done.stderr)
        self._demand(not self._world(room), self._world(room))

    def the_plan_says_what_its_plugins_would_do(self):
        room = self._room()
        shutil.copytree(ROOT / "tests/plugins", room / "tests")
        self._lock(room, "acts", room / "tests/acts.py")
        self._write(room, 'acts.opaque("well")\n    acts.idempotent_one("well")')
        done = self._rollout(room, "run", "shop.rollout", "--plan", check=0)
        self._demand("What its plugins would do\n  `acts.opaque` (shop.rollout:8)\n    would act well\n    and write it down"
                     in done.stdout, done.stdout)
        self._demand("idempotent_one`" not in done.stdout.split("What its plugins would do")[1], done.stdout)
        self._demand(not self._world(room), "something was done")
        done = self._rollout(room, "run", "shop.rollout", "--plan", "--format", "json", check=0)
        self._demand("would act" not in done.stdout, done.stdout)
        # A reader of the plan may not have the plugin.
        subprocess.run([self._options.rolloutc, "build", "shop.rollout", "-o", "shop.rplan"], cwd=room, check=True, capture_output=True)
        (room / "elsewhere").mkdir()
        shutil.move(room / "shop.rplan", room / "elsewhere/shop.rplan")
        (room / "rollout.plugins.lock").unlink()
        environment = dict(os.environ, ROLLOUT_STATE=str(room / "state"), ACTS_TOKEN="t0ken-of-the-acts")
        done = subprocess.run([self._options.rollout, "run", "shop.rplan", "--plan"], cwd=room / "elsewhere", capture_output=True,
                              text=True, env=environment)
        self._demand(done.returncode == 0 and "Its plugins were not asked" in done.stdout, done.stdout + done.stderr)

    # ---------------------------------------------------------------- the doctor

    def _doctor(self, room, health, *texts, file="shop.rollout"):
        done = self._rollout(room, "doctor", file, "--format", "json")
        found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        plugins = [one for one in found if one["what"].startswith("plugin")]
        self._demand(len(plugins) == 1 and plugins[0]["health"] == health, f"{plugins} {done.stderr}")
        for text in texts:
            self._demand(text in plugins[0]["seen"] + plugins[0]["remedy"], f"{text} is not in {plugins[0]}")

    def the_doctor_looks_at_plugins(self):
        room = self._room()
        shutil.copytree(ROOT / "tests/plugins", room / "tests")
        program = room / "tests/acts.py"
        self._lock(room, "acts", program)
        self._write(room, 'acts.idempotent_one("well")')
        self._doctor(room, "good", "is as it was locked, answers", "finds nothing wrong with 1 calls")
        self._write(room, 'acts.idempotent_one("wrong")')
        self._doctor(room, "bad", "it refuses the arguments of `acts.idempotent_one` (shop.rollout:8): how: there is no such way")
        self._write(room, 'acts.idempotent_one("odd")')
        self._doctor(room, "careful", "this is an odd way")

    def the_doctor_says_what_is_wrong_with_a_plugin(self):
        room = self._room()
        shutil.copytree(ROOT / "tests/plugins", room / "tests")
        program = room / "tests/acts.py"
        self._lock(room, "acts", program)
        self._write(room, 'acts.idempotent_one("well")')
        subprocess.run([self._options.rolloutc, "build", "shop.rollout", "-o", "shop.rplan"], cwd=room, check=True, capture_output=True)
        # It is as it was locked, and what it needs is gone.
        (room / "tests/broken/base.py").rename(room / "base.py")
        self._doctor(room, "bad", "was asked for `hello` and ended with exit status 1", "rollout plugin test", file="shop.rplan")
        (room / "base.py").rename(room / "tests/broken/base.py")
        with program.open("a") as changed:
            changed.write("# changed\n")
        self._doctor(room, "bad", "is not the one that the plan was built with", file="shop.rplan")
        program.unlink()
        self._doctor(room, "bad", "is not there", file="shop.rplan")

    # ---------------------------------------------------------------- heartbeats

    def heartbeats_keep_a_long_call_alive(self):
        room = self._room()
        self._run(room, 'acts.beating("beats")', 0)
        log = (room / "log").read_text()
        self._demand("said nothing" not in log, log)

    def a_silent_call_is_asked_about_and_goes_on(self):
        room = self._room()
        self._run(room, 'acts.beating("quietly")', 0)
        log = (room / "log").read_text()
        self._demand("plugin `acts` has said nothing of `beating` for 3s, and promises a heartbeat every 1s" in log, log)
        self._demand("says that `beating` is still running" in log, log)
        self._demand(len((room / "lives.txt").read_text().splitlines()) == 3, "it was ended though it answers")

    def a_plugin_that_is_silent_and_does_not_answer_is_ended_and_asked_anew(self):
        room = self._room()
        began = time.monotonic()
        self._run(room, 'acts.beating("stuck")', 0)
        self._demand(time.monotonic() - began < 30, "its call was waited for")
        log = (room / "log").read_text()
        self._demand("it does not answer `op.status`, and was ended" in log and "succeeded" in log, log)
        self._demand(len(self._world(room)) == 1, self._world(room))

    # ---------------------------------------------------------------- containment

    def a_plugin_that_died_over_a_call_is_asked_what_became_of_it(self):
        room = self._room()
        self._run(room, 'acts.opaque("die")', 0)
        self._demand(len(self._world(room)) == 1, f"it was done {len(self._world(room))} times")
        log = (room / "log").read_text()
        self._demand("plugin `acts` ended with exit status 3" in log and "succeeded" in log, log)

    def what_it_does_not_know_its_probe_says(self):
        room = self._room()
        self._run(room, 'acts.probed("die_silently")', 0)
        self._demand(len(self._world(room)) == 1, self._world(room))
        kinds = [entry["kind"] for entry in self._journal(room)]
        self._demand("effect in doubt" in kinds, kinds)

    def what_neither_knows_a_person_decides(self):
        room = self._room()
        run = self._begin(room, 'acts.opaque("die_silently") retry 3')
        try:
            self._wait_for("the pause", lambda: "paused" in self._rollout(room, "status", "shop-1").stdout)
            self._demand(len(self._world(room)) == 1, "it was done again without anybody's word")
            status = self._rollout(room, "status", "shop-1").stdout
            self._demand("acts" in status, status)
            self._rollout(room, "promote", "shop-1", "seen in the console", check=0)
            out, _ = run.communicate(timeout=WITHIN)
            self._demand(run.returncode == 0, out)
        finally:
            run.kill()
        self._demand(len(self._world(room)) == 1, self._world(room))

    def an_idempotent_call_is_made_again_under_its_key(self):
        room = self._room()
        self._run(room, 'acts.idempotent_one("die_once_silently")', 0)
        keys = {line.split()[0] for line in self._world(room)}
        self._demand(len(keys) == 1, self._world(room))
        self._demand("ended with exit status 3" in (room / "log").read_text(), "it did not die")

    def a_plugin_that_dies_too_often_is_given_up_and_named(self):
        room = self._room()
        done = self._run(room, 'acts.idempotent_one("die_before")', 3)
        self._demand("plugin `acts`" in done.stdout, done.stdout)
        self._demand(len((room / "lives.txt").read_text().splitlines()) <= 8, "it was started again and again")

    def a_plugin_that_hangs_is_ended_and_its_call_in_doubt(self):
        room = self._room()
        run = self._begin(room, 'acts.opaque("hang") timeout 1s else abort')
        out, _ = run.communicate(timeout=WITHIN)
        self._demand("nobody knows whether this took effect" in out, out)
        self._demand("plugin `acts` did not stop a call" in (room / "log").read_text(), (room / "log").read_text())
        self._no_child(room)

    def a_plugin_that_speaks_no_protocol_is_ended(self):
        room = self._room()
        self._run(room, 'acts.opaque("nonsense")', 0)
        self._demand("spoke no protocol" in (room / "log").read_text(), (room / "log").read_text())

    def a_flood_is_cut_and_harms_nothing(self):
        room = self._room()
        self._run(room, 'acts.idempotent_one("flood")', 0)
        log = (room / "log").read_text()
        self._demand("plugin acts (stdout): line 0 of a flood" in log and "lines were left out" in log, log[:2000])
        self._demand(len(log) < 200_000, f"the log has {len(log)} bytes")

    def a_result_that_is_too_large_is_not_taken(self):
        room = self._room()
        run = self._begin(room, 'acts.opaque("big")')
        try:
            self._wait_for("the pause", lambda: "paused" in self._rollout(room, "status", "shop-1").stdout)
            self._rollout(room, "abort", "shop-1", check=0)
            out, _ = run.communicate(timeout=WITHIN)
            self._demand("65536 bytes" in out, out)
        finally:
            run.kill()

    def a_secret_that_a_plugin_tells_is_masked(self):
        room = self._room()
        done = self._run(room, 'let said = acts.with_secret("tell", token)\n    notify here "it said ${said}"', 0)
        journal = b"".join(path.read_bytes() for path in (room / "state").iterdir() if path.is_file())
        for place, text in (("the output", done.stdout.encode()), ("the log", (room / "log").read_bytes()), ("the journal", journal)):
            self._demand(b"t0ken-of-the-acts" not in text, f"the secret is in {place}")
        self._demand("it said ***" in done.stdout, done.stdout)

    def a_measurement_that_does_not_come_is_no_health(self):
        room = self._room()
        (room / "shop.rollout").write_text(
            'use plugin "acts"\nmetric late: duration = acts.delay("late") every 1s\n'
            'rollout shop {\n  on missing for 3s abort "nobody knows"\n  when late > 1s for 2s then rollback\n  hold 1m\n}\n')
        done = self._rollout(room, "run", "shop.rollout", "--yes", "--log", "log", check=5)
        self._demand("nobody knows" in done.stdout, done.stdout)

    # ---------------------------------------------------------------- what a plugin may touch

    def _own_plugin(self, room, name):
        """A copy of one of the test's plugins, which may be changed."""
        folder = room / "own"
        shutil.copytree(ROOT / "tests/plugins/broken", folder / "broken")
        shutil.copy(ROOT / "tests/plugins" / name, folder / name)
        return folder / name

    def _reach(self, access):
        """Lets a plugin with that access reach for what is its own, what was given to it, and what is nobody's business."""
        room = self._room()
        program = self._own_plugin(room, "reach.py")
        for name in ("given", "scratch", "private"):
            (room / name).mkdir()
            (room / name / "file").write_text("what it says")
        with socket.create_server(("127.0.0.1", 0)) as given, socket.create_server(("127.0.0.1", 0)) as private, \
                socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port, other, unused = (one.getsockname()[1] for one in (given, private, free))
            free.close()
            if access:
                (program.parent / "access.json").write_text(json.dumps(
                    {"read": ["../given"], "write": [str(room / "scratch")], "connect": [port]}))
            locked = self._rollout(room, "plugin", "lock", "reach", program, check=0).stdout
            tries = [("read", program), ("read", room / "given/file"), ("child", room / "given/file"), ("list", room / "given"),
                     ("write", room / "scratch/new"), ("cut", room / "scratch/file"), ("move", room / "scratch/file"),
                     ("connect", port),
                     ("read", room / "private/file"), ("child", room / "private/file"), ("list", room / "private"),
                     ("read", "/proc/1/status"), ("read", room / "state/shop-1.journal"), ("list", os.environ.get("HOME", "/root")),
                     ("write", room / "given/file"), ("write", room / "private/new"), ("cut", room / "private/file"),
                     ("move", room / "private/file"), ("remove", room / "given/file"),
                     ("connect", other), ("listen", unused), ("signal", "")]
            steps = "\n    ".join(f'let said_{index} = reach.go("{how}", "{what}")\n    notify here "{index} {how} ${{said_{index}}}"'
                                  for index, (how, what) in enumerate(tries))
            (room / "shop.rollout").write_text(PROGRAM.replace('"acts"', '"reach"').replace("STEP", steps))
            done = self._rollout(room, "run", "shop.rollout", "--yes", "--log", "log", check=0)
        said = [re.search(rf"\b{index} {how} (\w+)", done.stdout).group(1) for index, (how, _) in enumerate(tries)]
        return locked, (room / "log").read_text(), list(zip((how for how, _ in tries), said))

    def a_plugin_that_says_what_it_touches_touches_nothing_else(self):
        doctor = self._rollout(self._room(), "doctor")
        locked, log, said = self._reach(access=True)
        self._demand("it is kept to what it says that it touches: it reads" in locked, locked)
        self._demand("kept to it (files, cutting files off, connections, signals);" in doctor.stdout,
                     f"this kernel cannot confine all that this case looks at:\n{doctor.stdout}")
        self._demand("plugin reach is kept to its access" in log, log)
        listed = self._rollout(ROOT / "examples/plugins", "plugin", "list", check=0).stdout
        self._demand("it reads `../../../stdlib/plugin-sdk/python`, writes `..`" in listed, listed)
        self._demand([one for _, one in said[:8]] == ["reached"] * 8, f"it may do that: {said[:8]}")
        self._demand([one for _, one in said[8:]] == ["refused"] * (len(said) - 8), f"it may not do that: {said[8:]}")

    def a_plugin_that_does_not_say_it_has_the_rights_of_its_user(self):
        locked, _, said = self._reach(access=False)
        self._demand("it has all rights of who starts it" in locked, locked)
        self._demand({one for _, one in said} <= {"reached", "ENOENT"}, f"somebody refused it: {said}")

    def a_plugin_that_needs_more_than_it_says_is_not_locked(self):
        path = ROOT / "tests/plugins/broken/needs_more.py"
        done = self._rollout(self._room(), "plugin", "lock", "broken", path, check=2)
        self._demand("kept to its own `access` it does not work" in done.stderr and "let the schema's `access` read" in done.stderr, done.stderr)

    def a_plugin_that_was_changed_in_the_middle_of_a_run_is_not_started_again(self):
        room = self._room()
        self._lock(room, "acts", self._own_plugin(room, "acts.py"))
        done = self._run(room, 'acts.idempotent_one("change_and_die")', 3)
        self._demand("was changed since the run began" in done.stdout, done.stdout)
        self._demand((room / "lives.txt").read_text() == (room / "lives-then.txt").read_text(), "it had another life")

    # ---------------------------------------------------------------- the runtime dies

    def _no_child(self, room):
        for pid in {int(line) for line in (room / "lives.txt").read_text().split()}:
            stat = pathlib.Path(f"/proc/{pid}/stat")
            self._wait_for(f"the end of plugin {pid}", lambda: not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")

    def a_plugin_does_not_outlive_rollout(self):
        room = self._room()
        run = self._begin(room, 'acts.opaque("slow")')
        self._wait_for("the call", lambda: (room / "slow.started").exists())
        run.send_signal(signal.SIGKILL)
        run.communicate()
        self._no_child(room)

    def after_a_crash_of_rollout_the_plugin_says_what_became_of_it(self):
        room = self._room()
        run = self._begin(room, 'acts.opaque("slow")')
        self._wait_for("the call", lambda: (room / "slow.started").exists())
        run.send_signal(signal.SIGKILL)
        run.communicate()
        self._rollout(room, "resume", "shop-1", "--log", "log", check=0)
        self._demand(len(self._world(room)) == 1, f"it was done {len(self._world(room))} times")
        kinds = [entry["kind"] for entry in self._journal(room)]
        self._demand("plugin found" in kinds and "effect in doubt" in kinds, kinds)


def main():
    options = options_of(__doc__, "rollout", "rolloutc")
    with folder_for("plugins") as folder:
        cases = Cases(options, folder)
        return run_cases("plugins", {name: getattr(cases, name) for name in vars(Cases) if not name.startswith("_")}, options.only)


if __name__ == "__main__":
    sys.exit(main())
