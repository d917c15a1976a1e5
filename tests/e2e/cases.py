"""What the end-to-end scripts share: cases that run one after another, and a folder of its own for each."""

import argparse
import contextlib
import pathlib
import shutil
import subprocess
import tempfile


ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failed(Exception):
    """What must not be."""


# What no user may ever see of a program.
UNFIT = ("terminate called", "what():", "Assertion", "AddressSanitizer", "runtime error:", "\x1b")


def call(command, folder, environment, status=0, says=(), text="", timeout=60):
    """Runs the command to its end; it must give this exit status (None: any), say all these words, and print nothing unfit for people."""
    answer = subprocess.run(command, env=environment, cwd=folder, input=text, capture_output=True, text=True, timeout=timeout,
                            errors="replace")
    shown, output = " ".join(command[1:]), answer.stdout + answer.stderr
    if status is not None and answer.returncode != status:
        raise Failed(f"`{shown}`: exit status {answer.returncode}, not {status}:\n{output[-3000:]}")
    for word in says:
        if word not in output:
            raise Failed(f"`{shown}` does not say {word!r}:\n{output[-3000:]}")
    for word in UNFIT:
        if word in output:
            raise Failed(f"`{shown}`: {word!r} reached the user:\n{output[-3000:]}")
    return answer


@contextlib.contextmanager
def folder_for(title):
    """An empty folder with a state directory in it, gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"rollout-{title}-"))
    (folder / "state").mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def options_of(description, *commands):
    """What a script is told: where each of the commands is (`--rollout PATH`, build/bin/ unless said), as absolute paths, and which
    cases to run (`--only`)."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for command in commands:
        parser.add_argument(f"--{command}", default=str(ROOT / "build" / "bin" / command), type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--only", help="the name of one case, or a part of it")
    return parser.parse_args()


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
