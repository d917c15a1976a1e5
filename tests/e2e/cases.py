"""What the end-to-end scripts share: cases that run one after another, and a folder of its own for each."""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile


class Failed(Exception):
    """What must not be."""


@contextlib.contextmanager
def folder_for(title):
    """An empty folder with a state directory in it, gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"rollout-{title}-"))
    (folder / "state").mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_cases(title, cases, only=None):
    """Runs the functions by their names, tells how each ended, and gives the exit status. `only`: a name, or a part of one."""
    passed = failed = 0
    for name, case in cases.items():
        if only and only not in name:
            continue
        try:
            case()
            passed += 1
            print(f"passed: {name.replace('_', ' ')}", flush=True)
        except (Failed, subprocess.TimeoutExpired, subprocess.CalledProcessError, StopIteration) as problem:
            failed += 1
            print(f"FAILED: {name.replace('_', ' ')}\n  {problem}\n{getattr(problem, 'stderr', None) or ''}", flush=True)
    print(f"{title}: {passed} passed, {failed} failed")
    return 1 if failed else 0
