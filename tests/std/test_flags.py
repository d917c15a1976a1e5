#!/usr/bin/env python3
"""The module `flags` against doubles of LaunchDarkly and Unleash, an address of one's own, and a file with the real jq."""

import json

from services import Service, body, expect, header, json_answer, query, secrets
from world import Action, Answer, Check, main

TOKEN = "canary-flags-token"


class LaunchDarkly:
    def __init__(self, world, on=False):
        self.on = {"production": on, "staging": True}
        Service(world, {"GET /api/v2/flags/shop/(.*)": self.get, "PATCH /api/v2/flags/shop/new.checkout": self.patch})
        secrets(world, LAUNCHDARKLY_API_KEY=TOKEN)
        world.snapshot = lambda: dict(self.on)

    def get(self, request, flag):
        header(request, "Authorization", TOKEN)
        query(request, env="production")
        return json_answer({"key": flag, "environments": {"production": {"on": self.on["production"]}}}) if flag == "new.checkout" else Answer(404)

    def patch(self, request):
        header(request, "Authorization", TOKEN)
        header(request, "Content-Type", "application/json; domain-model=launchdarkly.semanticpatch")
        patch = request.json
        expect(set(patch) == {"environmentKey", "instructions", "comment"} and len(patch["instructions"]) == 1, str(patch))
        self.on[patch["environmentKey"]] = {"turnFlagOn": True, "turnFlagOff": False}[patch["instructions"][0]["kind"]]
        return json_answer({"key": "new.checkout"})


class Unleash:
    PATH = "/api/admin/projects/default/features/new-checkout/environments/production"

    def __init__(self, world, on=True):
        self.on = on
        Service(world, {f"GET {self.PATH}": self.get, f"POST {self.PATH}/(on|off)": self.post})
        secrets(world, UNLEASH_API_TOKEN=TOKEN)
        world.snapshot = lambda: self.on

    def get(self, request):
        header(request, "Authorization", TOKEN)
        return json_answer({"name": "production", "enabled": self.on})

    def post(self, request, word):
        header(request, "Authorization", TOKEN)
        expect(request.body == b"", f"a body: {request.body}")
        self.on = word == "on"
        return Answer()


class Own:
    def __init__(self, world):
        self.on = False
        Service(world, {"GET /flags/x": self.get, "PUT /flags/x": self.put})
        secrets(world, TOKEN=TOKEN)
        world.snapshot = lambda: self.on

    def get(self, request):
        header(request, "Authorization", f"Bearer {TOKEN}")
        return json_answer({"enabled": self.on})

    def put(self, request):
        header(request, "Authorization", f"Bearer {TOKEN}")
        body(request, {"enabled": request.json["enabled"]})
        self.on = request.json["enabled"]
        return Answer(204)


def file_with(**flags):
    def world(world):
        world.command("jq")
        world.command("mv")
        file = world.home / "flags.json"
        file.write_text(json.dumps(flags))
        world.words = {"file": file}
        world.snapshot = lambda: json.loads(file.read_text())

    return world


FILE = 'flags.file("{file}", flag: "new-checkout", on: true)'
CASES = [
    Action("flags.launchdarkly", 'flags.launchdarkly("new.checkout", on: true, project: "shop", environment: "production", url: "{url}")', LaunchDarkly,
           after=lambda state: state == {"production": True, "staging": True}),
    Check("flags.launchdarkly", 'flags.launchdarkly("old", on: true, project: "shop", environment: "production", url: "{url}")', LaunchDarkly, step=True,
          passes=False, title="that is not there"),
    Action("flags.unleash", 'flags.unleash("new-checkout", on: false, environment: "production", url: "{url}")', Unleash, after=lambda state: state is False),
    Action("flags.endpoint", 'flags.endpoint("{url}/flags/x", on: true, token: token)', Own, after=lambda state: state is True,
           declarations='secret token = env("TOKEN")'),
    Action("flags.file", FILE, file_with(**{"other": True, "new-checkout": False}), title="that was off", after=lambda state: state == {
        "other": True, "new-checkout": True}),
    Action("flags.file", FILE, file_with(other=True), title="that was not there", after=lambda state: state == {"other": True, "new-checkout": True}),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["jq"])
