// What the extension says about the compiler, with the compiler that ROLLOUTC names.
"use strict";

const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
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

// What a matcher of the manifest makes of lines, as the editor does: pattern after pattern, one for each line in a row.
function problems(name, output) {
  const { pattern } = manifest.contributes.problemMatchers.find((matcher) => matcher.name === name);
  const named = manifest.contributes.problemPatterns.find((one) => `$${one.name}` === pattern);
  const patterns = named.patterns ?? [named];
  const lines = output.split("\n");
  return lines.flatMap((_, index) => {
    const matches = patterns.map(({ regexp }, step) => new RegExp(regexp).exec(lines[index + step] ?? ""));
    if (matches.includes(null)) return [];
    const found = {};
    patterns.forEach(({ regexp, ...groups }, step) => {
      for (const [property, group] of Object.entries(groups)) {
        if (property !== "name") found[property] = matches[step][group];
      }
    });
    return [found];
  });
}

const broken = path.join(root, "tests", "cli", "files", "broken.rollout");

test("the problem matcher reads each line of the compiler", options, () => {
  const { stdout } = spawnSync(rolloutc, ["check", "--format", "short", broken], { encoding: "utf8" });
  const found = problems("rolloutc", stdout);
  assert.ok(found.length > 0);
  assert.strictEqual(found.length, stdout.split("\n").filter(Boolean).length);
  for (const problem of found) {
    assert.strictEqual(problem.file, broken);
    assert.ok(Number(problem.line) > 0 && Number(problem.column) > 0);
  }
});

const rollout = rolloutc && path.join(path.dirname(rolloutc), "rollout");
const withRuntime = { skip: rollout && fs.existsSync(rollout) ? false : "there is no `rollout` beside ROLLOUTC" };

test("what `rollout test` says of a plan that does not compile are the same problems", withRuntime, () => {
  const short = spawnSync(rolloutc, ["check", "--format", "short", broken], { encoding: "utf8" });
  const shown = spawnSync(rollout, ["test", "--allow-none", "--", broken], { encoding: "utf8" });
  const parts = ({ file, line, column, severity, code, message }) => [file, line, column, severity, code, message];
  assert.deepStrictEqual(problems("rolloutc-text", shown.stderr).map(parts), problems("rolloutc", short.stdout).map(parts));
});

test("expectations that fail are problems of their lines", withRuntime, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "rollout-matcher-"));
  const file = path.join(folder, "plan.rollout");
  const plan = fs.readFileSync(path.join(root, "examples", "minimal", "minimal.rollout"), "utf8");
  // The scenario's last brace: expectations that cannot hold stand before it, on lines that are known.
  const text = plan.replace(/\}\s*$/, "  expect succeeded\n  expect traffic == 37%\n}\n");
  fs.writeFileSync(file, text);
  const { stdout } = spawnSync(rollout, ["test", "--allow-none", "--", file], { encoding: "utf8" });
  fs.rmSync(folder, { recursive: true });
  const lines = text.split("\n");
  const line = (expectation) => String(lines.indexOf(`  ${expectation}`) + 1);
  assert.deepStrictEqual(
    problems("rollout-scenario", stdout),
    ["expect succeeded", "expect traffic == 37%"].map((message) => ({ file, line: line(message), message })),
    stdout,
  );
});
