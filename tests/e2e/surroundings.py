#!/usr/bin/env python3
"""What happens around a live runtime: it is stopped (SIGSTOP) and goes on, its disk is full or read-only, its journal is deleted,
replaced or damaged, it is killed and leaves children behind. Real processes, real files, a small file system of its own.

The file systems are mounted in a mount namespace of this program, so that nothing is left of them. Where the kernel allows no such
thing, those cases are skipped, and say so."""

import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from cases import Failed, folder_for, options_of, run_cases


# Three opaque steps that write a ledger; the second waits for a file, so that the test is in its middle for certain.
STEPS = """
rollout steps {
  stage one {
    run `./step first`
    run `./step second wait` timeout 1m
    run `./step third`
  }
}
"""

HELD = """
metric latency: duration = file("latency.csv") every 100ms stale after 1m
rollout held {
  stage one {
    when latency > 250ms for 500ms then rollback
    run `./step live` undo { run `./step gone` }
    hold 1500ms
  }
}
"""

LIMITED = """
rollout limited {
  on failure abort
  stage one {
    readonly run `./step quick` timeout 2s
    readonly run `./step endless wait` timeout 2s
  }
}
"""

ORPHANS = """
rollout orphans {
  stage one { idempotent run `./step long wait` timeout 1m }
}
"""

STUBBORN = """
rollout stubborn {
  stage one { idempotent run `./step stubborn wait deaf` timeout 1m }
}
"""

STEP = """#!/bin/sh
echo "begin $1 $$" >> ledger
[ "$3" = deaf ] && trap '' TERM
if [ "$2" = wait ]; then while [ ! -e go ]; do sleep 0.05; done; fi
echo "end $1 $$" >> ledger
"""


def expect(condition, message):
    if not condition:
        raise Failed(message)


def wait_for(what, reached, seconds=30):
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


