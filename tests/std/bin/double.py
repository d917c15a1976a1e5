"""What the command doubles share. A double keeps its state in `~/NAME.json`, knows exactly the command lines that its tool documents, and
refuses the rest with exit status 64 and a message, which fails the test."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import sys


class Unknown(Exception):
    """A command line that the double does not know."""


@contextlib.contextmanager
def state(name):
    """The double's state, kept afterwards; written as a whole, so that a reader never sees half of it. One command at a time has it."""
    file = pathlib.Path(os.environ["HOME"]) / f"{name}.json"
    with open(file.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        value = json.loads(file.read_text())
        yield value
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(value))
        fresh.replace(file)


def main(name, forms):
    """`forms`: pairs of a pattern for the whole command line, its arguments joined by U+001F, and `answer(state, match)`, which returns what
    is printed (text, or a value for JSON) or a pair of exit status and message. A space in a pattern stands between two arguments."""
    line = "\x1f".join(sys.argv[1:])
    for pattern, answer in forms:
        match = re.fullmatch(pattern.replace(" ", "\x1f"), line, re.S)
        if not match:
            continue
        try:
            with state(name) as kept:
                said = answer(kept, match)
        except Unknown as problem:
            break_off(name, str(problem))
        if isinstance(said, tuple):
            print(said[1], file=sys.stderr)
            sys.exit(said[0])
        if said is not None:
            print(said if isinstance(said, str) else json.dumps(said))
        sys.exit(0)
    break_off(name, "unknown command line")


def break_off(name, why):
    print(f"{name}: {why}: {sys.argv[1:]}", file=sys.stderr)
    sys.exit(64)
