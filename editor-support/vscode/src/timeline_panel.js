// The panel that shows timelines: one, which each run fills anew.
"use strict";

const { randomBytes } = require("node:crypto");
const vscode = require("vscode");
const { timelinePage } = require("./timeline_page.js");

let panel;
let shownUri;

async function reveal(line) {
  if (!shownUri || !Number.isInteger(line)) return;
  const document = await vscode.workspace.openTextDocument(shownUri);
  const range = document.lineAt(Math.min(line, document.lineCount - 1)).range;
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One, selection: range });
}

function create() {
  const options = { enableScripts: true, localResourceRoots: [], enableFindWidget: true };
  const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
  const created = vscode.window.createWebviewPanel("rollout.timeline", "Timeline", column, options);
  created.webview.onDidReceiveMessage((message) => reveal(message.line));
  created.onDidDispose(() => {
    panel = undefined;
  });
  return created;
}

/**
 * Shows a timeline beside the plan.
 * @param {import("./timeline_page.js").Timeline} timeline
 * @param {string} uri the plan's, where rows lead to
 */
function showTimeline(timeline, uri) {
  shownUri = vscode.Uri.parse(uri, true);
  if (panel) {
    panel.reveal(undefined, true);
  } else {
    panel = create();
  }
  panel.title = `Timeline: ${timeline.title}`;
  panel.webview.html = timelinePage(timeline, randomBytes(18).toString("hex"));
}

module.exports = { showTimeline };
