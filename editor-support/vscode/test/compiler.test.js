// What the extension says about the compiler, with the compiler that ROLLOUTC names.
"use strict";

const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");

const root = path.join(__dirname, "..", "..", "..");
const manifest = require("../package.json");
const snippets = require("../snippets/rollout.json");
const rolloutc = process.env.ROLLOUTC;
const options = { skip: rolloutc ? false : "ROLLOUTC is not set" };

function check(source, format) {
  return spawnSync(rolloutc, ["check", "--format", format, "-"], { input: source, encoding: "utf8" });
}

// The text that an editor inserts: each stop with what it suggests first.
function inserted(snippet) {
  return []
    .concat(snippet.body)
    .join("\n")
    .replace(/\$\{\d+\|([^,|]*)[^|]*\|\}/g, "$1")
    .replace(/\$\{\d+:((?:\\\}|[^}])*)\}/g, (_, text) => text.replace(/\\([$}\\])/g, "$1"))
    .replace(/\$0/g, "");
}

for (const [name, snippet] of Object.entries(snippets)) {
  test(`the snippet "${name}" is sound syntax`, options, () => {
    const text = inserted(snippet);
    const isDeclaration = /^(rollout|action|metric|scenario) /.test(text);
    const result = check(isDeclaration ? text : `rollout shop {\n${text}\n}\n`, "json");
    const codes = result.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line).code);
    assert.deepStrictEqual(codes.filter((code) => code.startsWith("E01")), [], text);
    assert.ok(result.status === 0 || result.status === 1, result.stderr);
  });
}

test("the problem matcher reads each line of the compiler", options, () => {
  const file = path.join(root, "tests", "cli", "files", "broken.rollout");
  const result = spawnSync(rolloutc, ["check", "--format", "short", file], { encoding: "utf8" });
  const [pattern] = manifest.contributes.problemPatterns;
  const lines = result.stdout.split("\n").filter(Boolean);
  assert.ok(lines.length > 0);
  for (const line of lines) {
    const match = new RegExp(pattern.regexp).exec(line);
    assert.ok(match, line);
    assert.strictEqual(match[pattern.file], file);
    assert.ok(Number(match[pattern.line]) > 0 && Number(match[pattern.column]) > 0);
  }
  assert.ok(fs.existsSync(file));
});
