#!/usr/bin/env python3
"""Checks which room includes which: the dependency rules of the architecture, read from the #include lines.

Usage: rooms.py [ROOT]. Prints one line for each breach and exits 1 where there is one.
"""

import pathlib
import re
import sys

# What each room may include besides itself, by the prefix of the path. The first row that fits a file counts.
ROOMS = [
    ("grammar/", []),
    ("stdlib/", []),
    ("compiler/diagnostics/", ["grammar/"]),
    ("compiler/check/", ["grammar/", "compiler/diagnostics/", "runtime/plan/", "stdlib/"]),
    ("compiler/lints/", ["grammar/", "compiler/diagnostics/", "compiler/check/", "runtime/plan/"]),
    ("compiler/lower/", ["grammar/", "compiler/diagnostics/", "compiler/check/", "runtime/plan/", "runtime/scenario/"]),
    ("compiler/format/", ["grammar/"]),
    ("editor-support/language-server/queries/", ["grammar/", "compiler/diagnostics/", "compiler/check/", "compiler/driver/", "compiler/format/", "runtime/plan/", "runtime/scenario/", "runtime/console/", "stdlib/"]),
    ("editor-support/language-server/protocol/", ["grammar/", "compiler/diagnostics/", "compiler/driver/", "compiler/format/", "editor-support/language-server/", "stdlib/"]),
    ("editor-support/language-server/", ["grammar/", "compiler/", "editor-support/language-server/", "stdlib/"]),
    ("compiler/driver/command/", ["grammar/", "compiler/", "editor-support/language-server/", "runtime/plan/", "runtime/signing/", "stdlib/"]),
    ("compiler/rolloutc.cpp", ["compiler/"]),
    ("compiler/", ["grammar/", "compiler/", "runtime/plan/", "runtime/scenario/", "runtime/zones/", "runtime/plugins/schema/", "stdlib/"]),
    ("runtime/plan/", []),
    ("runtime/machine/", ["runtime/plan/"]),
    ("runtime/zones/", ["runtime/plan/"]),
    ("runtime/scenario/", ["runtime/plan/", "runtime/machine/", "runtime/zones/"]),
    ("runtime/journal/", ["runtime/plan/"]),
    ("runtime/metrics/", ["runtime/plan/", "runtime/machine/", "runtime/engine/", "runtime/executors/"]),
    ("runtime/executors/", ["runtime/plan/", "runtime/machine/", "runtime/engine/", "runtime/metrics/"]),
    ("runtime/engine/", ["runtime/plan/", "runtime/machine/", "runtime/journal/", "runtime/executors/", "runtime/metrics/"]),
    ("runtime/plugins/schema/", ["runtime/plan/"]),
    ("runtime/plugins/", ["runtime/plan/", "runtime/machine/", "runtime/engine/", "runtime/executors/", "runtime/plugins/"]),
    ("runtime/signing/", ["runtime/plan/"]),
    ("runtime/project/", ["compiler/diagnostics/", "compiler/driver/", "runtime/plan/"]),
    ("runtime/console/", ["runtime/plan/", "runtime/machine/"]),
    ("runtime/", ["grammar/", "compiler/", "runtime/", "stdlib/"]),
]
OURS = ("grammar/", "compiler/", "runtime/", "stdlib/", "editor-support/")

# Rooms without clock, thread, file, socket or randomness: headers and names that would bring one in.
PURE_ROOMS = ("grammar/", "compiler/diagnostics/", "compiler/check/", "compiler/lints/", "compiler/lower/", "compiler/format/", "runtime/plan/", "runtime/machine/", "runtime/plugins/schema/")
IMPURE_HEADERS = {
    "fstream", "iostream", "cstdio", "stdio.h", "filesystem", "thread", "mutex", "shared_mutex", "condition_variable",
    "future", "atomic", "random", "ctime", "time.h", "unistd.h", "fcntl.h", "netdb.h", "curl/curl.h", "sqlite3.h",
}
IMPURE_PREFIXES = ("boost/asio", "sys/", "spdlog/", "netinet/", "arpa/")
# Headers that belong to one side of a room's wall: queries answer with plain values, JSON is the protocol's.
FORBIDDEN = [("editor-support/language-server/queries/", "boost/json")]
IMPURE_CALLS = re.compile(r"\b(getenv|std::rand|srand|_clock::now|gettimeofday|clock_gettime|std::time)\s*\(")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def allowed(path, included):
    for room, others in ROOMS:
        if path.startswith(room):
            return included.startswith(room) or any(included.startswith(other) for other in others)
    return True


def breaches_of(path, text):
    pure = path.startswith(PURE_ROOMS)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            header = match.group(2)
            if header.startswith(OURS) and not allowed(path, header):
                yield f"{path}:{number}: includes {header}, which its room may not depend on"
            for room, prefix in FORBIDDEN:
                if path.startswith(room) and header.startswith(prefix):
                    yield f"{path}:{number}: includes <{header}>, which its room may not know"
            if pure and (header in IMPURE_HEADERS or header.startswith(IMPURE_PREFIXES)):
                yield f"{path}:{number}: includes <{header}>, but its room does no I/O and has no clock or thread"
        elif pure and IMPURE_CALLS.search(line.split("//")[0]):
            yield f"{path}:{number}: asks the outside world, but its room does no I/O and has no clock"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    found = []
    for folder in OURS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".hpp", ".cpp", ".def"):
                path = file.relative_to(root).as_posix()
                found.extend(breaches_of(path, file.read_text(encoding="utf-8", errors="replace")))
    print("\n".join(found) if found else "every room includes only what it may")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
