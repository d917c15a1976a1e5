// A whole editing session on examples/portal-api: the libraries of Visual Studio Code's client talk with the server of ROLLOUTC.
"use strict";

const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { after, before, describe, test } = require("node:test");
const { isTimeline } = require("../src/timeline_page.js");
const { Client, protocol } = require("./support/client.js");

const root = path.join(__dirname, "..", "..", "..");
const rolloutc = process.env.ROLLOUTC;

// Another file of the workspace that uses the plan.
const objectives = `use "./portal-api.rollout" as plan

## What the service promises.
guards objectives {
  when plan.errors_5xx > 2% for 5m then rollback
}
`;

const seen = (diagnostics) => diagnostics.map(({ code, range }) => [code, range.start.line, range.start.character]);
const labels = (completion) => (completion.items ?? completion).map((item) => item.label);

describe("an editing session", { skip: rolloutc ? false : "ROLLOUTC is not set", timeout: 120_000 }, () => {
  let folder, client, plan, other, initialized;

  before(async () => {
    folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "rollout-session-"));
    fs.cpSync(path.join(root, "examples", "portal-api"), path.join(folder, "plans"), { recursive: true });
    fs.writeFileSync(path.join(folder, "plans", "objectives.rollout"), objectives);
    client = new Client(rolloutc, ["lsp"], { ...process.env, XDG_CACHE_HOME: path.join(folder, "cache") });
    initialized = await client.initialize(path.join(folder, "plans"));
    plan = await client.open(path.join(folder, "plans", "portal-api.rollout"));
    other = await client.open(path.join(folder, "plans", "objectives.rollout"));
  });

  after(() => {
    client?.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const complete = async (uri, needle) => labels(await client.request("textDocument/completion", client.at(uri, needle)));
  const codeActions = (uri, range, context) =>
    client.request("textDocument/codeAction", { textDocument: { uri }, range, context });
  // The only place of the metric `errors_5xx` that a guard with this text has.
  const guard = "  when errors_5xx > 5 for 2m then rollback\n";

  test("it begins with the server's name and incremental texts in UTF-16", () => {
    assert.strictEqual(initialized.serverInfo.name, "rolloutc");
    assert.strictEqual(initialized.capabilities.textDocumentSync.change, protocol.TextDocumentSyncKind.Incremental);
    assert.strictEqual(initialized.capabilities.positionEncoding, "utf-16");
  });

  test("sound files have no diagnostics", async () => {
    assert.deepStrictEqual(await client.diagnostics(plan), []);
    assert.deepStrictEqual(await client.diagnostics(other), []);
  });

  test("an error is told once it is typed, letter by letter", async () => {
    const { line } = client.place(plan, "  traffic     via kubernetes");
    await client.type(plan, { line, character: 0 }, guard);
    const diagnostics = await client.diagnostics(plan);
    assert.deepStrictEqual(seen(diagnostics), [["E0302", line, guard.indexOf("5 for")]]);
    assert.match(diagnostics[0].message, /^cannot compare a ratio with a number: write it with its unit, for example `5%`/);
  });

  test("what is typed meanwhile gives other diagnostics, and none where it is deleted again", async () => {
    const place = client.place(plan, guard + "|");
    const before = client.text(plan);
    await client.type(plan, place, "  watch bugdet\n");
    assert.deepStrictEqual(seen(await client.diagnostics(plan)).map(([code]) => code), ["E0302", "E0201"]);
    await client.change(plan, [{ range: { start: place, end: { line: place.line + 1, character: 0 } }, text: "" }]);
    assert.strictEqual(client.text(plan), before);
    assert.deepStrictEqual(seen(await client.diagnostics(plan)).map(([code]) => code), ["E0302"]);
  });

  test("letters that UTF-16 counts as two do not move what comes behind them", async () => {
    const { line } = client.place(plan, guard);
    const end = await client.type(plan, { line, character: 0 }, "  # 🚀🚀\n");
    assert.deepStrictEqual(seen(await client.diagnostics(plan)), [["E0302", line + 1, guard.indexOf("5 for")]]);
    await client.insert(plan, { line, character: "  # 🚀🚀".length }, " é");
    assert.deepStrictEqual(seen(await client.diagnostics(plan)), [["E0302", line + 1, guard.indexOf("5 for")]]);
    await client.change(plan, [{ range: { start: { line, character: 0 }, end }, text: "" }]);
    assert.deepStrictEqual(seen(await client.diagnostics(plan)), [["E0302", line, guard.indexOf("5 for")]]);
  });

  test("the fix of a finding, applied, leaves nothing to find", async () => {
    const diagnostics = await client.diagnostics(plan);
    const actions = await codeActions(plan, diagnostics[0].range, { diagnostics, only: ["quickfix"] });
    assert.deepStrictEqual(actions.map((action) => action.title), ["write it with its unit, for example `5%`"]);
    assert.deepStrictEqual(Object.keys(actions[0].edit.changes), [plan]);
    await client.applyEdits(plan, actions[0].edit.changes[plan]);
    client.place(plan, guard.replace("5 for", "5% for"));
    assert.deepStrictEqual(await client.diagnostics(plan), []);
  });

  test("completion gives what the place takes", async () => {
    assert.deepStrictEqual(await complete(plan, "  watch |budget"), ["budget", "risks", "synthetic"]);
    assert.deepStrictEqual(await complete(plan, 'approve "Go / no-go" by |release_manager'), [
      "engineering_director",
      "on_call",
      "product",
      "release_manager",
    ]);
    assert.deepStrictEqual(await complete(plan, "else rollback to |canary"), ["canary"]);
    assert.deepStrictEqual(await complete(plan, "kubernetes.|set_image"), [
      "annotate",
      "apply",
      "delete",
      "ingress_weight",
      "istio_weights",
      "logs",
      "patch",
      "restart",
      "rollout_undo",
      "route_weights",
      "scale",
      "service_weights",
      "set_env",
      "set_image",
      "wait_for",
      "wait_rolled_out",
    ]);
    const words = await complete(plan, "  |exclusive   \"production");
    for (const word of ["approve", "stage", "window", "freeze"]) assert.ok(words.includes(word), `${word} of ${words}`);
    assert.ok(!words.includes("metric"), "a metric is declared outside of a rollout");
    assert.ok((await complete(other, "plan.|errors_5xx")).includes("errors_4xx"));
  });

  test("completion answers in text that is not finished", async () => {
    const { line } = client.place(plan, "  watch synthetic");
    const end = await client.type(plan, { line, character: 0 }, "  when breaker == ");
    const found = await client.request("textDocument/completion", { textDocument: { uri: plan }, position: end });
    for (const label of ["closed", "half_open", "open"]) assert.ok(labels(found).includes(label), label);
    await client.change(plan, [{ range: { start: { line, character: 0 }, end }, text: "" }]);
    assert.deepStrictEqual(await client.diagnostics(plan), []);
  });

  test("hover shows declarations and values", async () => {
    const metric = await client.request("textDocument/hover", client.at(plan, "when |errors_5xx > 1%"));
    assert.strictEqual(
      metric.contents.value,
      "```rollout\nmetric errors_5xx: ratio\n```\n\nMeasured by `prometheus.query` every 15s.\n\nShare of requests answered with a 5xx.",
    );
    assert.deepStrictEqual(metric.range, {
      start: client.place(plan, "when |errors_5xx > 1%"),
      end: client.place(plan, "when errors_5xx| > 1%"),
    });
    const value = await client.request("textDocument/hover", client.at(plan, "when errors_5xx > |1%"));
    assert.strictEqual(value.contents.value, "```rollout\nratio 1%\n```");
    assert.strictEqual(await client.request("textDocument/hover", client.at(plan, "# The |alert channels")), null);
  });

  test("definitions are found in the file, in another one and in the library", async () => {
    const declared = { uri: plan, range: client.range(plan, "errors_5xx: ratio") };
    declared.range.end = client.place(plan, "errors_5xx|: ratio");
    assert.deepStrictEqual(await client.request("textDocument/definition", client.at(plan, "when |errors_5xx > 1%")), declared);
    assert.deepStrictEqual(await client.request("textDocument/definition", client.at(other, "plan.|errors_5xx")), declared);
    const library = await client.request("textDocument/definition", client.at(plan, "kubernetes.|set_image"));
    const lines = fs.readFileSync(new URL(library.uri), "utf8").split("\n");
    assert.match(lines[library.range.start.line], /^action set_image\(/);
  });

  test("a name changes in all files, or nowhere", async () => {
    const at = client.at(plan, "metric |errors_5xx");
    assert.strictEqual((await client.request("textDocument/prepareRename", at)).placeholder, "errors_5xx");
    await assert.rejects(client.request("textDocument/rename", { ...at, newName: "errors_4xx" }), {
      message: "`errors_4xx` means something else already where `errors_5xx` is used; choose another name",
    });
    const uses = client.text(plan).match(/\berrors_5xx\b/g).length;
    const { changes } = await client.request("textDocument/rename", { ...at, newName: "server_errors" });
    assert.deepStrictEqual(Object.keys(changes).sort(), [other, plan]);
    for (const uri of [plan, other]) await client.applyEdits(uri, changes[uri]);
    // A name in the text of an expectation (`expect because "errors_5xx > 1%"`) is no use of it.
    const inTexts = client.text(plan).match(/"[^"\n$]*\berrors_5xx\b[^"\n$]*"/g).length;
    assert.strictEqual(client.text(plan).match(/\bserver_errors\b/g).length, uses - inTexts);
    client.place(other, "when plan.server_errors > 2%");
    assert.deepStrictEqual((await client.diagnostics(plan)).filter((one) => one.severity === 1), []);
    assert.deepStrictEqual(await client.diagnostics(other), []);
  });

  const options = { tabSize: 2, insertSpaces: true };

  test("formatting gives what `rolloutc fmt` writes", async () => {
    await client.change(plan, [{ range: client.range(plan, "  stage canary {"), text: "stage   canary{" }]);
    const wanted = execFileSync(rolloutc, ["fmt", "-"], { input: client.text(plan), encoding: "utf8" });
    assert.notStrictEqual(client.text(plan), wanted);
    const edits = await client.request("textDocument/formatting", { textDocument: { uri: plan }, options });
    await client.applyEdits(plan, edits);
    assert.strictEqual(client.text(plan), wanted);
  });

  test("formatting of lines leaves the others alone", async () => {
    await client.change(plan, [{ range: client.range(plan, "  stage canary {"), text: "stage   canary{" }]);
    await client.change(plan, [{ range: client.range(plan, "  stage full {"), text: "stage   full{" }]);
    const range = client.range(plan, "stage   full{");
    const edits = await client.request("textDocument/rangeFormatting", { textDocument: { uri: plan }, range, options });
    await client.applyEdits(plan, edits);
    client.place(plan, "\nstage   canary{\n");
    client.place(plan, "\n  stage full {\n");
  });

  test("a scenario is played, and its rows say where they come from", async () => {
    const name = "many errors stop the canary within minutes";
    const lenses = await client.request("textDocument/codeLens", { textDocument: { uri: plan } });
    const { command } = lenses.find((lens) => lens.command.arguments[0].scenario === name && lens.command.command === "rollout.runScenario");
    const played = await client.request("workspace/executeCommand", { command: command.command, arguments: command.arguments });
    assert.ok(isTimeline(played));
    assert.strictEqual(played.title, name);
    const fires = played.rows.find((row) => row.kind === "bad" && row.text.includes("→ rollback"));
    // The guard that was typed above.
    assert.match(fires.text, /^server_errors > 5%, now 8%, lasted 2m → rollback/);
    assert.strictEqual(fires.line, client.place(plan, "when server_errors > 5% for 2m").line);
    await assert.rejects(
      client.request("workspace/executeCommand", { command: command.command, arguments: [{ uri: plan, scenario: "nowhere" }] }),
      /has no scenario `nowhere`/,
    );
  });

  test("a request that is cancelled is not answered", async () => {
    assert.strictEqual(
      await client.cancelled("textDocument/completion", client.at(plan, "  watch |budget")),
      protocol.LSPErrorCodes.RequestCancelled,
    );
    assert.deepStrictEqual(await complete(plan, "  watch |budget"), ["budget", "risks", "synthetic"]);
  });

  test("a closed file has no diagnostics any more", async () => {
    await client.change(other, [{ text: "guards objectives { when }\n" }]);
    assert.notDeepStrictEqual(await client.diagnostics(other), []);
    const cleared = client.nextDiagnostics(other);
    await client.notify("textDocument/didClose", { textDocument: { uri: other } });
    assert.deepStrictEqual(await cleared, []);
  });

  test("it ends with status 0", async () => {
    assert.strictEqual(await client.shutdown(), 0);
  });
});
