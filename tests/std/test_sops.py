#!/usr/bin/env python3
"""The module `sops` against a double of the program: its documented arguments, and the key's file in its environment."""

from services import secrets
from used import VALUE, case, user
from world import main

DOUBLE = """#!/bin/sh
[ "$#" = 4 ] && [ "$1 $2 $3" = "--decrypt --extract [\\"db\\"][\\"password\\"]" ] && [ "$4" = "secrets.enc.yaml" ] || exit 64
[ "$SOPS_AGE_KEY_FILE" = "/keys/age.txt" ] || {{ echo "no key could decrypt the data key" >&2; exit 128; }}
printf %s '{value}'
"""


def sops(key="/keys/age.txt"):
    def world(world):
        file = world.folder / "sops-double"
        file.write_text(DOUBLE.format(value=VALUE))
        file.chmod(0o755)
        world.command("sops", target=[str(file)])
        secrets(world, OTHER=VALUE)
        world.environment["SOPS_AGE_KEY_FILE"] = key
        user(world)

    return world


READ = 'sops.read("secrets.enc.yaml", key: "db/password")'
CASES = [
    case("sops", sops(), READ),
    case("sops", sops("/keys/other.txt"), READ, "secret `given` has no value: SOPS: `sops` ended with exit status 128: no key could decrypt", title="without its key"),
]

if __name__ == "__main__":
    main(__file__, CASES)
