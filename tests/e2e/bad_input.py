#!/usr/bin/env python3
"""Bad input, as a user would give it: each case must end with a clear message, a non-zero exit and nothing lost."""

import json
import os
import subprocess
import sys
import time

from cases import Failed, call, folder_for, options_of, run_cases

PROGRAM = """
use std.terminal
param version: string matching "^v[0-9]+$"
param share: ratio = 10%
role managers = ["dana", "kim"]
let people = terminal.channel()
rollout demo {
  approve "Go" by managers within 1h else abort
  stage one {
    readonly run `true`
    hold 100ms
  }
}
"""

QUERYING = """
use std.prometheus
metric load: number = prometheus.query("vector(1)") every 1s
rollout measured {
  stage one {
    when load > 5 for 3s then rollback
    hold 2s
  }
}
"""

NO_SUCH_COMMAND = """
rollout missing {
  stage one {
    run `no-such-program-anywhere --now` undo { readonly run `true` }
  }
}
"""

ELSEWHERE = """
rollout elsewhere {
  window 02:00..04:00 "Europe/Amsterdm"
  stage one { readonly run `true` }
}
"""

AMSTERDAM = """
rollout amsterdam {
  window 00:00..24:00 "Europe/Amsterdam"
  stage one { readonly run `true` }
}
"""

IMPOSSIBLE = """
rollout impossible {
  window 02:00..04:00 UTC
  stage one { readonly run `true` }
  stage two { window 05:00..06:00 UTC }
}
"""

FROZEN = """
rollout frozen {
  freeze 2020-01-01T00:00Z..2200-01-01T00:00Z "the museum is closed"
  window 02:00..04:00 UTC
  stage one { readonly run `true` }
}
"""

EXCLUSIVE = """
rollout alone {
  exclusive "production/shop"
  stage one { hold 1h }
}
"""

EARLY = """
rollout early {
  at start - 1h { readonly run `true` }
  stage one { readonly run `true` }
}
"""


RECORDED = """
metric load: number = file("load.csv") every 1s
rollout recorded {
  stage one {
    when load > 5 for 3s then rollback
    hold 200ms
  }
}
"""

MAILED = """
use std.email
let team = email.channel(to: "team@example.com", from: "rollout@example.com", server: "smtp://127.0.0.1:9")
rollout mailed {
  stage one { readonly run `true` }
  on success { notify team "it is live" }
}
"""


