#!/usr/bin/env python3
"""The module `opsgenie` against a double of the Alert API."""

from services import Service, expect, header, json_answer, query, secrets
from world import Action, Answer, Check, main

KEY = "canary-genie-key"


class Opsgenie:
    def __init__(self, world, acknowledged=False):
        self.acknowledged, self.open = acknowledged, {}
        Service(world, {"POST /v2/alerts": self.create, "GET /v2/alerts/([^/]*)": self.get, "POST /v2/alerts/([^/]*)/close": self.close})
        secrets(world, OPSGENIE_API_KEY=KEY)

    def create(self, request):
        header(request, "Authorization", f"GenieKey {KEY}")
        alert = request.json
        expect(set(alert) <= {"message", "alias", "description", "priority", "source", "tags"}, str(alert))
        expect(0 < len(alert["message"]) <= 130 and len(alert["alias"]) <= 512 and alert["priority"] in ("P1", "P2", "P3", "P4", "P5"), str(alert))
        self.open[alert["alias"]] = alert["message"]
        return json_answer({"result": "Request will be processed", "took": 0.3, "requestId": "r"}, 202)

    def get(self, request, alias):
        header(request, "Authorization", f"GenieKey {KEY}")
        query(request, identifierType="alias")
        if alias not in self.open:
            return Answer(404)
        return json_answer({"data": {"alias": alias, "status": "open", "acknowledged": self.acknowledged}})

    def close(self, request, alias):
        header(request, "Authorization", f"GenieKey {KEY}")
        query(request, identifierType="alias")
        expect(set(request.json) <= {"source", "note", "user"}, str(request.json))
        self.open.pop(alias, None)
        return json_answer({"result": "Request will be processed", "took": 0.1, "requestId": "r"}, 202)


def told(acknowledged):
    return lambda world: Opsgenie(world, acknowledged)


def keyed(world):
    double = Opsgenie(world)
    double.open["disk/1"] = "a disk is full"
    world.snapshot = lambda: dict(double.open)


PAGED = f'notify duty "{"long " * 60}" severity critical ack within 4s else abort\n    hold 6s'
CHANNEL = 'let duty = opsgenie.channel(url: "{url}")'
CASES = [
    Check("opsgenie.channel", PAGED, told(True), step=True, declarations=CHANNEL, title="hears of an acknowledgement"),
    Check("opsgenie.channel", PAGED, told(False), step=True, declarations=CHANNEL, passes=False, title="waits where nobody acknowledges"),
    Action("opsgenie.alert", 'opsgenie.alert("shop/v2", message: "shop goes back", url: "{url}")', keyed,
           after=lambda state: state["shop/v2"] == "shop goes back"),
    Action("opsgenie.close", 'opsgenie.close("disk/1", note: "mended", url: "{url}")', keyed, after=lambda state: state == {}, undo=False),
]

if __name__ == "__main__":
    main(__file__, CASES)
