// `rolloutc lsp` and its client: found, started, shown in the status, started anew.
"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const vscode = require("vscode");
const { LanguageClient, RevealOutputChannelOn, State } = require("vscode-languageclient/node");
const { findProgram } = require("./programs.js");
const { isTimeline } = require("./timeline_page.js");
const { showTimeline } = require("./timeline_panel.js");

function settingOfPath() {
  return vscode.workspace.getConfiguration("rollout").get("path")?.trim() || "rolloutc";
}

function firstFolder() {
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
}

/** The compiler's file, or undefined where there is none. */
function compiler() {
  return findProgram(settingOfPath(), firstFolder());
}

// What the commands of the server answer is shown; the library says what goes wrong with them.
async function executeCommand(command, commandArguments, next) {
  const answer = await next(command, commandArguments);
  if (isTimeline(answer)) showTimeline(answer, commandArguments[0].uri);
  return answer;
}

class LanguageServer {
  #output = vscode.window.createOutputChannel("Rollout", { log: true });
  #status = vscode.languages.createLanguageStatusItem("rollout.server", { language: "rollout" });
  #plans = vscode.workspace.createFileSystemWatcher("**/*.rollout");
  #client;
  #starting;
  // One change of state after the other: a restart while the server starts waits for it.
  #last = Promise.resolve();

  constructor() {
    this.#status.name = "Rollout language server";
    this.#status.command = { title: "Show Output", command: "rollout.showOutput" };
  }

  showOutput() {
    this.#output.show(true);
  }

  restart() {
    return this.#enqueue(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  stop() {
    return this.#enqueue(() => this.#stop());
  }

  dispose() {
    this.#plans.dispose();
    this.#status.dispose();
    this.#output.dispose();
  }

  #enqueue(work) {
    // A program that never answers `initialize` would be waited for without end.
    if (this.#client?.state === State.Starting) this.#starting.abort();
    this.#last = this.#last.then(work, work);
    return this.#last;
  }

  #show(text, severity, detail) {
    Object.assign(this.#status, { text, severity, detail });
  }

  async #stop() {
    const client = this.#client;
    this.#client = undefined;
    if (client?.isRunning()) await client.stop().catch((problem) => this.#output.warn(`rolloutc did not end as asked: ${problem}`));
  }

  async #start() {
    const file = compiler();
    if (!file) return this.#notFound();
    this.#client = this.#createClient(file);
    try {
      await this.#client.start();
    } catch (problem) {
      if (this.#starting.signal.aborted) return;
      this.#output.error(`${file} lsp: ${problem}`);
      this.#show("rolloutc failed", vscode.LanguageStatusSeverity.Error, `${file} lsp did not start`);
      const text = `\`${file} lsp\` did not start as a language server. Is it rolloutc, and can it run here?`;
      this.#offer(text, "Show Output", () => this.showOutput());
    }
  }

  #createClient(file) {
    const starting = new AbortController();
    this.#starting = starting;
    const client = new LanguageClient(
      "rollout",
      "Rollout",
      () => this.#spawn(file, starting.signal),
      {
        documentSelector: [{ language: "rollout" }],
        outputChannel: this.#output,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        synchronize: { fileEvents: this.#plans },
        middleware: { executeCommand },
        // It need not tell in a message how a scenario ended.
        initializationOptions: { timelines: true },
      },
    );
    client.onDidChangeState(({ newState }) => {
      if (client !== this.#client) return;
      const { name, version } = client.initializeResult?.serverInfo ?? {};
      if (newState === State.Running) this.#show(`${name} ${version}`, vscode.LanguageStatusSeverity.Information, file);
      if (newState === State.Starting) this.#show("rolloutc starts", vscode.LanguageStatusSeverity.Information, file);
      if (newState === State.Stopped) this.#show("rolloutc stopped", vscode.LanguageStatusSeverity.Warning, file);
    });
    return client;
  }

  async #spawn(file, signal) {
    const child = spawn(file, ["lsp"], { cwd: firstFolder(), signal });
    child.on("error", (problem) => this.#output.error(`${file} lsp: ${problem}`));
    await once(child, "spawn");
    return child;
  }

  #notFound() {
    const wanted = settingOfPath();
    this.#show("rolloutc not found", vscode.LanguageStatusSeverity.Error, `the setting rollout.path is \`${wanted}\``);
    const text = `There is no program \`${wanted}\`: install rolloutc, or say in the setting \`rollout.path\` where it is. Until then plans have colours only.`;
    this.#offer(text, "Open Setting", () => vscode.commands.executeCommand("workbench.action.openSettings", "rollout.path"));
  }

  // Not waited for: the message stays until somebody has read it.
  #offer(text, title, action) {
    vscode.window.showErrorMessage(text, title).then((chosen) => {
      if (chosen === title) action();
    });
  }
}

module.exports = { LanguageServer, compiler };
