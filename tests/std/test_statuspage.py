#!/usr/bin/env python3
"""The module `statuspage` against a double of Statuspage's API."""

from services import Service, expect, header, json_answer, secrets
from world import Action, Answer, Check, main

KEY = "canary-statuspage-key"
STATES = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")


class Page:
    def __init__(self, world):
        self.components = {"c1": "degraded_performance", "c2": "operational"}
        self.incidents = {"i1": {"id": "i1", "name": "A disk is full", "status": "investigating", "body": ""}}
        Service(world, {"GET /v1/pages/p1/components/(.*)": self.component, "PATCH /v1/pages/p1/components/(.*)": self.set_component,
                        "POST /v1/pages/p1/incidents": self.create, "GET /v1/pages/p1/incidents/unresolved": self.unresolved,
                        "GET /v1/pages/p1/incidents/(.*)": self.incident, "PATCH /v1/pages/p1/incidents/(.*)": self.change})
        secrets(world, STATUSPAGE_API_KEY=KEY)
        world.snapshot = lambda: {"components": dict(self.components), "open": sorted(
            (one["name"], one["status"], one["body"]) for one in self.incidents.values() if one["status"] != "resolved")}

    def known(self, request, *fields):
        header(request, "Authorization", f"OAuth {KEY}")
        if fields:
            header(request, "Content-Type", "application/json")
            (name,) = request.json
            expect(name == fields[0] and set(request.json[name]) <= set(fields[1:]), str(request.json))
            return request.json[name]
        return None

    def component(self, request, name):
        self.known(request)
        return json_answer({"id": name, "status": self.components[name]}) if name in self.components else Answer(404)

    def set_component(self, request, name):
        state = self.known(request, "component", "status")["status"]
        expect(state in STATES, state)
        self.components[name] = state
        return json_answer({"id": name, "status": state})

    def create(self, request):
        wanted = self.known(request, "incident", "name", "status", "impact_override", "body")
        expect(wanted["status"] in ("investigating", "identified", "monitoring") and wanted["impact_override"] in ("none", "minor", "major", "critical"),
               str(wanted))
        name = f"i{len(self.incidents) + 1}"
        self.incidents[name] = {"id": name, "name": wanted["name"], "status": wanted["status"], "body": wanted["body"]}
        return json_answer(self.incidents[name], 201)

    def unresolved(self, request):
        self.known(request)
        return json_answer([one for one in self.incidents.values() if one["status"] != "resolved"])

    def incident(self, request, name):
        self.known(request)
        return json_answer(self.incidents[name])

    def change(self, request, name):
        self.incidents[name].update(self.known(request, "incident", "status", "body"))
        return json_answer(self.incidents[name])


CASES = [
    Action("statuspage.component", 'statuspage.component("p1", component: "c1", state: "under_maintenance", url: "{url}")', Page,
           after=lambda state: state["components"] == {"c1": "under_maintenance", "c2": "operational"}),
    Action("statuspage.incident", 'statuspage.incident("p1", name: "Shop is slow", text: "We go back.", impact: "minor", url: "{url}")', Page,
           after=lambda state: ("Shop is slow", "investigating", "We go back.") in state["open"]),
    Check("statuspage.component", 'statuspage.component("p1", component: "c9", state: "operational", url: "{url}")', Page, step=True, passes=False,
          title="that is not there"),
    Action("statuspage.update", 'statuspage.update("p1", incident: "i1", text: "Mended.", url: "{url}")', Page, undo=False,
           after=lambda state: state["open"] == [("A disk is full", "monitoring", "Mended.")]),
    Action("statuspage.incident_updates", 'notify board "Half is done."\n    hold 2s', Page, undo=False, kill=False,
           declarations='let board = statuspage.incident_updates("p1", incident: "i1", url: "{url}")',
           after=lambda state: state["open"] == [("A disk is full", "monitoring", "Half is done.")]),
]

if __name__ == "__main__":
    main(__file__, CASES)
