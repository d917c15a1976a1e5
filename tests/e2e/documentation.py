#!/usr/bin/env python3
"""The code of the documentation, tried out. What a block is, the words behind its ``` say:

  rollout                 a program: it compiles without errors, and its scenarios pass
  rollout fragment=FRAME  a part of one: the same, in the frame tests/documentation/FRAME.rollout (rollout, stage, scenario)
  rollout error=E0302     has these findings (several with commas) and no other error; with `fragment=` too
  rollout file=NAME       a program that is also kept under this name for the commands further down on the page
  rollout append=NAME     goes on where that file ended; the whole is tried out
  rollout replace=NAME    stands in that file instead of the declaration that begins with the same line
  rollout ... test=1      its scenarios end so
  console                 commands behind `$ ` with what they print; `console exit=1` where the last one ends so

Links to files and headings have to lead somewhere. Paths in commands begin in a scratch folder of the page. `--update` writes what the commands print into the pages.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(rollout|console)((?: [a-z]+=\S+)*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?:error|warning)\[([EW]\d{4})\]")


def pages():
    # The pages of the library's modules are made of what the compiler has; test_driver compares them.
    made = set(ROOT.glob("docs/std/*.md")) - {ROOT / "docs/std/README.md"}
    written = {ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")}
    return sorted(written - made)


def framed(text, frame):
    """The fragment in the place of the frame's line `#> here`, with that line's indentation."""
    program = (ROOT / "tests" / "documentation" / f"{frame}.rollout").read_text()
    place = re.search(r"^( *)#> here\n", program, re.MULTILINE)
    body = "".join(place.group(1) + line if line.strip() else line for line in text.splitlines(keepends=True))
    return program[: place.start()] + body + program[place.end() :]


def replaced(program, text):
    """The program with the text instead of its declaration with the same first line; None where it has none."""
    first = re.escape(text.splitlines()[0])
    declaration = re.compile(rf"^{first}\n.*?^}}\n", re.MULTILINE | re.DOTALL)
    return declaration.sub(lambda _: text, program, count=1) if declaration.search(program) else None


def slug(heading):
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def dead_links(page):
    """Links of the page to files and headings that are not there; other sites are not asked."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists():
            yield f"the link to {target}: there is no such file"
        elif line := re.fullmatch(r"L(\d+)", anchor):
            if int(line.group(1)) > len(file.read_text().splitlines()):
                yield f"the link to {target}: the file has fewer lines"
        elif anchor and anchor not in map(slug, re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)):
            yield f"the link to {target}: there is no such heading"


class Page:
    """One page with its scratch folder; blocks are tried in their order."""

    def __init__(self, path, options, folder):
        self.path, self.options, self.folder = path, options, pathlib.Path(folder)
        self.passed, self.failures = 0, []
        bin_folder = self.folder / ".bin"
        bin_folder.mkdir()
        for name in ("rollout", "rolloutc"):
            (bin_folder / name).symlink_to(pathlib.Path(getattr(options, name)).resolve())
        self.environment = {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def shell(self, command):
        return subprocess.run(
            command, shell=True, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, timeout=120,
        )

    def judge(self, where, problem):
        if problem:
            self.failures.append(f"FAILED {where}: {problem}")
        else:
            self.passed += 1

    def program(self, words, text):
        """The problem with a block that is a program, or None."""
        if words.keys() - {"fragment", "error", "file", "append", "replace", "test"}:
            return f"no such words: {words}"
        name = words.get("file") or words.get("append") or words.get("replace") or ".block.rollout"
        path = self.folder / name
        if "append" in words:
            text = path.read_text() + "\n" + text
        if "replace" in words:
            text = replaced(path.read_text(), text)
            if text is None:
                return f"{name} has no declaration with this first line"
        path.write_text(framed(text, words["fragment"]) if "fragment" in words else text)
        answer = self.shell(f"rolloutc check --format short {name}")
        if "error" in words:
            expected, found = set(words["error"].split(",")), set(CODE.findall(answer.stdout))
            surplus = {code for code in found - expected if code.startswith("E")}
            return f"expected {expected}, found {found}\n{answer.stdout}" if surplus or expected - found else None
        if answer.returncode != 0:
            return f"does not compile\n{answer.stdout}"
        if re.search(r"^scenario ", path.read_text(), re.MULTILINE):
            answer = self.shell(f"rollout test {name}")
            if answer.returncode != int(words.get("test", 0)):
                return f"`rollout test` ends with {answer.returncode}\n{answer.stdout}"
        return None

    def console(self, words, text):
        """What the block should be, and the problem where it is something else."""
        wanted, status, lines = int(words.get("exit", 0)), 0, []
        for command in re.findall(r"^\$ (.*)$", text, re.MULTILINE):
            if status != 0:
                return text, f"`{command}` comes after a command that ended with {status}"
            answer = self.shell(command)
            status = answer.returncode
            lines += [f"$ {command}\n", answer.stdout]
        now = "".join(lines)
        if now and not now.endswith("\n"):
            now += "\n"
        if status != wanted:
            return now, f"the last command ended with {status}, not {wanted}:\n{now}"
        return now, None if now == text else f"prints something else now; --update writes it\n{now}"

    def run(self):
        text = self.path.read_text()
        for problem in dead_links(self.path):
            self.failures.append(f"FAILED {self.path.relative_to(ROOT)}: {problem}")

        def tried(match):
            where = f"{self.path.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}"
            words = dict(word.split("=", 1) for word in match.group(2).split())
            if match.group(1) == "rollout":
                self.judge(where, self.program(words, match.group(3)))
                return match.group(0)
            now, problem = self.console(words, match.group(3))
            if self.options.update and problem and "prints something else" in problem:
                problem = None
                print(f"updated {where}")
            self.judge(where, problem)
            return f"```{match.group(1)}{match.group(2)}\n{now}```" if self.options.update else match.group(0)

        updated = BLOCK.sub(tried, text)
        # A block whose opening line says something else would never be tried.
        for line in re.findall(r"^```(?:rollout|console).*$", text, re.MULTILINE):
            if not re.fullmatch(r"```(?:rollout|console)(?: [a-z]+=\S+)*", line):
                self.failures.append(f"FAILED {self.path.relative_to(ROOT)}: no such block: {line}")
        if self.options.update and updated != text:
            self.path.write_text(updated)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    parser.add_argument("--rolloutc", default=str(ROOT / "build" / "bin" / "rolloutc"))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("pages", nargs="*", help="only these, by a part of their path")
    options = parser.parse_args()
    passed, failures = 0, []
    for path in pages():
        if options.pages and not any(name in str(path) for name in options.pages):
            continue
        with tempfile.TemporaryDirectory() as folder:
            page = Page(path, options, folder)
            page.run()
            passed += page.passed
            failures += page.failures
    print(*failures, sep="\n", end="\n" if failures else "")
    print(f"documentation: {passed} passed, {len(failures)} failed")
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
