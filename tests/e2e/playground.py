#!/usr/bin/env python3
"""The playground: real nginx, real Prometheus, a real service in several versions, all on loopback.

Plays four releases with the real `rollout` and checks how each one ends: a healthy one goes to 100 %, a slow one is rolled back by
its measured p95, one whose exporter dies is paused and not promoted, and one whose runtime is killed (SIGKILL) and resumed
reaches the verdict at the slot that Prometheus' data demand.

With --kills N: healthy and slow releases in turn, whose runtime is killed N times in all at random moments. Each must end as it does
without a death, a slow one at the slot that Prometheus' data demand; traffic goes up share by share, and no change of it is made while
another is under way, by a ledger that the step itself writes.
"""

import argparse
import datetime
import functools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "examples" / "playground"
PROMETHEUS, NGINX, STABLE = 19190, 19180, 19101
# version: (port, metrics port, latency in ms)
VERSIONS = {"v1": (STABLE, 19201, 25), "v2": (19102, 19202, 35), "v3": (19103, 19203, 400), "v4": (19104, 19204, 35),
            "v5": (19105, 19205, 400)}


class Story(Exception):
    """A story that did not end as it should."""


class Playground:
    def __init__(self, rollout, folder):
        self.rollout, self.folder, self.children = rollout, folder, []
        self.environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1",
                                PROMETHEUS_URL=f"http://127.0.0.1:{PROMETHEUS}")

    def spawn(self, name, *command):
        log = open(self.folder / f"{name}.log", "ab")
        child = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder)
        self.children.append(child)
        return child

    def start(self):
        targets = [f"127.0.0.1:{metrics}" for _, metrics, _ in VERSIONS.values()]
        (self.folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: demo\n  static_configs:\n"
            f"  - targets: {json.dumps(targets)}\n")
        (self.folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2; fastcgi_temp_path {self.folder}/t3;
  uwsgi_temp_path {self.folder}/t4; scgi_temp_path {self.folder}/t5;
  upstream demo {{ include {self.folder}/upstream.conf; }}
  server {{ listen 127.0.0.1:{NGINX}; location / {{ proxy_pass http://demo; }} }}
}}
""")
        self.set_canary("v2")
        self.spawn("prometheus", "prometheus", f"--config.file={self.folder}/prometheus.yml",
                   f"--storage.tsdb.path={self.folder}/prometheus", f"--web.listen-address=127.0.0.1:{PROMETHEUS}",
                   "--log.level=warn")
        self.service("v1")
        self.spawn("nginx", "nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"))
        self.spawn("load", sys.executable, str(SCRIPTS / "load.py"), "--port", str(NGINX))
        wait_for("Prometheus", lambda: fetch(f"http://127.0.0.1:{PROMETHEUS}/-/ready"))
        wait_for("nginx", lambda: fetch(f"http://127.0.0.1:{NGINX}/version"))

    def service(self, version):
        port, metrics, latency = VERSIONS[version]
        child = self.spawn(f"service-{version}", sys.executable, str(SCRIPTS / "service.py"), "--version", version,
                           "--port", str(port), "--metrics-port", str(metrics), "--latency-ms", str(latency))
        wait_for(f"service {version}", lambda: fetch(f"http://127.0.0.1:{port}/version"))
        return child

    def set_canary(self, version):
        """Who the canary is; it gets no traffic yet."""
        (self.folder / "ports").write_text(f"{STABLE} {VERSIONS[version][0]}\n")
        if (self.folder / "nginx.pid").exists():
            subprocess.run([sys.executable, SCRIPTS / "nginx_weight.py", self.folder, "0"], check=True, stdout=subprocess.DEVNULL)
        else:
            (self.folder / "upstream.conf").write_text(f"server 127.0.0.1:{STABLE};\n")

    def command(self, version, scripts=SCRIPTS):
        return [self.rollout, "run", str(SCRIPTS / "playground.rollout"), "--yes", "--set", f"version={version}",
                "--set", f"directory={self.folder}", "--set", f"scripts={scripts}", "--set", f"canary_port={VERSIONS[version][0]}"]

    def release(self, version):
        self.set_canary(version)
        service = self.service(version)
        command = self.command(version)
        print(f"\n=== releasing {version}: {' '.join(command[1:])}", flush=True)
        process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL)
        self.children.append(process)
        return process, service

    def call(self, *arguments):
        return subprocess.run([self.rollout, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)

    def verb(self, *arguments):
        return self.call(*arguments).stdout

    def newest_run(self):
        return json.loads(self.verb("list", "--format", "json"))[0]["run"]

    def journal(self, run):
        return [json.loads(line) for line in self.verb("log", run, "--format", "json").splitlines()]

    def wait_for_entry(self, run, kind, seconds, **fields):
        def found():
            return next((entry for entry in self.journal(run) if entry["kind"] == kind
                         and all(entry["body"].get(key) == value for key, value in fields.items())), None)
        return wait_for(f"`{kind}` in the journal of {run}", found, seconds)

    def canary_is_out(self):
        return "down;" in (self.folder / "upstream.conf").read_text().splitlines()[1]

    def canary_has_everything(self):
        lines = (self.folder / "upstream.conf").read_text().splitlines()
        return "weight=10000" in lines[1] and "down" in lines[0]

    def stop(self):
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode()
    except OSError:
        return None


def wait_for(what, condition, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise Story(f"waited {seconds} s in vain for {what}")


def expect(condition, message):
    if not condition:
        raise Story(message)


def finish(process, seconds=90):
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Story("the run did not end") from None


def seconds_of(instant):
    return datetime.datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp()


def healthy(playground):
    """A healthy release goes to 100 %."""
    process, _ = playground.release("v2")
    status = finish(process)
    expect(status == 0, f"exit status {status}, not 0")
    expect(playground.canary_has_everything(), "nginx does not send everything to the canary")


def slow(playground):
    """A slow release is rolled back by its real p95, and nginx ends with the canary out."""
    process, _ = playground.release("v3")
    status = finish(process)
    expect(status == 3, f"exit status {status}, not 3 (rolled back)")
    run = playground.newest_run()
    expect(any(entry["kind"] == "guard fired" for entry in playground.journal(run)), "no guard fired")
    expect(playground.canary_is_out(), "nginx still sends traffic to the canary")


def blind(playground):
    """A release whose exporter dies is paused, not promoted; a person then rolls it back."""
    process, service = playground.release("v4")
    run = wait_for("the run", lambda: (name := playground.newest_run()) and name.endswith("-3") and name)
    playground.wait_for_entry(run, "stage entered", 15, stage="canary")
    time.sleep(5)
    service.send_signal(signal.SIGUSR1)
    playground.wait_for_entry(run, "paused", 30)
    time.sleep(3)
    entries = playground.journal(run)
    expect(not any(entry["kind"] == "stage entered" and entry["body"].get("stage") == "half" for entry in entries),
           "the release was promoted although nothing could be measured")
    print(playground.verb("status", run))
    print(playground.verb("rollback", run, "no metrics", "--by", "the playground"))
    status = finish(process)
    expect(status == 3, f"exit status {status}, not 3 (rolled back)")
    expect(playground.canary_is_out(), "nginx still sends traffic to the canary")


def crash(playground):
    """A run that is killed and resumed reaches the verdict at the slot that the source's data demand."""
    process, _ = playground.release("v5")
    run = wait_for("the run", lambda: (name := playground.newest_run()) and name.endswith("-4") and name)
    playground.wait_for_entry(run, "guard pending", 30)
    process.kill()
    process.wait()
    time.sleep(2.5)
    print("=== killed; resuming", flush=True)
    status = finish(subprocess.Popen([playground.rollout, "resume", run], env=playground.environment, stdin=subprocess.DEVNULL))
    expect(status == 3, f"exit status {status}, not 3 (rolled back)")
    fired_when_it_had_to(playground, run, "v5")
    expect(playground.canary_is_out(), "nginx still sends traffic to the canary")


def fired_when_it_had_to(playground, run, version):
    entries = playground.journal(run)
    armed = next(entry["body"] for entry in entries if entry["kind"] == "guard armed")
    fired = next(entry["body"] for entry in entries if entry["kind"] == "guard fired")
    demanded = slot_by_hand(version, seconds_of(armed["slot"]))
    got = seconds_of(fired["slot"])
    expect(abs(demanded - got) < 0.001, f"the guard fired at {got}, an uninterrupted run fires at {demanded}")


def slot_by_hand(version, first_slot):
    """Where `when p95 > 250ms for 3s` fires, slot by slot from Prometheus' own data: a second, independent evaluation."""
    query = ("histogram_quantile(0.95, sum by (le) (rate(demo_request_duration_seconds_bucket{version=\"%s\"}[5s])))" % version)
    held, before = 0.0, None
    for number in range(120):
        slot = first_slot + number
        arguments = urllib.parse.urlencode({"query": query, "time": f"{slot:.6f}"})
        result = json.loads(fetch(f"http://127.0.0.1:{PROMETHEUS}/api/v1/query?{arguments}"))["data"]["result"]
        value = float(result[0]["value"][1]) if result else None
        truth = None if value is None or value != value else value > 0.25
        if truth is True:
            held += 1.0 if before is True else 0.0
            if held >= 3.0:
                return slot
        elif truth is False:
            held = 0.0
        before = truth
    raise Story("by Prometheus' data the guard never fires")


STORIES = [healthy, slow, blind, crash]


# ---------------------------------------------------------------- kills

# nginx_weight.py with a ledger around it; appends of a line are atomic.
LEDGER_STEP = """import os, runpy, sys
sys.path.insert(0, {scripts!r})
def note(what):
    with open({ledger!r}, "a") as ledger:
        ledger.write(f"{{what}} {{float(sys.argv[2]):g}} {{os.getpid()}}\\n")
note("begin")
runpy.run_path({step!r}, run_name="__main__")
note("end")
"""


class KilledRelease:
    """One release through all the lives of its runtime."""

    def __init__(self, playground, version, chance):
        self.playground, self.version, self.chance, self.kills = playground, version, chance, 0
        self.ledger = playground.folder / "ledger"
        self.ledger.write_text("")
        self.scripts = playground.folder / "scripts"
        self.scripts.mkdir(exist_ok=True)
        (self.scripts / "nginx_weight.py").write_text(
            LEDGER_STEP.format(scripts=str(SCRIPTS), ledger=str(self.ledger), step=str(SCRIPTS / "nginx_weight.py")))
        playground.set_canary(version)

    def spawn(self, *command):
        with open(self.playground.folder / "killed.log", "ab") as log:
            return subprocess.Popen(command, env=self.playground.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def run_names(self):
        return [row["run"] for row in json.loads(self.playground.verb("list", "--format", "json") or "[]")]

    def play(self, kills_left):
        before = self.run_names()
        begin = self.playground.command(self.version, self.scripts)
        process, deadline = self.spawn(*begin), time.monotonic() + 300
        while True:
            expect(time.monotonic() < deadline, "the run did not end in five minutes")
            patience = self.chance.choice([0.03, 0.2, 0.8]) * self.chance.uniform(0.3, 1.5)
            try:
                process.wait(patience if self.kills < kills_left else 120)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.kills += 1
            new = [name for name in self.run_names() if name not in before]
            if not new:
                expect(not self.ledger.read_text(), "the traffic was changed before the run was stored")
                process = self.spawn(*begin)
                continue
            if json.loads(self.playground.verb("status", new[0], "--format", "json"))["state"] in ("succeeded", "rolled back"):
                break  # it ended just before it was killed
            process = self.spawn(self.playground.rollout, "resume", new[0])
        self.check([name for name in self.run_names() if name not in before])

    def check(self, runs):
        expect(len(runs) == 1, f"one release is the runs {runs}")
        state = json.loads(self.playground.verb("status", runs[0], "--format", "json"))["state"]
        if self.version == "v2":
            expect(state == "succeeded", f"a healthy release ended {state}")
            expect(self.playground.canary_has_everything(), "nginx does not send everything to the canary")
        else:
            expect(state == "rolled back", f"a slow release ended {state}")
            expect(self.playground.canary_is_out(), "nginx still sends traffic to the canary")
            fired_when_it_had_to(self.playground, runs[0], self.version)
        verified = self.playground.call("log", runs[0], "--verify")
        expect(verified.returncode == 0, f"the journal is not whole: {verified.stdout}{verified.stderr}")
        self.check_ledger()

    def check_ledger(self):
        levels, before, running = ["0", "20", "50", "100"], 0, None
        for line in self.ledger.read_text().splitlines():
            what, share, process = line.split()
            if what == "end":
                expect(running == process, f"process {process} went on after another one had begun")
                continue
            running, level = process, levels.index(share)
            expect(level in (before, before + 1, 0), f"the traffic jumps from {levels[before]} % to {share} %")
            before = level


def killed(playground, kills):
    """However often its runtime is killed, a release ends as it does without that."""
    seed = random.randrange(1 << 30)
    chance, done, releases = random.Random(seed), 0, 0
    playground.service("v2")
    playground.service("v3")
    print(f"seed {seed}", flush=True)
    while done < kills:
        release = KilledRelease(playground, ("v2", "v3")[releases % 2], chance)
        release.play(kills - done)
        done, releases = done + release.kills, releases + 1
        print(f"killed {done} times in {releases} releases so far", flush=True)



def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"), help="the command to test")
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    parser.add_argument("--kills", type=int, default=0, help="instead of the four stories, kill the runtime of releases that often")
    options = parser.parse_args()
    options.rollout = str(pathlib.Path(options.rollout).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rollout-playground-"))
    folder.chmod(0o755)  # nginx's worker is another user
    playground = Playground(options.rollout, folder)
    failed = 0
    stories = STORIES
    if options.kills:
        stories = [functools.update_wrapper(functools.partial(killed, kills=options.kills), killed)]
    try:
        playground.start()
        for story in stories:
            begin = time.monotonic()
            try:
                story(playground)
                print(f"=== passed ({time.monotonic() - begin:.0f} s): {story.__doc__}", flush=True)
            except Story as problem:
                failed += 1
                print(f"=== FAILED: {story.__doc__}\n    {problem}", flush=True)
    finally:
        playground.stop()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"playground: {len(stories) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
