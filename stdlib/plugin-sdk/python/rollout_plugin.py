"""What a plugin of Rollout needs, with Python's standard library alone. See docs/plugins.md.

    import rollout_plugin
    plugin = rollout_plugin.Plugin("pool", "1.0.0", doc="Weights of a pool.")

    @plugin.operation(effect="idempotent", params={"pool": "string", "share": "ratio"}, result="json")
    def shift(call, pool, share): ...

    plugin.run()
"""

import json
import os
import sys
import threading

MOST_FRAME_BYTES = 1 << 20
MAJOR = 1


class Failure(Exception):
    """An operation did not do what it was asked: says why, and of which class that is.

    Classes: invalid (nothing was begun), retryable, fatal, auth, in_doubt (nobody knows), cancelled.
    """

    def __init__(self, message, kind="fatal"):
        super().__init__(message)
        self.kind = kind


class Call:
    """What an operation is told besides its arguments."""

    def __init__(self, plugin, params):
        self._plugin = plugin
        self.key = params.get("op_key", "")
        self.run_id = params.get("run_id", "")
        self.deadline_ms = params.get("deadline_ms", 0)
        self.secrets = params.get("secrets", {})
        self.cancelled = threading.Event()

    def log(self, message):
        """A line of the runtime's log."""
        self._tell("log", message=str(message))

    def heartbeat(self):
        """Says that the work goes on: for an operation with `heartbeat_s`, from the work itself."""
        self._tell("heartbeat")

    def _tell(self, kind, **more):
        self._plugin._send({"jsonrpc": "2.0", "method": "op.event", "params": {"op_key": self.key, "kind": kind, **more}})

    def check(self):
        """Raises where the call was cancelled: for between two steps of a long operation."""
        if self.cancelled.is_set():
            raise Failure("cancelled", "cancelled")


class _Operation:
    def __init__(self, handler, params, status=None, validate=None, plan=None):
        self.handler = handler
        self.params = params
        self.status = status
        self.validate = validate
        self.plan = plan


class _Known:
    """A call by its key: what it was asked, and what became of it."""

    def __init__(self, call, asked):
        self.call = call
        self.asked = asked
        self.state = "running"
        self.result = None
        self.error = None
        self.waiting = []  # ids of requests that want its end


