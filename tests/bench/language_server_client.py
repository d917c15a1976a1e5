"""A client of a language server for benches: one request at a time, with the seconds until its answer was there.

Seconds are the wall's, without those in which the server or this process stood ready and had no processor: on a busy machine these
would measure the neighbours. They are never fewer than those in which the server ran. Of its threads the busiest counts, and the one
that waited longest.
"""

import json
import os
import select
import subprocess
import time


def scheduled(process):
    """By thread: the nanoseconds that it has run so far, and those that it has waited for a processor."""
    found = {}
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            with open(f"/proc/{process}/task/{thread}/schedstat", encoding="ascii") as numbers:
                found[thread] = [int(number) for number in numbers.read().split()[:2]]
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended meanwhile
    return found


class Moment:
    """Now, and what the threads of the server and of this process had run and waited until then."""

    def __init__(self, server):
        self.time = time.perf_counter()
        self.threads = [scheduled(server), scheduled(os.getpid())]

    def seconds_since(self, other):
        def longest(process, column):
            before, after = other.threads[process], self.threads[process]
            return 1e-9 * max(numbers[column] - before.get(thread, [0, 0])[column] for thread, numbers in after.items())

        wall = self.time - other.time
        return min(wall, max(longest(0, 0), wall - longest(0, 1) - longest(1, 1)))


class Died(Exception):
    """The server ended, or said nothing for a long time."""


class Client:
    PATIENCE = 60.0  # seconds without a word

    def __init__(self, command, folder, settings=None):
        self.settings = settings or {}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
        )
        self.input = self.process.stdin
        self.output = self.process.stdout.fileno()
        self.buffer = bytearray()
        self.next_id = 0
        self.versions = {}
        uri = folder.as_uri()
        document = {
            "synchronization": {"didSave": True},
            "publishDiagnostics": {"versionSupport": True, "relatedInformation": True},
            "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
            "hover": {"contentFormat": ["markdown"]},
            "semanticTokens": {
                "requests": {"full": True},
                "tokenTypes": ["keyword", "variable", "function", "type", "number", "string", "comment"],
                "tokenModifiers": ["declaration"],
                "formats": ["relative"],
            },
        }
        self.capabilities = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": "bench"}],
                "capabilities": {"workspace": {"configuration": True, "workspaceFolders": True}, "textDocument": document},
            },
        )[0]["capabilities"]
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": self.settings})

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.input.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.input.flush()

    def _receive(self):
        """The next message, and when its last byte was read."""
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end >= 0:
                length = next(
                    int(line.split(b":")[1])
                    for line in self.buffer[:end].split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                if len(self.buffer) >= end + 4 + length:
                    moment = Moment(self.process.pid)
                    message = json.loads(self.buffer[end + 4 : end + 4 + length])
                    del self.buffer[: end + 4 + length]
                    return message, moment
            if not select.select([self.output], [], [], self.PATIENCE)[0]:
                raise Died(f"{self.process.args[0]} said nothing for {self.PATIENCE:.0f} s")
            piece = os.read(self.output, 1 << 20)
            if not piece:
                raise Died(f"{self.process.args[0]} ended with {self.process.wait()}")
            self.buffer += piece

    def next(self):
        """The next message that is not the server's own question; these are answered here."""
        while True:
            message, moment = self._receive()
            if "method" not in message or "id" not in message:
                return message, moment
            result = None
            if message["method"] == "workspace/configuration":
                result = [self.settings.get(item.get("section"), {}) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": result})

    def notify(self, method, params):
        self._send({"method": method, "params": params})

    def request(self, method, params):
        """The result, and the seconds until it was there."""
        self.next_id += 1
        started = Moment(self.process.pid)
        self._send({"id": self.next_id, "method": method, "params": params})
        while True:
            message, moment = self.next()
            if message.get("id") == self.next_id:
                if "error" in message:
                    raise Died(f"{method}: {message['error']['message']}")
                return message["result"], moment.seconds_since(started)

    def open(self, uri, language, text):
        self.versions[uri] = 1
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}},
        )

    def change(self, uri, line, column, length, text):
        """Replaces `length` letters by `text`; the moment before it is sent."""
        self.versions[uri] += 1
        place = {"start": {"line": line, "character": column}, "end": {"line": line, "character": column + length}}
        started = Moment(self.process.pid)
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": self.versions[uri]},
                "contentChanges": [{"range": place, "text": text}],
            },
        )
        return started

    def diagnostics(self, uri, wanted):
        """Waits for diagnostics of which `wanted` is true; the moment at which they were there."""
        while True:
            message, moment = self.next()
            if message.get("method") != "textDocument/publishDiagnostics" or message["params"]["uri"] != uri:
                continue
            # Of an older text, where a server says of which: what comes for the newest follows.
            if message["params"].get("version", self.versions[uri]) != self.versions[uri]:
                continue
            if wanted(message["params"]["diagnostics"]):
                return moment

    def memory(self):
        """Megabytes in memory now."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def close(self):
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.wait(timeout=10)
        finally:
            self.process.kill()
            self.process.wait()