class Cases:
    def __init__(self, options, folder):
        self.rollout, self.rolloutc = options.rollout, options.rolloutc
        self.folder = folder
        self.environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1")
        for name, text in (("demo", PROGRAM), ("measured", QUERYING), ("missing", NO_SUCH_COMMAND), ("elsewhere", ELSEWHERE),
                           ("amsterdam", AMSTERDAM), ("impossible", IMPOSSIBLE), ("frozen", FROZEN), ("alone", EXCLUSIVE), ("early", EARLY),
                           ("recorded", RECORDED), ("mailed", MAILED)):
            (folder / f"{name}.rollout").write_text(text)

    def call(self, *arguments, program=None, environment=None, status=None, says=()):
        return call([program or self.rollout, *arguments], self.folder, environment or self.environment, status, says)

    def refuses(self, *arguments, status=2, **expected):
        return self.call(*arguments, status=status, **expected)

    def runs(self):
        return json.loads(self.call("list", "--format", "json").stdout)

    def prometheus_down_at_start(self):
        before = self.runs()
        self.refuses("run", "measured.rollout", "--yes", "--prometheus", "http://127.0.0.1:9",
                     says=["127.0.0.1:9", "does not answer", "Nothing was started"])
        if self.runs() != before:
            raise Failed("a run was left behind")

    def file_of_a_metric_that_is_not_there(self):
        before = self.runs()
        self.refuses("run", "recorded.rollout", "--yes", says=["`load.csv` in", str(self.folder), "No such file", "Nothing was started"])
        if self.runs() != before:
            raise Failed("a run was left behind")

    def file_of_a_metric_with_a_wrong_header(self):
        (self.folder / "load.csv").write_text("when,how much\n2026-01-05T02:00:00Z,1\n")
        self.refuses("run", "recorded.rollout", "--yes", says=["load.csv", "line 1", "`time,value`", "Nothing was started"])
        (self.folder / "load.csv").unlink()

    def mail_server_that_is_down(self):
        """A notification never fails a rollout: it succeeds, and says what did not go out."""
        started = time.monotonic()
        answer = self.call("run", "mailed.rollout", "--yes")
        text = answer.stderr + answer.stdout
        if answer.returncode != 0:
            raise Failed(f"exit status {answer.returncode}, not 0:\n{text}")
        run = next(run["run"] for run in self.runs() if run["run"].startswith("mailed"))
        for word in ("smtp://127.0.0.1:9", "did not take the mail"):
            if word not in self.call("log", run).stdout:
                raise Failed(f"the log does not say {word!r}:\n{self.call('log', run).stdout}")
        if time.monotonic() - started < 25:
            raise Failed("it was not tried again")

    def missing_parameter(self):
        self.refuses("run", "demo.rollout", "--yes", says=["parameter `version`", "--set version="])

    def wrong_type_in_set(self):
        self.refuses("run", "demo.rollout", "--yes", "--set", "version=v1", "--set", "share=5", says=["share", "a ratio", "share=5%"])

    def value_against_its_pattern(self):
        self.refuses("run", "demo.rollout", "--yes", "--set", "version=1.0", says=["version", "^v[0-9]+$"])

    def unknown_parameter(self):
        self.refuses("run", "demo.rollout", "--yes", "--set", "versoin=v1", says=["versoin", "did you mean `version`"])

    def plan_bytes(self):
        self.call("build", "demo.rollout", "-o", "demo.rplan", program=self.rolloutc)
        return bytearray((self.folder / "demo.rplan").read_bytes())

    def truncated_plan(self):
        data = self.plan_bytes()
        (self.folder / "short.rplan").write_bytes(data[:len(data) // 2])
        self.refuses("run", "short.rplan", "--yes", "--set", "version=v1", says=["short.rplan", str(len(data) // 2)])

    def newer_plan(self):
        data = self.plan_bytes()
        data[8] = 9  # the major version stands after the magic
        (self.folder / "newer.rplan").write_bytes(data)
        self.refuses("run", "newer.rplan", "--yes", "--set", "version=v1", says=["newer.rplan", "format 9"])

    def damaged_plan(self):
        data = self.plan_bytes()
        data[len(data) // 2] ^= 0x40
        (self.folder / "damaged.rplan").write_bytes(data)
        self.refuses("run", "damaged.rplan", "--yes", "--set", "version=v1", says=["damaged"])

    def not_a_plan(self):
        (self.folder / "text.rplan").write_text("hello\n")
        self.refuses("run", "text.rplan", "--yes", says=["text.rplan", "not a"])

    def no_such_file(self):
        self.refuses("run", "nowhere.rollout", says=["nowhere.rollout"])

    def full_disk_under_the_journal(self):
        """A file-size limit stands for the full disk: the journal cannot grow, so the run must not go on."""
        def run(limit):
            return subprocess.run(["bash", "-c", f"ulimit -f {limit}; exec \"$0\" \"$@\"", self.rollout, "run", "many.rollout", "--yes"],
                                  env=dict(self.environment, ROLLOUT_STATE=str(self.folder / f"full-{limit}")), cwd=self.folder,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        steps = "\n".join(f"    readonly run `echo step {number}`" for number in range(200))
        (self.folder / "many.rollout").write_text(f"rollout many {{\n  stage one {{\n{steps}\n  }}\n}}\n")
        for limit in (8, 200):
            answer = run(limit)
            text = answer.stderr + answer.stdout
            if answer.returncode not in (2, 6) or "journal" not in text:
                raise Failed(f"limit {limit} KiB: exit status {answer.returncode}:\n{text[-2000:]}")
            if "terminate called" in text:
                raise Failed(f"limit {limit} KiB: an exception reached the user:\n{text[-2000:]}")
        # What was stored before is whole, and the run goes on when there is room again.
        state = str(self.folder / "full-200")
        answer = self.call("resume", "--state", state)
        if answer.returncode != 0:
            raise Failed(f"the run did not go on with room again: {answer.returncode}\n{answer.stderr}{answer.stdout[-2000:]}")

    def command_that_does_not_exist(self):
        self.refuses("run", "missing.rollout", "--yes", says=["no-such-program-anywhere", "no program"], status=3)

    def approval_outside_the_role(self):
        process = subprocess.Popen([self.rollout, "run", "demo.rollout", "--yes", "--set", "version=v1"], env=self.environment,
                                   cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and not any(run["driven"] for run in self.runs()):
                time.sleep(0.05)
            run = next(run["run"] for run in self.runs() if run["driven"])
            self.refuses("approve", run, "Go", "--by", "mallory", says=["mallory", "managers", "dana"], status=7)
            self.refuses("approve", run, "Gone", "--by", "dana", says=["Gone", "Go"], status=7)
            answer = self.call("approve", run, "Go", "--by", "dana")
            if answer.returncode != 0:
                raise Failed(f"dana may approve, but: {answer.stderr}{answer.stdout}")
            if process.wait(20) != 0:
                raise Failed(f"the run did not succeed after the approval: {process.stdout.read()}")
            self.refuses("approve", run, "Go", "--by", "dana", says=[run, "has ended (succeeded)"], status=7)
        finally:
            process.kill()

    def driven(self, *arguments):
        """A run in the background, and its name once a process drives it."""
        process = subprocess.Popen([self.rollout, "run", *arguments, "--yes"], env=self.environment, cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not any(run["driven"] for run in self.runs()):
            time.sleep(0.05)
        return process, next(run["run"] for run in self.runs() if run["driven"])

    def approval_of_something_already_decided(self):
        (self.folder / "decided.rollout").write_text(
            'role managers = ["dana", "kim"]\nrollout decided {\n  approve "Go" by managers within 1h else abort\n'
            '  stage one { hold 1h }\n}\n')
        process, run = self.driven("decided.rollout")
        try:
            if self.call("approve", run, "Go", "--by", "dana").returncode != 0:
                raise Failed("dana may approve")
            self.refuses("approve", run, "Go", "--by", "kim", says=["Go", "decided already", "approved by dana"], status=7)
            self.refuses("reject", run, "Go", "--by", "kim", says=["Go", "decided already", "approved by dana"], status=7)
            if not any(each["run"] == run and each["driven"] for each in self.runs()):
                raise Failed("the run did not survive the answer")
            if self.call("promote", run, "--by", "dana").returncode != 0 or process.wait(20) != 0:
                raise Failed("the run did not go on")
        finally:
            process.kill()

    def two_runs_of_one_exclusive_key(self):
        process, run = self.driven("alone.rollout")
        try:
            before = self.runs()
            self.refuses("run", "alone.rollout", "--yes", says=["production/shop", run, "only one run"])
            if self.runs() != before:
                raise Failed("a run was left behind")
            self.call("promote", run, "--by", "dana")
            if process.wait(20) != 0:
                raise Failed("the first run did not survive")
        finally:
            process.kill()

    def unknown_time_zone(self):
        self.refuses("check", "elsewhere.rollout", program=self.rolloutc, status=1,
                     says=["elsewhere.rollout:3", "Europe/Amsterdm", "no zone"])
        self.refuses("run", "elsewhere.rollout", "--yes", says=["elsewhere.rollout:3", "Europe/Amsterdm"])

    def no_time_zones_on_this_machine(self):
        without = dict(self.environment, TZDIR=str(self.folder / "nowhere"))
        self.call("build", "amsterdam.rollout", "-o", "amsterdam.rplan", program=self.rolloutc)
        before = self.runs()
        self.refuses("run", "amsterdam.rplan", "--yes", says=["Europe/Amsterdam", "`tzdata`"], environment=without)
        if self.runs() != before:
            raise Failed("a run was left behind")
        if self.call("run", "amsterdam.rplan", "--yes").returncode != 0:
            raise Failed("with the zones there the same plan does not run")

    def impossible_window(self):
        self.refuses("check", "impossible.rollout", program=self.rolloutc, status=1,
                     says=["impossible.rollout:5", "can never be entered"])
        self.refuses("run", "frozen.rollout", "--yes", says=["no window", "opens any more", "Nothing was started"])

    def schedule_in_the_past(self):
        before = self.runs()
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
        self.refuses("run", "early.rollout", "--yes", "--at", soon, says=["at start - 1h", "has passed", "or later", "Nothing was started"])
        self.refuses("run", "early.rollout", "--yes", "--at", "2020-01-01T00:00Z", says=["2020-01-01T00:00", "has passed"])
        if self.runs() != before:
            raise Failed("a run was left behind")

    def modules_in_a_circle(self):
        (self.folder / "first.rollout").write_text('use "./second.rollout" as second\nlet one = second.two\n')
        (self.folder / "second.rollout").write_text('use "./first.rollout" as first\nlet two = first.one\n')
        self.refuses("check", "first.rollout", program=self.rolloutc, status=1, says=["E0206", "second.rollout", "first.rollout"])

    def unknown_run(self):
        self.refuses("status", "nothing-99", says=["nothing-99"])

    def program_with_errors(self):
        (self.folder / "wrong.rollout").write_text('rollout wrong {\n  stage one {\n    hold 5min\n  }\n}\n')
        self.refuses("run", "wrong.rollout", "--yes", says=["wrong.rollout:3", "5min"])


def main():
    options = options_of(__doc__, "rollout", "rolloutc")
    helpers = ("call", "refuses", "runs", "plan_bytes", "driven")
    with folder_for("bad-input") as folder:
        cases = Cases(options, folder)
        return run_cases("bad_input", {name: getattr(cases, name) for name in vars(Cases)
                                       if not name.startswith("_") and name not in helpers}, options.only)


if __name__ == "__main__":
    sys.exit(main())
