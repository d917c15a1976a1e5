#!/usr/bin/env python3
"""A bad actor's day: hostile plans, servers, commands and hands. Each must be refused or contained, be said clearly, and leave
runs that can be taken up again. And what people do against it: signatures, `doctor`, `drill`, names that have to be typed."""

import base64
import contextlib
import getpass
import hashlib
import http.server
import json
import os
import pathlib
import pty
import pwd
import random
import select
import sqlite3
import subprocess
import sys
import threading
import time

from cases import Failed, call, folder_for, options_of, run_cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYS = ROOT / "tests/unit/signing/keys"
CANARY = "canary-7f3a9c51e2"

SHOP = """
role managers = ["dana"]
rollout shop {
  environment "production"
  stage one {
    approve "Go" by managers within 1h else abort
    run `true` undo { run `true` }
  }
}
scenario "all well" of shop {
  approve all
  expect succeeded
}
"""

STUCK = """
role managers = ["dana"]
rollout stuck {
  stage one {
    run `deploy` undo { run `withdraw` }
    hold 10m
  }
}
scenario "all well" of stuck {
  run `withdraw` fails "gone"
  expect succeeded
}
"""

LEAKY = """
secret token = env("ROLLOUT_TEST_TOKEN")
rollout leaky {
  stage one {
    readonly run(`sh -c "echo out $TOKEN; echo err $TOKEN >&2; printf %s $TOKEN | base64; exit 3"`, env: { "TOKEN": token })
  }
}
"""

OPTION = """
param name: string
rollout option {
  on failure abort
  stage one {
    readonly run `echo --name=${name} -- ${name}`
    readonly run `echo deleted ${name}`
  }
}
"""

FLOOD = """
rollout flood {
  on failure abort
  stage one { readonly run `yes this is a flood` timeout 2s }
}
"""

ESCAPES = r"""
rollout escapes {
  on failure abort
  stage one { readonly run(`printf "\\033[2J\\033]0;owned\\007\\033[31mred"`, exit: [7]) }
}
"""

MEASURED = """
use std.prometheus
metric load: number = prometheus.query("load") every 500ms
rollout measured {
  on missing for 2s abort
  stage one {
    when load > 5 for 1s then rollback
    hold 4s
  }
}
"""


