#!/usr/bin/env python3
"""The index of all diagnostics at the end of docs/language.md, made of codes.def and of the headings of the pages of `rolloutc explain`.

Usage: diagnostics_index.py [--write]. Without `--write`, exits 1 where the index is not what the table and the pages say.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "language.md"
MARK = "<!-- the index: tests/lint/diagnostics_index.py --write -->\n"
ROW = re.compile(r'^DIAGNOSTIC\(\w+,\s*"([EW]\d{4})",\s*\w+,\s*"([a-z0-9-]+)"\)', re.MULTILINE)


def index():
    rows = sorted(ROW.findall((ROOT / "compiler" / "diagnostics" / "codes.def").read_text()))
    lines = ["", "| code | name | what it is |", "|---|---|---|"]
    for code, alias in rows:
        page = ROOT / "compiler" / "diagnostics" / "explain" / f"{code}.md"
        heading = page.read_text().splitlines()[0] if page.is_file() else ""
        if not heading.startswith(f"# {code}: "):
            sys.exit(f"{page.relative_to(ROOT)}: no page, or its first line is not `# {code}: what it is`")
        title = heading.removeprefix(f"# {code}: ").replace("|", "\\|")
        lines.append(f"| [{code}](../compiler/diagnostics/explain/{code}.md) | `{alias}` | {title} |")
    return "\n".join(lines) + "\n"


def main():
    text = PAGE.read_text()
    if MARK not in text:
        sys.exit(f"{PAGE.relative_to(ROOT)}: the line `{MARK.strip()}` is not there")
    wanted = text[: text.index(MARK) + len(MARK)] + index()
    if "--write" in sys.argv[1:]:
        PAGE.write_text(wanted)
    elif text != wanted:
        print(f"{PAGE.relative_to(ROOT)}: the index of diagnostics is out of date; tests/lint/diagnostics_index.py --write mends it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
