#!/usr/bin/env python3
"""The module `config` on real files and a real git repository; containers by a double of docker."""

import subprocess

from services import secrets
from world import Check, main

GOOD = 'NODE_ENV=production\nexport DATABASE_URL="postgres://db.internal/shop"\nJWT_SECRET_KEY=2f9c1e\nEMPTY=\nQUOTED=""\n'
DOCKER = '''#!/bin/sh
case "$*" in
  "exec shop true") ;;
  "exec shop printenv NODE_ENV") echo production ;;
  "exec shop printenv TOKEN") exit 1 ;;
  "exec gone true") echo "No such container" >&2; exit 1 ;;
  *) exit 64 ;;
esac
'''


def file_with(text, mode=0o600, tracked=False):
    def world(world):
        world.command("git")
        docker = world.folder / "docker-double"
        docker.write_text(DOCKER)
        docker.chmod(0o755)
        world.command("docker", target=[str(docker)])
        file = world.home / ".env"
        file.write_text(text)
        file.chmod(mode)
        subprocess.run(["git", "init", "--quiet", world.home], check=True)
        if tracked:
            subprocess.run(["git", "-C", world.home, "add", ".env"], check=True)
        world.words = {"file": file, "home": world.home}
        world.snapshot = file.read_text

    return world


def given(value):
    return lambda world: secrets(world, JWT_SECRET_KEY=value)


TOKEN, SECRET = 'secret token = env("JWT_SECRET_KEY")', 'config.no_development_secret("JWT_SECRET_KEY", token)'
GOOD_FILE = file_with(GOOD)
CASES = [
    Check("config.has", 'config.has("{file}", ["NODE_ENV", "DATABASE_URL", "JWT_SECRET_KEY"])', GOOD_FILE),
    Check("config.has", 'config.has("{file}", ["NODE_ENV", "NODE", "EMPTY", "QUOTED"])', GOOD_FILE, passes=False, says="does not set NODE EMPTY QUOTED"),
    Check("config.has", 'config.has("{home}/nothing", ["NODE_ENV"])', GOOD_FILE, passes=False, title="without a file"),
    Check("config.value", 'config.value("{file}", name: "NODE_ENV", equals: "production")', GOOD_FILE),
    Check("config.value", 'config.value("{file}", name: "DATABASE_URL", equals: "postgres://db.internal/shop")', GOOD_FILE),
    Check("config.value", 'config.value("{file}", name: "NODE_ENV", equals: "prod")', GOOD_FILE, passes=False, says="NODE_ENV has another value"),
    Check("config.value", 'config.value("{file}", name: "NODE", equals: "x")', GOOD_FILE, passes=False, says="does not set NODE"),
    Check("config.no_development_values", 'config.no_development_values("{file}")', GOOD_FILE),
    Check("config.no_development_values", 'config.no_development_values("{file}")', file_with('A="dev-secret"\nB=changeme\nC=ok\n'), passes=False,
          says="2 lines of"),
    Check("config.no_development_secret", SECRET, given("a-dev-token"), declarations=TOKEN),
    Check("config.no_development_secret", SECRET, given("dev-canary"), declarations=TOKEN, passes=False, says="JWT_SECRET_KEY has a value of development"),
    Check("config.no_development_secret", SECRET, file_with(GOOD), declarations=TOKEN, passes=False, says="secret `token` has no value", title="not set"),
    Check("config.no_development_secret", SECRET, given("LocalHost:5432/canary"), declarations=TOKEN, passes=False, says="has a value of development",
          title="in capitals"),
    Check("config.not_in_git", 'config.not_in_git("{file}", repository: "{home}")', GOOD_FILE),
    Check("config.not_in_git", 'config.not_in_git("{file}", repository: "{home}")', file_with(GOOD, tracked=True), passes=False, says="git tracks"),
    Check("config.mode", 'config.mode("{file}")', GOOD_FILE),
    Check("config.mode", 'config.mode("{file}")', file_with(GOOD, 0o644), passes=False, says="has the mode 644 instead of 600"),
    Check("config.container_has", 'config.container_has("shop", ["NODE_ENV"])', GOOD_FILE),
    Check("config.container_has", 'config.container_has("shop", ["NODE_ENV", "TOKEN"])', GOOD_FILE, passes=False, says="not set in `shop`: TOKEN"),
    Check("config.container_has", 'config.container_has("gone", ["NODE_ENV"])', GOOD_FILE, passes=False, title="without a container"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["git"])
