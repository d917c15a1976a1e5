#!/usr/bin/env python3
"""Turns what clang counted (`llvm-cov export --format=text`, on standard input) into a tracefile for gcovr (on standard output).

Clang counts the conditions as they are written, each side of each `&&`, `||`, `?:`, `if` and loop. GCC's own counters also see
the branches that a compiler makes up, of half-built temporaries and initializer lists, and no test can take those.

A condition that a line of `gcov-exclude-branch REASON` stands behind is not counted: its other side cannot be reached, and the comment
says why. Nor is `planted(...)`, which is always false but in the simulator. A `case` counts as one branch; a `switch` without `default` has none for the values that are not named.
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
        source = path.read_text().splitlines()
        sides = collections.defaultdict(lambda: [0, 0])
        for line, column, _, column_end, taken, not_taken, *_ in file["branches"]:
            text = source[line - 1][column - 1:]
            if source[line - 1][:column - 1].endswith("switch ("):
                continue
            if "gcov-exclude-branch" not in source[line - 1] and not re.match(r"!?planted\(", text):
                sides[line, column, column_end][0] += taken
                sides[line, column, column_end][1] += not_taken
        branches = collections.defaultdict(list)
        for (line, column, column_end), (taken, not_taken) in sorted(sides.items()):
            text = source[line - 1][column - 1:column_end - 1]
            counts = (taken,) if re.match(r"(case\b|default\b)", text) else (taken, not_taken)
            branches[line] += [{"count": count, "fallthrough": False, "throw": False} for count in counts]
        lines = [{"line_number": number, "count": count, "branches": branches.get(number, []), "gcovr/noncode": False, "gcovr/excluded": False}
                 for number, count in sorted(lines_of(file["segments"]).items())]
        files.append({"file": str(path.relative_to(root)), "lines": lines, "functions": []})
    json.dump({"gcovr/format_version": "0.3", "files": files}, sys.stdout)


if __name__ == "__main__":
    main()