class HostileServer(http.server.ThreadingHTTPServer):
    """Answers the first question, which `rollout run` asks before anything, well, and every other one badly."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), HostileHandler)
        self.answer = answer

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class HostileHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if "query=1" in self.path and "load" not in self.path:
            self.say('{"status":"success","data":{"resultType":"scalar","result":[0,"1"]}}')
        else:
            with contextlib.suppress(ConnectionError):
                self.server.answer(self)

    do_POST = do_GET

    def say(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def vector(value):
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [time.time(), value]}]}})


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(2000):
        handler.wfile.write(b'{"status":"success","data":' * 10)
        time.sleep(0.05)


def huge(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 30))
    handler.end_headers()
    block = b"[" * (1 << 20)
    for _ in range(1 << 10):
        handler.wfile.write(block)


HOSTILE = {
    "endless": endless,
    "huge": huge,
    "wrong type": lambda handler: handler.say('{"status":"success","data":{"resultType":"string","result":[1,"x"]}}'),
    "no json": lambda handler: handler.say("<html>\x1b[2J</html>"),
    "deep": lambda handler: handler.say("[" * 100000),
    "nan": lambda handler: handler.say(vector("NaN")),
    "text": lambda handler: handler.say(vector("$(reboot)")),
    "many series": lambda handler: handler.say(json.dumps({"status": "success", "data": {"resultType": "vector", "result": [
        {"metric": {"i": str(i)}, "value": [time.time(), "1"]} for i in range(20000)]}})),
}


class Cases:
    def __init__(self, options, folder):
        self.rollout, self.rolloutc = options.rollout, options.rolloutc
        self.folder = folder
        self.environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1", XDG_CONFIG_HOME=str(folder / "config"))
        for name, text in (("shop", SHOP), ("stuck", STUCK), ("leaky", LEAKY), ("option", OPTION), ("flood", FLOOD), ("escapes", ESCAPES),
                           ("measured", MEASURED)):
            (folder / f"{name}.rollout").write_text(text)

    # ---------------------------------------------------------------- helpers

    def _call(self, *arguments, program=None, environment=None, timeout=90, **expected):
        return call([program or self.rollout, *arguments], self.folder, environment or self.environment, timeout=timeout, **expected)

    def _built(self, name="shop"):
        self._call("build", f"{name}.rollout", "-o", f"{name}.rplan", program=self.rolloutc)
        return self.folder / f"{name}.rplan"

    def _start(self, *arguments, environment=None):
        return subprocess.Popen([self.rollout, "run", *arguments], env=environment or self.environment, cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def _runs(self):
        return json.loads(self._call("list", "--format", "json").stdout)

    def _wait_for(self, what, reached):
        for _ in range(600):
            if reached():
                return
            time.sleep(0.05)
        raise Failed(f"{what} did not come about")

    # ---------------------------------------------------------------- signatures

    def what_rolloutc_signs_minisign_verifies(self):
        self._built()
        self._call("sign", "shop.rplan", "--key", str(KEYS / "plain.key"), "--environment", "production", program=self.rolloutc,
                   says=["shop.rplan.minisig", "975350268CA00710", "for production"])
        self._call("-V", "-p", str(KEYS / "plain.pub"), "-m", "shop.rplan", program="minisign", says=["verified", "environment:production"])

    def what_minisign_signs_runs(self):
        self._built()
        self._call("-S", "-s", str(KEYS / "plain.key"), "-m", "shop.rplan", program="minisign")
        self._call("run", "shop.rplan", "--plan", "--trust", str(KEYS / "plain.pub"), says=["shop"])

    def a_locked_key_needs_its_password(self):
        self._built()
        (self.folder / "password").write_text("correct horse\n")
        self._call("sign", "shop.rplan", "--key", str(KEYS / "locked.key"), "--password-file", "password", program=self.rolloutc,
                   says=["signed"])
        self._call("sign", "shop.rplan", "--key", str(KEYS / "locked.key"), program=self.rolloutc, status=2, text="wrong\n",
                   says=["the password does not open"])

    def plans_are_refused_that_nobody_trusted_signed(self):
        plan = self._built()
        trust = ("--trust", str(KEYS / "plain.pub"))
        self._call("run", "shop.rplan", "--plan", "--require-signature", status=2, says=["no key is trusted", "--trust"])
        signature = self.folder / "shop.rplan.minisig"
        signature.unlink(missing_ok=True)
        self._call("run", "shop.rplan", "--plan", *trust, status=2, says=["a signature is required", "rolloutc sign"])
        self._call("run", "shop.rollout", "--plan", *trust, status=2, says=["only a plan file can be signed"])
        sign = ("sign", "shop.rplan", "--key", str(KEYS / "plain.key"))
        self._call(*sign, "--environment", "staging", program=self.rolloutc)
        self._call("run", "shop.rplan", "--plan", *trust, status=2, says=["signed for the environment `staging`, not for `production`"])
        self._call("run", "shop.rplan", "--plan", *trust, "--environment", "staging")
        self._call("run", "shop.rplan", "--plan", "--trust", str(KEYS / "locked.pub"), status=2, says=["not trusted here"])
        self._call(*sign, "--expires", "2020-01-01T00:00Z", program=self.rolloutc, status=2, says=["in the past"])
        signature.write_text(signature.read_text().replace("staging", "production"))
        self._call("run", "shop.rplan", "--plan", *trust, status=2, says=["trusted comment is not what was signed"])
        self._call(*sign, program=self.rolloutc)
        (self.folder / "config/rollout/trusted").mkdir(parents=True)
        (self.folder / "config/rollout/trusted/team.pub").write_text((KEYS / "plain.pub").read_text())
        self._call("run", "shop.rplan", "--plan", "--require-signature")
        content = bytearray(plan.read_bytes())
        content[-1] ^= 1
        plan.write_bytes(content)
        self._call("run", "shop.rplan", "--plan", "--require-signature", status=2)

    def a_changed_plan_is_never_signed(self):
        plan = self._built()
        plan.write_bytes(plan.read_bytes()[:-5])
        self._call("sign", "shop.rplan", "--key", str(KEYS / "plain.key"), program=self.rolloutc, status=1, says=["shop.rplan"])

    # ---------------------------------------------------------------- people

    def production_wants_its_name_typed(self):
        for typed, started in (("yes", False), ("shop", True)):
            master, slave = pty.openpty()
            run = subprocess.Popen([self.rollout, "run", "shop.rollout"], env=dict(self.environment, TERM="dumb"), cwd=self.folder,
                                   stdin=slave, stdout=slave, stderr=slave)
            os.close(slave)
            seen = ""
            deadline = time.monotonic() + 30
            while "to start it" not in seen and time.monotonic() < deadline:
                if select.select([master], [], [], 1)[0]:
                    seen += os.read(master, 65536).decode(errors="replace")
            if "production" not in seen or "shop" not in seen:
                raise Failed(f"nobody is asked for the name:\n{seen}")
            os.write(master, (typed + "\n").encode())
            if started:
                self._wait_for("the run", lambda: any(one["state"] == "running" for one in self._runs()))
                run.terminate()
                os.close(master)
            status = run.wait(timeout=30)
            if not started:
                os.close(master)
            if not started and status != 2:
                raise Failed(f"`{typed}` started it: {status}")
        self._call("abort", self._runs()[0]["run"], "over", status=5)

    def nobody_approves_under_another_name_in_production(self):
        run, us = self._start("shop.rollout", "--yes"), getpass.getuser()
        try:
            self._wait_for("the run", lambda: any(one["state"] == "running" for one in self._runs()))
            name = self._runs()[0]["run"]
            self._wait_for("a question", lambda: "Go" in self._call("status", name).stdout)
            self._call("approve", name, "Go", "--by", "dana", status=7, says=[f"`{us}` speaks under the name of `dana`", f"{us}: dana", "people"])
            names = self.folder / "state" / "people"
            names.write_text("# who speaks through whom\nnonsense\n")
            self._call("approve", name, "Go", "--by", "dana", status=7, says=["line 2", "nonsense"])
            names.write_text(f"somebody: dana\n{us}: kim, bo\n")
            self._call("approve", name, "Go", "--by", "dana", status=7, says=["speaks under the name"])
            names.write_text(f"{us}: kim, dana  # the team's account\n")
            self._call("approve", name, "Go", "--by", "dana", says=["approved by dana"])
            self._wait_for("the end", lambda: self._runs()[0]["state"] == "succeeded")
            self._call("log", name, says=[f"dana (unix user {us}", "says approve \"Go\": refused"])
            self._call("log", name, "--verify")
        finally:
            run.terminate()
            run.wait(timeout=30)

    def who_logged_in_is_known_behind_a_shared_account(self):
        """The kernel keeps who logged in through `sudo` and `su`; a process may set it once, with the right to, as a login does."""
        def log_in():
            pathlib.Path("/proc/self/loginuid").write_text("65534")
        try:
            subprocess.run(["true"], preexec_fn=log_in, check=True)
        except subprocess.SubprocessError:
            print("SKIPPED: nobody may set a login user here, so whether it is told from the user is tried in the unit tests alone", flush=True)
            return
        nobody = pwd.getpwuid(65534).pw_name
        run = self._start("shop.rollout", "--yes")
        try:
            self._wait_for("the run", lambda: any(one["state"] == "running" for one in self._runs()))
            name = self._runs()[0]["run"]
            self._wait_for("a question", lambda: "Go" in self._call("status", name).stdout)
            us = getpass.getuser()
            (self.folder / "state" / "people").write_text(f"{us}: dana\n")
            refused = subprocess.run([self.rollout, "approve", name, "Go", "--by", "dana"], env=self.environment, cwd=self.folder,
                                     preexec_fn=log_in, capture_output=True, text=True)
            if refused.returncode != 7 or f"`{nobody}` speaks under the name of `dana`" not in refused.stderr:
                raise Failed(f"the account's names were given to whoever uses it: {refused.stdout}{refused.stderr}")
            self._call("log", name, says=[f"dana (unix user {us}, logged in as {nobody})"])
        finally:
            run.terminate()
            run.wait(timeout=30)

    def an_approval_counts_for_one_run_only(self):
        (self.folder / "state" / "people").write_text(f"{getpass.getuser()}: dana, mallory\n")
        runs = [self._start("shop.rollout", "--yes") for _ in range(2)]
        try:
            self._wait_for("two runs", lambda: sum(one["state"] == "running" for one in self._runs()[:2]) == 2)
            first, second = sorted(one["run"] for one in self._runs()[:2])
            self._wait_for("a question", lambda: "Go" in self._call("status", first).stdout)
            self._call("approve", first, "Go", "--by", "mallory", status=7, says=["mallory"])
            self._call("approve", first, "Go", "--by", "dana")
            self._wait_for("the end", lambda: any(one["run"] == first and one["state"] == "succeeded" for one in self._runs()))
            if not any(one["run"] == second and one["state"] == "running" for one in self._runs()):
                raise Failed("the approval of one run counted for another")
            self._call("approve", first, "Go", "--by", "dana", status=7, says=["has ended"])
        finally:
            for run in runs:
                run.terminate()
                run.wait(timeout=30)

    def a_drill_finds_the_way_back_that_is_none(self):
        self._call("drill", "shop.rollout", says=["1 of 1 stages lead back", "rolled back"])
        self._call("drill", "stuck.rollout", status=1, says=["INCOMPLETE", "0 of 1 stages lead back", "withdraw"])
        one = json.loads(self._call("drill", "stuck.rollout", "--format", "json", status=1).stdout)
        if one["stage"] != "one" or one["rolled_back"] is not False:
            raise Failed(f"JSON is {one}")
        self._call("drill", "flood.rollout", status=2, says=["has no scenario in which"])

    def a_doctor_finds_what_would_fail_tonight(self):
        environment = dict(self.environment)
        environment.pop("ROLLOUT_TEST_TOKEN", None)
        self._call("doctor", environment=environment)
        self._call("doctor", "stuck.rollout", status=1, says=["there is no program `deploy`", "there is no program `withdraw`", "1 on the way back"])
        self._call("doctor", "leaky.rollout", status=1, environment=environment, says=["`token` has no value"])
        self._call("doctor", "leaky.rollout", environment=dict(environment, ROLLOUT_TEST_TOKEN=CANARY), says=["`token` has a value"])
        self._call("doctor", "measured.rollout", "--prometheus", "http://127.0.0.1:9", status=1, says=["does not answer"])
        findings = [json.loads(line) for line in self._call("doctor", "--format", "json").stdout.splitlines()]
        if not all(one["health"] in ("good", "careful") for one in findings):
            raise Failed(f"a machine without fault is ill: {findings}")

    # ---------------------------------------------------------------- hands on the files

    def _exported(self, name):
        """The journal as others may check it, with nothing but SHA-256 and minisign."""
        self._call("log", name, "--export", "run.jsonl", "--sign", "--key", str(KEYS / "plain.key"), says=["run.jsonl", "signed"])
        self._call("-V", "-p", str(KEYS / "plain.pub"), "-m", "run.jsonl", program="minisign", says=[f"run:{name}"])
        link = ""
        for line in (self.folder / "run.jsonl").read_text().splitlines():
            body = line[line.index('"body":') + 7:line.rindex(',"epoch":')]
            entry = json.loads(line)
            fields = (link, str(entry["sequence"]), str(entry["epoch"]), str(entry["nanoseconds"]), entry["kind"], body)
            link = hashlib.sha256("\n".join(fields).encode()).hexdigest()
            if entry["link"] != link:
                raise Failed(f"the link of entry {entry['sequence']} is not what docs/security.md says: {line}")

    def a_journal_edited_by_hand_is_not_believed(self):
        run = self._start("shop.rollout", "--yes")
        self._wait_for("the run", lambda: any(one["state"] == "running" for one in self._runs()))
        name = next(one["run"] for one in self._runs() if one["state"] == "running")
        self._wait_for("a question", lambda: "Go" in self._call("status", name).stdout)
        run.kill()
        run.wait()
        self._call("log", name, "--verify", says=["each there and in its chain"])
        self._exported(name)
        path = self.folder / "state" / f"{name}.journal"
        with contextlib.closing(sqlite3.connect(path)) as database:
            for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                database.execute(f"drop trigger {trigger}")
            tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
            table = next(one for one in tables if "entr" in one)
            column = next(row[1] for row in database.execute(f"pragma table_info({table})") if row[1] in ("body", "content", "fields"))
            database.execute(f"update {table} set {column} = replace({column}, 'Go', 'No') where {column} like '%Go%'")
            database.commit()
        self._call("log", name, "--verify", status=1, says=["does not fit its checksum"])
        self._call("doctor", status=1, says=["does not fit its checksum"])
        self._call("resume", name, status=2, says=["checksum"])
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute(f"update {table} set {column} = replace({column}, 'No', 'Go') where {column} like '%No%'")
            database.execute(f"delete from {table} where sequence = (select max(sequence) from {table})")
            database.commit()
        self._call("log", name, "--verify", status=1, says=["is missing"])
        path.unlink()

    def a_state_directory_of_others_is_refused(self):
        if os.geteuid() != 0:
            return
        target = self.folder / "target"
        target.mkdir(mode=0o700)
        link = self.folder / "link"
        link.symlink_to(target)
        os.chown(link, 65534, 65534, follow_symlinks=False)
        self._call("list", "--state", str(link), status=2, says=["is a link of another user"])
        open_folder = self.folder / "open"
        open_folder.mkdir()
        open_folder.chmod(0o777)
        self._call("list", "--state", str(open_folder), status=2, says=["others may write", "chmod 700"])

    def a_hostile_plan_is_refused_or_harmless(self):
        content = self._built().read_bytes()
        seeds = random.Random(11)
        for count in range(60):
            damaged = bytearray(content)
            for _ in range(seeds.randrange(1, 5)):
                damaged[seeds.randrange(len(damaged))] = seeds.randrange(256)
            if seeds.randrange(4) == 0:
                del damaged[seeds.randrange(len(damaged)):]
            (self.folder / "bad.rplan").write_bytes(damaged)
            answer = subprocess.run([self.rollout, "run", "bad.rplan", "--plan"], env=self.environment, cwd=self.folder, capture_output=True, timeout=60)
            if answer.returncode not in (0, 2) or (answer.returncode == 2 and b"rollout: error" not in answer.stderr):
                raise Failed(f"damage {count}: exit status {answer.returncode}: {answer.stderr[-500:]}")

    # ---------------------------------------------------------------- the outside

    def a_hostile_metrics_server_blinds_but_never_breaks(self):
        for name, answer in HOSTILE.items():
            server = HostileServer(answer)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                run = self._start("measured.rollout", "--yes", "--prometheus", server.address)
                output = run.stdout.read()
                _, status, used = os.wait4(run.pid, 0)
                run.returncode = os.waitstatus_to_exitcode(status)
            finally:
                server.shutdown()
                server.server_close()
            limit = 900 if "asan" in self.rollout else 300
            if used.ru_maxrss // 1024 > limit:
                raise Failed(f"{name}: {used.ru_maxrss // 1024} MB were needed for an answer")
            if run.returncode != 5 or "\x1b" in output:
                raise Failed(f"{name}: exit status {run.returncode}, not 5 (aborted, since it is blind):\n{output[-2000:]}")

    def an_argument_from_data_is_never_an_option(self):
        self._call("run", "option.rollout", "--yes", "--set", "name=shop")
        self._call("run", "option.rollout", "--yes", "--set", "name=--all", status=5,
                   says=["begins with `-` and would be read as an option", "`--all`", "put `--` before it"])
        told = self._call("log", self._runs()[0]["run"]).stdout
        if "deleted" in told.replace("deleted ${name}", "") and "exit status" in told:
            raise Failed(f"the command ran all the same:\n{told}")

    def output_that_floods_is_cut(self):
        self._call("run", "flood.rollout", "--yes", status=5)
        size = sum(path.stat().st_size for path in (self.folder / "state").iterdir())
        if size > 20 << 20:
            raise Failed(f"the state directory has grown to {size} bytes")

    def escape_sequences_never_reach_the_terminal(self):
        answer = self._call("run", "escapes.rollout", "--yes", status=5)
        if "\\x1b[2J" not in answer.stdout + answer.stderr and "owned" in answer.stdout:
            raise Failed(f"the sequences were not made visible:\n{answer.stdout}")
        name = self._runs()[0]["run"]
        for verb in ("log", "status"):
            self._call(verb, name)

    def a_secret_is_nowhere_to_be_found(self):
        environment = dict(self.environment, ROLLOUT_TEST_TOKEN=CANARY)
        log = self.folder / "runtime.log"
        answer = subprocess.run([self.rollout, "run", "leaky.rollout", "--yes", "--log", str(log)], env=environment, cwd=self.folder,
                                capture_output=True, timeout=60)
        name = self._runs()[0]["run"]
        told = [answer.stdout, answer.stderr, log.read_bytes()]
        for verb in (["log", name], ["log", name, "--format", "json"], ["status", name], ["list"]):
            told.append(self._call(*verb).stdout.encode())
        told += [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()]
        for form in (CANARY.encode(), base64.b64encode(CANARY.encode()), CANARY.encode().hex().encode()):
            if any(form in text for text in told):
                raise Failed(f"{form!r} was found: {[text[-800:] for text in told if form in text][0]!r}")
        if b"***" not in b"".join(told):
            raise Failed("nothing was masked: the command did not print the secret at all")


def main():
    options = options_of(__doc__, "rollout", "rolloutc")
    with folder_for("security") as folder:
        cases = Cases(options, folder)
        return run_cases("security", {name: getattr(cases, name) for name in vars(Cases) if not name.startswith("_")}, options.only)


if __name__ == "__main__":
    sys.exit(main())
