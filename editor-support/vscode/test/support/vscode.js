// A stand-in of the module `vscode`: as much of it as the extension and its client library need to start, and a record of what
// they asked for. What an editor does with it is not imitated.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL, fileURLToPath } = require("node:url");

class Disposable {
  constructor(dispose = () => {}) {
    this.dispose = dispose;
  }
  static from(...all) {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
}

class EventEmitter {
  #listeners = new Set();
  event = (listener, self) => {
    const bound = listener.bind(self);
    this.#listeners.add(bound);
    return new Disposable(() => this.#listeners.delete(bound));
  };
  fire(value) {
    for (const listener of this.#listeners) listener(value);
  }
  dispose() {
    this.#listeners.clear();
  }
}

class Uri {
  constructor(text) {
    this.text = text;
    this.scheme = text.slice(0, text.indexOf(":"));
  }
  static file(file) {
    return new Uri(pathToFileURL(file).href);
  }
  static parse(text) {
    return new Uri(text);
  }
  get fsPath() {
    return fileURLToPath(this.text);
  }
  get path() {
    return new URL(this.text).pathname;
  }
  toString() {
    return this.text;
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(start, end, endLine, endCharacter) {
    this.start = typeof start === "number" ? new Position(start, end) : start;
    this.end = typeof start === "number" ? new Position(endLine, endCharacter) : end;
  }
}

// A class of values that are only made and passed on.
const plain = () =>
  class {
    constructor(...values) {
      this.values = values;
    }
  };
const plainClasses = `CallHierarchyItem CodeAction CodeLens Color CompletionItem CompletionList Diagnostic DocumentHighlight DocumentLink
  DocumentSymbol FoldingRange Hover InlayHint InlayHintLabelPart Location MarkdownString ParameterInformation RelativePattern SelectionRange SemanticTokens
  SignatureHelp SignatureInformation SnippetString SymbolInformation TabInputCustom TabInputNotebook TabInputText
  TabInputTextDiff TextEdit TypeHierarchyItem WorkspaceEdit CancellationError`.split(/\s+/);
const enumerations = `CodeActionTriggerKind CompletionItemKind CompletionItemTag CompletionTriggerKind DiagnosticSeverity DiagnosticTag
  DocumentHighlightKind FileType FoldingRangeKind InlayHintKind NotebookCellKind SignatureHelpTriggerKind SymbolKind SymbolTag
  TextDocumentSaveReason TextEditorRevealType`.split(/\s+/);

class CodeActionKind {
  static Empty = new CodeActionKind("");
  constructor(value) {
    this.value = value;
  }
  append(part) {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
}

class Task {
  constructor(definition, scope, name, source, execution, problemMatchers) {
    Object.assign(this, { definition, scope, name, source, execution, problemMatchers });
  }
}

class ProcessExecution {
  constructor(process, args, options) {
    Object.assign(this, { process, args, options });
  }
}

class CancellationTokenSource {
  #cancelled = new EventEmitter();
  token = { isCancellationRequested: false, onCancellationRequested: this.#cancelled.event };
  cancel() {
    this.token.isCancellationRequested = true;
    this.#cancelled.fire();
  }
  dispose() {}
}

/**
 * @param {object} options
 * @param {string} options.folder the workspace's only folder
 * @param {Record<string, unknown>} options.settings of `rollout`
 * @param {string[]} [options.plans] what the workspace has of plans
 * @returns {object} the module; its `record` holds what was asked of it, `record.answers` what somebody presses
 */
function createVscode({ folder, settings, plans = [] }) {
  const record = {
    messages: [],
    answers: [],
    commands: new Map(),
    panels: [],
    status: undefined,
    shown: [],
    log: [],
    watchers: 0,
    taskProvider: undefined,
  };
  const configurationChanged = new EventEmitter();
  record.changeSetting = (name, value) => {
    settings[name] = value;
    configurationChanged.fire({ affectsConfiguration: (section) => section === `rollout.${name}` || section === "rollout" });
  };
  const event = () => new Disposable();
  const message = async (text, ...buttons) => {
    record.messages.push(text);
    return buttons.find((button) => record.answers.includes(button));
  };
  const provider = () => new Disposable();
  const workspaceFolder = { uri: Uri.file(folder), name: path.basename(folder), index: 0 };
  const channel = new Proxy(
    { name: "Rollout", logLevel: 2, onDidChangeLogLevel: event, dispose() {}, show() {} },
    { get: (target, name) => target[name] ?? ((...words) => record.log.push([name, ...words].join(" "))) },
  );
  const createPanel = (viewType, title, column, options) => {
    const received = new EventEmitter();
    const disposed = new EventEmitter();
    const panel = {
      viewType,
      title,
      options,
      reveals: 0,
      webview: { html: "", onDidReceiveMessage: received.event },
      onDidDispose: disposed.event,
      reveal: () => panel.reveals++,
      receive: (value) => received.fire(value),
      dispose: () => disposed.fire(),
    };
    record.panels.push(panel);
    return panel;
  };

  const statusChanged = new EventEmitter();
  const createStatus = () =>
    new Proxy({ dispose() {} }, { set: (item, name, value) => ((item[name] = value), statusChanged.fire(), true) });
  record.whenStatus = (text) =>
    new Promise((resolve) => {
      const check = () => record.status.text === text && resolve();
      statusChanged.event(check);
      check();
    });

  const documentOpened = new EventEmitter();

  const vscode = {
    record,
    opened(file) {
      const text = fs.readFileSync(file, "utf8");
      documentOpened.fire({ uri: Uri.file(file), languageId: "rollout", version: 1, getText: () => text });
    },
    version: "1.91.0",
    Disposable,
    EventEmitter,
    Uri,
    Position,
    Range,
    Task,
    ProcessExecution,
    CancellationTokenSource,
    CodeActionKind,
    ViewColumn: { One: 1, Beside: -2 },
    LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3 },
    LanguageStatusSeverity: { Information: 0, Warning: 1, Error: 2 },
    ProgressLocation: { Window: 10 },
    TaskGroup: { Build: "build", Test: "test" },
    env: { language: "en", appName: "stand-in", clipboard: {} },
    commands: {
      registerCommand(name, handler) {
        record.commands.set(name, handler);
        return new Disposable(() => record.commands.delete(name));
      },
      async executeCommand(name, ...values) {
        record.log.push(`command ${name} ${values.join(" ")}`);
        return record.commands.get(name)?.(...values);
      },
      getCommands: async () => [...record.commands.keys()],
    },
    languages: new Proxy(
      {
        match: () => 10,
        createDiagnosticCollection: () => ({ set() {}, delete() {}, clear() {}, dispose() {}, has: () => false }),
        createLanguageStatusItem: () => (record.status = createStatus()),
      },
      { get: (target, name) => target[name] ?? provider },
    ),
    tasks: {
      registerTaskProvider(type, created) {
        record.taskProvider = created;
        return new Disposable();
      },
    },
    window: {
      visibleTextEditors: [],
      activeTextEditor: undefined,
      tabGroups: { all: [], onDidChangeTabs: event, onDidChangeTabGroups: event },
      onDidChangeActiveTextEditor: event,
      onDidChangeVisibleTextEditors: event,
      createOutputChannel: () => channel,
      createWebviewPanel: createPanel,
      showErrorMessage: message,
      showWarningMessage: message,
      showInformationMessage: message,
      showQuickPick: async (items) => items.find((item) => record.answers.includes(item)),
      showTextDocument: async (document, options) => record.shown.push({ uri: document.uri.toString(), ...options }),
    },
    workspace: new Proxy(
      {
        workspaceFolders: [workspaceFolder],
        textDocuments: [],
        notebookDocuments: [],
        getConfiguration: (section) => ({ get: (name) => (section === "rollout" ? settings[name] : undefined) }),
        getWorkspaceFolder: () => workspaceFolder,
        onDidChangeConfiguration: configurationChanged.event,
        onDidOpenTextDocument: documentOpened.event,
        findFiles: async () => plans.map((plan) => Uri.file(path.join(folder, plan))),
        createFileSystemWatcher() {
          record.watchers++;
          return { onDidChange: event, onDidCreate: event, onDidDelete: event, dispose: () => record.watchers-- };
        },
        async openTextDocument(uri) {
          return { uri, lineCount: 50, lineAt: (line) => ({ range: new Range(line, 0, line, 10) }) };
        },
      },
      { get: (target, name) => target[name] ?? event },
    ),
  };
  for (const name of plainClasses) vscode[name] = plain();
  for (const name of enumerations) vscode[name] = {};
  return vscode;
}

module.exports = { createVscode };
