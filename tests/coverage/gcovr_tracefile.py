#!/usr/bin/env python3
"""Turns what clang counted (`llvm-cov export --format=text`, on standard input) into a tracefile for gcovr (on standard output).

Clang counts the conditions as they are written, each side of each `&&`, `||`, `?:`, `if` and loop. GCC's own counters also see
the branches that a compiler makes up, of half-built temporaries and initializer lists, and no test can take those.

The conditions of a line that ends in `// gcov-exclude-branch: REASON` are not counted: a side of them cannot be reached. Nor is
`planted(...)`, which is always false but in the simulator. A `case` counts as one branch, the `switch` around it as none.
"""

import argparse
import collections
import json
import pathlib
import re
import sys


def lines_of(segments):
    """How often each line ran, by the segments of a file: [line, column, count, has count, is entry, is gap]."""
    counts, count, started = {}, None, 1
    for line, _, segment_count, has_count, _, is_gap in segments:
        if count is not None:
            for number in range(started, line + 1):
                counts[number] = max(counts.get(number, 0), count)
        count, started = (segment_count if has_count and not is_gap else None), line
    return counts


def branches_of(conditions, source):
    """By line, how often each side was taken; of what templates or several programs count more than once, the sum."""
    sides = collections.defaultdict(lambda: [0, 0])
    for line, column, _, column_end, taken, not_taken, *_ in conditions:
        before, condition = source[line - 1][:column - 1], source[line - 1][column - 1:]
        excluded = "gcov-exclude-branch" in condition or before.endswith("switch (") or re.match(r"!?planted\(", condition)
        if not excluded:
            sides[line, column][0] += taken
            sides[line, column][1] += not_taken
    branches = collections.defaultdict(list)
    for (line, column), counts in sorted(sides.items()):
        is_case = re.match(r"(case|default)\b", source[line - 1][column - 1:])
        branches[line] += [{"count": count, "fallthrough": False, "throw": False} for count in counts[: 1 if is_case else 2]]
    return branches


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=".", help="the tree; files are named from there")
    parser.add_argument("--filter", required=True, help="a regular expression that the names of the files have to match")
    options = parser.parse_args()
    root = pathlib.Path(options.root).resolve()
    files = []
    for file in json.load(sys.stdin)["data"][0]["files"]:
        path = pathlib.Path(file["filename"]).resolve()
        if not path.is_relative_to(root) or not re.fullmatch(options.filter, str(path.relative_to(root))):
            continue
        branches = branches_of(file["branches"], path.read_text().splitlines())
        lines = [{"line_number": number, "count": count, "branches": branches.get(number, []), "gcovr/noncode": False, "gcovr/excluded": False}
                 for number, count in sorted(lines_of(file["segments"]).items())]
        files.append({"file": str(path.relative_to(root)), "lines": lines, "functions": []})
    json.dump({"gcovr/format_version": "0.3", "files": files}, sys.stdout)


if __name__ == "__main__":
    main()
