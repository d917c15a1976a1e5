"""What the tests of the library's modules share: a world that a real `rollout run` acts on, and the properties of each action.

A test of a module, `test_NAME.py`, sets worlds up (doubles of commands, of HTTP services, or the real thing), lists calls in tables of
`Action` and `Check`, and ends with `main(__file__, ...)`. For each `Action` a small plan is written around the call and run:

- it is done, and the world is as `after` says;
- it is done and rolled back, and the world is as it was;
- each command and request on the way fails, once without having had its effect and once after it: the rollback leaves the world as it was;
- a call fails after it has had its effect and is tried once more, and then the plan fails: the rollback leaves the world as it was;
- where `halfway` says what half of a change looks like, the runtime is killed with just that there: a person is asked and says `rollback`,
  or nobody is, and the world ends done or as it was;
- the runtime is killed (SIGKILL) before and after each change, on the way there and on the way back, and resumed: the world ends as if
  nothing had happened, and no person is asked.

So `snapshot` and `counters` of the world should hold whatever would show that something was done twice: revisions, generations, numbers
of requests that changed something. What a way back leaves as it was stands in `snapshot`, what only ever grows in `counters`.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import http.server
import json
import os
import pathlib
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import typing
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "tests" / "std" / "bin"
MODULES = ROOT / "stdlib" / "std"
LIMIT = float(os.environ.get("ROLLOUT_STD_LIMIT", "60"))  # seconds that one run may take
SKIPPED = 77
# Of the failures and kills of one action, evenly chosen; unless said, all of them. `./dev test` tries a few of each.
MOST_DISTURBANCES = int(os.environ.get("ROLLOUT_STD_DISTURBANCES", "1000"))

# What a script of a module may use besides the commands of its world.
TOOLS = ("cat", "chmod", "cmp", "cp", "date", "dirname", "env", "grep", "head", "id", "ln", "ls", "mkdir", "mktemp", "mv", "printenv", "printf",
         "readlink",         "rm", "sed", "sh", "sleep", "sort", "stat", "tail", "test", "touch", "tr", "true", "wc", "xargs")

# Tells the world about the command, runs it where the world says so, and tells how it ended.
SHIM = """#!{python} -IS
import json, socket, subprocess, sys
world = socket.socket(socket.AF_UNIX)
world.connect({socket!r})
stream = world.makefile("rw")
def ask(**what):
    print(json.dumps(what), file=stream, flush=True)
    answer = stream.readline()
    if not answer:
        sys.exit(75)
    return json.loads(answer)
status = ask(argv=[{name!r}, *sys.argv[1:]])["exit"]
if status is None:
    status = subprocess.run([*{target!r}, *sys.argv[1:]]).returncode
    status = ask(ended=status)["exit"]
else:
    print("made to fail", file=sys.stderr)
