#!/usr/bin/env python3
"""The module `kubernetes`: the real kubectl against a double of the API server."""

import dataclasses
import json
import re

from kube_api import Cluster, deployment, http_route, ingress, pod, service, virtual_service
from world import Action, Check, main

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop", "namespace": "default"}, "data": {"color": "green"}}


def shop(world):
    Cluster(world, deployment("shop", "shop:1"), service("shop", weight=100), service("shop-canary", weight=0), ingress("shop-canary", 0),
            http_route("shop", ("shop", 100), ("shop-canary", 0)), virtual_service("shop", ("v1", 100), ("v2", 0)))


def shop_with_env(world):
    shop(world)
    container(world.cluster.objects[("deployments", "default", "shop")])["env"] = [{"name": "COLOR", "value": "-blue = new"}]


def shop_with_history(world):
    shop(world)
    kubectl(world, "set", "image", "deployment/shop", "shop=shop:2")


def annotated(world):
    shop(world)
    kubectl(world, "annotate", "deployment/shop", "example.com/phase=old = 1%")


def stuck(world):
    shop(world)
    world.cluster.stuck.add("shop")
    kubectl(world, "set", "image", "deployment/shop", "shop=shop:2")


def with_pods(world):
    Cluster(world, pod("shop-1", "shop", "started\n"), pod("shop-2", "shop", "ERROR one\n"), pod("cart-1", "cart", "ERROR two\n"))


def with_chatty_pod(world):
    Cluster(world, pod("shop-1", "shop", "fine\n" * 300000))


def manifest(world):
    shop(world)
    (world.folder / "config.json").write_text(json.dumps(CONFIG))


def manifest_applied(world):
    manifest(world)
    kubectl(world, "apply", "--filename", "config.json")
    (world.folder / "config.json").write_text(json.dumps({**CONFIG, "data": {"color": "blue", "size": "7"}}))


def created_by_hand(world):
    manifest(world)
    kubectl(world, "create", "--filename", "config.json")
    (world.folder / "config.json").write_text(json.dumps({**CONFIG, "data": {"color": "blue"}}))


def kubectl(world, *arguments):
    """What somebody did before the plan runs."""
    world.outside("kubectl", *arguments)
    world.cluster.changes = 0


def spec(state, key="deployments/default/shop"):
    return state[key]["spec"]


def container(value):
    return value["spec"]["template"]["spec"]["containers"][0]


def image(state):
    return container(state["deployments/default/shop"])["image"]


def weights(state):
    return spec(state, "services/default/shop-canary")["weight"], spec(state, "services/default/shop")["weight"]


def route(state):
    return [(ref["name"], ref["weight"]) for ref in spec(state, "httproutes/default/shop")["rules"][0]["backendRefs"]]


def istio(state):
    return [(ref["destination"]["subset"], ref["weight"]) for ref in spec(state, "virtualservices/default/shop")["http"][0]["route"]]


def note(state, name, key="deployments/default/shop"):
    return state[key]["annotations"].get(name)


