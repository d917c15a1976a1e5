#!/usr/bin/env python3
"""The module `helm`, with a strict double of Helm 3."""

import json

from world import Action, Check, main


def helm(world, *history):
    file = world.double("helm", {"charts": {"repo/shop": ["1.0.0", "1.1.0"]}, "made": 0, "releases": {"shop": list(history)} if history else {}})
    (world.folder / "values.yaml").write_text("replicas: 3\n")
    read = world.snapshot
    # A way back is a revision more: what is compared is what the newest one says.
    world.snapshot = lambda: {name: {key: value for key, value in history[-1].items() if key != "revision"}
                              for name, history in read()["releases"].items()}
    world.counters = lambda: read()["made"]

    # A helm that is killed leaves a release that is neither the old one nor the new one.
    def halfway(call):
        state = read()
        there = state["releases"].setdefault("shop", [])
        there.append(revision(len(there) + 1, "shop-1.1.0", "pending-upgrade" if there else "pending-install"))
        file.write_text(json.dumps(state))

    world.halfway = halfway
    return file


def revision(number, chart, status="deployed"):
    return {"revision": number, "chart": chart, "values": "replicas: 1\n", "status": status}


def there(world):
    helm(world, revision(1, "shop-0.9.0", "superseded"), revision(2, "shop-1.0.0"))


def blue(world):
    """The release is in another cluster than the current one."""
    file = helm(world)
    file.write_text(json.dumps({**json.loads(file.read_text()), "clusters": {"blue": {"shop": [revision(1, "shop-1.0.0")]}}}))

    def charts():
        state = json.loads(file.read_text())
        return {"current": state["releases"], "blue": state["clusters"]["blue"]["shop"][-1]["chart"]}

    world.snapshot = charts


def failed(world):
    helm(world, revision(1, "shop-1.0.0", "failed"))


def under_way(world):
    helm(world, revision(1, "shop-1.0.0"), revision(2, "shop-1.1.0", "pending-upgrade"))


UPGRADE = 'helm.upgrade("shop", chart: "repo/shop", values: "values.yaml"%s)'

CASES = [
    Action("helm.upgrade", UPGRADE % "", helm, after=lambda state: state["shop"]["chart"] == "shop-1.1.0", title="new", halfway=True),
    Action("helm.upgrade", UPGRADE % ', version: "1.1.0"', there, title="there", halfway=True,
           after=lambda state: state == {"shop": {"chart": "shop-1.1.0", "values": "replicas: 3\n", "status": "deployed"}}),
    Check("helm.upgrade", UPGRADE % ', version: "9.0.0"', helm, step=True, passes=False, says="not found", title="an unknown version"),
    Check("helm.upgrade", UPGRADE % "", under_way, step=True, passes=False, says="shop is pending-upgrade", title="while another is under way"),
    Action("helm.go_back", 'helm.go_back("shop", revision: "1")', there, after=lambda state: state["shop"]["chart"] == "shop-0.9.0", halfway=True),
    Action("helm.uninstall", 'helm.uninstall("shop")', there, undo=False, person=True, after=lambda state: state == {}),
    Action("helm.upgrade", UPGRADE % ', context: "blue"', blue, title="in another cluster",
           after=lambda state: state == {"current": {}, "blue": "shop-1.1.0"}),
    Check("helm.deployed", 'helm.deployed("shop")', there),
    Check("helm.deployed", 'helm.deployed("shop", context: "blue")', blue, title="in another cluster"),
    Check("helm.deployed", 'helm.deployed("shop", context: "green")', blue, passes=False, says='context "green" does not exist', title="no such cluster"),
    Check("helm.deployed", 'helm.deployed("shop")', failed, passes=False, says="shop is failed", title="failed"),
    Check("helm.chart_is", 'helm.chart_is("shop", chart: "shop-1.0.0")', there),
    Check("helm.chart_is", 'helm.chart_is("shop", chart: "shop-1.1.0")', there, passes=False, says="has the chart shop-1.0.0", title="another"),
    Check("helm.chart_is", 'helm.chart_is("shop", chart: "shop-1.1.0")', helm, passes=False, says="there is no release shop", title="none"),
]

if __name__ == "__main__":
    main(__file__, CASES)
