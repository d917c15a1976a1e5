#!/usr/bin/env python3
"""The examples call the library where it knows a system: outside of scenarios and worlds no command of such a system stands raw, nor a script.

The systems are the commands that the modules of stdlib/std run themselves, and `curl`. A call that rightly stays has a comment right above it
with the words "no module" and the reason. Exits 1 and tells each line that has none.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What modules run besides the system that they are for.
TOOLS = {"cat", "date", "env", "grep", "rm", "stat", "tail", "test", "xargs"}
RUN = re.compile(r"\brun\(?\s?`([a-z][\w-]*)")
SCENARIO = re.compile(r"(scenario|world) ")


def code(text):
    """(number, line, reason) of the lines that are neither comments nor in scenarios; `reason` is the comment right above."""
    test, comment = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            comment += line
            continue
        test = test or bool(SCENARIO.match(line))
        if not test:
            yield number, line, comment
        test, comment = test and not line.startswith("}"), ""


def raw(line, systems):
    """What of the library's is called raw in a line."""
    found = [piece.split(" ")[0] for piece in line.split("`")[1::2] if piece.split(" ")[0] in systems]
    return found + (["shell"] if re.search(r"\bshell\(", line) else [])


def main():
    modules = "\n".join(file.read_text() for file in (ROOT / "stdlib" / "std").glob("*.rollout"))
    systems = set(RUN.findall(modules)) - TOOLS | {"curl"}
    problems, stay = [], 0
    for file in sorted((ROOT / "examples").rglob("*.rollout")):
        for number, line, reason in code(file.read_text()):
            for name in raw(line, systems):
                stay += 1
                if not re.search(r"\bno module\b", reason, re.I):
                    problems.append(f"{file.relative_to(ROOT)}:{number}: `{name}` is called raw: call the module that has it, or say above why \"no module\" does")
    if len(systems) < 15:
        problems.append(f"only {len(systems)} systems were found in stdlib/std")
    print("\n".join(problems) or f"the examples call {len(systems)} systems by the library's modules; {stay} raw calls say why no module does")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