CASES = [
    Action("kubernetes.set_image", 'kubernetes.set_image("deployment/shop", container: "shop", image: "shop:2")', shop,
           after=lambda state: image(state) == "shop:2"),
    Action("kubernetes.set_env", 'kubernetes.set_env("deployment/shop", container: "shop", name: "COLOR", value: "green = 1")', shop,
           after=lambda state: container(state["deployments/default/shop"])["env"] == [{"name": "COLOR", "value": "green = 1"}], title="new"),
    Action("kubernetes.set_env", 'kubernetes.set_env("deployment/shop", container: "shop", name: "COLOR", value: "green")', shop_with_env,
           after=lambda state: container(state["deployments/default/shop"])["env"] == [{"name": "COLOR", "value": "green"}], title="there"),
    Action("kubernetes.scale", 'kubernetes.scale("deployment/shop", replicas: 5)', shop, after=lambda state: spec(state)["replicas"] == 5),
    Action("kubernetes.restart", 'kubernetes.restart("deployment/shop")', shop, undo=False,
           after=lambda state: spec(state)["template"]["metadata"]["annotations"] == {"kubectl.kubernetes.io/restartedAt": "set"}),
    Action("kubernetes.rollout_undo", 'kubernetes.rollout_undo("deployment/shop")', shop_with_history, after=lambda state: image(state) == "shop:1"),
    Action("kubernetes.apply", 'kubernetes.apply("config.json")', manifest,
           after=lambda state: state["configmaps/default/shop"]["data"] == {"color": "green"}, title="new"),
    Action("kubernetes.apply", 'kubernetes.apply("config.json")', manifest_applied,
           after=lambda state: state["configmaps/default/shop"]["data"] == {"color": "blue", "size": "7"}, title="there"),
    Check("kubernetes.apply", 'kubernetes.apply("config.json")', created_by_hand, passes=False, says="was not created by `kubectl apply`", step=True,
          title="created by hand"),
    Action("kubernetes.annotate", 'kubernetes.annotate("deployment/shop", key: "example.com/phase", value: "canary 5%")', shop,
           after=lambda state: note(state, "example.com/phase") == "canary 5%", title="new"),
    Action("kubernetes.annotate", 'kubernetes.annotate("deployment/shop", key: "example.com/phase", value: "canary")', annotated,
           after=lambda state: note(state, "example.com/phase") == "canary", title="there"),
    Action("kubernetes.patch", """kubernetes.patch("service/shop", patch: "{\\"spec\\":{\\"type\\":\\"NodePort\\"}}", back: "{\\"spec\\":{\\"type\\":null}}")""",
           shop, after=lambda state: spec(state, "services/default/shop")["type"] == "NodePort"),
    Action("kubernetes.delete", 'kubernetes.delete("deployment/shop")', shop, after=lambda state: "deployments/default/shop" not in state,
           undo=False, person=True),
    Action("kubernetes.service_weights", "traffic 5%", shop, header='traffic via kubernetes.service_weights(canary: "shop-canary", stable: "shop")',
           after=lambda state: weights(state) == (5, 95)),
    Action("kubernetes.route_weights", "traffic 25%", shop, header='traffic via kubernetes.route_weights("shop", canary: "shop-canary", stable: "shop")',
           after=lambda state: route(state) == [("shop", 75), ("shop-canary", 25)]),
    Check("kubernetes.route_weights", 'kubernetes.route_weights(5%, "shop", canary: "shop", stable: "shop-canary")', shop, passes=False, step=True,
          says="is invalid", title="the wrong way round"),
    Action("kubernetes.istio_weights", "traffic 25%", shop, header='traffic via kubernetes.istio_weights("shop", canary: "v2", stable: "v1")',
           after=lambda state: istio(state) == [("v1", 75), ("v2", 25)]),
    Action("kubernetes.ingress_weight", "traffic 5%", shop, header='traffic via kubernetes.ingress_weight("shop-canary")',
           after=lambda state: note(state, "nginx.ingress.kubernetes.io/canary-weight", "ingresses/default/shop-canary") == "5"),
    Check("kubernetes.rolled_out", 'kubernetes.rolled_out("deployment/shop")', shop),
    Check("kubernetes.rolled_out", 'kubernetes.rolled_out("deployment/shop")', stuck, passes=False, says="the newest revision is not on every replica",
          title="stuck"),
    Check("kubernetes.wait_rolled_out", 'kubernetes.wait_rolled_out("deployment/shop")', shop, step=True),
    Check("kubernetes.wait_rolled_out", 'kubernetes.wait_rolled_out("deployment/shop", limit: 1s)', stuck, step=True, passes=False,
          says="timed out", title="stuck"),
    Check("kubernetes.wait_for", 'kubernetes.wait_for("deployment/shop", condition: "available")', shop, step=True),
    Check("kubernetes.wait_for", 'kubernetes.wait_for("deployment/shop", condition: "available", limit: 1s)', stuck, step=True, passes=False,
          says="timed out", title="stuck"),
    Check("kubernetes.logs", 'kubernetes.logs("app=shop", over: 15m)', with_pods,
          noted=lambda text: sorted(text.splitlines()) == ["ERROR one", "started"]),
    Check("kubernetes.logs", 'kubernetes.logs("app=shop", over: 15m)', with_chatty_pod, step=True, passes=False,
          says="the pods of app=shop have logged more than 1 MiB in 15m", title="too much"),
    Check("kubernetes.image_is", 'kubernetes.image_is("deployment/shop", container: "shop", image: "shop:1")', shop),
    Check("kubernetes.image_is", 'kubernetes.image_is("deployment/shop", container: "shop", image: "shop:2")', shop, passes=False,
          says="has the image shop:1, not shop:2", title="another"),
]



def in_context(case):
    """The same, while the current context is another cluster's: whatever does not name its context asks there, which fails the test."""

    def world(world):
        case.world(world)
        file = world.home / ".kube" / "config"
        file.write_text(json.dumps({**json.loads(file.read_text()), "current-context": "other"}))

    def named(call):
        return re.sub(r"\)$", ', context: "test")', call)

    more = {"header": named(case.header)} if isinstance(case, Action) and case.header else {"call": named(case.call)}
    return dataclasses.replace(case, world=world, title=" ".join([case.title, "in a context"]).strip(), **more)


# Of each action and check the first that works.
CASES += [in_context(case) for case in {case.name: case for case in reversed(CASES) if getattr(case, "passes", True)}.values()]

if __name__ == "__main__":
    main(__file__, CASES, needs=["kubectl"])
