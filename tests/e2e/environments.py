#!/usr/bin/env python3
"""One plan in several environments of a rollout.toml: parameters, variables, secrets, channels, Prometheus, and after a restart."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time

from cases import Failed, call, folder_for, options_of, run_cases

PLAN = """
use std.webhook
use std.prometheus
param greeting: string = "nobody"
secret token = env("PLAN_TOKEN")
secret hook = env("PLAN_HOOK")
let pager = webhook.channel(hook)
let team = webhook.channel(hook)
rollout greets {
  on failure abort
  stage one {
    readonly run(`sh -c 'echo "$1 $CLUSTER $TOKEN" > seen' -- ${greeting}`, env: { "TOKEN": token })
    notify pager "to the pager"
    notify team "to the team"
    hold 0s
  }
}
"""

MEASURED = """
use std.prometheus
metric load: number = prometheus.query("load") every 500ms
rollout measured {
  on missing for 2s abort
  stage one { when load > 5 for 1h then rollback; hold 2s }
}
"""

PROJECT = """
[environments.staging]
prometheus = "{address}"
parameters.greeting = "testers"
variables.CLUSTER = "staging-cluster"
secrets.token = {{ file = "{folder}/staging-token" }}
secrets.hook = {{ env = "STAGING_HOOK" }}
channels.pager = "none"

