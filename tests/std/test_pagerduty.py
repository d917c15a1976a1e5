#!/usr/bin/env python3
"""The module `pagerduty` against a double of the Events API (version 2) and of the REST API's incidents."""

import hashlib

from services import Service, body, expect, header, instant, json_answer, query, secrets
from world import Action, Check, main

ROUTING, TOKEN = "canary0routing0key0of032characters", "canary-api-token"
TEXT = "errors at 7%: going back"


class PagerDuty:
    def __init__(self, world, told="triggered"):
        self.told, self.open, self.received = told, {}, []
        Service(world, {"POST /v2/enqueue": self.enqueue, "POST /v2/change/enqueue": self.change, "GET /incidents": self.incidents})
        secrets(world, PAGERDUTY_ROUTING_KEY=ROUTING, PAGERDUTY_API_TOKEN=TOKEN)

    def enqueue(self, request):
        event = request.json
        header(request, "Content-Type", "application/json")
        expect(event.pop("routing_key") == ROUTING, "another routing key")
        action, key = event.pop("event_action"), event.pop("dedup_key")
        expect(len(key) <= 255, "the key is too long")
        if action == "resolve":
            expect(event == {}, f"more than is needed: {event}")
            self.open.pop(key, None)
        else:
            payload = event.pop("payload")
            expect(action == "trigger" and set(event) <= {"client"}, f"{action}: {event}")
            expect(set(payload) == {"summary", "source", "severity"} and payload["severity"] in ("critical", "error", "warning", "info")
                   and len(payload["summary"]) <= 1024, str(payload))
            self.open[key] = payload
        return json_answer({"status": "success", "message": "Event processed", "dedup_key": key}, 202)

    def change(self, request):
        instant(request.json["payload"]["timestamp"])
        body(request, {"routing_key": ROUTING, "payload": {"summary": "shop v2", "source": "rollout",
                                                           "timestamp": request.json["payload"]["timestamp"]}})
        return json_answer({"status": "success", "message": "Change event processed"}, 202)

    def incidents(self, request):
        header(request, "Authorization", f"Token token={TOKEN}")
        header(request, "Accept", "application/vnd.pagerduty+json;version=2")
        key = request.query["incident_key"][0]
        query(request, incident_key=key)
        expect(key.endswith("/" + hashlib.sha256(TEXT.encode()).hexdigest()), f"the key is {key}")
        return json_answer({"incidents": [{"status": self.told}] if key in self.open else []})


def told(status):
    return lambda world: PagerDuty(world, status)


def keyed(world):
    double = PagerDuty(world)
    double.open["disk"] = {"summary": "a disk is full"}
    world.snapshot = lambda: dict(double.open)


PAGED = f'notify pager "{TEXT}" severity critical ack within 4s else abort\n    hold 6s'
CHANNEL = 'let pager = pagerduty.channel(url: "{url}", api_url: "{url}")'
CASES = [
    Check("pagerduty.channel", PAGED, told("acknowledged"), step=True, declarations=CHANNEL, title="hears of an acknowledgement"),
    Check("pagerduty.channel", PAGED, told("resolved"), step=True, declarations=CHANNEL, title="takes a resolution for one"),
    Check("pagerduty.channel", PAGED, told("triggered"), step=True, declarations=CHANNEL, passes=False, title="waits where nobody acknowledges"),
    Check("pagerduty.events", 'notify pager "going back" severity warning', told("triggered"), step=True,
          declarations='let pager = pagerduty.events(url: "{url}")'),
    Check("pagerduty.change", 'pagerduty.change("shop v2", url: "{url}")', told("triggered"), step=True),
    Action("pagerduty.trigger", 'pagerduty.trigger("shop", summary: "shop goes back", url: "{url}")', keyed,
           after=lambda state: state["shop"]["summary"] == "shop goes back"),
    Action("pagerduty.resolve", 'pagerduty.resolve("disk", url: "{url}")', keyed, after=lambda state: state == {}, undo=False),
]

if __name__ == "__main__":
    main(__file__, CASES)
