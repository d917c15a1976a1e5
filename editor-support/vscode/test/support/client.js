// An editor without a screen: the libraries of Visual Studio Code's client, over the standard input and output of a server.
"use strict";

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const { pathToFileURL } = require("node:url");
const { TextDocument } = require("vscode-languageserver-textdocument");
const protocol = require("vscode-languageserver-protocol/node");

const capabilities = {
  general: { positionEncodings: ["utf-16"] },
  workspace: { workspaceFolders: true, workspaceEdit: { documentChanges: true } },
  textDocument: {
    synchronization: { didSave: true },
    publishDiagnostics: { versionSupport: true, relatedInformation: true, dataSupport: true, codeDescriptionSupport: true },
    completion: { completionItem: { snippetSupport: true, documentationFormat: ["markdown"] } },
    hover: { contentFormat: ["markdown"] },
    codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "source.fixAll"] } } },
    documentSymbol: { hierarchicalDocumentSymbolSupport: true },
    rename: { prepareSupport: true },
  },
};

// A writer that can keep messages back and send them as one piece, so that the server reads all of them before it answers any.
class HoldingWriter extends protocol.AbstractMessageWriter {
  constructor(stream) {
    super();
    this.stream = stream;
    this.held = null;
  }

  async write(message) {
    const body = JSON.stringify(message);
    const frame = `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    if (this.held) {
      this.held.push(frame);
    } else {
      this.stream.write(frame);
    }
  }

  end() {
    this.stream.end();
  }

  hold() {
    this.held = [];
  }

  async release(count) {
    while (this.held.length < count) await new Promise(setImmediate);
    this.stream.write(this.held.join(""));
    this.held = null;
  }
}

class Client {
  /** @param {string} command the server's program; @param {string[]} args; @param {object} [env] */
  constructor(command, args, env = process.env) {
    this.process = spawn(command, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    this.exited = new Promise((resolve) => this.process.once("exit", (code, signal) => resolve(signal ?? code)));
    this.writer = new HoldingWriter(this.process.stdin);
    this.connection = protocol.createProtocolConnection(
      new protocol.StreamMessageReader(this.process.stdout),
      this.writer,
    );
    this.documents = new Map();
    this.published = new Map();
    this.waiting = new Set();
    this.connection.onNotification(protocol.PublishDiagnosticsNotification.type, (params) => {
      this.published.set(params.uri, params);
      for (const check of this.waiting) check();
    });
    this.connection.listen();
  }

  // An argument that is undefined would be sent as null in a list of them.
  request(method, ...params) {
    return this.connection.sendRequest(method, ...params);
  }

  notify(method, params) {
    return this.connection.sendNotification(method, params);
  }

  async initialize(folder) {
    const uri = pathToFileURL(folder).href;
    const result = await this.request("initialize", {
      processId: process.pid,
      clientInfo: { name: "test" },
      rootUri: uri,
      workspaceFolders: [{ uri, name: "test" }],
      capabilities,
    });
    await this.notify("initialized", {});
    return result;
  }

  async open(file) {
    const uri = pathToFileURL(file).href;
    const document = TextDocument.create(uri, "rollout", 1, fs.readFileSync(file, "utf8"));
    this.documents.set(uri, document);
    await this.notify("textDocument/didOpen", {
      textDocument: { uri, languageId: "rollout", version: 1, text: document.getText() },
    });
    return uri;
  }

  text(uri) {
    return this.documents.get(uri).getText();
  }

  /** Changes what the editor holds and tells the server the same, as one change after the other. */
  async change(uri, changes) {
    const document = this.documents.get(uri);
    const version = document.version + 1;
    TextDocument.update(document, changes, version);
    await this.notify("textDocument/didChange", { textDocument: { uri, version }, contentChanges: changes });
  }

  insert(uri, position, text) {
    return this.change(uri, [{ range: { start: position, end: position }, text }]);
  }

  /** Letter by letter, as somebody who types; answers the place behind the last one. */
  async type(uri, position, text) {
    let place = position;
    for (const letter of text) {
      await this.insert(uri, place, letter);
      place = letter === "\n" ? { line: place.line + 1, character: 0 } : { line: place.line, character: place.character + letter.length };
    }
    return place;
  }

  /** Applies edits of the server. They speak of one text, so the last in it goes first. */
  async applyEdits(uri, edits) {
    const document = this.documents.get(uri);
    const offset = (edit) => document.offsetAt(edit.range.start);
    const changes = [...edits].sort((one, other) => offset(other) - offset(one));
    await this.change(uri, changes.map(({ range, newText }) => ({ range, text: newText })));
  }

  /** The diagnostics of the newest text: what was sent for its version, now or when it comes. */
  diagnostics(uri) {
    return new Promise((resolve) => {
      const check = () => {
        const params = this.published.get(uri);
        if (params?.version !== this.documents.get(uri).version) return;
        this.waiting.delete(check);
        resolve(params.diagnostics);
      };
      this.waiting.add(check);
      check();
    });
  }

  /** The diagnostics that come next, whatever their version. */
  nextDiagnostics(uri) {
    const last = this.published.get(uri);
    return new Promise((resolve) => {
      const check = () => {
        if (this.published.get(uri) === last) return;
        this.waiting.delete(check);
        resolve(this.published.get(uri).diagnostics);
      };
      this.waiting.add(check);
    });
  }

  /** Where `needle` stands in a document; with `|` in it, the place of that bar. */
  place(uri, needle) {
    const text = needle.replace("|", "");
    const index = this.text(uri).indexOf(text);
    assert.notStrictEqual(index, -1, `\`${text}\` is not in ${uri}`);
    return this.documents.get(uri).positionAt(index + Math.max(needle.indexOf("|"), 0));
  }

  range(uri, needle) {
    const start = this.place(uri, needle);
    const document = this.documents.get(uri);
    return { start, end: document.positionAt(document.offsetAt(start) + needle.length) };
  }

  at(uri, needle) {
    return { textDocument: { uri }, position: this.place(uri, needle) };
  }

  /** What happens to a request that is cancelled before the server looks at it. */
  async cancelled(method, params) {
    const source = new protocol.CancellationTokenSource();
    this.writer.hold();
    const answer = this.request(method, params, source.token);
    source.cancel();
    await this.writer.release(2);
    return answer.then(
      (value) => assert.fail(`answered in spite of the cancellation: ${JSON.stringify(value)}`),
      (error) => error.code,
    );
  }

  /** Ends the session as the protocol has it; answers the exit status of the server. */
  async shutdown() {
    await this.request("shutdown");
    await this.notify("exit");
    return this.exited;
  }

  kill() {
    this.connection.dispose();
    this.process.kill();
  }
}

module.exports = { Client, protocol };
