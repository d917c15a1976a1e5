#!/usr/bin/env node
// A metrics source: how much waits in a queue. The numbers are made up; ask your broker instead.
"use strict";

const { Plugin } = require("./rollout-plugin.js");

const plugin = new Plugin("queue_depth", "1.0.0", "What waits in the queues of a broker.", {
  connect: [5672], // of the broker
});

const depthAt = (milliseconds, queue) => (queue === "orders" ? Math.round(50 + 10 * Math.sin(milliseconds / 60_000)) : null);

plugin.metric(
  { name: "depth", doc: "Messages that wait in a queue.", type: "number", params: { queue: "string" }, example: { queue: "orders" } },
  async ({ queue }) => depthAt(Date.now(), queue),
  async (from, to, step, { queue }) => {
    const values = [];
    for (let at = Date.parse(from); at <= Date.parse(to); at += step * 1000) values.push(depthAt(at, queue));
    return values;
  },
);

plugin.operation(
  {
    name: "purge", doc: "Throws away what waits in a queue.", effect: "irreversible", params: { queue: "string" },
    result: "number", heartbeat_s: 10, example: { queue: "orders" },
  },
  async ({ queue }, call) => {
    call.log(`purging ${queue}`);
    for (let part = 0; part < 3; part += 1) call.heartbeat(); // between two parts of the work
    return 0;
  },
  undefined,
  {
    validate: ({ queue }) => (queue === undefined || /^[a-z_]+$/.test(queue) ? [] : [["queue", "a queue's name is of small letters"]]),
    plan: ({ queue = "a queue" }) => `throws away what waits in ${queue}`,
  },
);

plugin.run();
