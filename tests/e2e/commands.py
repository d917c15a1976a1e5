#!/usr/bin/env python3
"""What people type: each case plays one command against real runs, with its messages and its exit status."""

import datetime
import functools
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

from cases import Failed, call, folder_for, options_of, run_cases

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROGRAM = """
role managers = ["dana", "kim"]
role engineers = ["ana", "bo", "chris"]

rollout approved {
  approve "Go" by 2 of managers within 1h else abort
  stage one { readonly run `true` }
}
rollout checked {
  checklist "Before" by engineers within 1h else abort {
    item "Reviewed" by 2 of engineers
    item "On call"
  }
  stage one { readonly run `true` }
}
rollout asked {
  ask managers "Keep it?" within 1h { "yes" -> continue; "no" -> abort "nobody wants it" } else pause
  stage one { readonly run `true` }
}
rollout held {
  stage one { hold 1h }
  stage two { readonly run `true` }
}
rollout failing {
  on failure pause "look at it"
  stage one { readonly run `test -e mended` }
}
rollout quick { stage one { readonly run `true` } }
rollout database { stage one { readonly run `test -e migrated` } }
rollout service {
  requires "database" succeeded
  stage one { readonly run `true` }
}
rollout planned {
  at start - 2s { readonly run `touch before` }
  stage one { readonly run `touch started` }
}
rollout nightly {
  window 02:00..02:01 UTC
  stage one { readonly run `true` }
}
param regions: [string] = ["eu"]
param count: number = 2
rollout everywhere {
  stage one {
    each region in regions { readonly run `touch ${region}` }
    parallel each number in 1..count at most 2 { readonly run `touch number-${number}` }
  }
}
"""


def expect(condition, message):
    if not condition:
        raise Failed(message)


