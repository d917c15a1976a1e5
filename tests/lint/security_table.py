#!/usr/bin/env python3
"""Checks that each test that docs/security.md names is there: a test case, a fuzz target, an end-to-end case or a file.

Usage: security_table.py [ROOT]. Prints one line for each name that nothing has and exits 1 where there is one.
"""

import pathlib
import re
import sys

TABLE_ROW = re.compile(r"^\|.*\|$")
NAME = re.compile(r"`([^`]+)`")


def known_tests(root):
    names = set()
    for path in (root / "tests").rglob("*"):
        if path.suffix == ".cpp":
            names.update(re.findall(r'TEST_CASE\("([^"]+)"', path.read_text()))
            if path.name.startswith("fuzz_"):
                names.add(f"fuzz: {path.stem[5:]}")
        elif path.suffix == ".py" and path.parent.name == "e2e":
            names.update(name.replace("_", " ") for name in re.findall(r"def ([a-z]\w+)\(self\)", path.read_text()))
    return names


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    names = known_tests(root)
    missing = rows = 0
    in_table = False
    for number, line in enumerate((root / "docs/security.md").read_text().splitlines(), 1):
        if line.startswith("| threat"):
            in_table = True
        if not (in_table and TABLE_ROW.match(line)) or line.startswith(("| threat", "|---")):
            continue
        rows += 1
        for name in NAME.findall(line.split("|")[3]):
            if name not in names and not (root / name).is_file():
                missing += 1
                print(f"docs/security.md:{number}: there is no test `{name}`")
    if rows < 20:
        missing += 1
        print(f"docs/security.md: only {rows} rows were found")
    print(f"{rows} threats, every test that they name is there" if missing == 0 else f"{missing} problems")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
