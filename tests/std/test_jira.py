#!/usr/bin/env python3
"""The module `jira` against a double of its REST API (version 2)."""

from services import Service, basic, body, expect, json_answer, query, secrets
from world import Action, Answer, Check, main

TOKEN = "canary-jira-token"
WORKFLOW = {("Ready", "31"): "Released", ("Released", "41"): "Ready", ("Ready", "51"): "Closed"}


class Jira:
    def __init__(self, world):
        self.status, self.comments = {"REL-42": "Ready"}, []
        Service(world, {"GET /rest/api/2/issue/([^/]*)": self.get, "POST /rest/api/2/issue/([^/]*)/transitions": self.transition,
                        "POST /rest/api/2/issue/REL-42/comment": self.comment})
        secrets(world, JIRA_API_TOKEN=TOKEN)
        world.snapshot = lambda: {"status": dict(self.status), "comments": list(self.comments)}

    def known(self, request):
        basic(request, "bot@example.com", TOKEN)

    def get(self, request, issue):
        self.known(request)
        query(request, fields="status")
        return json_answer({"key": issue, "fields": {"status": {"name": self.status[issue]}}}) if issue in self.status else Answer(404)

    def transition(self, request, issue):
        self.known(request)
        name = request.json["transition"]["id"]
        body(request, {"transition": {"id": name}})
        if (self.status[issue], name) not in WORKFLOW:
            return json_answer({"errorMessages": ["It is not possible"]}, 400)
        self.status[issue] = WORKFLOW[self.status[issue], name]
        return Answer(204)

    def comment(self, request):
        self.known(request)
        body(request, {"body": "shop v2 is live"})
        self.comments.append(request.json["body"])
        return json_answer({"id": "1"}, 201)


SITE = 'url: "{url}", user: "bot@example.com"'
CASES = [
    Action("jira.transition", f'jira.transition("REL-42", transition: "31", to: "Released", back: "41", {SITE})', Jira,
           after=lambda state: state["status"]["REL-42"] == "Released"),
    Action("jira.move", f'jira.move("REL-42", transition: "31", to: "Released", {SITE})', Jira, undo=False,
           after=lambda state: state["status"]["REL-42"] == "Released"),
    Check("jira.transition", f'jira.transition("REL-7", transition: "31", to: "Released", back: "41", {SITE})', Jira, step=True, passes=False,
          title="of an issue that is not there"),
    Action("jira.comment", f'jira.comment("REL-42", text: "shop v2 is live", {SITE})', Jira, undo=False, kill=False,
           after=lambda state: state["comments"] == ["shop v2 is live"]),
    Action("jira.comments", 'notify ticket "shop v2 is live"\n    hold 2s', Jira, undo=False, kill=False, declarations=f'let ticket = jira.comments("REL-42", {SITE})',
           after=lambda state: state["comments"] == ["shop v2 is live"]),
    Check("jira.has_status", f'jira.has_status("REL-42", status: "Ready", {SITE})', Jira),
    Check("jira.has_status", f'jira.has_status("REL-42", status: "Released", {SITE})', Jira, passes=False, says="REL-42 is Ready"),
]

if __name__ == "__main__":
    main(__file__, CASES)
