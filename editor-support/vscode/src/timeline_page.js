// The page of a timeline. A pure function of what the language server answers, so that tests need no editor.
"use strict";

/**
 * What `rollout.runScenario` and its kin answer.
 * @typedef {object} Row
 * @property {string} at when, from the start: `5m`
 * @property {string} kind what sort of news it is, one of `marks`
 * @property {string} text what happens
 * @property {string | null} [stage] which stage runs
 * @property {string | null} [share] of traffic, where it changes
 * @property {number | null} line the line of the source that it comes from, counted from 0
 *
 * @typedef {object} Timeline
 * @property {string} title
 * @property {boolean} passed
 * @property {string} text the whole timeline as `rollout simulate` prints it
 * @property {string[]} failures what was expected and did not come
 * @property {Row[]} rows
 */

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text that stands for itself in HTML, within quotes too. */
function escaped(text) {
  return String(text).replace(/[&<>"']/g, (character) => escapes[character]);
}

// The marks of a terminal's timeline, by the kind of news.
const marks = { step: "·", begin: "▶", ask: "?", good: "✓", careful: "!", bad: "✗", back: "↶", wait: "‖", say: "»" };

const style = `
  body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); padding: 0 1rem 1rem; }
  h1 { font-size: 1.2em; font-weight: 600; }
  .verdict { font-weight: 600; }
  .passed .verdict { color: var(--vscode-testing-iconPassed); }
  .failed .verdict { color: var(--vscode-testing-iconFailed); }
  .failures { border-left: 3px solid var(--vscode-testing-iconFailed); margin: 0; padding: 0 0 0 1.5rem; white-space: pre-wrap; }
  table { border-collapse: collapse; margin-top: 1rem; width: 100%; font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
  caption { text-align: left; color: var(--vscode-descriptionForeground); padding-bottom: 0.3rem; }
  th { text-align: left; font-weight: 600; color: var(--vscode-descriptionForeground); }
  th, td { padding: 1px 1rem 1px 0; vertical-align: top; }
  td.at, td.share { text-align: right; white-space: nowrap; }
  td.at, td.stage, td.share { color: var(--vscode-descriptionForeground); }
  td.mark { padding-right: 0.5rem; }
  tr[data-kind="good"] td.mark { color: var(--vscode-testing-iconPassed); }
  tr[data-kind="bad"] td.mark { color: var(--vscode-testing-iconFailed); }
  tr[data-kind="careful"] td.mark { color: var(--vscode-editorWarning-foreground); }
  td.text { white-space: pre-wrap; width: 100%; }
  tbody tr:hover { background: var(--vscode-list-hoverBackground); }
  button { all: unset; cursor: pointer; color: var(--vscode-textLink-foreground); white-space: pre-wrap; }
  button:hover { text-decoration: underline; }
  button:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
  details { margin-top: 1rem; }
  pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); overflow-x: auto; }
`;

// Enter and the space bar press a button without help; the arrows go from row to row, as in a list.
const script = `
  const editor = acquireVsCodeApi();
  const rows = [...document.querySelectorAll("button[data-line]")];
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  document.addEventListener("click", (event) => {
    const row = event.target.closest("button[data-line]");
    if (row) editor.postMessage({ line: Number(row.dataset.line) });
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.key in steps) || rows.length === 0) return;
    const next = rows.indexOf(document.activeElement) + steps[event.key];
    rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
    event.preventDefault();
  });
`;

function hasPlace(row) {
  return Number.isInteger(row.line) && row.line >= 0;
}

// What the row before says too is not said again.
function rowOf(row, index, rows) {
  const unlessSame = (value, before) => (value && value !== before ? escaped(value) : "");
  const before = rows[index - 1] ?? {};
  const text = escaped(row.text);
  const shown = hasPlace(row)
    ? `<button type="button" data-line="${row.line}" title="Go to line ${row.line + 1}">${text}</button>`
    : text;
  const cells = {
    at: unlessSame(row.at, before.at),
    stage: unlessSame(row.stage, before.stage),
    share: escaped(row.share ?? ""),
    mark: Object.hasOwn(marks, row.kind) ? marks[row.kind] : "",
    text: shown,
  };
  const written = Object.entries(cells).map(([name, content]) => `<td class="${name}">${content}</td>`);
  return `<tr data-kind="${escaped(row.kind)}">${written.join("")}</tr>`;
}

function failuresOf(timeline) {
  if (timeline.failures.length === 0) return "";
  return `<ul class="failures">${timeline.failures.map((failure) => `<li>${escaped(failure)}</li>`).join("")}</ul>`;
}

function tableOf(timeline) {
  if (timeline.rows.length === 0) return "<p>Nothing happened.</p>";
  const caption = timeline.rows.some(hasPlace) ? "<caption>A row that is a link leads to its line of the plan.</caption>" : "";
  const head = `<thead><tr><th scope="col">time</th><th scope="col">stage</th><th scope="col">traffic</th><td></td><th scope="col">what happens</th></tr></thead>`;
  return `<table>${caption}${head}<tbody>\n${timeline.rows.map(rowOf).join("\n")}\n</tbody></table>`;
}

/**
 * The page: one document without anything from outside; nothing in it runs but its own script.
 * @param {Timeline} timeline
 * @param {string} nonce a fresh random word of letters and digits, which allows the style and the script
 * @returns {string} HTML
 */
function timelinePage(timeline, nonce) {
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  const verdict = timeline.passed ? "passed" : "failed";
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(timeline.title)}</title>
<style nonce="${nonce}">${style}</style>
</head>
<body class="${verdict}">
<h1>${escaped(timeline.title)} <span class="verdict">${verdict}</span></h1>
${failuresOf(timeline)}
${tableOf(timeline)}
<details><summary>as text</summary><pre>${escaped(timeline.text)}</pre></details>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;
}

/**
 * Whether an answer of the server is a timeline.
 * @param {unknown} answer
 * @returns {answer is Timeline}
 */
function isTimeline(answer) {
  return (
    typeof answer === "object" &&
    answer !== null &&
    typeof answer.title === "string" &&
    typeof answer.passed === "boolean" &&
    typeof answer.text === "string" &&
    Array.isArray(answer.failures) &&
    Array.isArray(answer.rows)
  );
}

module.exports = { timelinePage, isTimeline };
