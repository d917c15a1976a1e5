#!/usr/bin/env python3
"""The module `github` against a double of its REST API (2022-11-28)."""

from services import Service, body, expect, header, json_answer, query, secrets
from world import Action, Check, main

TOKEN = "canary-github-token"


class GitHub:
    def __init__(self, world, conclusions=()):
        self.draft, self.said = {7: True}, []
        self.conclusions = conclusions
        repository = "/repos/example/shop"
        Service(world, {f"GET {repository}/commits/([^/]*)/check-runs": self.checks, f"POST {repository}/deployments": self.deployment,
                        f"POST {repository}/deployments/42/statuses": self.status, f"POST {repository}/issues/9/comments": self.comment,
                        f"GET {repository}/releases/7": self.release, f"PATCH {repository}/releases/7": self.edit})
        secrets(world, GITHUB_TOKEN=TOKEN)
        world.snapshot = lambda: {"draft": dict(self.draft), "said": list(self.said)}

    def known(self, request):
        header(request, "Authorization", f"Bearer {TOKEN}")
        header(request, "Accept", "application/vnd.github+json")
        header(request, "X-GitHub-Api-Version", "2022-11-28")
        expect(request.headers["User-Agent"], "GitHub refuses requests without a User-Agent")

    def checks(self, request, ref):
        self.known(request)
        query(request, filter="latest", per_page="100")
        expect(ref == "release/v2", ref)
        return json_answer({"total_count": len(self.conclusions), "check_runs": [
            {"status": "completed" if one else "in_progress", "conclusion": one} for one in self.conclusions]})

    def deployment(self, request):
        self.known(request)
        body(request, {"ref": "v2", "environment": "production", "description": "", "auto_merge": False, "required_contexts": []})
        self.said.append("deployment")
        return json_answer({"id": 42}, 201)

    def status(self, request):
        self.known(request)
        body(request, {"state": "success", "description": "it is live"})
        self.said.append("success")
        return json_answer({"id": 1}, 201)

    def comment(self, request):
        self.known(request)
        body(request, {"body": "v2 is live"})
        self.said.append("comment")
        return json_answer({"id": 1}, 201)

    def release(self, request):
        self.known(request)
        return json_answer({"id": 7, "draft": self.draft[7]})

    def edit(self, request):
        self.known(request)
        body(request, {"draft": not self.draft[7]} if request.json["draft"] != self.draft[7] else {"draft": self.draft[7]})
        self.draft[7] = request.json["draft"]
        return json_answer({"id": 7, "draft": self.draft[7]})


def checked(*conclusions):
    return lambda world: GitHub(world, conclusions)


URL = 'url: "{url}"'
PASSED = f'github.checks_passed("example/shop", ref: "release/v2", {URL})'
CASES = [
    Check("github.checks_passed", PASSED, checked("success", "skipped", "neutral")),
    Check("github.checks_passed", PASSED, checked("success", "failure"), passes=False, says="not all checks have succeeded"),
    Check("github.checks_passed", PASSED, checked("success", None), passes=False, says="not all checks have ended"),
    Check("github.checks_passed", PASSED, checked(), passes=False, says="no check ran for release/v2"),
    Action("github.deployment", f'github.deployment("example/shop", ref: "v2", environment: "production", {URL})', GitHub, undo=False, kill=False, noted="42"),
    Action("github.deployment_status", f'github.deployment_status("example/shop", deployment: "42", state: "success", description: "it is live", {URL})', GitHub,
           undo=False, kill=False, after=lambda state: state["said"] == ["success"]),
    Action("github.comments", 'notify thread "v2 is live"\n    hold 2s', GitHub, undo=False, kill=False, declarations=f'let thread = github.comments("example/shop", issue: 9, {URL})',
           after=lambda state: state["said"] == ["comment"]),
    Action("github.publish_release", f'github.publish_release("example/shop", release: 7, {URL})', GitHub, after=lambda state: state["draft"][7] is False),
]

if __name__ == "__main__":
    main(__file__, CASES)
