#!/usr/bin/env python3
"""Real signals and real people's channels: a queue's HTTP interface, a log, a growing CSV file, a chat that is acknowledged, a mail server."""

import datetime
import email
import email.policy
import functools
import http.server
import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time

from cases import Failed, folder_for, options_of, run_cases

PROGRAM = """
use std.email
use std.terminal

secret token = env("BROKER_TOKEN")

source queue_length(name: string): number {
  let answer = http.get("http://127.0.0.1:HTTP/queues/${name}", bearer: token)
  if answer.status == 404 { return absent }
  if answer.status != 200 { return failed("the broker answered ${answer.status}") }
  return answer.json.length
  past(from, to, step) {
    let answer = http.get("http://127.0.0.1:HTTP/queues/${name}?from=${from}&to=${to}&step=${step / 1s}", bearer: token)
    return answer.json.lengths
  }
}

channel chat() {
  let post = idempotent http.post("http://127.0.0.1:HTTP/posts", json: { "text": text, "severity": severity })
  acknowledged {
    let answer = http.get("http://127.0.0.1:HTTP/posts/${post.json.id}")
    return answer.json.ticked == true
  }
}

let duty = chat()
let team = email.channel(to: "Team <team@example.com>", from: "rollout@example.com", server: "smtp://127.0.0.1:SMTP")
let board = terminal.channel()

metric queue: number = queue_length("orders") every 2s
metric dead: number = queue_length("nowhere") every 2s absent is 0
metric errors: number = log.count(`cat app.log`, matching: "^ERROR") every 2s
metric failed: ratio = file("payments.csv") every 2s

rollout shop {
  stage live {
    when queue > 100 for 4s then rollback
    when dead > 0 then rollback
    when errors > 3 then rollback
    when failed > 5% then rollback
    notify duty "it goes live <now>" severity warning ack within 8s else rollback "nobody is on duty"
    run `touch live` undo { run `rm -f live` }
    hold HOLD
  }
  on success { notify team "shop is live \u2014 all quiet" }
  on rollback { notify team "shop was taken back\\n${reason}" severity critical }
}
"""


class World:
    """What the rollout talks to. Each case has one of its own."""

    def __init__(self):
        self.length, self.ticked_after, self.posts, self.polls, self.pasts, self.mails = 5, 2, [], 0, [], []
        self.wrong_tokens = 0
        world = self

        class Http(http.server.BaseHTTPRequestHandler):
            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path.startswith("/queues/") and self.headers.get("Authorization") != "Bearer correct-horse":
                    world.wrong_tokens += 1
                if self.path.startswith("/posts/"):
                    world.polls += 1
                    return self.answer(200, {"ticked": world.polls >= world.ticked_after})
                if self.path.startswith("/queues/nowhere"):
                    return self.answer(404, {})
                if "?" in self.path:
                    world.pasts.append(self.path)
                    return self.answer(200, {"lengths": [world.length] * 1000})
                return self.answer(200, {"length": world.length})

            def do_POST(self):
                world.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer(200, {"id": len(world.posts)})

            def log_message(self, *arguments):
                pass

        class Smtp(socketserver.StreamRequestHandler):
            def handle(self):
                say = lambda text: self.wfile.write(text.encode() + b"\r\n")
                say("220 mail.example.com ESMTP")
                while line := self.rfile.readline():
                    word = line.strip().upper()
                    if word == b"DATA":
                        say("354 go on")
                        lines = []
                        while (line := self.rfile.readline()) != b".\r\n":
                            lines.append(line[1:] if line.startswith(b".") else line)
                        world.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                    if word == b"QUIT":
                        return say("221 bye")
                    say("250 ok")

        class Servers(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

        self.http, self.smtp = Servers(("127.0.0.1", 0), Http), Servers(("127.0.0.1", 0), Smtp)
        for server in (self.http, self.smtp):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self):
        for server in (self.http, self.smtp):
            server.shutdown()
            server.server_close()