class Plugin:
    """One plugin: declare operations, checks, metrics and channels, then `run()`.

    `access` is all that it may touch beside what every program needs, for example
    `{"read": ["~/.kube"], "write": ["/var/lib/pools"], "connect": [443]}`; without it, it has all rights of who starts it.
    """

    def __init__(self, name, version, doc="", access=None):
        self._schema = {"plugin": {"name": name, "version": version, "doc": doc},
                        "enums": [], "operations": [], "checks": [], "metrics": [], "channels": []}
        if access is not None:
            self._schema["access"] = access
        self._operations, self._metrics, self._known = {}, {}, {}
        self._lock, self._writing = threading.Lock(), threading.Lock()
        # Whatever prints goes to the log, never among the frames; they have descriptors of their own.
        self._input = self._output = None

    def enum(self, name, labels):
        """A type of its own with these labels, for `params`."""
        self._schema["enums"].append({"name": name, "labels": list(labels)})

    @staticmethod
    def _params(params):
        # {"share": "ratio"}, or {"share": {"type": "ratio", "doc": "...", "default": 0.05}}
        return [{"name": name, **({"type": kind} if isinstance(kind, str) else kind)} for name, kind in params.items()]

    def operation(self, effect, params=None, result=None, undo=None, before=None, probe=None, timeout_s=None,
                  status=None, example=None, heartbeat_s=None, validate=None, plan=None):
        """Decorates `def NAME(call, ...)`. `status(key, args)` answers for calls of an earlier life of the plugin.

        `validate(...)` takes the parameters by name, None for what only the run knows, and gives what is wrong with them:
        texts, or pairs of a parameter's name and a text. `plan(...)` likewise gives a text of what the call would do.
        Neither may change anything.
        """
        def declare(handler):
            described = {"name": handler.__name__, "doc": (handler.__doc__ or "").strip(), "effect": effect,
                         "params": self._params(params or {})}
            for name, value in (("result", result), ("undo", undo), ("before", before), ("probe", probe),
                                ("timeout_s", timeout_s), ("heartbeat_s", heartbeat_s), ("example", example)):
                if value is not None:
                    described[name] = value
            self._schema["operations"].append(described)
            self._operations[handler.__name__] = _Operation(handler, described["params"], status, validate, plan)
            self._offer("validate", validate)
            self._offer("plan", plan)
            return handler
        return declare

    def _offer(self, feature, handler):
        features = self._schema.setdefault("features", []) if handler is not None else [feature]
        if feature not in features:
            features.append(feature)

    def check(self, params=None):
        """Decorates `def NAME(call, ...)`, which returns True, or the reason why not."""
        def declare(handler):
            described = {"name": handler.__name__, "doc": (handler.__doc__ or "").strip(),
                         "params": self._params(params or {})}
            self._schema["checks"].append(described)

            def answer(call, **arguments):
                passed = handler(call, **arguments)
                return {"passed": passed is True, "reason": "" if passed is True else str(passed)}
            self._operations[handler.__name__] = _Operation(answer, described["params"])
            return handler
        return declare

    def metric(self, type, params=None, past=None, example=None):
        """Decorates `def NAME(...)`: a number, or None for no data. `past(from_, to, step, ...)` gives a list."""
        def declare(handler):
            described = {"name": handler.__name__, "doc": (handler.__doc__ or "").strip(), "type": type,
                         "params": self._params(params or {}), "past": past is not None}
            if example is not None:
                described["example"] = example
            self._schema["metrics"].append(described)
            self._metrics[handler.__name__] = (handler, past)
            return handler
        return declare

    def channel(self, params=None, acknowledged=None):
        """Decorates `def NAME(call, text, severity, run_id, ...)`; `acknowledged(call, sent)` says whether."""
        def declare(handler):
            described = {"name": handler.__name__, "doc": (handler.__doc__ or "").strip(),
                         "params": self._params(params or {}), "acknowledged": acknowledged is not None}
            self._schema["channels"].append(described)
            own = described["params"] + [{"name": name} for name in ("text", "severity", "run_id")]
            self._operations[handler.__name__] = _Operation(handler, own)
            if acknowledged is not None:
                self._operations[handler.__name__ + ".acknowledged"] = _Operation(acknowledged, [{"name": "sent"}])
            return handler
        return declare

    # ------------------------------------------------------------ the protocol

    def run(self):
        """Answers until the host goes."""
        cookie = os.environ.get("ROLLOUT_PLUGIN_COOKIE")
        if cookie is None:
            sys.exit("This is a plugin of rollout: lock it with `rollout plugin lock NAME %s`." % sys.argv[0])
        self._input, self._output = os.fdopen(3, "rb"), os.fdopen(4, "wb")
        while True:
            body = self._read()
            if body is None:
                return
            try:
                message = json.loads(body, object_pairs_hook=_unique)
            except ValueError as error:
                self._fail(None, -32700, str(error))
                continue
            if not isinstance(message, dict) or "method" not in message:
                continue
            if message["method"] == "shutdown":
                self._answer(message.get("id"), {})
                return
            self._take(message, cookie)

    def _read(self):
        length = None
        while True:
            line = self._input.readline(256)
            if not line:
                return None
            if line in (b"\r\n", b"\n"):
                break
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value) if value.strip().isdigit() else None
        # Where the next frame begins is not known any more.
        if length is None or length > MOST_FRAME_BYTES:
            sys.exit("the host sent no frame")
        body = self._input.read(length)
        return body if len(body) == length else None

    def _send(self, message):
        body = json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
        with self._writing:
            self._output.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self._output.flush()

    def _answer(self, identity, result):
        if identity is not None:
            self._send({"jsonrpc": "2.0", "id": identity, "result": result})

    def _fail(self, identity, code, message, kind=None):
        error = {"code": code, "message": message}
        if kind is not None:
            error["data"] = {"class": kind}
        self._send({"jsonrpc": "2.0", "id": identity, "error": error})

    def _take(self, message, cookie):
        identity, params = message.get("id"), message.get("params") or {}
        methods = {"describe": lambda: self._answer(identity, self._schema),
                   "hello": lambda: self._hello(identity, params, cookie),
                   "health": lambda: self._answer(identity, {"state": "healthy", "why": ""}),
                   "op.start": lambda: self._start(identity, params),
                   "op.attach": lambda: self._attach(identity, params),
                   "op.status": lambda: self._status(identity, params),
                   "op.cancel": lambda: self._cancel(identity, params),
                   "validate": lambda: self._validate(identity, params),
                   "plan": lambda: self._plan(identity, params),
                   "metrics.query": lambda: threading.Thread(
                       target=self._query, args=(identity, params), daemon=True).start()}
        method = methods.get(message["method"])
        if method is None:
            self._fail(identity, -32601, "there is no method %s" % message["method"])
        else:
            method()

    def _hello(self, identity, params, cookie):
        majors = params.get("protocol", {}).get("majors", [])
        if MAJOR not in majors:
            return self._fail(identity, 1, "this plugin speaks protocol %d, the host %s" % (MAJOR, majors), "invalid")
        self._answer(identity, {"protocol": {"major": MAJOR, "minor": 0}, "plugin": self._schema["plugin"],
                                "cookie": cookie, "features": ["health"]})

    def _start(self, identity, params):
        operation = self._operations.get(params.get("operation"))
        if operation is None:
            return self._fail(identity, -32602, "there is no operation %s" % params.get("operation"), "invalid")
        given = dict(params.get("args", {}), **params.get("secrets", {}))
        missing = [one["name"] for one in operation.params if one["name"] not in given]
        if missing:
            return self._fail(identity, -32602, "%s is missing" % ", ".join(missing), "invalid")
        asked = [params.get("operation"), params.get("args", {})]
        with self._lock:
            known = self._known.get(params["op_key"])
            if known is not None and known.asked != asked:
                return self._fail(identity, -32602, "the key %s was used for another call" % params["op_key"], "invalid")
            if known is None:
                known = self._known[params["op_key"]] = _Known(Call(self, params), asked)
                arguments = {one["name"]: given[one["name"]] for one in operation.params}
                threading.Thread(target=self._run, args=(known, operation, arguments), daemon=True).start()
        self._when_over(identity, known)

    def _attach(self, identity, params):
        known = self._known.get(params.get("op_key"))
        if known is None:
            return self._fail(identity, -32602, "there is no call of this key", "invalid")
        self._when_over(identity, known)

    def _when_over(self, identity, known):
        with self._lock:
            if known.state == "running":
                known.waiting.append(identity)
                return
        self._tell(identity, known)

    def _tell(self, identity, known):
        if known.error is None:
            self._answer(identity, {"state": "done", "result": known.result})
        else:
            self._fail(identity, 1, str(known.error), known.error.kind)

    def _run(self, known, operation, arguments):
        try:
            result, error = operation.handler(known.call, **arguments), None
        except Failure as failure:
            result, error = None, failure
        except Exception as failure:  # a fault of the plugin: nobody knows how far it came
            result, error = None, Failure("%s: %s" % (type(failure).__name__, failure), "in_doubt")
        with self._lock:
            known.result, known.error = result, error
            known.state = "succeeded" if error is None else "failed"
            waiting, known.waiting = known.waiting, []
        for identity in waiting:
            self._tell(identity, known)

    def _status(self, identity, params):
        known = self._known.get(params.get("op_key"))
        if known is not None and known.state == "running":
            return self._answer(identity, {"state": "running"})
        if known is not None and known.error is None:
            return self._answer(identity, {"state": "succeeded", "result": known.result})
        if known is not None:
            return self._answer(identity, {"state": "failed", "error": {"message": str(known.error)}})
        operation = self._operations.get(params.get("operation"))
        answer = operation.status(params.get("op_key"), params.get("args", {})) if operation and operation.status else None
        self._answer(identity, answer or {"state": "unknown"})

    def _cancel(self, identity, params):
        known = self._known.get(params.get("op_key"))
        if known is not None:
            known.call.cancelled.set()
        self._answer(identity, {})

    def _validate(self, identity, params):
        operation = self._operations.get(params.get("operation"))
        if operation is None and params.get("metric") in self._metrics:
            return self._answer(identity, {"diagnostics": []})
        if operation is None:
            return self._answer(identity, {"diagnostics": [_problem("there is no such operation")]})
        given, unknown = params.get("args", {}), params.get("unknown", [])
        found = [_problem((one["name"], "it is missing")) for one in operation.params
                 if one["name"] not in given and one["name"] not in unknown]
        try:
            if operation.validate is not None and not found:
                arguments = {one["name"]: given.get(one["name"]) for one in operation.params}
                found = [_problem(one) for one in operation.validate(**arguments) or []]
            self._answer(identity, {"diagnostics": found})
        except Exception as failure:
            self._fail(identity, 1, "%s: %s" % (type(failure).__name__, failure), "fatal")

    def _plan(self, identity, params):
        operation, given = self._operations.get(params.get("operation")), params.get("args", {})
        try:
            text = None
            if operation is not None and operation.plan is not None:
                text = operation.plan(**{one["name"]: given.get(one["name"]) for one in operation.params})
            self._answer(identity, {"text": text})
        except Exception as failure:
            self._fail(identity, 1, "%s: %s" % (type(failure).__name__, failure), "fatal")

    def _query(self, identity, params):
        handler, past = self._metrics.get(params.get("metric"), (None, None))
        if handler is None:
            return self._fail(identity, -32602, "there is no metric %s" % params.get("metric"), "invalid")
        try:
            if "from" in params:
                values = past(params["from"], params["to"], params["step"], **params.get("args", {}))
                self._answer(identity, {"values": values})
            else:
                self._answer(identity, {"value": handler(**params.get("args", {}))})
        except Exception as failure:
            self._fail(identity, 1, "%s: %s" % (type(failure).__name__, failure), "retryable")


def _problem(said):
    # "why", or ("parameter", "why")
    name, summary = (None, said) if isinstance(said, str) else said
    return {"severity": "error", "summary": summary, **({} if name is None else {"path": [name]})}


def _unique(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result
