#!/usr/bin/env python3
"""The module `files`, on real files."""

from world import Action, Check, main


def folder(world, text=None):
    place = world.folder / "etc"
    place.mkdir()
    if text is not None:
        (place / "motd").write_text(text)
        (place / "motd").chmod(0o640)
    world.command("mv")
    world.command("rm")
    world.snapshot = lambda: {file.name: [file.read_text(), oct(file.stat().st_mode)] for file in place.iterdir()}


def there(world):
    folder(world, "old text\n with ends \n\n")


WRITE = 'files.write("etc/motd", text: "new $HOME `text`\\n")'

CASES = [
    Action("files.write", WRITE, folder, after=lambda state: state["motd"][0] == "new $HOME `text`\n", title="new"),
    Action("files.write", WRITE, there, after=lambda state: state == {"motd": ["new $HOME `text`\n", "0o100640"]}, title="there"),
    Check("files.has", 'files.has("etc/motd", text: "old text")', there),
    Check("files.has", 'files.has("etc/motd", text: "old.text")', there, passes=False, says="does not hold", title="not"),
]

if __name__ == "__main__":
    main(__file__, CASES)
