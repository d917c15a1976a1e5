#!/usr/bin/env python3
"""The module `grafana` against a double of its HTTP API."""

import time

from services import Service, body, expect, header, instant, json_answer, query, secrets
from world import Action, Answer, Check, main

TOKEN = "canary-grafana-token"


def known(request):
    header(request, "Authorization", f"Bearer {TOKEN}")


def annotations(world):
    def post(request):
        known(request)
        expect(isinstance(request.json["time"], int), f"{request.json['time']} is no whole number")
        expect(abs(request.json["time"] - time.time() * 1000) < 30000, str(request.json))
        body(request, {"text": "shop v2 is live", "tags": ["shop"], "time": request.json["time"]})
        return json_answer({"message": "Annotation added", "id": 1})

    Service(world, {"POST /api/annotations": post})
    secrets(world, GRAFANA_TOKEN=TOKEN)


def alerts(count):
    def get(request):
        known(request)
        query(request, active="true", silenced="false", inhibited="false", filter='service="shop"')
        return json_answer([{"labels": {"alertname": "x"}}] * count)

    def world(world):
        Service(world, {"GET /api/alertmanager/grafana/api/v2/alerts": get})
        secrets(world, GRAFANA_TOKEN=TOKEN)

    return world


class Silences:
    """The Alertmanager's: what has expired stays in the list."""

    def __init__(self, world):
        self.all = {"old": {"id": "old", "comment": "release of shop", "status": {"state": "expired"}, "label": "shop"},
                    "theirs": {"id": "theirs", "comment": "a disk is changed", "status": {"state": "active"}, "label": "shop"}}
        Service(world, {"POST /api/alertmanager/grafana/api/v2/silences": self.post, "GET /api/alertmanager/grafana/api/v2/silences": self.list,
                        "GET /api/alertmanager/grafana/api/v2/silence/(.*)": self.get,
                        "DELETE /api/alertmanager/grafana/api/v2/silence/(.*)": self.delete})
        secrets(world, GRAFANA_TOKEN=TOKEN)
        world.snapshot = lambda: {name: one["comment"] for name, one in self.all.items() if one["status"]["state"] != "expired"}

    def post(self, request):
        known(request)
        one = request.json
        expect(one["matchers"] == [{"name": "service", "value": "shop", "isRegex": False, "isEqual": True}], str(one))
        length = instant(one["endsAt"]) - instant(one["startsAt"])
        expect(length.total_seconds() == 1800 and one["createdBy"] == "rollout", str(one))
        name = f"new{len(self.all)}"
        self.all[name] = {"id": name, "comment": one["comment"], "status": {"state": "active"}}
        return json_answer({"silenceID": name}, 202)

    def list(self, request):
        known(request)
        query(request, filter='service="shop"')
        return json_answer(list(self.all.values()))

    def get(self, request, name):
        known(request)
        return json_answer(self.all[name])

    def delete(self, request, name):
        known(request)
        self.all[name]["status"]["state"] = "expired"
        return Answer()


URL = 'url: "{url}"'
CASES = [
    Check("grafana.annotate", f'grafana.annotate("shop v2 is live", {URL}, tags: ["shop"])', annotations, step=True),
    Check("grafana.annotations", 'notify marks "shop v2 is live"', annotations, step=True,
          declarations=f'let marks = grafana.annotations({URL}, tags: ["shop"])'),
    Check("grafana.alerts", "firing", alerts(2), noted="2", declarations=f'metric firing: number = grafana.alerts("service=\\"shop\\"", {URL}) every 1s'),
    Check("grafana.no_alerts", f'grafana.no_alerts("service=\\"shop\\"", {URL})', alerts(0)),
    Check("grafana.no_alerts", f'grafana.no_alerts("service=\\"shop\\"", {URL})', alerts(1), passes=False, says="1 alerts fire"),
    Action("grafana.silence", f'grafana.silence("service", value: "shop", reason: "release of shop v2", at_most: 30m, {URL})', Silences,
           after=lambda state: "release of shop v2" in state.values()),
]

if __name__ == "__main__":
    main(__file__, CASES)
