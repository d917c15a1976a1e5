#!/usr/bin/env python3
"""The module `envoy`, with a strict double of Envoy's admin interface (`/runtime_modify`, `/ready`)."""

from world import Action, Answer, Check, main

KNOWN = {"routing.traffic_shift.shop", "shop.v1", "shop.v2"}


def envoy(world, live=True):
    runtime = {"routing.traffic_shift.shop": "0", "shop.v1": "100", "shop.v2": "0"}

    def answer(request):
        if (request.method, request.path) == ("POST", "/runtime_modify") and request.query and not request.body:
            if not set(request.query) <= KNOWN or not all(len(values) == 1 and values[0].isdigit() for values in request.query.values()):
                return None
            runtime.update({key: values[0] for key, values in request.query.items()})
            return Answer(200, text="OK\n")
        if (request.method, request.path) == ("GET", "/ready") and not request.query:
            return Answer(200, text="LIVE\n") if live else Answer(503, text="PRE_INITIALIZING\n")
        return None

    world.words = {"admin": world.http(answer)}
    world.snapshot = lambda: dict(runtime)


def starting(world):
    envoy(world, live=False)


CASES = [
    Action("envoy.runtime_share", "traffic 25%", envoy, header='traffic via envoy.runtime_share("routing.traffic_shift.shop", admin: "{admin}")',
           after=lambda state: state["routing.traffic_shift.shop"] == "25"),
    Action("envoy.cluster_weights", "traffic 25%", envoy,
           header='traffic via envoy.cluster_weights("shop", canary: "v2", stable: "v1", admin: "{admin}")',
           after=lambda state: (state["shop.v1"], state["shop.v2"]) == ("75", "25")),
    Check("envoy.live", 'envoy.live("{admin}")', envoy),
    Check("envoy.live", 'envoy.live("{admin}")', starting, passes=False, says="Envoy is not ready: PRE_INITIALIZING", title="starting"),
]

if __name__ == "__main__":
    main(__file__, CASES)
