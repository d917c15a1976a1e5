#!/usr/bin/env python3
"""Every ```rollout block of the documentation is a program: it must compile without errors, and its scenarios must pass."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks():
    for page in sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")]):
        for match in re.finditer(r"^```rollout\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            line = page.read_text()[:match.start()].count("\n") + 1
            yield f"{page.relative_to(ROOT)}:{line}", match.group(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    parser.add_argument("--rolloutc", default=str(ROOT / "build" / "bin" / "rolloutc"))
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "block.rollout"
        for where, text in blocks():
            program.write_text(text)
            commands = [[options.rolloutc, "check", str(program)]]
            if re.search(r"^scenario ", text, re.MULTILINE):
                commands.append([options.rollout, "test", str(program)])
            for command in commands:
                answer = subprocess.run(command, capture_output=True, text=True)
                if answer.returncode == 0:
                    passed += 1
                else:
                    failed += 1
                    print(f"FAILED {where}: {' '.join(command[:2])}\n{answer.stdout}{answer.stderr}")
    print(f"documentation: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
