#!/usr/bin/env python3
"""How long an editor waits for `rolloutc lsp`, beside yaml-language-server and clangd: the same edits in files of the same length.

All of them are started as an editor starts them and measured at the client's end of the pipe, one edit at a time. A round goes to one
server after the other; each server's numbers are the median and the 99th percentile within a round, of its best round. See
language_server_client.py for what a second is. The time until diagnostics has in it how long a server waits for more letters: 20 ms here, 200 ms in
yaml-language-server, 50 ms and more in clangd. So do the plain completions, hovers and tokens speak of a text that was analysed
before; those "behind a change" are asked for in the moment in which the text has changed.

The environment: ROLLOUT_BIN, a folder with `rolloutc` and `print_large_module`; YAML_LANGUAGE_SERVER, the script of that name; CLANGD.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

from language_server_client import Client

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINES = 5_000
ROUNDS = 2
# In a round; each is made and taken back. The others take half a second for one, so they get fewer.
OUR_EDITS = 100
PEERS_EDITS = 20
OPEN_FILES = 200

GOALS = {"diagnostics": 30.0, "completion": 10.0, "hover": 10.0, "semantic tokens": 10.0}  # milliseconds
GOAL_MEMORY = 150.0  # megabytes

YAML_SERVICE = """\
  - name: service-{0}
    description: What the team agreed on for service {0}.
    metrics:
      - name: errors_{0}
        type: ratio
        source: prometheus
        query: sum(rate(http_requests_total{{app="service-{0}",code=~"5.."}}[1m])) / sum(rate(http_requests_total{{app="service-{0}"}}[1m]))
        every: 15s
      - name: p95_{0}
        type: duration
        source: prometheus
        query: histogram_quantile(0.95, sum by (le) (rate(duration_seconds_bucket{{app="service-{0}"}}[1m])))
        every: 15s
    image: registry.example.com/service-{0}
    window:
      from: "02:00"
      to: "04:00"
    guards:
      - metric: p95_{0}
        above: true
        threshold: 0.6
        for: 10m
        outcome: rollback
      - metric: errors_{0}
        above: true
        threshold: 0.01
        for: 10m
        outcome: rollback
    approvals:
      - question: Go / no-go for {0}
        by: release_manager
        within: 1h
    stages:
      - name: canary
        traffic: 5
        hold: 15m
      - name: expanded
        traffic: 25
        hold: 30m
      - name: full
        traffic: 100
        hold: 15m
    notify:
      - channel: ops
        on: rollback
        message: service {0} was rolled back
"""


def yaml_schema():
    """As strict as the types of our language are about the same things."""

    def record(**properties):
        return {
            "type": "object",
            "additionalProperties": False,
            "required": list(properties),
            "properties": {name: {"description": f"The {name}.", **schema} for name, schema in properties.items()},
        }

    def list_of(schema):
        return {"type": "array", "items": schema}

    text, number = {"type": "string"}, {"type": "number", "minimum": 0}
    duration = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}
    service = record(
        name=text,
        description=text,
        metrics=list_of(
            record(
                name=text,
                type={"enum": ["ratio", "duration", "number"]},
                source={"enum": ["prometheus", "http"]},
                query=text,
                every=duration,
            )
        ),
        image=text,
        window=record(**{"from": text, "to": text}),
        guards=list_of(
            record(
                **{
                    "metric": text,
                    "above": {"type": "boolean"},
                    "threshold": number,
                    "for": duration,
                    "outcome": {"enum": ["rollback", "pause", "abort"]},
                }
            )
        ),
        approvals=list_of(record(question=text, by=text, within=duration)),
        stages=list_of(record(name=text, traffic={**number, "maximum": 100}, hold=duration)),
        notify=list_of(record(channel=text, on={"enum": ["rollback", "success"]}, message=text)),
    )
    return {"$schema": "http://json-schema.org/draft-07/schema#", **record(services=list_of(service))}


CPP_SERVICE = """\

/// What the team agreed on for service {0}.
struct Service{0} {{
  std::string name = "service-{0}";
  std::string image = "registry.example.com/service-{0}";
  double errors = 0;
  double p95 = 0;
  std::vector<Stage> stages;
}};

/// The share of requests answered with a 5xx.
inline double errors_{0}(const Service{0}& service) {{
  return service.errors;
}}

