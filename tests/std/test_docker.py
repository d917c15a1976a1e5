#!/usr/bin/env python3
"""The module `docker`, with a strict double of its command."""

import json

from world import Action, Check, main

STATE = {"made": 0, "ids": ["sha256:1", "sha256:2"], "registry": {"shop:2": "sha256:2", "shop:3": "sha256:3"}, "images": {"shop:1": "sha256:1", "shop:2": "sha256:2"},
         "containers": {"web": {"id": "c0", "image": "shop:1", "running": True, "health": "healthy", "starts": 1, "ports": "80:80"},
                        "idle": {"id": "c9", "image": "shop:1", "running": False, "health": "unhealthy", "starts": 1, "ports": "81:80"}}}


def docker(world):
    world.double("docker", STATE)
    (world.folder / "Dockerfile").write_text("FROM scratch\n")
    read = world.snapshot
    world.snapshot = lambda: {**{key: value for key, value in read().items() if key != "made"},
                              "containers": {name: {key: value for key, value in one.items() if key not in ("id", "starts")}
                                             for name, one in read()["containers"].items()}}
    world.counters = lambda: read()["made"]

    # A container that was made and not yet started.
    def halfway(call):
        state = read()
        state["containers"]["shop"] = {"id": "c5", "image": "shop:2", "running": False, "health": "starting", "starts": 0, "ports": "8080:80"}
        (world.home / "docker.json").write_text(json.dumps(state))

    world.halfway = halfway


def restarts(world):
    """How often each container was started counts."""
    world.double("docker", STATE)


LAUNCH = 'docker.launch("%s", image: "shop:2", publish: "8080:80")'

CASES = [
    Action("docker.build", 'docker.build("shop:new")', docker, undo=False, after=lambda state: "shop:new" in state["images"]),
    Action("docker.pull", 'docker.pull("shop:3")', docker, undo=False, after=lambda state: state["images"]["shop:3"] == "sha256:3"),
    Action("docker.tag", 'docker.tag("shop:2", name: "shop:live")', docker, after=lambda state: state["images"]["shop:live"] == "sha256:2", title="new"),
    Action("docker.tag", 'docker.tag("shop:2", name: "shop:1")', docker, after=lambda state: state["images"]["shop:1"] == "sha256:2", title="there"),
    Action("docker.push", 'docker.push("shop:1")', docker, undo=False, after=lambda state: state["registry"]["shop:1"] == "sha256:1"),
    Action("docker.launch", LAUNCH % "shop", docker, after=lambda state: state["containers"]["shop"]["ports"] == "8080:80", halfway=True),
    Check("docker.launch", LAUNCH % "web", docker, step=True, passes=False, says="there is a container web already", title="a name that is taken"),
    Action("docker.start", 'docker.start("idle")', docker, after=lambda state: state["containers"]["idle"]["running"]),
    Action("docker.stop", 'docker.stop("web")', docker, after=lambda state: not state["containers"]["web"]["running"]),
    Action("docker.restart", 'docker.restart("web")', restarts, undo=False, after=lambda state: state["containers"]["web"]["starts"] == 2),
    Check("docker.has_image", 'docker.has_image("shop:1")', docker),
    Check("docker.has_image", 'docker.has_image("shop:9")', docker, passes=False, says="there is no image shop:9", title="none"),
    Check("docker.healthy", 'docker.healthy("web")', docker),
    Check("docker.healthy", 'docker.healthy("idle")', docker, passes=False, says="idle is unhealthy", title="not"),
    Check("docker.runs", 'docker.runs("web", image: "shop:1")', docker),
    Check("docker.runs", 'docker.runs("idle", image: "shop:1")', docker, passes=False, says="idle does not run shop:1", title="stopped"),
]

if __name__ == "__main__":
    main(__file__, CASES)