class Run:
    """A `rollout run` in the background."""

    def __init__(self, cases, name, *arguments):
        before = {run["run"] for run in cases.runs()}
        self.output = open(cases.folder / f"{name}.out", "w+")
        self.process = subprocess.Popen([cases.rollout, "run", "program.rollout", "--rollout", name, "--yes", *arguments],
                                        env=cases.environment, cwd=cases.folder, stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 20
        self.name = None
        while time.monotonic() < deadline and self.name is None and self.process.poll() is None:
            self.name = next((run["run"] for run in cases.runs() if run["run"] not in before), None)
            time.sleep(0.02)
        # It may have ended already.
        self.name = self.name or next((run["run"] for run in cases.runs() if run["run"] not in before), None)
        expect(self.name, f"`rollout run` of {name} did not begin:\n{self.text()}")

    def text(self):
        self.output.flush()
        return pathlib.Path(self.output.name).read_text()

    def ends(self, status):
        got = self.process.wait(30)
        expect(got == status, f"the run ended with {got}, not {status}:\n{self.text()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Cases:
    def __init__(self, options, folder):
        self.rollout, self.rolloutc = options.rollout, options.rolloutc
        self.folder = folder
        self.environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1",
                                PATH=f"{pathlib.Path(self.rollout).parent}:{os.environ['PATH']}")
        (folder / "program.rollout").write_text(PROGRAM)
        self.started = []

    def _call(self, *arguments, program=None, **expected):
        return call([program or self.rollout, *arguments], self.folder, self.environment, **expected).stdout

    def _start(self, name, *arguments):
        run = Run(self, name, *arguments)
        self.started.append(run)
        return run

    def _waits_for(self, run, what):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if what(self._status(run)):
                return
            time.sleep(0.05)
        raise Failed(f"{run.name} did not come so far: {self._status(run)}")

    def _status(self, run):
        return json.loads(self._call("status", run.name, "--format", "json"))

    def runs(self):
        return json.loads(self._call("list", "--format", "json"))

    # ------------------------------------------------------------ people

    def approve_by_two(self):
        run = self._start("approved")
        self._call("approve", run.name, "Go", "--by", "mallory", status=7, says=["mallory", "managers", "dana, kim"])
        self._call("approve", run.name, "Go", "--by", "dana", says=["dana"])
        self._call("approve", run.name, "Go", "--by", "dana", status=7, says=["already", "2 different people"])
        self._call("approve", run.name, "Go", "--by", "kim")
        run.ends(0)

    def reject(self):
        run = self._start("approved")
        self._call("reject", run.name, "Go", "not today", "--by", "mallory", status=7, says=["mallory"])
        self._call("reject", run.name, "Go", "not today", "--by", "dana", says=["dana"])
        run.ends(5)
        self._call("log", run.name, says=["not today"])

    def tick(self):
        run = self._start("checked")
        self._call("tick", run.name, "Before", "Revieved", "--by", "ana", status=7, says=["Revieved", "no item"])
        self._call("tick", run.name, "Before", "Reviewed", "--by", "dana", status=7, says=["dana", "engineers"])
        self._call("tick", run.name, "Before", "--by", "ana")
        self._call("tick", run.name, "Before", "On call", "--by", "bo", status=7, says=["ticked already, by ana"])
        items = self._status(run)["gates"][0]["items"]
        expect([item["by"] for item in items] == [["ana"], ["ana"]], f"{items}")
        expect([item["ticked"] for item in items] == [False, True], f"{items}")
        self._call("status", run.name, says=["1 of 2", f'rollout tick {run.name} "Before" "Reviewed"'])
        self._call("approve", run.name, "Before", "--by", "ana", status=7, says=["checklist"])
        self._call("tick", run.name, "Before", "Reviewed", "--by", "chris")
        run.ends(0)

    def answer(self):
        run = self._start("asked")
        self._call("answer", run.name, "Keep it?", "perhaps", "--by", "dana", status=7, says=["perhaps", '"yes"', '"no"'])
        self._call("answer", run.name, "Keep it?", "yes", "--by", "ana", status=7, says=["ana", "managers"])
        self._call("answer", run.name, "Keep it?", "no", "--by", "dana")
        run.ends(5)
        self._call("log", run.name, says=["nobody wants it"])

    def promote(self):
        run = self._start("held")
        self._waits_for(run, lambda status: status["holds"])
        self._call("approve", run.name, "Go", "--by", "dana", status=7, says=["Go", "not open"])
        self._call("promote", run.name, "seen enough", "--by", "dana")
        run.ends(0)
        self._call("promote", run.name, status=7, says=["has ended (succeeded)"])

    def pause_and_resume(self):
        run = self._start("held")
        self._call("resume", run.name, status=7, says=["not paused"])
        self._call("pause", run.name, "a look", "--by", "dana")
        self._call("pause", run.name, status=7, says=["paused already"])
        self._call("resume", run.name, "--by", "dana")
        self._call("promote", run.name, "--by", "dana")
        run.ends(0)

    def retry(self):
        run = self._start("failing")
        self._waits_for(run, lambda status: status["state"] == "paused")
        (self.folder / "mended").write_text("")
        self._call("retry", run.name, "--by", "dana")
        run.ends(0)

    def retry_of_nothing(self):
        run = self._start("held")
        self._call("retry", run.name, status=7, says=["nothing has failed"])
        self._call("abort", run.name, "enough", "--by", "dana")
        run.ends(5)

    # ------------------------------------------------------------ watching

    def watch_to_the_end(self):
        run = self._start("held")
        watch = subprocess.Popen([self.rollout, "watch", run.name], env=self.environment, cwd=self.folder, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        time.sleep(0.5)
        self._call("rollback", run.name, "customers complain", "--by", "dana")
        output, _ = watch.communicate(timeout=30)
        expect(watch.returncode == 3, f"watch ended with {watch.returncode}, not 3:\n{output}")
        for word in ("stage one begins", "customers complain", "rolled back"):
            expect(word in output, f"watch does not show {word!r}:\n{output}")
        expect("\x1b" not in output, "watch draws where there is no terminal")
        run.ends(3)
        self._call("watch", run.name, status=3, says=["rolled back"])

    def watch_of_a_run_that_dies(self):
        run = self._start("held")
        watch = subprocess.Popen([self.rollout, "watch", run.name], env=self.environment, cwd=self.folder, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        time.sleep(0.5)
        run.stop()
        output, _ = watch.communicate(timeout=30)
        expect(watch.returncode == 6 and f"rollout resume {run.name}" in output, f"{watch.returncode}:\n{output}")

    def watch_in_a_terminal(self):
        run = self._start("held")
        self._waits_for(run, lambda status: status["holds"])
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(self.rollout, [self.rollout, "watch", run.name], dict(self.environment, TERM="xterm", COLUMNS="100"))
        self._read_until(terminal, "holding")
        self._call("promote", run.name, "--by", "dana")
        self._read_until(terminal, "succeeded")
        _, status = os.waitpid(child, 0)
        expect(os.waitstatus_to_exitcode(status) == 0, "watch did not end with the run's exit status")
        run.ends(0)

    def _read_until(self, terminal, wanted, seconds=20):
        text, deadline = "", time.monotonic() + seconds
        while wanted not in text and time.monotonic() < deadline:
            ready, _, _ = select.select([terminal], [], [], 0.2)
            if not ready:
                continue
            try:
                text += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
        expect(wanted in text, f"the terminal does not show {wanted!r}:\n{text}")
        return text

    # ------------------------------------------------------------ the start

    def start_planned(self):
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)
        run = self._start("planned", "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        status = self._status(run)
        expect(status["state"] == "waiting" and "planned" in status["reason"], f"{status}")
        expect(not (self.folder / "started").exists(), "the first stage was entered before its time")
        self._waits_for(run, lambda _: (self.folder / "before").exists())
        expect(not (self.folder / "started").exists(), "the first stage was entered before its time")
        run.ends(0)
        expect((self.folder / "started").exists(), "the first stage was not entered")

    def start_planned_wrongly(self):
        before = self.runs()
        program = ("run", "program.rollout", "--yes", "--rollout")
        soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._call(*program, "quick", "--at", "2020-01-01T00:00Z", status=2, says=["2020-01-01", "has passed", "Nothing was started"])
        self._call(*program, "planned", "--at", soon, status=2, says=["at start - 2s", "has passed", "or later"])
        self._call(*program, "quick", "--at", "tomorrow", status=2, says=["tomorrow", "no instant", "2026-12-01T02:00Z"])
        self._call(*program, "nightly", "--at", "2099-01-01T12:00Z", status=2, says=["2099-01-01T12:00", "2099-01-02T02:00"])
        expect(self.runs() == before, "a run was left behind")

    def requirement(self):
        database = self._start("database")
        database.ends(3)
        run = self._start("service")
        self._waits_for(run, lambda status: status["requires"] == ["database"])
        self._call("status", run.name, says=["waiting", "requires database"])
        self._call("log", run.name, says=["the newest run of database"])
        run.stop()
        resumed = subprocess.Popen([self.rollout, "resume", run.name], env=self.environment, cwd=self.folder, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        (self.folder / "migrated").write_text("")
        self._start("database").ends(0)
        output, _ = resumed.communicate(timeout=30)
        expect(resumed.returncode == 0, f"the run did not go on:\n{output}")
        expect("database has succeeded (database-2)" in output, f"the log does not say which run it was:\n{output}")

    def lists_at_run_time(self):
        self._start("everywhere", "--set", 'regions=["us","asia"]', "--set", "count=3").ends(0)
        made = {path.name for path in self.folder.iterdir()}
        expect({"us", "asia", "number-1", "number-2", "number-3"} <= made and "eu" not in made and "number-4" not in made, f"{made}")
        plan = self._call("run", "program.rollout", "--rollout", "everywhere", "--plan", "--set", 'regions=["us","asia"]')
        expect("touch us" in plan and "touch asia" in plan and "regions[2]" not in plan, plan)
        self._call("run", "program.rollout", "--rollout", "everywhere", "--yes", "--set", "regions=us", status=2, says=["a list", "JSON"])

    # ------------------------------------------------------------ what is shown

    def times_in_logs_are_for_people(self):
        run = self._start("checked")
        log = self._call("log", run.name)
        expect(re.search(r'"Before" until [0-9:]{8} UTC', log), log)
        self._call("abort", run.name, "--by", "ana")
        run.ends(5)

    def reports_of_scenarios(self):
        (self.folder / "tested.rollout").write_text(
            "rollout tested { stage one { run `a` undo { readonly run `x` } } }\n" 'scenario "good" of tested { expect succeeded }\n'
            + 'scenario "bad: <&\\"> \u20ac" of tested {\n  run `a*` fails "]]> & <no>"\n  expect succeeded\n}\n')
        suites = xml.etree.ElementTree.fromstring(self._call("test", "tested.rollout", "--format", "junit", status=1))
        expect(suites.tag == "testsuites" and [suite.tag for suite in suites] == ["testsuite"], "the suites")
        expect((suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("2", "1", "0"), f"{suites.attrib}")
        for suite in [suites, *suites]:
            float(suite.get("time"))
        cases = list(suites[0])
        expect([case.tag for case in cases] == ["testcase", "testcase"] and all(case.get("classname") == "tested" for case in cases), "cases")
        expect([case.get("name") for case in cases] == ["good", 'bad: <&"> \u20ac'], f"{[case.get('name') for case in cases]}")
        expect([child.tag for case in cases for child in case] == ["failure"] and "]]> & <no>" in cases[1][0].text, "the failure")
        report = json.loads(self._call("test", "tested.rollout", "--format", "json", status=1))
        expect(report["summary"] == {"total": 2, "passed": 1, "failed": 1}, f"{report}")
        expect(report["scenarios"][1]["failures"][0]["line"] == 5, f"{report}")

    # ------------------------------------------------------------ shells and pages

    def _scripts(self, shell):
        return {name: self._call("completion", shell, program=program)
                for name, program in (("rollout", self.rollout), ("rolloutc", self.rolloutc))}

    def unknown_shell(self):
        self._call("completion", "tcsh", status=2, says=["tcsh"])

    def completion_in_bash(self):
        run = self._start("quick")
        run.ends(0)
        for name, script in self._scripts("bash").items():
            (self.folder / f"{name}.bash").write_text(script)

        def complete(*words):
            command = words[0]
            line = " ".join(f"'{word}'" for word in words)
            return subprocess.run(["bash", "--norc", "-uc", f"source {command}.bash; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
                                   f"_{command}; printf '%s\\n' \"${{COMPREPLY[@]}}\""], env=self.environment, cwd=self.folder,
                                  capture_output=True, text=True, check=True).stdout.split()
        self._completes(complete)
        expect(complete("rollout", "run", "prog") == ["program.rollout"], "bash does not complete files")
        expect(complete("rollout", "run", "--state", "sta") == ["state"], "bash does not complete folders")
        expect("--set" in complete("rollout", "run", "program.rollout", "--"), "bash does not complete options behind a file")

    def _completes(self, complete):
        expect(complete("rollout", "app") == ["approve"], f"verbs: {complete('rollout', 'app')}")
        expect({"run", "watch", "completion"} <= set(complete("rollout", "")), f"verbs: {complete('rollout', '')}")
        expect("manual" not in complete("rollout", ""), "what is for the build is offered to people")
        expect("quick-1" in complete("rollout", "status", ""), f"runs: {complete('rollout', 'status', '')}")
        expect(complete("rollout", "approve", "--b") == ["--by"], f"options: {complete('rollout', 'approve', '--b')}")
        expect(set(complete("rollout", "status", "--format", "")) == {"text", "json"}, f"{complete('rollout', 'status', '--format', '')}")
        expect(complete("rollout", "completion", "z") == ["zsh"], "choices of a place")
        expect(complete("rolloutc", "dis") == ["disasm"], "verbs of rolloutc")

    def completion_in_fish(self):
        expect(shutil.which("fish"), "fish is not installed")
        self._start("quick").ends(0)
        for name, script in self._scripts("fish").items():
            (self.folder / f"{name}.fish").write_text(script)

        def complete(*words):
            line = " ".join(words)
            return [row.split("\t")[0] for row in subprocess.run(
                ["fish", "--no-config", "-c", f"source {words[0]}.fish; complete -C '{line}'"], env=self.environment, cwd=self.folder,
                capture_output=True, text=True, check=True).stdout.splitlines()]
        self._completes(complete)
        expect("program.rollout" in complete("rollout", "run", "prog"), "fish does not complete files")

    def completion_in_zsh(self):
        expect(shutil.which("zsh"), "zsh is not installed")
        self._start("quick").ends(0)
        (self.folder / "zsh").mkdir(exist_ok=True)
        for name, script in self._scripts("zsh").items():
            (self.folder / "zsh" / f"_{name}").write_text(script)
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], dict(self.environment, TERM="dumb", PS1="ready> "))
        try:
            os.write(terminal, b"fpath=($PWD/zsh $fpath); autoload -Uz compinit; compinit -u -D; unsetopt beep; LISTMAX=0; print lo''aded\n")
            self._read_until(terminal, "loaded")
            for typed, wanted in (("rollout app\t", "approve "), ("rollout status qu\t", "quick-1"), ("rollout approve --b\t", "--by"),
                                  ("rollout completion z\t", "zsh"), ("rolloutc dis\t", "disasm"), ("rollout run prog\t", "program.rollout"),
                                  ("rollout run program.rollout --se\t", "--set")):
                os.write(terminal, b"\x15" + typed.encode())
                self._read_until(terminal, wanted, 10)
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)

    def manual_pages(self):
        pages = {"rollout.1": self._call("manual"), "rolloutc.1": self._call("manual", program=self.rolloutc),
                 "rollout-file.5": (ROOT / "docs" / "man" / "rollout-file.5").read_text()}
        for name, page in pages.items():
            (self.folder / name).write_text(page)
            warnings = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", name], cwd=self.folder, capture_output=True, text=True,
                                      env=dict(self.environment, MANPAGER="cat", MANWIDTH="100"), check=True)
            expect(not warnings.stderr, f"{name}: {warnings.stderr}")
            if shutil.which("mandoc"):
                lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", name], cwd=self.folder, capture_output=True, text=True)
                expect(not lint.stdout, f"{name}: {lint.stdout}")
        for verb in re.findall(r"^  ([a-z]+) ", self._call("--help").split("Subcommands:")[1].split("Examples:")[0], re.MULTILINE):
            expect(f".SS {verb}" in pages["rollout.1"], f"the page of rollout lacks {verb}")


def main():
    options = options_of(__doc__, "rollout", "rolloutc")

    def in_a_folder(case):
        with folder_for("commands") as folder:
            cases = Cases(options, folder)
            try:
                case(cases)
            finally:
                for run in cases.started:
                    run.stop()

    return run_cases("commands", {name: functools.partial(in_a_folder, case) for name, case in vars(Cases).items()
                                  if callable(case) and not name.startswith("_") and name != "runs"}, options.only)


if __name__ == "__main__":
    sys.exit(main())
