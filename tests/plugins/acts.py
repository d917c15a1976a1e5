#!/usr/bin/env python3
"""A plugin whose operations do what their argument `how` says: well, badly, or not at all. What it did it writes to world.txt."""

import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "broken"))
import base  # noqa: E402

WORLD = pathlib.Path("world.txt")  # a line for each change: key, operation, how
LIVES = pathlib.Path("lives.txt")  # a line for each start of the plugin
HOW = {"name": "how", "type": "string"}


def operation(name, effect, **more):
    return {"name": name, "effect": effect, "params": [HOW], **more}


class Acts(base.Plugin):
    name = "acts"
    running = set()

    def schema(self):
        return {"plugin": {"name": "acts", "version": "1.0.0", "doc": "Acts as it is told."}, "features": ["validate", "plan"],
                "operations": [operation("opaque", "opaque", result="string"),
                               operation("idempotent_one", "idempotent"),
                               operation("probed", "opaque", probe="is_done", undo="take_back"),
                               operation("beating", "opaque", heartbeat_s=1),
                               operation("is_done", "readonly", result="bool"),
                               operation("take_back", "idempotent"),
                               {"name": "with_secret", "effect": "idempotent", "result": "string",
                                "params": [HOW, {"name": "token", "type": "secret"}]},
                               {"name": "typed", "effect": "idempotent", "result": "json",
                                "params": [{"name": "share", "type": "ratio"}, {"name": "soak", "type": "duration"},
                                           {"name": "most", "type": "size"}, {"name": "pace", "type": "rate"},
                                           {"name": "at", "type": "instant"}, {"name": "names", "type": "strings"},
                                           {"name": "more", "type": "json"},
                                           {"name": "count", "type": "number", "default": 3}]}],
                "checks": [{"name": "well", "params": [HOW]}],
                "metrics": [{"name": "delay", "type": "duration", "params": [HOW], "past": True}],
                "channels": [{"name": "board", "params": [HOW], "acknowledged": True}]}

    def op_start(self, params):
        operation_name, args = params["operation"], params["args"]
        if operation_name in ("is_done", "well", "board.acknowledged"):
            return {"result": {"state": "done", "result": self.look(operation_name, args)}}
        if operation_name == "typed":
            self.note(params, sorted(args.items()))
            return {"result": {"state": "done", "result": args}}
        how = args["how"]
        if how == "die_before":
            os._exit(3)
        if how == "refuse":
            return self.invalid("it is not to be done")
        if how == "fail":
            return {"error": {"code": 1, "message": "the pool is gone", "data": {"class": "fatal"}}}
        if how.startswith("die_once") and params["op_key"] in self.keys():
            how = "well"
        if params["op_key"] not in self.keys():
            self.note(params, how)
        if operation_name == "beating":
            return self.beat(how, params["op_key"])
        return self.end_of(how, params)

    def beat(self, how, key):
        """`beats` says all the time that it works, `quietly` only when asked; `stuck` neither, nor anything else."""
        if how == "stuck":
            time.sleep(60)
        threading.Thread(target=self.work, args=(how, key), daemon=True).start()
        self.running.add(key)
        return {"result": {"state": "running"}}

    def work(self, how, key):
        for _ in range(10):
            time.sleep(0.5)
            if how == "beats":
                self.event(key, "heartbeat")
        self.event(key, "done", result=None)

    def event(self, key, kind, **more):
        self.write({"jsonrpc": "2.0", "method": "op.event", "params": {"op_key": key, "kind": kind, **more}})

    def end_of(self, how, params):
        if how in ("die", "die_once", "die_silently", "die_once_silently"):
            os._exit(3)
        if how == "change_and_die":
            with open(__file__, "a", encoding="utf-8") as own:
                own.write("# changed\n")
            pathlib.Path("lives-then.txt").write_text(LIVES.read_text())
            os._exit(3)
        if how == "hang":
            time.sleep(60)
        if how == "nonsense":
            self.send(b"I am fine, thank you for asking. " * 20)
            time.sleep(60)
        if how == "flood":
            for number in range(20_000):
                print("line %d of a flood" % number)
            print("x" * 100_000, flush=True)
        if how == "big":
            return {"result": {"state": "done", "result": "x" * 100_000}}
        if how == "tell":
            print("the secret is", params["secrets"].get("token"), flush=True)
            return {"result": {"state": "done", "result": params["secrets"].get("token")}}
        if how == "slow":
            pathlib.Path("slow.started").touch()
            time.sleep(3)
        return {"result": {"state": "done", "result": "done %s" % how}}

    @staticmethod
    def look(name, args):
        if name == "well":
            return {"passed": args["how"] == "well", "reason": "it is %s" % args["how"]}
        if name == "board.acknowledged":
            return pathlib.Path("acknowledged").exists()
        return any(line.split()[2] == args["how"] for line in WORLD.open()) if WORLD.exists() else False

    @staticmethod
    def note(params, how):
        with WORLD.open("a") as world:
            world.write("%s %s %s\n" % (params["op_key"], params["operation"], how))

    @staticmethod
    def keys():
        return {line.split()[0] for line in WORLD.open()} if WORLD.exists() else set()

    # What took effect is seen in the world, also by the next life; a `silently` one leaves no trace that says so.
    def op_status(self, params):
        if params["op_key"] in self.running:
            return {"result": {"state": "running"}}
        if params["args"].get("how", "").endswith("silently") or params["op_key"] not in self.keys():
            return {"result": {"state": "unknown"}}
        return {"result": {"state": "succeeded", "result": "seen in the world"}}

    def validate(self, params):
        how = params["args"].get("how")
        takes_how = params.get("operation") not in ("typed", "board.acknowledged")
        if takes_how and how is None and "how" not in params["unknown"]:
            return {"result": {"diagnostics": self.problem("it is missing", ["how"])}}
        if how == "wrong":
            return {"result": {"diagnostics": self.problem("there is no such way", ["how"])}}
        if how == "odd":
            return {"result": {"diagnostics": self.problem("this is an odd way", ["how"], "warning")}}
        if how == "invalid_answer":
            return {"result": {}}
        return {"result": {"diagnostics": []}}

    def plan(self, params):
        if params["operation"] == "opaque":
            return {"result": {"text": "would act %s\nand write it down" % params["args"].get("how", "somehow")}}
        return {"result": {"text": None}}

    def metrics_query(self, params):
        if params["args"]["how"] == "absent":
            return {"result": {"value": None}}
        if params["args"]["how"] == "late":
            time.sleep(60)
        return {"result": {"values": [0.25] * 5}} if "from" in params else {"result": {"value": 0.25}}


if os.environ.get("ROLLOUT_PLUGIN_COOKIE"):
    with LIVES.open("a") as lives:
        lives.write("%d\n" % os.getpid())
Acts().run()
