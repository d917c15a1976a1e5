#!/usr/bin/env python3
"""The module `docker_compose`, with strict doubles of `docker-compose` and `docker`."""

import json

from world import Action, Check, main

FILE = "backend shop:${SHOP_VERSION:-1}\nweb ${WEB_IMAGE:-web:1}\n"


def container(image, running=True):
    return {"id": "id-" + image.replace(":", "-"), "image": image, "running": running, "health": "healthy", "starts": 1, "ports": ""}


def compose(world, revision="aaa1", **containers):
    world.double("docker", {"made": 0, "registry": {}, "images": {}, "revisions": ["aaa1", "bbb2"], "revision": revision, "migrated": 0,
                            "log": "started\n", "errors": "ERROR one\n",
                            "containers": containers or {"backend_1": container("shop:1"), "web_1": container("web:1"), "web_2": container("web:1")}})
    world.command("docker-compose", double="docker_compose")
    (world.folder / "docker-compose.yml").write_text(FILE)
    read = world.snapshot

    def snapshot():
        state = read()
        return {"containers": {name: [one["image"], one["running"]] for name, one in state["containers"].items()}, "revision": state["revision"],
                "built": state.get("built", False), "pulled": state.get("pulled", False)}

    world.snapshot = snapshot
    world.counters = lambda: (read()["made"], read()["migrated"])

    # One of the old containers is gone, and the new one not there yet.
    def halfway(call):
        state = read()
        del state["containers"]["web_1"]
        (world.home / "docker.json").write_text(json.dumps(state))

    world.halfway = halfway


def half(world):
    compose(world, web_1=container("web:1"), backend_1=container("shop:1", running=False))


def migrated(world):
    compose(world, revision="bbb2")


def chatty(world):
    compose(world)
    file = world.home / "docker.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "log": "fine\n" * 300000}))


def before_first(world):
    compose(world, revision=None)


CASES = [
    Action("docker_compose.build", "docker_compose.build()", compose, undo=False, after=lambda state: state["built"]),
    Action("docker_compose.pull", "docker_compose.pull()", compose, undo=False, after=lambda state: state["pulled"]),
    Action("docker_compose.up", "docker_compose.up()", half, undo=False, after=lambda state: state["containers"]["backend_1"] == ["shop:1", True]),
    Action("docker_compose.down", "docker_compose.down()", lambda world: compose(world, backend_1=container("shop:1"), web_1=container("web:1")),
           after=lambda state: state["containers"] == {}),
    Action("docker_compose.set_image", 'docker_compose.set_image("web", variable: "WEB_IMAGE", image: "web:2")', compose,
           after=lambda state: state["containers"]["web_2"] == ["web:2", True] and state["containers"]["backend_1"] == ["shop:1", True], halfway=True),
    Action("docker_compose.scale", 'docker_compose.scale("web", containers: 4)', compose, after=lambda state: "web_4" in state["containers"]),
    Action("docker_compose.stop", 'docker_compose.stop("web")', compose, after=lambda state: state["containers"]["web_2"] == ["web:1", False]),
    Action("docker_compose.alembic_upgrade", 'docker_compose.alembic_upgrade("backend")', compose, after=lambda state: state["revision"] == "bbb2"),
    Action("docker_compose.alembic_upgrade", 'docker_compose.alembic_upgrade("backend", revision: "aaa1")', before_first,
           after=lambda state: state["revision"] == "aaa1", title="from nothing"),
    Action("docker_compose.alembic_downgrade", 'docker_compose.alembic_downgrade("backend")', migrated, after=lambda state: state["revision"] == "aaa1"),
    Action("docker_compose.alembic_downgrade", 'docker_compose.alembic_downgrade("backend")', compose, after=lambda state: state["revision"] is None,
           title="to nothing"),
    Check("docker_compose.alembic_downgrade", 'docker_compose.alembic_downgrade("backend")', before_first, step=True, passes=False, says="Relative revision",
          title="from nothing"),
    Check("docker_compose.logs", 'docker_compose.logs("backend", over: 15m)', compose, noted="started\nERROR one\n"),
    Check("docker_compose.logs", 'docker_compose.logs("backend", over: 15m)', chatty, step=True, passes=False, says="backend has logged more than 1 MiB in 15m",
          title="too much"),
    Check("docker_compose.runs", 'docker_compose.runs("web")', half),
    Check("docker_compose.runs", 'docker_compose.runs("backend")', half, passes=False, says="no container of backend runs", title="stopped"),
]

if __name__ == "__main__":
    main(__file__, CASES)
