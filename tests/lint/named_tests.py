#!/usr/bin/env python3
"""Checks that each test that docs/security.md names in the last column of its table is there (a test case, a fuzz target, an
end-to-end case or a file), and each file below tests/ that docs/guarantees.md names.

Usage: named_tests.py [ROOT]. Prints one line for each name that nothing has and exits 1 where there is one.
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


def named_in(path):
    """The numbers of lines and the names in their last column."""
    in_table = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not TABLE_ROW.match(line):
            in_table = False
        elif line.endswith("| shown by |"):
            in_table = True
        elif in_table and not line.startswith("|---"):
            yield number, NAME.findall(line.split("|")[-2])


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    known = known_tests(root)
    missing = rows = 0
    for number, names in named_in(root / "docs/security.md"):
        rows += 1
        for name in names:
            if name not in known and not (root / name).is_file():
                missing += 1
                print(f"docs/security.md:{number}: there is no test `{name}`")
    for path in re.findall(r"tests/[\w/.]*\w", (root / "docs/guarantees.md").read_text()):
        if not (root / path).exists():
            missing += 1
            print(f"docs/guarantees.md: there is no `{path}`")
    if rows < 20:
        missing += 1
        print(f"only {rows} rows were found")
    print(f"{rows} rows, every test that they name is there" if missing == 0 else f"{missing} problems")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
