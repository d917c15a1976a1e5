// The tasks `rollout: check` and `rollout: test`, whose findings become problems.
"use strict";

const path = require("node:path");
const vscode = require("vscode");
const { runtimeBeside } = require("./programs.js");

const type = "rollout";
const matchers = { check: ["$rolloutc"], test: ["$rollout-scenario", "$rolloutc-text"] };

// `rolloutc check` takes files; `rollout test` would read a folder by itself, but one list serves both.
async function plansOf(folder) {
  const found = await vscode.workspace.findFiles(new vscode.RelativePattern(folder, "**/*.rollout"));
  return found.map((uri) => path.relative(folder.uri.fsPath, uri.fsPath)).sort();
}

function taskOf(definition, folder, files, rolloutc) {
  const name = definition.command;
  const [program, options] =
    name === "check" ? [rolloutc, ["check", "--format", "short"]] : [runtimeBeside(rolloutc), ["test", "--allow-none"]];
  const execution = new vscode.ProcessExecution(program, [...options, "--", ...files], { cwd: folder.uri.fsPath });
  const task = new vscode.Task(definition, folder, name, type, execution, matchers[name]);
  task.group = name === "check" ? vscode.TaskGroup.Build : vscode.TaskGroup.Test;
  return task;
}

/**
 * @param {() => string} rolloutc says where the compiler is, or what it would be called
 */
function createTaskProvider(rolloutc) {
  return {
    async provideTasks() {
      const tasks = [];
      for (const folder of vscode.workspace.workspaceFolders ?? []) {
        const files = await plansOf(folder);
        if (files.length === 0) continue;
        for (const command of Object.keys(matchers)) tasks.push(taskOf({ type, command }, folder, files, rolloutc()));
      }
      return tasks;
    },
    // A task that tasks.json names: complete but for what it runs.
    async resolveTask(task) {
      const folder = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
      if (!folder || !Object.hasOwn(matchers, task.definition.command)) return undefined;
      const files = task.definition.files ?? (await plansOf(folder));
      return taskOf(task.definition, folder, files, rolloutc());
    },
  };
}

module.exports = { type, createTaskProvider };
