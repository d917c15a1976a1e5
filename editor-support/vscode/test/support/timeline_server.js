#!/usr/bin/env node
// A language server that knows timelines only: what its commands were asked for is what it answers.
"use strict";

const protocol = require("vscode-languageserver-protocol/node");

const connection = protocol.createProtocolConnection(
  new protocol.StreamMessageReader(process.stdin),
  new protocol.StreamMessageWriter(process.stdout),
);
const commands = ["rollout.runScenario", "rollout.runScenarios", "rollout.simulate", "rollout.showTimeline"];
connection.onRequest("initialize", () => ({
  capabilities: { executeCommandProvider: { commands } },
  serverInfo: { name: "timelines", version: "1" },
}));
connection.onRequest("workspace/executeCommand", ({ command, arguments: [{ scenario, rollout }] }) => ({
  title: scenario ?? rollout,
  passed: command !== "rollout.runScenario",
  text: command,
  failures: command === "rollout.runScenario" ? ["expect <succeeded>"] : [],
  rows: [{ at: "5m", kind: "stage", text: "stage canary begins", line: 7 }],
}));
connection.onRequest("shutdown", () => null);
connection.onNotification("exit", () => process.exit(0));
connection.onClose(() => process.exit(1));
connection.listen();