[environments.production]
description = "what customers see"
prometheus = "http://127.0.0.1:1"
variables.CLUSTER = "production-cluster"
secrets.token = {{ env = "PRODUCTION_TOKEN" }}
pass = ["AWS_*", "SHOP_TOKEN"]
"""

# What a command of the cloud's finds in its environment, and one that prints it.
PASSES = """
rollout passes {
  stage one {
    let found = readonly run `sh -c 'echo "$AWS_PROFILE $AWS_SECRET_ACCESS_KEY $SHOP_TOKEN $OTHER_TOKEN" | tee seen'`
    hold 0s
  }
}
"""


class Doubles(http.server.BaseHTTPRequestHandler):
    """A webhook that keeps what it is sent, and a Prometheus whose every query is 1."""

    def do_GET(self):
        self._measure("")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path.startswith("/api/"):
            return self._measure(body)
        self.server.sent.append(json.loads(body)["text"])
        self._say("{}")

    def _measure(self, query):
        self.server.asked.append(f"{self.path} {query}")
        sample = {"metric": {}, "value": [time.time(), "1"]}
        self._say(json.dumps({"status": "success", "data": {"resultType": "vector", "result": [sample]}}))

    def _say(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Cases:
    def __init__(self, options, folder):
        self.rollout = options.rollout
        self.folder = folder
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Doubles)
        self.server.sent, self.server.asked = [], []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{self.server.server_port}"
        self.environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1", STAGING_HOOK=address, PLAN_HOOK=address,
                                PLAN_TOKEN="the-token-of-the-plan", PRODUCTION_TOKEN="the-token-of-production")
        self.environment.pop("PROMETHEUS_URL", None)
        (folder / "staging-token").write_text("the-token-of-staging\n")
        (folder / "plans").mkdir()
        (folder / "plans/greets.rollout").write_text(PLAN)
        (folder / "plans/measured.rollout").write_text(MEASURED)
        self.project = folder / "rollout.toml"
        self.project.write_text(PROJECT.format(address=address, folder=folder))
        self.project.chmod(0o644)

    def _run(self, *arguments, **expected):
        answer = call([self.rollout, *arguments], self.folder, self.environment, **expected)
        return answer.stdout + answer.stderr

    def _seen(self):
        return (self.folder / "seen").read_text().split()

    def _require(self, what, observed, wanted):
        if observed != wanted:
            raise Failed(f"{what}: {observed}, not {wanted}")

    def one_plan_runs_in_each_environment(self):
        self._run("run", "plans/greets.rollout", "--env", "staging", "--yes")
        self._require("what the command saw", self._seen(), ["testers", "staging-cluster", "the-token-of-staging"])
        self._require("what was sent", self.server.sent, ["to the team"])
        self.server.sent.clear()
        self._run("run", "plans/greets.rollout", "--env", "production", "--yes", "--set", "greeting=customers")
        self._require("what the command saw", self._seen(), ["customers", "production-cluster", "the-token-of-production"])
        self._require("what was sent", sorted(self.server.sent), ["to the pager", "to the team"])

    def what_an_environment_passes_on_reaches_its_commands_and_no_journal(self):
        (self.folder / "plans/passes.rollout").write_text(PASSES)
        given = {"AWS_PROFILE": "shop", "AWS_SECRET_ACCESS_KEY": "key-of-the-cloud", "SHOP_TOKEN": "token-of-the-shop", "OTHER_TOKEN": "other"}
        self.environment.update(given)
        self._run("run", "plans/passes.rollout", "--env", "staging", "--yes")
        self._require("what the command saw", self._seen(), [])
        told = self._run("run", "plans/passes.rollout", "--env", "production", "--yes", "--log", "log", says=["passes on", "AWS_*"])
        self._require("what the command saw", self._seen(), ["shop", "key-of-the-cloud", "token-of-the-shop"])
        kept = b"".join(path.read_bytes() for path in (self.folder / "state").rglob("*") if path.is_file())
        for place, text in (("the journal", kept), ("the log", (self.folder / "log").read_bytes()), ("the output", told.encode())):
            for secret in (b"key-of-the-cloud", b"token-of-the-shop"):
                if secret in text:
                    raise Failed(f"{secret} is in {place}")
        if b"shop *** ***" not in kept:
            raise Failed("the journal does not have the command's words with their credentials masked")

    def the_doctor_looks_for_the_credentials_of_aws(self):
        (self.folder / "plans/signed.rollout").write_text(
            'rollout signed {\n  stage one {\n    readonly http.get("https://127.0.0.1:1/", aws: { region: "eu-west-1", service: "logs" })\n  }\n}\n')
        for name in [name for name in self.environment if name.startswith("AWS_")]:
            del self.environment[name]
        self.environment["HOME"] = str(self.folder)
        self._run("doctor", "plans/signed.rollout", "--env", "staging", status=1, says=["credentials of AWS: AWS needs a key"])
        (self.folder / ".aws").mkdir()
        (self.folder / ".aws/credentials").write_text("[shop]\naws_access_key_id = AKID\naws_secret_access_key = key-of-the-file\n")
        self.environment["AWS_PROFILE"] = "shop"
        told = self._run("doctor", "plans/signed.rollout", "--env", "staging", status=None, says=["credentials of AWS: there are some"])
        if "key-of-the-file" in told:
            raise Failed("the doctor tells the key")

    def without_a_project_file_it_is_as_the_plan_says(self):
        (self.folder / "elsewhere").mkdir()
        (self.folder / "elsewhere/.git").mkdir()
        (self.folder / "elsewhere/greets.rollout").write_text(PLAN)
        self._run("run", "elsewhere/greets.rollout", "--yes")
        self._require("what the command saw", self._seen(), ["nobody", "the-token-of-the-plan"])

    def nobody_runs_somewhere_by_not_saying_where(self):
        self._run("run", "plans/greets.rollout", "--yes", status=2, says=["has the environments production, staging", "--env"])
        self._run("run", "plans/greets.rollout", "--env", "stagin", "--yes", status=2, says=["no environment `stagin`", "did you mean `staging`?"])
        self.project.write_text('default-environment = "staging"\n' + self.project.read_text())
        self._run("run", "plans/greets.rollout", "--yes")
        self._require("what the command saw", self._seen()[:1], ["testers"])

    def it_is_shown_before_it_starts(self):
        self._run("run", "plans/greets.rollout", "--env", "production", "--plan", says=["production", "what customers see"])

    def the_environments_prometheus_is_asked(self):
        # What it answers does not matter here, only that it is asked.
        self._run("run", "plans/measured.rollout", "--env", "staging", "--yes", status=None)
        if not any("load" in path for path in self.server.asked):
            raise Failed(f"its Prometheus was never asked for load, only {self.server.asked}")
        self._run("run", "plans/measured.rollout", "--env", "production", "--yes", status=2, says=["127.0.0.1:1", "does not answer"])
        self._run("doctor", "plans/measured.rollout", "--env", "production", status=1, says=["127.0.0.1:1"])

    def after_a_restart_it_is_the_same_environment(self):
        plan = PLAN.replace("stage one {", "stage one {\n    hold 2s")
        (self.folder / "plans/greets.rollout").write_text(plan)
        process = subprocess.Popen([self.rollout, "run", "plans/greets.rollout", "--env", "staging", "--yes"], env=self.environment,
                                   cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(400):
            runs = json.loads(self._run("list", "--format", "json") or "[]")
            if runs and runs[0]["state"] == "running":
                break
            time.sleep(0.05)
        process.kill()
        process.wait()
        # The file says something else meanwhile; what runs is what was started.
        self.project.write_text(self.project.read_text().replace("staging-cluster", "changed-cluster"))
        self._run("resume")
        self._require("what the command saw", self._seen(), ["testers", "staging-cluster", "the-token-of-staging"])
        self._require("what was sent", self.server.sent, ["to the team"])

    def a_file_that_others_may_write_to_is_refused(self):
        self.project.chmod(0o666)
        self._run("run", "plans/greets.rollout", "--env", "staging", "--yes", status=2, says=["everybody may write to it"])

    def a_slip_in_the_file_is_named_with_its_line(self):
        self.project.write_text(self.project.read_text().replace("channels.pager", "chanels.pager"))
        self._run("run", "plans/greets.rollout", "--env", "staging", "--yes", status=2, says=["rollout.toml:8:", "did you mean `channels`?"])

    def no_secret_is_in_what_is_kept(self):
        self._run("run", "plans/greets.rollout", "--env", "staging", "--yes")
        for path in (self.folder / "state").rglob("*"):
            if path.is_file() and b"the-token-of-staging" in path.read_bytes():
                raise Failed(f"the secret is in {path.name}")


def main():
    options = options_of(__doc__, "rollout")

    def in_folder(name):
        def case():
            with folder_for("environments") as folder:
                getattr(Cases(options, folder), name)()

        return case

    names = [name for name in vars(Cases) if not name.startswith("_")]
    return run_cases("environments", {name: in_folder(name) for name in names}, options.only)


if __name__ == "__main__":
    sys.exit(main())