class Cases:
    def __init__(self, options, folder):
        self.rollout, self.folder = options.rollout, folder
        self.environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1", BROKER_TOKEN="correct-horse")

    def start(self, world, hold="5s"):
        text = PROGRAM.replace("HTTP", str(world.http.server_address[1])).replace("SMTP", str(world.smtp.server_address[1]))
        (self.folder / "shop.rollout").write_text(text.replace("HOLD", hold))
        (self.folder / "app.log").write_text("INFO started\nERROR one\n")
        (self.folder / "payments.csv").write_text("time,value\n2026-01-05T02:00:00Z,99%\n")
        self.pay("1%")
        return subprocess.Popen([self.rollout, "run", "shop.rollout", "--yes"], env=self.environment, cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def pay(self, share):
        with open(self.folder / "payments.csv", "a") as file:
            file.write(f"{datetime.datetime.now(datetime.timezone.utc).isoformat()},{share}\n")

    def ends(self, process, status):
        try:
            text = process.communicate(timeout=90)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"it did not end:\n{process.communicate()[0]}")
        if process.returncode != status:
            raise Failed(f"exit status {process.returncode}, not {status}:\n{text}")
        return text

    def wait_for(self, what, condition, process):
        deadline = time.monotonic() + 60
        while not condition():
            if time.monotonic() > deadline or process.poll() is not None:
                process.kill()
                raise Failed(f"waited in vain for {what}:\n{process.communicate()[0]}")
            time.sleep(0.05)

    def log(self):
        run = json.loads(subprocess.run([self.rollout, "list", "--format", "json"], env=self.environment, capture_output=True,
                                        text=True, check=True).stdout)[0]["run"]
        return subprocess.run([self.rollout, "log", run], env=self.environment, capture_output=True, text=True, check=True).stdout

    def mail(self, world, subject, words):
        if len(world.mails) != 1:
            raise Failed(f"{len(world.mails)} mails, not one")
        mail = world.mails[0]
        text = mail.get_content()
        if mail["Subject"] != subject or mail["To"] != "Team <team@example.com>" or not mail["Message-ID"] or not mail["Date"]:
            raise Failed(f"the mail is wrong:\n{mail}")
        for word in words:
            if word not in text:
                raise Failed(f"the mail does not say {word!r}:\n{text}")

    def all_is_quiet_and_somebody_ticks(self, world):
        self.ends(self.start(world), 0)
        if world.posts != [{"text": "it goes live <now>", "severity": "warning"}] or world.polls != 2 or world.wrong_tokens:
            raise Failed(f"posts {world.posts}, asked {world.polls} times, {world.wrong_tokens} wrong tokens")
        self.mail(world, "shop is live \u2014 all quiet", ["all quiet", "severity: info"])
        if "the answer in the channel" not in self.log() or "correct-horse" in self.log():
            raise Failed(f"the log is wrong:\n{self.log()}")

    def the_queue_grows(self, world):
        process = self.start(world, "1m")
        self.wait_for("the acknowledgement", lambda: world.polls >= 2, process)
        world.length = 500
        self.ends(process, 3)
        self.mail(world, "shop was taken back", ["queue > 100 for 4s", "severity: critical"])
        if (self.folder / "live").exists():
            raise Failed("what was done was not undone")

    def the_log_fills(self, world):
        process = self.start(world, "1m")
        self.wait_for("the first step", (self.folder / "live").exists, process)
        with open(self.folder / "app.log", "a") as file:
            file.write("ERROR two\nERROR three\nERROR four\n")
        self.ends(process, 3)
        self.mail(world, "shop was taken back", ["errors > 3"])

    def payments_fail(self, world):
        process = self.start(world, "1m")
        self.wait_for("the first step", (self.folder / "live").exists, process)
        self.pay("7.5%")
        self.ends(process, 3)
        self.mail(world, "shop was taken back", ["failed > 5%"])

    def nobody_ticks(self, world):
        world.ticked_after = 1000
        self.ends(self.start(world, "1m"), 3)
        self.mail(world, "shop was taken back", ["nobody is on duty"])

    def somebody_says_it_at_the_console(self, world):
        world.ticked_after = 1000
        process = self.start(world, "10s")
        self.wait_for("the notification", lambda: world.posts, process)
        time.sleep(0.5)
        run = json.loads(subprocess.run([self.rollout, "list", "--format", "json"], env=self.environment, capture_output=True,
                                        text=True, check=True).stdout)[0]["run"]
        said = subprocess.run([self.rollout, "acknowledge", run, "duty", "--by", "dana"], env=self.environment, capture_output=True, text=True)
        if said.returncode != 0 or "acknowledged by dana" not in said.stdout:
            raise Failed(f"the acknowledgement was not taken: {said.stdout}{said.stderr}")
        again = subprocess.run([self.rollout, "acknowledge", run, "duty"], env=self.environment, capture_output=True, text=True)
        if again.returncode != 7 or "no notification waits" not in again.stderr:
            raise Failed(f"a second one was taken: {again.returncode} {again.stdout}{again.stderr}")
        self.ends(process, 0)

    def killed_and_taken_up(self, world):
        """The queue grew while nothing watched: what the source tells of its past sends the rollout back."""
        process = self.start(world, "1m")
        self.wait_for("the acknowledgement", lambda: world.polls >= 2, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        time.sleep(9)
        world.length = 500
        asked = len(world.pasts)
        resumed = subprocess.Popen([self.rollout, "resume"], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.ends(resumed, 3)
        if len(world.pasts) == asked:
            raise Failed("the source was not asked for the slots gone by")
        self.mail(world, "shop was taken back", ["queue > 100 for 4s"])


def main():
    options = options_of(__doc__, "rollout")

    def in_a_world(case):
        world = World()
        try:
            with folder_for("signals") as folder:
                case(Cases(options, folder), world)
        finally:
            world.stop()

    cases = {name: functools.partial(in_a_world, case) for name, case in vars(Cases).items()
             if not name.startswith("_") and name not in ("start", "pay", "ends", "wait_for", "log", "mail")}
    return run_cases("signals", cases, options.only)


if __name__ == "__main__":
    sys.exit(main())
