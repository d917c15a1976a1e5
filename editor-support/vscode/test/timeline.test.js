// The page of a timeline: a pure function, and its script with a handful of elements.
"use strict";

const assert = require("node:assert");
const { test } = require("node:test");
const vm = require("node:vm");
const { isTimeline, timelinePage } = require("../src/timeline_page.js");

const nonce = "0123456789abcdef";
const timeline = {
  title: "a slow release goes back",
  passed: true,
  text: "  0s  ▶ stage canary begins\n",
  failures: [],
  rows: [
    { at: "0s", kind: "begin", text: "stage canary begins", stage: "canary", share: null, line: 11 },
    { at: "0s", kind: "step", text: "traffic 5%", stage: "canary", share: "5%", line: null },
    { at: "5m", kind: "bad", text: "p95 > 250ms lasted 5m → rollback", stage: null, line: 0 },
  ],
};

test("each row is there, in order; a time and a stage are said once", () => {
  const page = timelinePage(timeline, nonce);
  const rows = [...page.matchAll(/<tr data-kind="(.*?)">(.*?)<\/tr>/g)].map(([, kind, cells]) => [
    kind,
    ...[...cells.matchAll(/<td class="\w+">(.*?)<\/td>/g)].slice(0, 4).map(([, content]) => content),
  ]);
  assert.deepStrictEqual(rows, [
    ["begin", "0s", "canary", "", "▶"],
    ["step", "", "", "5%", "·"],
    ["bad", "5m", "", "", "✗"],
  ]);
});

test("a row with a line is a button that can be reached with the keyboard, one without is text", () => {
  const page = timelinePage(timeline, nonce);
  const buttons = [...page.matchAll(/<button type="button" data-line="(\d+)" title="(.*?)">/g)].map(([, ...found]) => found);
  assert.deepStrictEqual(buttons, [["11", "Go to line 12"], ["0", "Go to line 1"]]);
  assert.ok(page.includes('<td class="text">traffic 5%</td>'));
  assert.ok(!page.includes("tabindex"), "the order of the page is the order of the keyboard");
});

test("a line that is no number of a line leads nowhere", () => {
  for (const line of [-1, 1.5, "3", '1" onclick="x', undefined]) {
    assert.ok(!timelinePage({ ...timeline, rows: [{ at: "", kind: "", text: "t", line }] }, nonce).includes("<button"));
  }
});

test("what stands in a plan is text, never markup", () => {
  const evil = `</script></style><img src=x onerror="alert('1')"> & "quoted"`;
  const page = timelinePage(
    { title: evil, passed: false, text: evil, failures: [evil], rows: [{ at: evil, kind: evil, text: evil, stage: evil, share: evil, line: 1 }] },
    nonce,
  );
  const expected = "&lt;/script&gt;&lt;/style&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; &quot;quoted&quot;";
  assert.ok(!page.includes("<img"));
  assert.ok(!page.includes("alert('1')"));
  assert.strictEqual(page.split(expected).length - 1, 9);
  assert.strictEqual(page.match(/<\/script>/g).length, 1);
  assert.strictEqual(page.match(/<\/style>/g).length, 1);
});

test("nothing is loaded and nothing runs but what carries the nonce", () => {
  const page = timelinePage(timeline, nonce);
  const [, policy] = page.match(/http-equiv="Content-Security-Policy" content="(.*?)"/);
  assert.deepStrictEqual(policy.split("; ").sort(), [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
  ]);
  assert.ok(page.indexOf("Content-Security-Policy") < page.indexOf("<style"), "the policy comes before what it is for");
  assert.doesNotMatch(page, /\s(style|on\w+|src|href)=/, "no style or handler within a tag, nothing from elsewhere");
  for (const [tag] of page.matchAll(/<(script|style)\b[^>]*>/g)) assert.ok(tag.includes(`nonce="${nonce}"`), tag);
});

test("colours are those of the theme", () => {
  const [, style] = timelinePage(timeline, nonce).match(/<style[^>]*>([\s\S]*?)<\/style>/);
  for (const [, value] of style.matchAll(/(?:color|background|font-family|outline): ([^;]+);/g)) {
    assert.match(value, /var\(--vscode-[\w-]+\)/);
  }
});

test("a verdict is words and not only a colour, and failures are listed", () => {
  assert.match(timelinePage(timeline, nonce), /<span class="verdict">passed<\/span>/);
  const failed = timelinePage({ ...timeline, passed: false, failures: ["expect traffic <= 1%", "b"] }, nonce);
  assert.match(failed, /<span class="verdict">failed<\/span>/);
  assert.match(failed, /<ul class="failures"><li>expect traffic &lt;= 1%<\/li><li>b<\/li><\/ul>/);
});

test("a run in which nothing happened says so", () => {
  assert.match(timelinePage({ ...timeline, rows: [] }, nonce), /Nothing happened/);
});

test("an answer of another shape is no timeline", () => {
  assert.ok(isTimeline(timeline));
  for (const other of [null, undefined, 1, {}, { ...timeline, rows: undefined }, { ...timeline, passed: "yes" }]) {
    assert.ok(!isTimeline(other));
  }
});

// The script of the page, with as many buttons as `lines` has.
function running(lines) {
  const [, script] = timelinePage(timeline, nonce).match(/<script[^>]*>([\s\S]*?)<\/script>/);
  const messages = [];
  const handlers = {};
  const document = { activeElement: null, addEventListener: (name, handler) => (handlers[name] = handler) };
  const buttons = lines.map((line) => ({
    dataset: { line: String(line) },
    focus() {
      document.activeElement = this;
    },
    closest() {
      return this;
    },
  }));
  document.querySelectorAll = () => buttons;
  vm.runInNewContext(script, { document, acquireVsCodeApi: () => ({ postMessage: (message) => messages.push({ ...message }) }) });
  const press = (key) => {
    let prevented = false;
    handlers.keydown({ key, preventDefault: () => (prevented = true) });
    return [buttons.indexOf(document.activeElement), prevented];
  };
  return { buttons, handlers, messages, press };
}

test("the arrows go from row to row and stay at the ends", () => {
  const { press } = running([11, 0, 4]);
  assert.deepStrictEqual(
    ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Home", "ArrowUp", "End", "x"].map(press),
    [[0, true], [1, true], [2, true], [2, true], [1, true], [0, true], [0, true], [2, true], [2, false]],
  );
  assert.deepStrictEqual(running([]).press("ArrowDown"), [-1, false]);
});

test("a press on a row tells its line, one beside it nothing", () => {
  const { buttons, handlers, messages } = running([11, 0]);
  handlers.click({ target: buttons[0] });
  handlers.click({ target: { closest: () => null } });
  assert.deepStrictEqual(messages, [{ line: 11 }]);
});
