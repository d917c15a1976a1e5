#!/usr/bin/env python3
"""A plugin that reaches for what it is told, and says how that went. Where `access.json` lies beside it, that is its access."""

import errno
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "broken"))
import base  # noqa: E402


def connect(port):
    socket.create_connection(("127.0.0.1", int(port)), 2).close()


def listen(port):
    with socket.socket() as server:
        server.bind(("127.0.0.1", int(port)))


REACHES = {
    "read": lambda path: pathlib.Path(path).read_bytes(),
    "list": os.listdir,
    "write": lambda path: pathlib.Path(path).write_text("reached"),
    "cut": lambda path: os.truncate(path, 1),
    "remove": os.remove,
    "move": lambda path: os.rename(path, path + ".moved"),
    # A child has no more rights than its parent.
    "child": lambda path: subprocess.run(["cat", path], check=True, capture_output=True),
    "connect": connect,
    "listen": listen,
    "signal": lambda _: os.kill(os.getppid(), signal.SIGCONT),
}


class Reach(base.Plugin):
    name = "reach"

    def schema(self):
        access = HERE / "access.json"
        schema = {"plugin": {"name": "reach", "version": "1.0.0"},
                  "operations": [{"name": "go", "effect": "idempotent", "result": "string",
                                  "params": [{"name": "how", "type": "string"}, {"name": "what", "type": "string"}]}]}
        return {**schema, "access": json.loads(access.read_text())} if access.exists() else schema

    def op_start(self, params):
        how, what = params["args"]["how"], params["args"]["what"]
        try:
            REACHES[how](what)
            said = "reached"
        except subprocess.CalledProcessError:
            said = "refused"
        except OSError as problem:
            said = "refused" if problem.errno in (errno.EACCES, errno.EPERM) else errno.errorcode.get(problem.errno, "?")
        return {"result": {"state": "done", "result": said}}


Reach().run()
