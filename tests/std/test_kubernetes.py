#!/usr/bin/env python3
"""The module `kubernetes`: the real kubectl against a double of the API server."""

from kube_api import Cluster, deployment, service
from world import Action, Check, main


def shop(world):
    Cluster(world, deployment("shop", "shop:1"), service("shop", weight=100), service("shop-canary", weight=0))


def spec(state, key="deployments/default/shop"):
    return state[key]["spec"]


def image(state):
    return spec(state)["template"]["spec"]["containers"][0]["image"]


CASES = [
    Action("kubernetes.set_image", 'kubernetes.set_image("deployment/shop", container: "shop", image: "shop:2")', shop,
           after=lambda state: image(state) == "shop:2"),
    Action("kubernetes.scale", 'kubernetes.scale("deployment/shop", replicas: 5)', shop, after=lambda state: spec(state)["replicas"] == 5),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["kubectl"])
