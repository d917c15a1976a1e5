// What a plugin of Rollout needs, without a package. See docs/plugins.md.
//
//   const { Plugin, Failure } = require("./rollout-plugin.js");
//   const plugin = new Plugin("queue", "1.0.0", "What waits in the queues.");
//   plugin.metric({ name: "depth", type: "number", params: { queue: "string" } }, async ({ queue }) => 7);
//   plugin.run();
"use strict";

const fs = require("node:fs");

const MAJOR = 1;
const MOST_FRAME_BYTES = 1 << 20;

// An operation did not do what it was asked. Classes: invalid (nothing was begun), retryable, fatal, auth, in_doubt, cancelled.
class Failure extends Error {
  constructor(message, kind = "fatal") {
    super(message);
    this.kind = kind;
  }
}

// {"share": "ratio"}, or {"share": {"type": "ratio", "doc": "...", "default": 0.05}}
function parameters(given = {}) {
  return Object.entries(given).map(([name, kind]) => ({ name, ...(typeof kind === "string" ? { type: kind } : kind) }));
}

// Equal JSON, whatever the order of the keys.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

// "why", or ["parameter", "why"]
function problem(said) {
  const [name, summary] = typeof said === "string" ? [undefined, said] : said;
  return { severity: "error", summary, ...(name === undefined ? {} : { path: [name] }) };
}

class Plugin {
  // `access` is all that it may touch beside what every program needs, for example
  // `{ read: ["~/.kube"], write: ["/var/lib/pools"], connect: [443] }`; without it, it has all rights of who starts it.
  constructor(name, version, doc = "", access = undefined) {
    this.schema = { plugin: { name, version, doc }, enums: [], operations: [], checks: [], metrics: [], channels: [] };
    if (access !== undefined) this.schema.access = access;
    this.operations = new Map();
    this.metrics = new Map();
    this.known = new Map(); // by op_key: {asked, state, outcome, waiting, call}
    this.pending = Buffer.alloc(0);
  }

  enum(name, labels) {
    this.schema.enums.push({ name, labels });
  }

  // `described`: name, effect, params, and result, undo, before, probe, timeout_s, heartbeat_s, doc, example where they are
  // wanted. `handler(arguments, call)`: gives the result, or a promise of it; `call.log(text)`, `call.heartbeat()`.
  // `status(key, arguments)`: of an earlier life's calls. `ahead.validate(arguments)` gives what is wrong with them, texts or
  // pairs of a parameter's name and a text; `ahead.plan(arguments)` a text of what the call would do. Both are asked before
  // a run, change nothing, and get undefined for what only the run knows.
  operation(described, handler, status, ahead = {}) {
    const params = parameters(described.params);
    this.schema.operations.push({ ...described, params });
    this.operations.set(described.name, { handler, params, status, ...ahead });
    for (const feature of ["validate", "plan"]) {
      if (ahead[feature] === undefined) continue;
      this.schema.features = [...new Set([...(this.schema.features ?? []), feature])];
    }
  }

  // `handler` gives true, or the reason why not.
  check(described, handler) {
    const params = parameters(described.params);
    this.schema.checks.push({ ...described, params });
    const answer = async (given, call) => {
      const passed = await handler(given, call);
      return { passed: passed === true, reason: passed === true ? "" : String(passed) };
    };
    this.operations.set(described.name, { handler: answer, params });
  }

  // `handler(arguments)`: a number, or null for no data. `past(from, to, step, arguments)`: a list of these.
  metric(described, handler, past) {
    this.schema.metrics.push({ ...described, params: parameters(described.params), past: past !== undefined });
    this.metrics.set(described.name, { handler, past });
  }

  // `handler({text, severity, run_id, ...}, call)`; `acknowledged({sent})` says whether somebody has seen it.
  channel(described, handler, acknowledged) {
    const params = parameters(described.params);
    this.schema.channels.push({ ...described, params, acknowledged: acknowledged !== undefined });
    const own = [...params, { name: "text" }, { name: "severity" }, { name: "run_id" }];
    this.operations.set(described.name, { handler, params: own });
    if (acknowledged !== undefined)
      this.operations.set(`${described.name}.acknowledged`, { handler: acknowledged, params: [{ name: "sent" }] });
  }

  run() {
    this.cookie = process.env.ROLLOUT_PLUGIN_COOKIE;
    if (this.cookie === undefined) {
      console.error("This is a plugin of rollout: lock it with `rollout plugin lock NAME PATH`.");
      process.exit(2);
    }
    const input = fs.createReadStream(null, { fd: 3 });
    input.on("data", (bytes) => {
      this.pending = Buffer.concat([this.pending, bytes]);
      this.take();
    });
    input.on("end", () => process.exit(0));
  }

  take() {
    for (;;) {
      const end = this.pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = /^content-length: *(\d+)$/im.exec(this.pending.subarray(0, end).toString("latin1"));
      const length = head === null ? MOST_FRAME_BYTES + 1 : Number(head[1]);
      // Where the next frame begins is not known any more.
      if (length > MOST_FRAME_BYTES) process.exit(3);
      if (this.pending.length < end + 4 + length) return;
      const body = this.pending.subarray(end + 4, end + 4 + length).toString("utf8");
      this.pending = this.pending.subarray(end + 4 + length);
      let message;
      try {
        message = JSON.parse(body);
      } catch (error) {
        this.fail(null, -32700, error.message);
        continue;
      }
      this.answer(message);
    }
  }