inline double p95_{0}(const Service{0}& service, const std::string& endpoint) {{
  return endpoint.empty() ? service.p95 : service.p95 * 1.2;
}}

inline bool healthy_{0}(const Service{0}& service) {{
  if (errors_{0}(service) > 0.01) return false;
  return p95_{0}(service, "contacts") < 600;
}}

inline Outcome guard_{0}(const Service{0}& service) {{
  if (errors_{0}(service) > 0.05) return Outcome::Rollback;
  if (p95_{0}(service, "") > 1000) return Outcome::Rollback;
  return Outcome::Continue;
}}

inline Outcome release_{0}(Service{0}& service) {{
  service.stages = {{{{"canary", 5, 15}}, {{"expanded", 25, 30}}, {{"full", 100, 15}}}};
  for (const Stage& stage : service.stages) {{
    if (guard_{0}(service) == Outcome::Rollback) return Outcome::Rollback;
    if (stage.traffic > 50 && !healthy_{0}(service)) return Outcome::Pause;
  }}
  return Outcome::Continue;
}}
"""

CPP_HEAD = """\
#include <string>
#include <vector>

enum class Outcome { Continue, Pause, Rollback };
struct Stage {
  std::string name;
  int traffic = 0;
  int minutes = 0;
};
"""


def repeated(head, part):
    """`head` and as many of `part` as make the file long enough."""
    count = (LINES - head.count("\n")) // part.count("\n") + 1
    return head + "".join(part.format(number) for number in range(count))


@dataclass
class Subject:
    """A server, its file, and the lines in which the bench types: what a guard compares with, and the name that it compares."""

    name: str
    command: list
    language: str
    file: str
    text: str
    line_pattern: str  # groups: the name, the number
    edits: int
    settings: dict = field(default_factory=dict)

    def places(self):
        """(line, column within the name, column of the number), from all over the file."""
        found = []
        for number, line in enumerate(self.text.split("\n")):
            if match := re.match(self.line_pattern, line):
                found.append((number, match.start(1) + 3, match.start(2)))
        step = max(1, len(found) // self.edits)
        return (found[::step] * self.edits)[: self.edits]


class Session:
    """A server with its file open; `best`: of each kind of waiting the 99th percentile and the median in ms, of the best round."""

    def __init__(self, subject, folder):
        self.subject = subject
        path = folder / subject.file
        path.write_text(subject.text)
        self.uri = path.as_uri()
        self.client = Client(subject.command, folder, subject.settings)
        self.client.open(self.uri, subject.language, subject.text)
        self.edits = 0
        self.best = {}
        # Once through everything, so that nothing is measured that happens only in the beginning.
        self.round(5)
        self.best = {}

    def _diagnosed(self, started, line, broken):
        def wanted(diagnostics):
            return any(one["range"]["start"]["line"] == line for one in diagnostics) == broken

        return self.client.diagnostics(self.uri, wanted).seconds_since(started)

    def _requests(self, line, column):
        place = {"textDocument": {"uri": self.uri}, "position": {"line": line, "character": column}}
        yield "completion", "textDocument/completion", place
        yield "hover", "textDocument/hover", place
        if "semanticTokensProvider" in self.client.capabilities:
            yield "semantic tokens", "textDocument/semanticTokens/full", {"textDocument": {"uri": self.uri}}

    def _asked(self, what, method, params):
        result, seconds = self.client.request(method, params)
        if not result:
            sys.exit(f"language_server_peers: {self.subject.name} answers nothing for {method} at {params}")
        return what, seconds

    def round(self, edits):
        times = {}
        for line, column, number in self.subject.places()[:edits]:
            measured = []
            started = self.client.change(self.uri, line, number, 0, "x")
            measured.append(("diagnostics", self._diagnosed(started, line, broken=True)))
            started = self.client.change(self.uri, line, number, 1, "")
            measured.append(("diagnostics", self._diagnosed(started, line, broken=False)))
            for request in self._requests(line, column):
                measured.append(self._asked(*request))
            for what, method, params in self._requests(line, column):
                # A blank more, or less, at the number.
                self.edits += 1
                self.client.change(self.uri, line, number, *((0, " ") if self.edits % 2 else (1, "")))
                measured.append(self._asked(what + " behind a change", method, params))
            if self.edits % 2:
                self.edits += 1
                self.client.change(self.uri, line, number, 1, "")
            for what, seconds in measured:
                times.setdefault(what, []).append(seconds)
        for what, values in times.items():
            values.sort()
            median, percentile = (1e3 * values[min(len(values) - 1, int(len(values) * part))] for part in (0.5, 0.99))
            self.best[what] = min((percentile, median), self.best.get(what, (percentile, median)))


def subjects(binaries, folder):
    module = subprocess.run([binaries / "print_large_module", str(LINES)], check=True, capture_output=True, text=True).stdout
    yaml_server = os.environ.get("YAML_LANGUAGE_SERVER", "yaml-language-server")
    clangd = os.environ.get("CLANGD", "clangd-19")
    yaml = {"schemas": {(folder / "schema.json").as_uri(): ["plan.yaml"]}, "validate": True, "hover": True, "completion": True}
    return [
        Subject(
            "rolloutc", [str(binaries / "rolloutc"), "lsp"], "rollout", "plan.rollout", module,
            r"  when (errors_\d+) > (1%) for", OUR_EDITS,
        ),
        Subject(
            "yaml-language-server", [yaml_server, "--stdio"], "yaml", "plan.yaml", repeated("services:\n", YAML_SERVICE),
            r"        (threshold): (0\.01)", PEERS_EDITS, {"yaml": yaml},
        ),
        Subject(
            "clangd", [clangd, "--background-index=false", "--log=error"], "cpp", "plan.cpp", repeated(CPP_HEAD, CPP_SERVICE),
            r"  if \((errors_\d+)\(service\) > (0\.05)\)", PEERS_EDITS,
        ),
    ]  # fmt: skip


def memory_with_open_files(command, folder):
    """Megabytes, once the diagnostics of all of them were there: copies of the examples, each beside the files that it uses."""
    originals = sorted((ROOT / "examples").rglob("*.rollout"))
    files = []
    for number in range(OPEN_FILES):
        copy, original = divmod(number, len(originals))
        relative = originals[original].relative_to(ROOT / "examples")
        files.append(folder / str(copy) / relative)
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_bytes(originals[original].read_bytes())
    client = Client(command, folder)
    for file in files:
        client.open(file.as_uri(), "rollout", file.read_text())
    missing = {file.as_uri() for file in files}
    while missing:
        message, _ = client.next()
        if message.get("method") == "textDocument/publishDiagnostics":
            missing.discard(message["params"]["uri"])
    memory = client.memory()
    client.close()
    return memory


def report(sessions, opened):
    ours, peers = sessions[0], sessions[1:]
    title = f"median, p99 in ms, {LINES:,} lines"
    print(f"{title:<34}" + "".join(f"{one.subject.name:>30}" for one in sessions) + "   goal")
    missed = False
    for what, (percentile, median) in ours.best.items():
        row = f"{what:<34}{f'{median:.2f}, {percentile:.2f}':>30}"
        for peer in peers:
            other = peer.best.get(what)
            shown = f"{other[1]:.2f}, {other[0]:.2f} ({other[0] / percentile:.1f} x)" if other else "not offered"
            row += f"{shown:>30}"
        if goal := GOALS.get(what):
            missed |= percentile > goal
            row += f"   at most {goal:g} ms {'reached' if percentile <= goal else 'MISSED'}"
        print(row)
    memory = [one.client.memory() for one in sessions]
    row = f"{'memory in MB, this file':<34}{memory[0]:>30.1f}"
    print(row + "".join(f"{f'{other:.1f} ({other / memory[0]:.1f} x)':>30}" for other in memory[1:]))
    missed |= opened > GOAL_MEMORY
    reached = "reached" if opened <= GOAL_MEMORY else "MISSED"
    print(f"{f'memory in MB, {OPEN_FILES} open files':<34}{opened:>30.1f}{'':>60}   at most {GOAL_MEMORY:g} MB {reached}")
    return missed


def main():
    binaries = pathlib.Path(os.environ.get("ROLLOUT_BIN", ROOT / "build" / "bin"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch).resolve()
        (folder / "schema.json").write_text(json.dumps(yaml_schema()))
        sessions = []
        try:
            for subject in subjects(binaries, folder):
                sessions.append(Session(subject, folder))
            for _ in range(ROUNDS):
                for session in sessions:
                    session.round(session.subject.edits)
            opened = memory_with_open_files(sessions[0].subject.command, folder)
            missed = report(sessions, opened)
        finally:
            for session in sessions:
                session.client.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
