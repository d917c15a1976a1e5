#!/usr/bin/env python3
"""The module `npm`, with the real npm and a double of its registry that checks what is published."""

import base64
import hashlib
import json
import shutil

from services import secrets
from world import Action, Answer, Check, main

TOKEN = "Bearer npm-token"
# npm adds the arguments to it, each in quotes.
SEED = """[ "$SEED_TOKEN" = canary-seed-token ] && echo seeded >> seeded && printf '[%s]'"""
ARGUMENTS = """[ "$SEED_TOKEN" = canary-seed-token ] && node -e 'process.exit(process.argv.slice(1).join() === "--url,a b" ? 0 : 1)' --"""


def registry(world, tags=None, versions=("1.0.0", "1.1.0")):
    tags, published = dict(tags or {"latest": "1.0.0"}), {}

    def document():
        return {"_id": "shop", "name": "shop", "dist-tags": tags,
                "versions": {version: {"name": "shop", "version": version, "dist": {"tarball": f"{address}/shop/-/shop-{version}.tgz",
                                                                                   "shasum": "0" * 40}} for version in (*versions, *published)}}

    def publish(body):
        (version, manifest), = body["versions"].items()
        (file, attachment), = body["_attachments"].items()
        data = base64.b64decode(attachment["data"])
        if (body["name"], manifest["version"], file) != ("shop", version, f"shop-{version}.tgz") or attachment["length"] != len(data):
            return None
        if manifest["dist"]["shasum"] != hashlib.sha1(data).hexdigest() or data[:2] != b"\x1f\x8b":
            return None
        if version in versions or version in published:
            return Answer(409, {"error": "You cannot publish over the previously published versions"})
        published[version] = manifest["dist"]["shasum"]
        tags.update(body["dist-tags"])
        return Answer(201, {"ok": True})

    def answer(request):
        if request.method != "GET" and request.headers.get("Authorization") != TOKEN:
            return Answer(401, {"error": "who are you?"})
        if (request.method, request.path) == ("GET", "/shop"):
            return Answer(200, document())
        if (request.method, request.path) == ("PUT", "/shop"):
            return publish(request.json)
        if (request.method, request.path) == ("GET", "/-/package/shop/dist-tags"):
            return Answer(200, tags)
        name = request.path.removeprefix("/-/package/shop/dist-tags/")
        if "/" in name:
            return None
        if request.method == "PUT" and request.json in (*versions, *published):
            tags[name] = request.json
            return Answer(201, {"ok": True})
        if request.method == "DELETE" and name in tags:
            del tags[name]
            return Answer(201, {"ok": True})
        return None

    address = world.http(answer, told=False)
    (world.home / ".npmrc").write_text(f"registry={address}/\n{address.removeprefix('http:')}/:_authToken={TOKEN.split()[1]}\nupdate-notifier=false\n"
                                       "fund=false\naudit=false\nfetch-retries=0\n")
    package = {"name": "shop", "version": "1.2.0", "scripts": {"smoke-test": "true", "broken-test": "echo broken by hand; false",
                                                                      "seed": SEED, "echo-arguments": ARGUMENTS}}
    (world.folder / "package").mkdir()
    (world.folder / "package" / "package.json").write_text(json.dumps(package))
    (world.folder / "package" / "index.js").write_text("// nothing\n")
    (world.bin / "node").symlink_to(shutil.which("node"))
    world.command("npm")
    world.snapshot = lambda: {"tags": dict(tags), "published": sorted(published),
                              "seeded": seeded.read_text() if (seeded := world.folder / "package" / "seeded").exists() else ""}


def with_next(world):
    registry(world, {"latest": "1.0.0", "next": "1.1.0"})


def with_token(world):
    registry(world)
    secrets(world, SEED_TOKEN="canary-seed-token")


GIVEN = 'folder: "package", arguments: ["--orders", "1 $HOME"], env: { "SEED_TOKEN": token }'
SECRET = 'secret token = env("SEED_TOKEN")'
CASES = [
    Action("npm.publish", 'npm.publish("shop", version: "1.2.0", folder: "package")', registry, undo=False,
           after=lambda state: state == {"tags": {"latest": "1.0.0", "next": "1.2.0"}, "published": ["1.2.0"], "seeded": ""}),
    Action("npm.dist_tag", 'npm.dist_tag("shop", version: "1.1.0")', registry, after=lambda state: state["tags"] == {"latest": "1.1.0"}),
    Action("npm.dist_tag", 'npm.dist_tag("shop", version: "1.1.0", tag: "beta")', registry,
           after=lambda state: state["tags"] == {"latest": "1.0.0", "beta": "1.1.0"}, title="new"),
    Check("npm.tag_is", 'npm.tag_is("shop", version: "1.1.0", tag: "next")', with_next),
    Check("npm.tag_is", 'npm.tag_is("shop", version: "1.1.0")', with_next, passes=False, says="shop@1.0.0 has the tag latest, not 1.1.0", title="another"),
    Check("npm.tag_is", 'npm.tag_is("shop", version: "1.1.0", tag: "next")', registry, passes=False, says="nothing of shop has the tag next", title="none"),
    Check("npm.script_passes", 'npm.script_passes("smoke-test", folder: "package")', registry),
    Action("npm.run_script", f'npm.run_script("seed", {GIVEN})', with_token, undo=False, person=True, declarations=SECRET,
           after=lambda state: state["seeded"] == "seeded\n", noted="[--orders][1 $HOME]"),
    Check("npm.run_script", 'npm.run_script("broken-test", folder: "package")', registry, step=True, passes=False, says="broken by hand", title="fails"),
    Check("npm.script_passes", 'npm.script_passes("echo-arguments", folder: "package", arguments: ["--url", "a b"], env: { "SEED_TOKEN": token })', with_token,
          declarations=SECRET, title="with arguments"),
    Check("npm.script_passes", 'npm.script_passes("broken-test", folder: "package")', registry, passes=False, says="fails: broken by hand", title="fails"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["npm", "node"])
