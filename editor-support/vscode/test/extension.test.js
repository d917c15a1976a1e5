// The bundle as it is delivered, in an editor that is only pretended: what it starts, offers and says.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const Module = require("node:module");
const os = require("node:os");
const path = require("node:path");
const { after, test } = require("node:test");
const { pathToFileURL } = require("node:url");
const { createVscode } = require("./support/vscode.js");

const manifest = require("../package.json");
const rolloutc = process.env.ROLLOUTC;
const needsCompiler = { skip: rolloutc ? false : "ROLLOUTC is not set" };

// The bundle alone in a folder: whatever it still wanted from node_modules would be missing.
const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "rollout-extension-"));
const bundle = path.join(folder, "extension.js");
fs.copyFileSync(path.join(__dirname, "..", manifest.main), bundle);
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function load(vscode) {
  const module = new Module(bundle);
  module.paths = [];
  module.filename = bundle;
  const original = Module._load;
  Module._load = (request, ...rest) => (request === "vscode" ? vscode : original(request, ...rest));
  try {
    module._compile(fs.readFileSync(bundle, "utf8"), bundle);
  } finally {
    Module._load = original;
  }
  return module.exports;
}

// Runs the extension from its activation to its end.
async function activated(options, work) {
  const vscode = createVscode({ folder, ...options });
  const extension = load(vscode);
  const context = { subscriptions: [] };
  const { started } = extension.activate(context);
  try {
    if (!options.hangs) await started;
    await work(vscode.record, vscode);
  } finally {
    await extension.deactivate();
    for (const one of context.subscriptions) one.dispose();
  }
  return vscode.record;
}

const standIn = path.join(__dirname, "support", "timeline_server.js");
// `rolloutc` as a program that starts the stand-in of a server with the Node.js of this test.
function pretendedCompiler() {
  const file = path.join(folder, "rolloutc");
  fs.writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${standIn}'\n`, { mode: 0o755 });
  return file;
}
const uri = pathToFileURL(path.join(folder, "plan.rollout")).href;

test("it starts the compiler's language server and says which", needsCompiler, async () => {
  const record = await activated({ settings: { path: rolloutc } }, (record) => {
    assert.match(record.status.text, /^rolloutc \d+\.\d+\.\d+$/);
    assert.strictEqual(record.status.severity, 0);
    assert.strictEqual(record.status.detail, rolloutc);
    assert.deepStrictEqual(record.messages, []);
  });
  assert.strictEqual(record.watchers, 0, "what it began to watch it stops to watch");
});

test("without a compiler it says what to do, and the button leads there", async () => {
  await activated({ settings: { path: "/nowhere/rolloutc" } }, async (record) => {
    assert.deepStrictEqual(record.messages, [
      "There is no program `/nowhere/rolloutc`: install rolloutc, or say in the setting `rollout.path` where it is. Until then plans have colours only.",
    ]);
    assert.strictEqual(record.status.text, "rolloutc not found");
    assert.strictEqual(record.status.severity, 2);
    record.answers.push("Open Setting");
    await record.commands.get("rollout.restartServer")();
    await new Promise(setImmediate);
    assert.ok(record.log.includes("command workbench.action.openSettings rollout.path"), record.log.join("\n"));
  });
});

test("a program that is no language server is told from one that is missing", async () => {
  await activated({ settings: { path: "/bin/false" } }, (record) => {
    assert.strictEqual(record.status.text, "rolloutc failed");
    assert.ok(record.messages.some((text) => text.startsWith("`/bin/false lsp` did not start as a language server.")), record.messages.join("\n"));
  });
});

test("a program that never answers is given up for the next one", async () => {
  const file = path.join(folder, "silent");
  fs.writeFileSync(file, "#!/bin/sh\nexec cat >/dev/null\n", { mode: 0o755 });
  await activated({ settings: { path: file }, hangs: true }, async (record) => {
    await record.whenStatus("rolloutc starts");
    record.changeSetting("path", pretendedCompiler());
    await record.whenStatus("timelines 1");
  });
});

test("another setting starts another server", async () => {
  await activated({ settings: { path: "/nowhere/rolloutc" } }, async (record) => {
    record.changeSetting("path", pretendedCompiler());
    await record.whenStatus("timelines 1");
    await record.commands.get("rollout.restartServer")();
    assert.strictEqual(record.status.text, "timelines 1");
  });
});

test("a timeline that the server answers is shown beside the plan, and a row leads into it", async () => {
  await activated({ settings: { path: pretendedCompiler() } }, async (record) => {
    await record.commands.get("rollout.showTimeline")({ uri, rollout: "shop" });
    const [panel] = record.panels;
    assert.strictEqual(panel.title, "Timeline: shop");
    assert.deepStrictEqual(panel.options.localResourceRoots, []);
    assert.match(panel.webview.html, /data-line="7" title="Go to line 8">stage canary begins</);
    assert.match(panel.webview.html, /script-src 'nonce-[0-9a-f]{36}'/);

    const before = panel.webview.html;
    await record.commands.get("rollout.runScenario")({ uri, scenario: "slow" });
    assert.strictEqual(record.panels.length, 1);
    assert.strictEqual(panel.reveals, 1);
    assert.match(panel.webview.html, /expect &lt;succeeded&gt;/);
    const nonce = (html) => html.match(/nonce-([0-9a-f]+)/)[1];
    assert.notStrictEqual(nonce(panel.webview.html), nonce(before), "a nonce is used once");

    panel.receive({ line: 7 });
    await new Promise(setImmediate);
    assert.strictEqual(record.shown.length, 1);
    assert.strictEqual(record.shown[0].uri, uri);
    assert.strictEqual(record.shown[0].selection.start.line, 7);

    panel.dispose();
    await record.commands.get("rollout.simulate")({ uri, rollout: "shop" });
    assert.strictEqual(record.panels.length, 2);
  });
});

