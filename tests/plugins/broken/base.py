"""A plugin that keeps every rule, in parts that the broken ones beside it replace. No SDK: what breaks is seen at once."""

import json
import os
import sys


class Plugin:
    """One request after another, from descriptor 3 to descriptor 4."""

    name, version = "broken", "1.0.0"

    def __init__(self):
        self.done = {}  # by op_key: operation, arguments, result
        self.pending = b""

    # ---------------------------------------------------------------- frames

    def read(self):
        """The body of the next frame; nothing at the end. Exits where what comes is no frame."""
        while b"\r\n\r\n" not in self.pending:
            if not self.more():
                return None
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        length = self.length(head)
        while len(self.pending) < length:
            if not self.more():
                return None
        body, self.pending = self.pending[:length], self.pending[length:]
        return body

    def more(self):
        bytes_read = os.read(3, 65536)
        self.pending += bytes_read
        return bool(bytes_read)

    def length(self, head):
        name, _, value = head.partition(b":")
        if name.lower() != b"content-length" or not value.strip().isdigit() or int(value) > 1 << 20:
            sys.exit("no frame")
        return int(value)

    def write(self, message):
        body = json.dumps(message, ensure_ascii=False).encode()
        self.send(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    @staticmethod
    def send(whole):
        while whole:
            whole = whole[os.write(4, whole):]

    # ---------------------------------------------------------------- requests

    def run(self):
        while True:
            body = self.read()
            if body is None:
                return self.end()
            try:
                message = json.loads(body)
            except ValueError as error:
                self.bad_json(error)
                continue
            self.take(message)

    def end(self):
        pass

    def bad_json(self, error):
        self.write({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": str(error)}})

    def take(self, message):
        method = getattr(self, message["method"].replace(".", "_"), None) if "method" in message else None
        params = message.get("params", {})
        reply = method(params) if method else self.unknown_method(message["method"])
        if "id" in message:
            self.reply(message["id"], reply)
        if message["method"] == "shutdown":
            self.after_shutdown()

    def reply(self, identity, reply):
        self.write({"jsonrpc": "2.0", "id": identity, **reply})

    def unknown_method(self, name):
        return {"error": {"code": -32601, "message": "no method %s" % name}}

    def after_shutdown(self):
        sys.exit(0)

    @staticmethod
    def invalid(message, kind="invalid"):
        return {"error": {"code": -32602, "message": message, "data": {"class": kind}}}

    # ---------------------------------------------------------------- methods

    def hello(self, params):
        if 1 not in params["protocol"]["majors"]:
            return self.invalid("only protocol 1 is spoken here")
        return {"result": {"protocol": {"major": 1, "minor": 0},
                           "plugin": {"name": self.name, "version": self.version},
                           "cookie": os.environ["ROLLOUT_PLUGIN_COOKIE"]}}

    def describe(self, params):
        return {"result": self.schema()}

    def schema(self):
        return {"plugin": {"name": "broken", "version": "1.0.0"}, "features": ["validate", "plan"],
                "operations": [{"name": "greet", "effect": "idempotent", "result": "string", "heartbeat_s": 1,
                                "params": [{"name": "who", "type": "string"}, {"name": "token", "type": "secret"}],
                                "example": {"who": "kit"}}],
                "metrics": [{"name": "depth", "type": "number", "params": [], "past": True, "example": {}}]}

    def op_start(self, params):
        if params["operation"] != "greet":
            return self.invalid("no operation %s" % params["operation"])
        if "who" not in params["args"]:
            return self.invalid("who is missing")
        known = self.done.get(params["op_key"])
        if known and known[0] != params["args"]:
            return self.invalid("the key was used for another call")
        if not known:
            known = self.done[params["op_key"]] = (params["args"], self.greet(params))
        return {"result": {"state": "done", "result": known[1]}}

    def greet(self, params):
        return "hello, %s" % params["args"]["who"]

    def op_status(self, params):
        known = self.done.get(params["op_key"])
        return {"result": {"state": "succeeded", "result": known[1]} if known else {"state": "unknown"}}

    def op_attach(self, params):
        return self.invalid("nothing runs")

    def op_cancel(self, params):
        return {"result": {}}

    def validate(self, params):
        missing = "who" not in params["args"] and "who" not in params["unknown"]
        return {"result": {"diagnostics": self.problem("who is missing", ["who"]) if missing else []}}

    @staticmethod
    def problem(summary, path, severity="error"):
        return [{"severity": severity, "summary": summary, "path": path}]

    def plan(self, params):
        return {"result": {"text": "greets %s" % params["args"].get("who", "somebody")}}

    def metrics_query(self, params):
        return {"result": {"values": [1, None, 3, 4, 5]} if "from" in params else {"value": 7}}

    def health(self, params):
        return {"result": {"state": "healthy"}}

    def shutdown(self, params):
        return {"result": {}}