  send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }), "utf8");
    const whole = Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
    for (let written = 0; written < whole.length; ) {
      try {
        written += fs.writeSync(4, whole, written);
      } catch (error) {
        if (error.code !== "EAGAIN") process.exit(0); // the host is gone
      }
    }
  }

  give(id, result) {
    if (id !== undefined) this.send({ id, result });
  }

  fail(id, code, message, kind) {
    if (id !== undefined) this.send({ id, error: { code, message, ...(kind ? { data: { class: kind } } : {}) } });
  }

  answer({ id, method, params = {} }) {
    switch (method) {
      case "hello": return this.hello(id, params);
      case "describe": return this.give(id, this.schema);
      case "health": return this.give(id, { state: "healthy", why: "" });
      case "op.start": return this.start(id, params);
      case "op.attach": return this.attach(id, params);
      case "op.status": return this.status(id, params);
      case "op.cancel":
        this.known.get(params.op_key)?.call.abort.abort();
        return this.give(id, {});
      case "validate": return this.validate(id, params);
      case "plan": return this.plan(id, params);
      case "metrics.query": return this.query(id, params);
      case "shutdown":
        this.give(id, {});
        return process.exit(0);
      default: return this.fail(id, -32601, `there is no method ${method}`);
    }
  }

  hello(id, params) {
    if (!params.protocol.majors.includes(MAJOR))
      return this.fail(id, 1, `this plugin speaks protocol ${MAJOR}, the host ${params.protocol.majors}`, "invalid");
    this.give(id, { protocol: { major: MAJOR, minor: 0 }, plugin: this.schema.plugin, cookie: this.cookie, features: ["health"] });
  }

  start(id, params) {
    const operation = this.operations.get(params.operation);
    if (operation === undefined) return this.fail(id, -32602, `there is no operation ${params.operation}`, "invalid");
    const given = { ...params.args, ...params.secrets };
    const missing = operation.params.filter(({ name }) => !(name in given)).map(({ name }) => name);
    if (missing.length > 0) return this.fail(id, -32602, `${missing.join(", ")} is missing`, "invalid");
    const asked = canonical([params.operation, params.args]);
    let known = this.known.get(params.op_key);
    if (known !== undefined && known.asked !== asked)
      return this.fail(id, -32602, `the key ${params.op_key} was used for another call`, "invalid");
    if (known === undefined) {
      const abort = new AbortController();
      const tell = (kind, more) => this.send({ method: "op.event", params: { op_key: params.op_key, kind, ...more } });
      const log = (message) => tell("log", { message: String(message) });
      const heartbeat = () => tell("heartbeat");
      const call = { key: params.op_key, runId: params.run_id, deadlineMs: params.deadline_ms, signal: abort.signal, abort, log, heartbeat };
      known = { asked, state: "running", waiting: [], call };
      this.known.set(params.op_key, known);
      this.carryOut(known, operation, given);
    }
    this.whenOver(id, known);
  }

  async carryOut(known, operation, given) {
    try {
      known.result = (await operation.handler(given, known.call)) ?? null;
      known.state = "succeeded";
    } catch (error) {
      // A fault of the plugin: nobody knows how far it came.
      known.error = error instanceof Failure ? error : new Failure(String(error), "in_doubt");
      known.state = "failed";
    }
    for (const id of known.waiting.splice(0)) this.tell(id, known);
  }

  whenOver(id, known) {
    if (known.state === "running") known.waiting.push(id);
    else this.tell(id, known);
  }

  tell(id, known) {
    if (known.error === undefined) this.give(id, { state: "done", result: known.result });
    else this.fail(id, 1, known.error.message, known.error.kind);
  }

  attach(id, params) {
    const known = this.known.get(params.op_key);
    if (known === undefined) return this.fail(id, -32602, "there is no call of this key", "invalid");
    this.whenOver(id, known);
  }

  async status(id, params) {
    const known = this.known.get(params.op_key);
    if (known?.state === "running") return this.give(id, { state: "running" });
    if (known?.state === "succeeded") return this.give(id, { state: "succeeded", result: known.result });
    if (known !== undefined) return this.give(id, { state: "failed", error: { message: known.error.message } });
    const status = this.operations.get(params.operation)?.status;
    this.give(id, (status && (await status(params.op_key, params.args))) || { state: "unknown" });
  }

  async validate(id, params) {
    const operation = this.operations.get(params.operation);
    const { args = {}, unknown = [] } = params;
    if (operation === undefined && this.metrics.has(params.metric)) return this.give(id, { diagnostics: [] });
    if (operation === undefined) return this.give(id, { diagnostics: [problem("there is no such operation")] });
    const missing = operation.params.filter(({ name }) => !(name in args) && !unknown.includes(name));
    const found = missing.map(({ name }) => [name, "it is missing"]);
    try {
      if (operation.validate !== undefined && found.length === 0) found.push(...((await operation.validate(args)) ?? []));
      this.give(id, { diagnostics: found.map(problem) });
    } catch (error) {
      this.fail(id, 1, String(error), "fatal");
    }
  }

  async plan(id, params) {
    const plan = this.operations.get(params.operation)?.plan;
    try {
      this.give(id, { text: (plan && (await plan(params.args ?? {}))) ?? null });
    } catch (error) {
      this.fail(id, 1, String(error), "fatal");
    }
  }

  async query(id, params) {
    const metric = this.metrics.get(params.metric);
    if (metric === undefined) return this.fail(id, -32602, `there is no metric ${params.metric}`, "invalid");
    try {
      if ("from" in params) {
        this.give(id, { values: await metric.past(params.from, params.to, params.step, params.args) });
      } else {
        this.give(id, { value: (await metric.handler(params.args)) ?? null });
      }
    } catch (error) {
      this.fail(id, 1, String(error), "retryable");
    }
  }
}

module.exports = { Plugin, Failure };
