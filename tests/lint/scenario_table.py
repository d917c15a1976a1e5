#!/usr/bin/env python3
"""The table in tests/scenario/README.md: which sentence of the language which scenarios show.

A line `#> SENTENCE` in tests/scenario/*.rollout stands above the scenarios that show it. Without arguments the table is
compared with the files; `--write` writes it."""

import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "scenario"
README = FOLDER / "README.md"
MARK = "<!-- the table: tests/lint/scenario_table.py --write -->"


def cell(text):
    return text.replace("|", "\\|")


def rows(path):
    """(sentence, names) in the order of the file; scenarios above the first sentence have none."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#> "):
            found.append((line[3:], []))
        scenario = re.match(r'scenario "((?:[^"\\]|\\.)*)"', line)
        if scenario and not found:
            sys.exit(f"{path}: the scenario {scenario[1]!r} stands below no line `#> SENTENCE`")
        if scenario:
            found[-1][1].append(scenario[1])
    return found


def table():
    text = []
    for path in sorted(FOLDER.glob("*.rollout")):
        text.append(f"\n## {path.name}\n\n| the language says | scenarios |\n|---|---|\n")
        for sentence, names in rows(path):
            if not names:
                sys.exit(f"{path}: no scenario shows {sentence!r}")
            text.append(f"| {cell(sentence)} | {'<br>'.join(cell(name) for name in names)} |\n")
    return "".join(text)


def main():
    head = README.read_text(encoding="utf-8").split(MARK)[0]
    wanted = head + MARK + "\n" + table()
    if "--write" in sys.argv[1:]:
        README.write_text(wanted, encoding="utf-8")
    elif README.read_text(encoding="utf-8") != wanted:
        sys.exit("tests/scenario/README.md does not list what the files show: run tests/lint/scenario_table.py --write")


main()
