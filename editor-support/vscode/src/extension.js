// What Visual Studio Code calls: the language server, the commands and the tasks.
"use strict";

const vscode = require("vscode");
const { LanguageServer, compiler } = require("./language_server.js");
const { play } = require("./scenarios.js");
const tasks = require("./tasks.js");

let server;

/**
 * @returns {{ started: Promise<void> }} the server is not waited for, since it may be what somebody wants to start anew
 */
function activate(context) {
  server = new LanguageServer();
  context.subscriptions.push(
    server,
    vscode.commands.registerCommand("rollout.restartServer", () => server.restart()),
    vscode.commands.registerCommand("rollout.showOutput", () => server.showOutput()),
    vscode.commands.registerCommand("rollout.runScenarioHere", () => play("scenario")),
    vscode.commands.registerCommand("rollout.runAllScenariosHere", () => play("all")),
    vscode.commands.registerCommand("rollout.showTimelineHere", () => play("rollout")),
    vscode.tasks.registerTaskProvider(tasks.type, tasks.createTaskProvider(() => compiler() ?? "rolloutc")),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("rollout.path")) server.restart();
    }),
  );
  return { started: server.restart() };
}

function deactivate() {
  return server?.stop();
}

module.exports = { activate, deactivate };