sys.exit(status)
"""


class Failed(Exception):
    """What must not be."""


def expect(condition, message):
    if not condition:
        raise Failed(message)


@dataclasses.dataclass
class Call:
    """A command or a request that reached the world."""
    text: str
    argv: list = dataclasses.field(default_factory=list)
    changed: bool = False


@dataclasses.dataclass
class Disturbance:
    """What happens at the call of this index: `fail` or `kill`, `before` or `after` its effect."""
    index: int
    when: str
    what: str

    def __str__(self):
        return f"{self.what} {self.when} call {self.index}"


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: dict  # each name's values
    headers: typing.Any  # names in any case
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclasses.dataclass
class Answer:
    status: int = 200
    json: typing.Any = None
    text: str = ""
    headers: dict = dataclasses.field(default_factory=dict)


class World:
    """A folder that is the plan's and the user's home, the commands on its path, its HTTP services, and who is listening to them."""

    def __init__(self, rollout):
        self.rollout = rollout
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rollout-std-"))
        self.home, self.bin = self.folder / "home", self.folder / "bin"
        for folder in (self.home, self.bin, self.folder / "state"):
            folder.mkdir(mode=0o700)
        for tool in TOOLS:
            found = shutil.which(tool, path="/usr/bin:/bin")
            expect(found, f"`{tool}` is not on this machine")
            (self.bin / tool).symlink_to(found)
        self.environment = {"PATH": str(self.bin), "HOME": str(self.home), "ROLLOUT_STATE": str(self.folder / "state"), "NO_COLOR": "1",
                            "LANG": "C.UTF-8", "NO_PROXY": "*"}
        self.snapshot = self.counters = lambda: None
        self.calls, self.problems, self.noted = [], [], []
        self.disturbance = self.process = None
        self.answer = None  # what a person says where the run is paused
        self.halfway = None
        self.killed = threading.Event()
        self.over = threading.Event()
        self.lock = threading.RLock()
        self.closing = contextlib.ExitStack()
        self.closing.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.closing.callback(self.over.set)
        self._listen()
        self.command("fail-now", target=["/usr/bin/false"])
        self.command("note", target=["/usr/bin/true"])

    # ------------------------------------------------------------ setting it up

    def command(self, name, target=None, double=None):
        """Puts a command on the path: a double of tests/std/bin, the argument vector `target`, or else the real thing."""
        if double:
            target = [sys.executable, "-I", str(BIN / double)]
        elif target is None:
            found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/bin")
            expect(found, f"`{name}` is not on this machine")
            target = [found]
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(SHIM.format(python=sys.executable, socket=str(self.folder / "control"), name=name, target=target))
        path.chmod(0o755)

    def double(self, name, state=None):
        """The strict double tests/std/bin/NAME. Its state, a JSON file in the home, is the world's snapshot unless said otherwise."""
        self.command(name, double=name)
        file = self.home / f"{name}.json"
        file.write_text(json.dumps(state if state is not None else {}))
        self.snapshot = lambda: json.loads(file.read_text())
        return file

    def http(self, answer, told=True):
        """Serves HTTP on loopback; `answer(Request)` gives an Answer, or None for what the service does not know: a 404 that fails the test.
        Returns the address. `told`: each request is one of the calls that are made to fail and killed at."""
        world = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Else the last packet of an answer waits for the client to acknowledge the one before it.
            disable_nagle_algorithm = True

            def handle_request(self):
                split = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, split.path, urllib.parse.parse_qs(split.query, keep_blank_values=True), self.headers, body)
                call = world.begin(f"{self.command} {self.path}") if told else None
                if call and world.disturb(call, "before"):
                    return self.fail(call)
                try:
                    given = answer(request)
                except Exception as problem:  # whatever a double trips over is the request's fault, and must be seen
                    world.problems.append(f"{self.command} {self.path}: {type(problem).__name__}: {problem}")
                    given = Answer(400)
                if given is None:
                    world.problems.append(f"unknown request {self.command} {self.path} {body[:300]!r}")
                    given = Answer(404)
                if call:
                    world.look(call)
                    if world.disturb(call, "after"):
                        return self.fail(call)
                self.reply(given)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_request

            def fail(self, call):
                if world.disturbance.what == "kill":
                    self.close_connection = True
                    return
                self.reply(Answer(500, text="made to fail"))

            def reply(self, given):
                body = given.text.encode() if given.json is None else json.dumps(given.json).encode()
                self.send_response(given.status)
                headers = {"Content-Type": "text/plain" if given.json is None else "application/json", **given.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body if self.command != "HEAD" else b"")

            def log_message(self, *arguments):
                pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

            def handle_error(self, *arguments):
                pass

        server = Server(("127.0.0.1", 0), Handler)
        self._serve(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def _serve(self, server):
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.closing.callback(server.server_close)
        self.closing.callback(server.shutdown)

    # ------------------------------------------------------------ what reaches it

    def _listen(self):
        world = self

        class Control(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError, ValueError):
                    self.talk()

            def say(self, status):
                self.wfile.write(json.dumps({"exit": status}).encode() + b"\n")

            def talk(self):
                argv = json.loads(self.rfile.readline())["argv"]
                call = world.begin(" ".join(argv), argv)
                if argv[0] == "note":
                    world.noted.append(argv[1:])
                if world.disturb(call, "before"):
                    return self.say(1) if world.disturbance.what == "fail" else self.hang()
                self.say(None)
                ended = json.loads(self.rfile.readline())["ended"]
                if ended == 64:
                    world.problems.append(f"the double does not know `{call.text}`")
                world.look(call)
                if world.disturb(call, "after"):
                    return self.say(1) if world.disturbance.what == "fail" else self.hang()
                return self.say(ended)

            # Until whoever resumes the run ends the command, or the test is over.
            def hang(self):
                world.over.wait(LIMIT)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

            def handle_error(self, *arguments):
                pass

        self._serve(Server(str(self.folder / "control"), Control))

    def begin(self, text, argv=()):
        with self.lock:
            call = Call(text, list(argv))
            call.seen = self.snapshot()
            self.calls.append(call)
            return call

    def look(self, call):
        with self.lock:
            call.changed = self.snapshot() != call.seen

    def disturb(self, call, when):
        """Whether the call is disturbed at this moment. Who is to be killed is dead afterwards."""
        with self.lock:
            plan = self.disturbance
            index = next(i for i, known in enumerate(self.calls) if known is call)
            if plan is None or plan.index != index or (plan.when != when and (plan.when, when) != ("halfway", "before")) or (plan.what == "kill" and self.killed.is_set()):
                return False
        if plan.when == "halfway":
            self.halfway(call)
        if plan.what == "kill":
            # Told first: whoever waits for the process may see its end before this thread does.
            self.killed.set()
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        return True

    # ------------------------------------------------------------ running

    def tell(self, *arguments):
        return subprocess.run([self.rollout, *arguments], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=LIMIT, check=False)

    def outside(self, *argv):
        """Runs a command of the world as somebody who is no part of the plan, before it runs; returns what it says."""
        done = subprocess.run(list(argv), env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        expect(done.returncode == 0, f"`{' '.join(argv)}` failed: {done.stdout}{done.stderr}")
        self.calls.clear()
        return done.stdout

    def spawn(self, *arguments):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([self.rollout, *arguments], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def log(self):
        file = self.folder / "log"
        return file.read_text(errors="replace")[-3000:] if file.exists() else ""

    def run(self, program):
        """Runs the program to its end, or until it is paused, and gives the exit status (None: paused)."""
        (self.folder / "plan.rollout").write_text(program)
        self.spawn("run", "plan.rollout", "--yes")
        status = self.wait()
        if self.killed.is_set():
            self.spawn("resume", "it-1")
            status = self.wait()
        return status

    def wait(self):
        deadline, look_at = time.monotonic() + LIMIT, time.monotonic() + 2
        process = self.process
        while process.poll() is None:
            expect(time.monotonic() < deadline, f"the run did not end in {LIMIT:g} s; the calls were\n{self.listing()}\n{self.log()}")
            if time.monotonic() > look_at:
                if self.is_paused() and self.answer:
                    self.tell(self.answer, "it-1", "looked at the world", "--by", "tester")
                    self.answer = None
                elif self.is_paused():
                    process.kill()
                    process.wait()
                    return None
                look_at = time.monotonic() + 1
            time.sleep(0.01)
        return process.returncode

    def is_paused(self):
        with contextlib.suppress(ValueError, subprocess.TimeoutExpired):
            return json.loads(self.tell("status", "it-1", "--format", "json").stdout)["state"] == "paused"
        return False

    def listing(self):
        return "\n".join(f"    {index}. {call.text[:300]}{'  (a change)' if call.changed else ''}" for index, call in enumerate(self.calls))

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.closing.close()


# ---------------------------------------------------------------- what is tested


@dataclasses.dataclass
class Action:
    """A call that changes the world. `name` is `module.action`."""
    name: str
    call: str  # a step, as it stands in a plan; `{word}` is replaced by world.words
    world: typing.Callable[[World], None]
    after: typing.Any = None  # called with the snapshot after the call: false is a failure
    undo: bool = True  # a rollback brings the world back
    person: bool = False  # after a kill in the middle only a person can say whether it happened
    undo_person: bool = False  # the same of a kill in the middle of the undo
    noted: typing.Any = None  # what the call returns, as text; the call is then an expression
    header: str = ""  # lines at the head of the rollout, for example `traffic via ...`
    declarations: str = ""  # lines at the head of the file
    title: str = ""
    halfway: bool = False  # the world says what half of a change looks like, in `world.halfway`
    kill: bool = True  # false: may happen twice after a kill, as notifications do


@dataclasses.dataclass
class Check:
    """A check, or something else that only reads: whether it passes, and what it says where it does not."""
    name: str
    call: str
    world: typing.Callable[[World], None]
    passes: bool = True
    says: str = ""
    noted: typing.Any = None
    declarations: str = ""
    title: str = ""
    step: bool = False  # the call is a step of its own, no check


def program(case, then="", tail=""):
    module = case.name.split(".")[0]
    if case.noted is not None:
        step = f"let value = {case.call}\n    readonly run `note ${{value}}`"
    elif isinstance(case, Check) and not case.step:
        step = f"verify {case.call}"
    else:
        step = case.call + tail
    header = f"  {case.header}\n" if getattr(case, "header", "") else ""
    use = "" if module == "self" else f"use std.{module}\n"  # `self`: the tests of this harness
    return f"{use}{case.declarations}\nrollout it {{\n{header}  stage one {{\n    {step}\n{then}  }}\n}}\n"


FAIL = "    readonly run `fail-now`\n"


class Player:
    """Plays one case, again and again, each time in a new world."""

    def __init__(self, rollout, case):
        self.rollout, self.case = rollout, case

    @contextlib.contextmanager
    def world(self, disturbance=None):
        world = World(self.rollout)
        try:
            self.case.world(world)
            world.words = getattr(world, "words", {})
            world.disturbance = disturbance
            yield world
        except Failed as problem:
            raise Failed(f"{disturbance or 'undisturbed'}: {problem}") from None
        finally:
            world.close()

    def play(self, world, then="", tail=""):
        text = program(self.case, then, tail)
        for word, value in world.words.items():
            text = text.replace("{" + word + "}", str(value))
        status = world.run(text)
        disturbed = world.disturbance is not None and world.disturbance.what == "fail"
        expect(disturbed or not world.problems, f"{'; '.join(world.problems)}\n{world.log()}")
        return status

    def check(self):
        case = self.case
        with self.world() as world:
            before = world.snapshot()
            status = self.play(world)
            if case.passes:
                expect(status == 0, f"it does not pass (exit status {status})\n{world.log()}")
            else:
                expect(status not in (0, 2, None), f"it passes (exit status {status})\n{world.log()}")
                expect(case.says in world.log(), f"it does not say {case.says!r}\n{world.log()}")
            expect(world.snapshot() == before, "what should only read has changed the world")
            self.noted(world)

    def noted(self, world):
        if self.case.noted is None:
            return
        expect(world.noted, "nothing was returned")
        value = world.noted[-1][0]
        wanted = self.case.noted
        expect(wanted(value) if callable(wanted) else value == wanted, f"it returned {value!r}")

    def action(self):
        case = self.case
        with self.world() as world:
            before = world.snapshot()
            expect(self.play(world) == 0, f"it failed; the calls were\n{world.listing()}\n{world.log()}")
            done, counted = world.snapshot(), world.counters()
            expect(before != done, f"it changed nothing; the calls were\n{world.listing()}")
            expect(case.after is None or case.after(done), f"afterwards the world is {json.dumps(done, default=str)[:3000]}")
            self.noted(world)
            there = list(world.calls)
        back = self.undone() if case.undo else []
        plays = self.disturbances(there, back, done, counted)
        for play in evenly(plays, MOST_DISTURBANCES):
            play()
        self.played = (min(len(plays), MOST_DISTURBANCES), len(plays))

    def disturbances(self, there, back, done, counted):
        """What is to be tried: failures and kills at each call on the way there, kills at each change on the way back."""
        case, plays = self.case, []

        def add(play, index, when, what, *more):
            plays.append(lambda: play(Disturbance(index, when, what), *more))

        for index, call in enumerate(there):
            if call.argv[:1] == ["note"]:
                continue
            # What only reads fails in one way: there is no effect that it may have had.
            for when in ("before", "after") if call.changed else ("before",):
                if case.undo:
                    add(self.half_done, index, when, "fail")
                if call.changed and case.kill:
                    add(self.killed, index, when, "kill", done, counted)
            if call.changed and case.undo and case.noted is None and not case.header:
                add(self.retried, index, "after", "fail")
            if call.changed and case.halfway:
                add(self.half_done, index, "halfway", "fail")
                add(self.killed_halfway, index, "halfway", "kill", done)
        for index in back:
            for when in ("before", "after"):
                add(self.undo_killed, index, when, "kill")
        return plays

    def undone(self):
        """Does it and goes back; gives the indices of the changes on the way back."""
        with self.world() as world:
            before = world.snapshot()
            status = self.play(world, FAIL)
            expect(status == 3, f"not rolled back (exit status {status}); the calls were\n{world.listing()}\n{world.log()}")
            self.as_before(world, before)
            marker = next(i for i, call in enumerate(world.calls) if call.argv[:1] == ["fail-now"])
            changes = [i for i, call in enumerate(world.calls) if i > marker and call.changed]
            expect(changes, f"nothing was undone; the calls were\n{world.listing()}")
            return changes

    def half_done(self, disturbance):
        with self.world(disturbance) as world:
            before = world.snapshot()
            status = self.play(world)
            if status == 0:  # a failure that the action bears
                return
            expect(status == 3, f"not rolled back (exit status {status}); the calls were\n{world.listing()}\n{world.log()}")
            self.as_before(world, before)

    def retried(self, disturbance):
        with self.world(disturbance) as world:
            before = world.snapshot()
            status = self.play(world, FAIL, tail=" retry 1 every 10ms")
            expect(status == 3, f"not rolled back (exit status {status}); the calls were\n{world.listing()}\n{world.log()}")
            self.as_before(world, before)

    def killed_halfway(self, disturbance, done):
        with self.world(disturbance) as world:
            before = world.snapshot()
            world.answer = "rollback"
            status = self.play(world)
            expect(world.killed.is_set(), f"the runtime was not killed (exit status {status}); the calls were\n{world.listing()}\n{world.log()}")
            if status == 0:
                expect(world.snapshot() == done, f"the world is {json.dumps(world.snapshot(), default=str)[:2000]}\n{world.listing()}")
                return
            expect(status == 3, f"exit status {status} after the resume; the calls were\n{world.listing()}\n{world.log()}")
            self.as_before(world, before)

    def killed(self, disturbance, done, counted):
        with self.world(disturbance) as world:
            status = self.play(world)
            expect(world.killed.is_set(), f"the runtime was not killed (exit status {status}); the calls were\n{world.listing()}\n{world.log()}")
            if self.case.person:
                expect(status is None, f"nobody was asked (exit status {status}); the calls were\n{world.listing()}")
                return
            expect(status == 0, f"{'a person is asked' if status is None else f'exit status {status}'} after the resume; the calls were\n"
                                f"{world.listing()}\n{world.log()}")
            expect(world.snapshot() == done, f"after the resume the world is {json.dumps(world.snapshot(), default=str)[:2000]}\n  and should be "
                                             f"{json.dumps(done, default=str)[:2000]}\n{world.listing()}")
            expect(world.counters() == counted, f"after the resume the counters are {world.counters()} and should be {counted}\n{world.listing()}")
            self.noted(world)

    def undo_killed(self, disturbance):
        with self.world(disturbance) as world:
            before = world.snapshot()
            status = self.play(world, FAIL)
            expect(world.killed.is_set(), f"the runtime was not killed (exit status {status}); the calls were\n{world.listing()}\n{world.log()}")
            if self.case.undo_person:
                expect(status == 4, f"exit status {status}, and the rollback should be incomplete\n{world.listing()}")
                return
            expect(status == 3, f"not rolled back after the resume (exit status {status}); the calls were\n{world.listing()}\n{world.log()}")
            self.as_before(world, before)

    def as_before(self, world, before):
        now = world.snapshot()
        expect(now == before, f"the world is not as it was: {json.dumps(now, default=str)[:2000]}\n  and was "
                              f"{json.dumps(before, default=str)[:2000]}\n{world.listing()}")


TRIED = []  # of each case that passed: how many failures and kills were tried, and of how many


def play(rollout, case):
    """How a case ended: nothing, or what is wrong."""
    try:
        player = Player(rollout, case)
        player.action() if isinstance(case, Action) else player.check()
        TRIED.append(getattr(player, "played", (0, 0)))
        return None
    except (Failed, subprocess.SubprocessError, OSError, StopIteration) as problem:
        return f"{type(problem).__name__}: {problem}" if not isinstance(problem, Failed) else str(problem)


def evenly(things, most):
    """At most so many of them, the first and the last among them where there are two."""
    if len(things) <= most:
        return things
    return [things[i * (len(things) - 1) // max(1, most - 1)] for i in range(most)]


def title(case):
    return f"{case.name}{f' {case.title}' if case.title else ''}"


def main(file, cases, needs=()):
    """Plays the cases and exits: 0 where all passed, 1 where one failed, 77 where a program of `needs` is not installed."""
    parser = argparse.ArgumentParser(description=f"The tests of {pathlib.Path(file).stem}.")
    parser.add_argument("only", nargs="?", help="part of a title: only these cases")
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("ROLLOUT_JOBS", os.cpu_count() or 1)))
    options = parser.parse_args()
    module = pathlib.Path(file).stem.removeprefix("test_")
    missing = [name for name in needs if not shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")]
    if missing:
        print(f"SKIPPED: {module}: not installed: {', '.join(missing)}")
        sys.exit(SKIPPED)
    rollout = str(pathlib.Path(options.rollout).resolve())
    chosen = [case for case in cases if not options.only or options.only in title(case)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case, problem in zip(chosen, pool.map(lambda case: play(rollout, case), chosen)):
            failed += problem is not None
            print(f"passed: {title(case)}" if problem is None else f"FAILED: {title(case)}\n  {problem}", flush=True)
    tried, known = (sum(column) for column in zip(*TRIED, (0, 0)))
    print(f"{module}: {len(chosen) - failed} passed, {failed} failed; {tried} of {known} failures and kills were tried")
    sys.exit(1 if failed or not chosen else 0)
