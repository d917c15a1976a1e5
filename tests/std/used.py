"""What the tests of providers of secrets share: a plan that uses a secret in every way, and a program that tells what it got."""

from world import Check

VALUE = "canary-of-the-provider/7+x"

# The program gets the secret by its environment and its input, and says whether it is the right one, not what it is.
USE = """readonly run(`use-it`, env: { "PASSWORD": given }, stdin: given)"""


def user(world):
    file = world.folder / "use-it-double"
    file.write_text(f'#!/bin/sh\n[ "$PASSWORD" = "{VALUE}" ] && [ "$(cat)" = "{VALUE}" ] || exit 64\n')
    file.chmod(0o755)
    world.command("use-it", target=[str(file)])


def case(module, world, declaration, says=None, title="", call=USE):
    return Check(f"{module}.read", call, world, step=True, declarations=f"secret given = {declaration}", passes=says is None, says=says or "", title=title)
