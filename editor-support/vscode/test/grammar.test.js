// The scopes of a page of code, against test/page.scopes; ROLLOUT_UPDATE_GOLDENS=1 writes that file anew.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const root = path.join(__dirname, "..", "..", "..");

const onigurumaReady = oniguruma
  .loadWASM(fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")))
  .then(() => ({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }));

async function loadGrammar() {
  const file = path.join(__dirname, "..", "syntaxes", "rollout.tmLanguage.json");
  const registry = new textmate.Registry({
    onigLib: onigurumaReady,
    loadGrammar: async (scope) => {
      if (scope === "source.rollout") return textmate.parseRawGrammar(fs.readFileSync(file, "utf8"), file);
      // Editors bring a grammar of the shell; one of PromQL they may lack.
      return scope === "source.shell" ? { scopeName: scope, patterns: [] } : null;
    },
  });
  return registry.loadGrammar("source.rollout");
}

// [line, text, scopes without the language's own] for each piece of the text.
function tokens(grammar, text) {
  const found = [];
  let stack = textmate.INITIAL;
  text.split("\n").forEach((line, index) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    for (const token of result.tokens) {
      const scopes = token.scopes.slice(1).map((scope) => scope.replace(/\.rollout$/, ""));
      found.push({ line: index + 1, text: line.slice(token.startIndex, token.endIndex), scopes });
    }
  });
  return { found, stack };
}

function rolloutFiles(folder) {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? rolloutFiles(path.join(folder, entry.name))
        : entry.name.endsWith(".rollout")
          ? [path.join(folder, entry.name)]
          : [],
    );
}

test("the scopes of a page", async () => {
  const grammar = await loadGrammar();
  const { found } = tokens(grammar, fs.readFileSync(path.join(__dirname, "page.rollout"), "utf8"));
  const lines = found
    .filter((token) => token.text.trim() !== "")
    .map((token) => `${token.line}\t${token.text.trim()}\t${token.scopes.join(" ")}`);
  const golden = path.join(__dirname, "page.scopes");
  const printed = lines.join("\n") + "\n";
  if (process.env.ROLLOUT_UPDATE_GOLDENS === "1") fs.writeFileSync(golden, printed);
  assert.strictEqual(printed, fs.readFileSync(golden, "utf8"));
});

test("nothing in a sound plan looks wrong, and no string runs on behind its end", async () => {
  const grammar = await loadGrammar();
  const files = ["examples", "stdlib", "tests/scenario", "tests/golden/parse/language"].flatMap((folder) =>
    rolloutFiles(path.join(root, folder)),
  );
  assert.ok(files.length > 30);
  for (const file of files) {
    const { found, stack } = tokens(grammar, fs.readFileSync(file, "utf8"));
    const wrong = found.filter((token) => token.scopes.some((scope) => scope.startsWith("invalid")));
    assert.deepStrictEqual(wrong, [], file);
    assert.strictEqual(stack.depth, 1, `${file} ends inside of something`);
  }
});

test("every word of the language is a word somewhere", async () => {
  const definitions = fs.readFileSync(path.join(root, "grammar", "syntax_kind.def"), "utf8");
  const words = [...definitions.matchAll(/^SYNTAX_KIND\(Keyword\w+, "`(\w+)`"/gm)].map((match) => match[1]);
  assert.ok(words.length > 100);
  const source = fs.readFileSync(path.join(__dirname, "..", "syntaxes", "rollout.tmLanguage.json"), "utf8");
  const unknown = words.filter((word) => !new RegExp(`(?<![a-z])${word}(?![a-z])`).test(source.replace(/\\\\[swb]/g, " ")));
  assert.deepStrictEqual(unknown, []);
});
