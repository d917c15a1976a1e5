#!/usr/bin/env python3
"""The module `redis`, with a real server that wants a password."""

import os
import subprocess

from servers import free_port, start
from world import Action, Check, main

PASSWORD = "correct-horse"
SECRET = 'secret password = env("REDIS_PASSWORD")'


def redis(world):
    port = free_port()

    def ask(*arguments):
        return subprocess.run(["redis-cli", "-p", str(port), *arguments], env={**os.environ, "REDISCLI_AUTH": PASSWORD}, capture_output=True,
                              text=True, check=False).stdout

    start(world, ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--dir", str(world.folder), "--save", "",
                  "--appendonly", "no"], lambda: "PONG" in ask("PING"))
    ask("SET", "mode", ' two words\n"quoted" ')
    ask("SET", "session", "1", "EX", "1000")
    ask("LPUSH", "list", "1")
    world.words = {"at": f"port: {port}, password: password"}
    world.environment["REDIS_PASSWORD"] = PASSWORD
    world.command("redis-cli")
    world.ask = ask
    world.snapshot = lambda: {**{key: ask("--json", "GET", key).strip() for key in ask("KEYS", "*").split() if key != "list"},
                              "expires": int(ask("TTL", "session")) > 0, "maxmemory": ask("--json", "CONFIG", "GET", "maxmemory").strip()}


def not_saved(world):
    redis(world)
    world.snapshot = lambda: (world.folder / "dump.rdb").exists()


def strange(world):
    redis(world)
    world.words["at"] = f"port: {free_port()}"


def call(name, arguments, kind=Action, world=redis, **more):
    joined = f"{arguments}, {{at}}" if arguments else "{at}"
    return kind(f"redis.{name}", f"redis.{name}({joined})", world, declarations=SECRET, **more)


CASES = [
    call("set", '"fresh", value: "1 2"', after=lambda state: state["fresh"] == '"1 2"', title="new"),
    call("set", '"mode", value: "new"', after=lambda state: state["mode"] == '"new"', title="there"),
    call("set", '"session", value: "2"', after=lambda state: state["session"] == '"2"' and state["expires"], title="with a time to live"),
    call("set", '"list", value: "2"', Check, step=True, passes=False, says="WRONGTYPE", title="another type"),
    call("delete", '"mode"', after=lambda state: "mode" not in state, undo=False),
    call("flush", "database: 0", after=lambda state: "mode" not in state, undo=False, person=True),
    call("config_set", '"maxmemory", value: "1048576"', after=lambda state: "1048576" in state["maxmemory"]),
    call("config", '"appendonly"', Check, noted="no"),
    call("config", '"save"', Check, noted="", title="that is empty"),
    call("config", '"nothing"', Check, step=True, passes=False, says="Redis has no setting nothing", title="that is unknown"),
    call("save", "", world=not_saved, undo=False),
    call("answers", "", Check),
    Check("redis.answers", "redis.answers({at})", strange, passes=False, says="does not answer", title="nobody"),
    call("key_is", '"session", value: "1"', Check),
    call("key_is", '"session", value: "2"', Check, passes=False, says="session does not hold 2", title="another"),
    call("config_is", '"appendonly", value: "no"', Check),
    call("config_is", '"appendonly", value: "yes"', Check, passes=False, says="appendonly is no, not yes", title="another"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["redis-server", "redis-cli"])