test("a scenario that the compiler plays is shown", needsCompiler, async () => {
  const file = path.join(folder, "minimal.rollout");
  fs.copyFileSync(path.join(__dirname, "..", "..", "..", "examples", "minimal", "minimal.rollout"), file);
  await activated({ settings: { path: rolloutc } }, async (record, vscode) => {
    vscode.opened(file);
    const scenario = "a release with many errors goes back to the image that was there";
    await record.commands.get("rollout.runScenario")({ uri: pathToFileURL(file).href, scenario });
    assert.deepStrictEqual(record.messages, []);
    assert.strictEqual(record.panels[0].title, `Timeline: ${scenario}`);
    assert.match(record.panels[0].webview.html, /<span class="verdict">passed<\/span>/);
    assert.match(record.panels[0].webview.html, /<td class="mark">✗<\/td><td class="text"><button type="button" data-line="\d+"/);
  });
});

// A plan in the editor with symbols as the server gives them.
function showPlan(vscode, line) {
  const lines = ["rollout shop {", "}", 'scenario "slow" of shop {', "}", 'scenario "fast" of shop {', "}"];
  const symbol = (name, first) => ({
    name,
    range: { start: { line: first }, end: { line: first + 1 } },
    selectionRange: { start: { line: first } },
  });
  vscode.record.commands.set("vscode.executeDocumentSymbolProvider", () => [symbol("shop", 0), symbol("slow", 2), symbol("fast", 4)]);
  vscode.window.activeTextEditor = {
    document: { uri: vscode.Uri.parse(uri), languageId: "rollout", lineAt: (number) => ({ text: lines[number] }) },
    selection: { active: { line } },
  };
}

test("the palette plays what the cursor stands in, or asks", async () => {
  await activated({ settings: { path: pretendedCompiler() } }, async (record, vscode) => {
    await record.commands.get("rollout.runScenarioHere")();
    assert.deepStrictEqual(record.messages, ["Open a plan (.rollout) first: its scenarios are offered then."]);
    showPlan(vscode, 5);
    await record.commands.get("rollout.runScenarioHere")();
    assert.strictEqual(record.panels[0].title, "Timeline: fast");
    showPlan(vscode, 0);
    record.answers.push("slow");
    await record.commands.get("rollout.runScenarioHere")();
    assert.strictEqual(record.panels[0].title, "Timeline: slow");
    await record.commands.get("rollout.showTimelineHere")();
    assert.strictEqual(record.panels[0].title, "Timeline: shop");
    await record.commands.get("rollout.runAllScenariosHere")();
    assert.match(record.panels[0].webview.html, /<pre>rollout\.runScenarios<\/pre>/);
  });
});

test("tasks check and test the plans of the folder, with matchers for what they print", async () => {
  const plans = ["b.rollout", "a/a.rollout"];
  await activated({ settings: { path: pretendedCompiler() }, plans }, async (record) => {
    const tasks = await record.taskProvider.provideTasks();
    assert.deepStrictEqual(
      tasks.map((task) => [task.source, task.name, task.group, task.execution.args, task.execution.options.cwd]),
      [
        ["rollout", "check", "build", ["check", "--format", "short", "--", "a/a.rollout", "b.rollout"], folder],
        ["rollout", "test", "test", ["test", "--allow-none", "--", "a/a.rollout", "b.rollout"], folder],
      ],
    );
    assert.strictEqual(tasks[0].execution.process, path.join(folder, "rolloutc"));
    const known = manifest.contributes.problemMatchers.map((matcher) => `$${matcher.name}`);
    for (const matcher of tasks.flatMap((task) => task.problemMatchers)) assert.ok(known.includes(matcher), matcher);
    const resolved = await record.taskProvider.resolveTask({ definition: { type: "rollout", command: "check", files: ["b.rollout"] } });
    assert.deepStrictEqual(resolved.execution.args, ["check", "--format", "short", "--", "b.rollout"]);
    assert.deepStrictEqual(resolved.definition, { type: "rollout", command: "check", files: ["b.rollout"] });
    assert.strictEqual(await record.taskProvider.resolveTask({ definition: { type: "rollout", command: "deploy" } }), undefined);
  });
});

test("each command of the manifest is there", async () => {
  await activated({ settings: { path: "/nowhere/rolloutc" } }, (record) => {
    for (const { command } of manifest.contributes.commands) assert.ok(record.commands.has(command), command);
  });
});
