#!/usr/bin/env python3
"""The module `git`, with a real repository and a remote of its own."""

import os
import subprocess

from world import Action, Check, main

COMMITS = (("one", {"a.txt": "1\n"}), ("two", {"a.txt": "2\n"}), ("three", {"b.txt": "3\n"}))


def repository(world):
    remote, work = world.folder / "remote.git", world.folder / "work"
    environment = {**os.environ, "HOME": str(world.home), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments, folder=work):
        return subprocess.run(["git", "-C", str(folder), *arguments], env=environment, capture_output=True, text=True, check=True).stdout.strip()

    (world.home / ".gitconfig").write_text("[user]\n  name = A\n  email = a@example.com\n[init]\n  defaultBranch = main\n[advice]\n  detachedHead = false\n"
                                           "[commit]\n  gpgSign = false\n")
    work.mkdir()
    git("init", "--quiet", "--bare", str(remote), folder=world.folder)
    git("init", "--quiet")
    git("remote", "add", "origin", str(remote))
    for name, files in COMMITS:
        for file, text in files.items():
            (work / file).write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "--message", name)
        git("tag", name)
    git("push", "--quiet", "origin", "main", "one")
    world.git = git
    world.words = {"folder": "work"}
    world.command("git")

    def refs(folder):
        return dict(reversed(line.split(" ", 1)) for line in git("for-each-ref", "--format=%(objectname) %(refname)", folder=folder).split("\n")
                    if "remotes/" not in line)

    # A commit's name holds its time: what it says and holds is compared.
    def named(value):
        return git("log", "-1", "--format=%s %T", value)

    def head():
        return (work / ".git" / "HEAD").read_text().strip()

    def snapshot():
        here = head()
        return {"refs": {name: named(value) for name, value in refs(work).items()}, "remote": {name: named(name_in_work(value)) for name, value in
                                                                                             refs(remote).items()},
                "head": here if here.startswith("ref:") else named(here), "status": git("status", "--porcelain"),
                "files": {file.name: file.read_text() for file in sorted(work.glob("*.txt"))},
                "half": (work / ".git" / "REVERT_HEAD").exists(), "commits": git("rev-list", "--count", "HEAD")}

    def name_in_work(value):
        return value

    world.snapshot = snapshot


def detached(world):
    repository(world)
    world.git("checkout", "--quiet", "two")


def to_push(world):
    repository(world)
    (world.folder / "work" / "c.txt").write_text("4\n")
    world.git("add", "--all")
    world.git("commit", "--quiet", "--message", "four")


def dirty(world):
    repository(world)
    (world.folder / "work" / "a.txt").write_text("mine\n")


def conflicting(world):
    repository(world)
    (world.folder / "work" / "a.txt").write_text("5\n")
    world.git("commit", "--quiet", "--all", "--message", "five")


CASES = [
    Action("git.tag", 'git.tag("release-1", folder: "{folder}")', repository, after=lambda state: "refs/tags/release-1" in state["refs"]),
    Check("git.tag", 'git.tag("one", folder: "{folder}")', repository, step=True, passes=False, says="there is a tag one already", title="there already"),
    Action("git.push_tag", 'git.push_tag("two", folder: "{folder}")', repository, after=lambda state: "refs/tags/two" in state["remote"]),
    Check("git.push_tag", 'git.push_tag("one", folder: "{folder}")', repository, step=True, passes=False, says="has the tag one already",
          title="there already"),
    Check("git.tag_is_free", 'git.tag_is_free("release-1", folder: "{folder}")', repository),
    Check("git.tag_is_free", 'git.tag_is_free("one", folder: "{folder}")', repository, passes=False, says="there is a tag one already", title="taken"),
    Check("git.has_tag", 'git.has_tag("one", folder: "{folder}")', repository),
    Check("git.has_tag", 'git.has_tag("nine", folder: "{folder}")', repository, passes=False, says="there is no tag nine", title="none"),
    Action("git.checkout", 'git.checkout("one", folder: "{folder}")', repository, after=lambda state: state["files"] == {"a.txt": "1\n"}),
    Action("git.checkout", 'git.checkout("main", folder: "{folder}")', detached, after=lambda state: state["head"] == "ref: refs/heads/main",
           title="from a commit"),
    Check("git.checkout", 'git.checkout("one", folder: "{folder}")', dirty, step=True, passes=False, says="exit status 1", title="with changes"),
    Action("git.revert", 'git.revert("two", folder: "{folder}")', repository, after=lambda state: state["files"] == {"a.txt": "1\n", "b.txt": "3\n"}),
    Check("git.revert", 'git.revert("two", folder: "{folder}")', conflicting, step=True, passes=False, says="exit status 1", title="in conflict"),
    Action("git.push", 'git.push("main", folder: "{folder}")', to_push, undo=False,
           after=lambda state: state["remote"]["refs/heads/main"].startswith("four")),
    Check("git.head", 'git.head("{folder}")', repository, noted=lambda text: len(text) == 40),
    Check("git.is_clean", 'git.is_clean("{folder}")', repository),
    Check("git.is_clean", 'git.is_clean("{folder}")', dirty, passes=False, says="not everything is committed:  M a.txt", title="dirty"),
    Check("git.is_at", 'git.is_at("three", folder: "{folder}")', repository),
    Check("git.is_at", 'git.is_at("two", folder: "{folder}")', repository, passes=False, says="not at two", title="another"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["git"])
