// What of a plan can be played: its scenarios and rollouts, from the symbols that the language server knows.
"use strict";

const vscode = require("vscode");

const commands = {
  scenario: { command: "rollout.runScenario", argument: "scenario", what: "scenario", from: /^\s*scenario\b/ },
  rollout: { command: "rollout.showTimeline", argument: "rollout", what: "rollout", from: /^\s*rollout\b/ },
  all: { command: "rollout.runScenarios", argument: "rollout", what: "rollout", from: /^\s*rollout\b/ },
};

// The first line of a symbol's range may be one of documentation, that of its name never is.
function isOf(document, symbol, kind) {
  return commands[kind].from.test(document.lineAt(symbol.selectionRange.start.line).text);
}

async function choose(document, kind, line) {
  const symbols = (await vscode.commands.executeCommand("vscode.executeDocumentSymbolProvider", document.uri)) ?? [];
  const offered = symbols.filter((symbol) => isOf(document, symbol, kind));
  const here = offered.find((symbol) => symbol.range.start.line <= line && line <= symbol.range.end.line);
  if (here) return here.name;
  if (offered.length <= 1) return offered[0]?.name;
  return vscode.window.showQuickPick(offered.map((symbol) => symbol.name), { placeHolder: `Which ${commands[kind].what}?` });
}

/**
 * Plays the scenario or the rollout of the active plan that the cursor stands in, or that is chosen from a list.
 * @param {"scenario" | "rollout" | "all"} kind `all`: every scenario of the rollout
 */
async function play(kind) {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "rollout") {
    vscode.window.showInformationMessage(`Open a plan (.rollout) first: its ${commands[kind].what}s are offered then.`);
    return;
  }
  const { command, argument, what } = commands[kind];
  if (!(await vscode.commands.getCommands(true)).includes(command)) {
    vscode.window.showErrorMessage(`The language server offers no \`${command}\`: install a newer rolloutc, or look at the output of "Rollout".`);
    return;
  }
  const name = await choose(editor.document, kind, editor.selection.active.line);
  if (name === undefined) {
    vscode.window.showInformationMessage(`This plan has no ${what}.`);
    return;
  }
  await vscode.commands.executeCommand(command, { uri: editor.document.uri.toString(), [argument]: name });
}

module.exports = { play };
