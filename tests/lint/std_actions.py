#!/usr/bin/env python3
"""Every action of the library with an `undo` or a `probe`, and every action at all of a module that has a table, is in a table of tests/std.

A table is the list CASES of a `tests/std/test_MODULE.py`; what stands there is played against a world, killed and undone (tests/std/world.py).
Each module with actions has scenarios as well: a file of tests/scenario/std calls one of them, with one scenario that ends well and one that
does not. Exits 1 and tells what is missing, and what is in a table without being in the library.
"""

import importlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "std"
DECLARATION = re.compile(r"^(?:(?:readonly|idempotent|irreversible) )?(action|check|channel|source|rollout|fn|stage|guards) (\w+)", re.M)

NATIVE = re.compile(r'^NATIVE\("(\w+)", "(\w+)"', re.M)


def declared(text):
    """The actions and checks of a module, and whether each has a way back or a probe."""
    found = list(DECLARATION.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    for match, end in zip(found, ends):
        yield match[1], match[2], bool(re.search(r"^\s+(undo|probe) \{", text[match.start():end], re.M))


WELL, BADLY = "expect succeeded", re.compile(r"expect (rolled back|rollback incomplete|aborted)")


def without_scenarios(actions):
    """The modules that no file of scenarios shows; `actions` has the names of each module's."""
    files = [file.read_text() for file in (ROOT / "tests" / "scenario" / "std").glob("*.rollout")]
    shown = [text for text in files if WELL in text and BADLY.search(text)]
    return [module for module, names in actions.items()
            if not any(re.search(rf"^ +(?!expect).*\b{module}\.({'|'.join(names)})\(", text, re.M) for text in shown)]


def main():
    sys.path.insert(0, str(TESTS))
    tested = {}
    for file in sorted(set(TESTS.glob("test_*.py")) - {TESTS / "test_self.py"}):
        module = importlib.import_module(file.stem)
        for case in module.CASES:
            tested.setdefault(case.name, set()).add(type(case).__name__)
    modules = {name.split(".")[0] for name in tested}
    problems, known, actions = [], set(), {}
    for file in sorted((ROOT / "stdlib" / "std").glob("*.rollout")):
        for kind, name, careful in declared(file.read_text()):
            full = f"{file.stem}.{name}"
            known.add(full)
            if kind == "action":
                actions.setdefault(file.stem, []).append(name)
            if kind in ("action", "check") and full not in tested and (careful or file.stem in modules):
                problems.append(f"{full} is in no table of tests/std/test_{file.stem}.py")
            if careful and kind == "action" and "Action" not in tested.get(full, {"Action"}):
                problems.append(f"{full} has a way back or a probe, and no `Action` in its table")
    known |= {f"{module}.{name}" for module, name in NATIVE.findall((ROOT / "compiler" / "check" / "natives.def").read_text())}
    problems += [f"tests/std/test_{name.split('.')[0]}.py has {name}, which the library does not" for name in sorted(set(tested) - known)]
    problems += [f"no file of tests/scenario/std shows an action of {module}, with a good and a bad end" for module in without_scenarios(actions)]
    print("\n".join(problems) or f"{len(tested)} declarations of the library are in the tables of tests/std, {len(actions)} modules have scenarios")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