class Cases:
    def __init__(self, options, folder):
        self.rollout, self.folder = options.rollout, folder
        self.state = folder / "state"
        self.environment = dict(os.environ, ROLLOUT_STATE=str(self.state), NO_COLOR="1")
        self.children = []
        for name, text in (("steps", STEPS), ("held", HELD), ("limited", LIMITED), ("orphans", ORPHANS), ("stubborn", STUBBORN)):
            (folder / f"{name}.rollout").write_text(text)
        (folder / "step").write_text(STEP)
        (folder / "step").chmod(0o755)
        (folder / "ledger").touch()

    # ---------------------------------------------------------------- helpers

    def _call(self, *arguments, status=0, says=()):
        answer = subprocess.run([self.rollout, *arguments], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=60)
        output = answer.stdout + answer.stderr
        expect(answer.returncode == status, f"`{' '.join(arguments)}`: exit status {answer.returncode}, not {status}:\n{output}")
        for word in says:
            expect(word in output, f"`{' '.join(arguments)}` does not say {word!r}:\n{output}")
        return answer.stdout

    def _start(self, *arguments):
        process = subprocess.Popen([self.rollout, *arguments], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.children.append(process)
        return process

    def _ends(self, process, status, says=()):
        output = process.communicate(timeout=60)[0]
        expect(process.returncode == status, f"exit status {process.returncode}, not {status}:\n{output}")
        for word in says:
            expect(word in output, f"it does not say {word!r}:\n{output}")
        return output

    def _ledger(self):
        return [tuple(line.split()) for line in (self.folder / "ledger").read_text().splitlines()]

    def _names(self, kind):
        return [name for what, name, _ in self._ledger() if what == kind]

    def _view(self, run):
        return json.loads(self._call("status", run, "--format", "json"))

    def _entries(self, run, kind):
        entries = (json.loads(line) for line in self._call("log", run, "--format", "json").splitlines())
        return [entry for entry in entries if entry["kind"] == kind]

    def _go(self):
        (self.folder / "go").touch()

    def _in_the_second_step(self):
        process = self._start("run", "steps.rollout", "--yes")
        wait_for("the second step", lambda: "second" in self._names("begin"))
        return process

    def _measure(self, value):
        with open(self.folder / "latency.csv", "a") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}Z,{value}\n")

    def _settle(self, run, name):
        """A person who has looked at the ledger."""
        wait_for("the question", lambda: self._view(run)["state"] == "paused")
        expect(f"step {name}" in self._view(run)["reason"], f"it asks about something else: {self._view(run)['reason']}")
        happened = name in self._names("end")
        self._call("promote" if happened else "retry", run, "looked at the ledger", "--by", "tester")

    def _stop_everything(self):
        self._go()
        for process in self.children:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
            process.stdout.close()
        time.sleep(0.2)  # for the children of those that were killed: they look every 50 ms whether they may end

    # ---------------------------------------------------------------- stopped, and going on

    def stopped_for_longer_than_its_hold(self):
        """What was measured meanwhile decides at its own time: the guard sends it back, though the hold is over too."""
        (self.folder / "latency.csv").write_text("time,value\n")
        self._measure("40ms")
        process = self._start("run", "held.rollout", "--yes")
        wait_for("the hold", lambda: "live" in self._names("end"))
        process.send_signal(signal.SIGSTOP)
        self._measure("900ms")
        refused = subprocess.run([self.rollout, "resume", "held-1"], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=60)
        expect(refused.returncode != 0, "a second process took over a run whose process is only stopped")
        time.sleep(3)
        expect(self._names("begin") == ["live"], "somebody went on")
        process.send_signal(signal.SIGCONT)
        self._ends(process, 3)
        fired = self._entries("held-1", "guard fired")
        expect(len(fired) == 1 and self._names("end") == ["live", "gone"], f"it fired {len(fired)} times, done is {self._names('end')}")

    def stopped_for_longer_than_a_limit(self):
        """A command that ended in time, while nobody looked, was in time; one that did not is ended."""
        process = self._start("run", "limited.rollout", "--yes")
        wait_for("the second step", lambda: "endless" in self._names("begin"))
        process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        expect("endless" not in self._names("end"), "nobody was there to end it")
        process.send_signal(signal.SIGCONT)
        self._ends(process, 5)
        statuses = [entry["body"]["status"] for entry in self._entries("limited-1", "effect finished")]
        expect(statuses == ["succeeded", "timed out"], f"the steps ended {statuses}")

    def stopped_while_a_command_ends_in_time(self):
        process = self._in_the_second_step()
        process.send_signal(signal.SIGSTOP)
        self._go()
        wait_for("the end of the command", lambda: "second" in self._names("end"))
        time.sleep(1)
        process.send_signal(signal.SIGCONT)
        self._ends(process, 0)
        expect(self._names("begin") == ["first", "second", "third"], f"done is {self._names('begin')}")

    # ---------------------------------------------------------------- the disk

    def a_full_disk(self):
        """Nothing further is started, what runs is left alone, and there is room again before it goes on."""
        self._mount("size=768k")
        process = self._in_the_second_step()
        filler = self.state / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        self._go()
        self._ends(process, 6, ["disk is full", "rollout resume steps-1"])
        expect(self._names("begin") == ["first", "second"], f"it went on without a journal: {self._names('begin')}")
        self._call("status", "steps-1")
        filler.unlink()
        resumed = self._start("resume", "steps-1")
        self._settle("steps-1", "second")
        self._ends(resumed, 0)
        expect(self._names("begin") == ["first", "second", "third"], f"done is {self._names('begin')}")
        self._call("log", "steps-1", "--verify")

    def a_read_only_disk(self):
        """A run cannot begin or go on there, and both say why; after that it goes on as if nothing had been."""
        self._mount("size=4m")
        process = self._in_the_second_step()
        process.kill()
        process.communicate()
        self._remount("ro")
        self._call("run", "limited.rollout", "--yes", status=2, says=["Read-only file system"])
        self._call("resume", "steps-1", status=2, says=["Read-only file system"])
        self._remount("rw")
        expect(self._names("begin") == ["first", "second"], f"something was begun: {self._names('begin')}")
        resumed = self._start("resume", "steps-1")
        self._go()
        self._settle("steps-1", "second")
        self._ends(resumed, 0)

    def no_room_for_larger_files(self):
        """The kernel refuses a write of the live process (RLIMIT_FSIZE): needs no file system of its own."""
        process = self._in_the_second_step()
        subprocess.run(["prlimit", "--pid", str(process.pid), "--fsize=4096:"], check=True)
        self._go()
        self._ends(process, 6, ["the journal failed", "rollout resume steps-1"])
        expect(self._names("begin") == ["first", "second"], f"it went on without a journal: {self._names('begin')}")
        resumed = self._start("resume", "steps-1")
        self._settle("steps-1", "second")
        self._ends(resumed, 0)

    # ---------------------------------------------------------------- the journal

    def a_journal_deleted_under_a_live_run(self):
        process = self._in_the_second_step()
        for file in self.state.glob("steps-1.journal*"):
            file.unlink()
        self._go()
        self._ends(process, 6, ["was deleted, moved or replaced", "steps-1.journal"])
        expect(self._names("begin") == ["first", "second"], f"it went on without a journal: {self._names('begin')}")

    def a_journal_moved_away_and_put_back(self):
        process = self._in_the_second_step()
        away = self.folder / "away"
        away.mkdir()
        for file in self.state.glob("steps-1.journal*"):
            shutil.move(file, away / file.name)
        self._go()
        self._ends(process, 6, ["was deleted, moved or replaced"])
        for file in away.iterdir():
            shutil.move(file, self.state / file.name)
        resumed = self._start("resume", "steps-1")
        self._settle("steps-1", "second")
        self._ends(resumed, 0)
        expect(self._names("begin") == ["first", "second", "third"], f"done is {self._names('begin')}")

    def a_journal_damaged_between_two_lives(self):
        """It is refused and said to be damaged, whatever byte it is, or it never mattered; other runs are not concerned."""
        process = self._in_the_second_step()
        process.kill()
        process.communicate()
        self._go()
        path = self.state / "steps-1.journal"
        # With the log moved into it, so that there is one file to damage.
        subprocess.run([sys.executable, "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('pragma wal_checkpoint(truncate)')",
                        str(path)], check=True)
        sound, entries = path.read_bytes(), self._call("log", "steps-1", "--format", "json")
        refused = 0
        for place in range(0, len(sound), max(1, len(sound) // 40)):
            damaged = bytearray(sound)
            for index in range(place, min(place + 64, len(damaged))):
                damaged[index] ^= 0xa5
            path.write_bytes(damaged)
            answer = subprocess.run([self.rollout, "log", "steps-1", "--verify"], env=self.environment, cwd=self.folder,
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            if answer.returncode == 0:
                expect(self._call("log", "steps-1", "--format", "json") == entries, f"byte {place}: other entries, and nobody says so")
                continue
            refused += 1
            expect("damaged" in answer.stderr + answer.stdout or "not a journal" in answer.stderr or "is empty" in answer.stderr
                   or "there is no run" in answer.stderr, f"byte {place}: {answer.stdout}{answer.stderr}")
            self._call("doctor", status=1)
        expect(refused > 5, f"only {refused} damages were noticed")
        self._call("run", "limited.rollout", "--yes")
        path.write_bytes(sound)
        resumed = self._start("resume", "steps-1")
        self._settle("steps-1", "second")
        self._ends(resumed, 0)

    # ---------------------------------------------------------------- what outlives its runtime

    def _killed_in_the_middle(self, name):
        process = self._start("run", f"{name}.rollout", "--yes")
        wait_for("the step", lambda: self._names("begin"))
        process.kill()
        process.communicate()
        return int(self._ledger()[0][2])

    def _lives(self, pid):
        try:
            return re.search(r"^State:\s+[^ZX]", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE) is not None
        except OSError:
            return False

    def an_orphan_is_ended_before_its_step_begins_again(self):
        orphan = self._killed_in_the_middle("orphans")
        expect(self._lives(orphan), "the child went with its runtime")
        resumed = self._start("resume", "orphans-1")
        wait_for("the second start", lambda: len(self._names("begin")) == 2)
        expect(not self._lives(orphan), "the step began again while the first one lived")
        self._go()
        self._ends(resumed, 0)
        expect([pid for what, _, pid in self._ledger() if what == "end"] == [self._ledger()[1][2]], f"the ledger is {self._ledger()}")
        ended = self._entries("orphans-1", "orphan ended")
        expect((orphan, "terminated") in [(entry["body"]["pid"], entry["body"]["how"]) for entry in ended], f"the journal says {ended}")

    def an_orphan_that_ignores_TERM_is_killed(self):
        orphan = self._killed_in_the_middle("stubborn")
        resumed = self._start("resume", "stubborn-1")
        wait_for("the second start", lambda: len(self._names("begin")) == 2)
        expect(not self._lives(orphan), "the step began again while the first one lived")
        self._go()
        self._ends(resumed, 0)
        ended = self._entries("stubborn-1", "orphan ended")
        expect((orphan, "killed") in [(entry["body"]["pid"], entry["body"]["how"]) for entry in ended], f"the journal says {ended}")

    def an_orphan_that_ended_by_itself_is_left_in_peace(self):
        self._killed_in_the_middle("orphans")
        self._go()
        wait_for("its end", lambda: self._names("end"))
        self._ends(self._start("resume", "orphans-1"), 0)
        expect(self._entries("orphans-1", "orphan ended") == [], "somebody else was taken for it")
        expect(len(self._names("end")) == 2, "an idempotent step in doubt is started again")

    # ---------------------------------------------------------------- a file system of its own

    def _mount(self, options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "tmpfs", str(self.state)], check=True)

    def _remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.state)], check=True)


NEED_A_MOUNT = ("a_full_disk", "a_read_only_disk")


def can_mount():
    """Whether this program is in a mount namespace of its own, in which it may mount. It begins anew in one where it can."""
    if os.environ.get("ROLLOUT_OWN_MOUNTS") == "1":
        return True
    command = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    tried = subprocess.run([*command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    if tried.returncode != 0:
        return False
    os.environ["ROLLOUT_OWN_MOUNTS"] = "1"
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


def main():
    options = options_of(__doc__, "rollout")
    mounts = can_mount()

    def in_a_folder(case):
        with folder_for("surroundings") as folder:
            cases = Cases(options, folder)
            try:
                case(cases)
            finally:
                cases._stop_everything()
                subprocess.run(["umount", str(cases.state)], capture_output=True, check=False)

    cases = {}
    for name, case in vars(Cases).items():
        if name.startswith("_"):
            continue
        if name in NEED_A_MOUNT and not mounts:
            print(f"SKIPPED: {name.replace('_', ' ')}: this machine lets nobody mount a file system here", flush=True)
        else:
            cases[name] = functools.partial(in_a_folder, case)
    return run_cases("surroundings", cases, options.only)


if __name__ == "__main__":
    sys.exit(main())
