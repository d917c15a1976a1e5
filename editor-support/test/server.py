#!/usr/bin/env python3
"""A language server that knows timelines only: what its commands are asked for is what it answers."""
import json
import sys

COMMANDS = ["rollout.runScenario", "rollout.runScenarios", "rollout.simulate", "rollout.showTimeline"]
CAPABILITIES = {"executeCommandProvider": {"commands": COMMANDS}, "documentSymbolProvider": True}


def timeline(params):
    command, asked = params["command"], params["arguments"][0]
    played = asked.get("scenario") or asked["rollout"]
    failures = ["expect succeeded: it failed"] if command == "rollout.runScenario" else []
    rows = [
        {"at": "0s", "kind": "begin", "text": "stage canary begins\nand goes on", "stage": "canary", "line": 27},
        {"at": "0s", "kind": "step", "text": "traffic 5%", "stage": "canary", "share": "5%", "line": None},
        {"at": "1h30m", "kind": "end", "text": command, "stage": None, "line": 3},
    ]
    return {"title": played, "passed": not failures, "text": played, "failures": failures, "rows": rows}


def symbols(params):
    """The declarations of a file on one line each, as far as they can be played."""
    found = []
    with open(params["textDocument"]["uri"].removeprefix("file://"), encoding="utf-8") as file:
        for number, line in enumerate(file):
            words = line.split(maxsplit=2)
            if words and words[0] in ("rollout", "scenario"):
                place = {"start": {"line": number, "character": 0}, "end": {"line": number + 2, "character": 0}}
                found.append({"name": words[1].strip('"'), "kind": 5, "range": place, "selectionRange": place})
    return found


ANSWERS = {
    "initialize": lambda params: {"capabilities": CAPABILITIES},
    "textDocument/documentSymbol": symbols,
    "workspace/executeCommand": timeline,
}

while True:
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    if length == 0:
        break
    message = json.loads(sys.stdin.buffer.read(length))
    if message.get("method") == "exit":
        break
    if "id" in message and "method" in message:
        answer = ANSWERS.get(message["method"], lambda params: None)
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer(message.get("params"))}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        sys.stdout.buffer.flush()
