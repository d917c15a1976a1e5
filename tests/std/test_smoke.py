#!/usr/bin/env python3
"""The module `smoke` against a server that answers well, slowly, or something else."""

import time

from services import Service, header, json_answer, secrets
from world import Answer, Check, main

TOKEN = "canary-smoke-token"


def shop(world):
    def slow(request):
        time.sleep(0.5)
        return Answer(text="late")

    def private(request):
        header(request, "Authorization", f"Bearer {TOKEN}")
        header(request, "X-Tenant", "eu")
        return json_answer({"user": "me"})

    def anonymous(request):
        header(request, "Authorization", None)
        return Answer(401)

    Service(world, {"GET /health": lambda _: Answer(json={"checks": {"database": "ok", "queues": [{"depth": 3}]}}, headers={"X-Version": "v2"}),
                    "GET /slow": slow, "GET /private": private, "GET /anonymous": anonymous, "GET /broken": lambda _: Answer(503)})
    secrets(world, TOKEN=TOKEN)


def case(name, arguments, says=None, title=""):
    return Check(f"smoke.{name}", f'smoke.{name}("{{url}}{arguments})', shop, passes=says is None, says=says or "", declarations='secret token = env("TOKEN")',
                 title=title)


CASES = [
    case("status", '/health"'),
    case("status", '/anonymous", expected: 401', title="sends no token where none is given"),
    case("status", '/private", token: token, headers: { "X-Tenant": "eu" }', title="sends token and headers"),
    case("status", '/broken"', "it answers with 503 instead of 200"),
    case("status", '/slow", within: 200ms', "within 200ms", title="that comes too late"),
    case("one_of", '/anonymous", [401, 403]'),
    case("one_of", '/health", [401, 403]', "it answers with 200"),
    case("header", '/health", name: "x-version", equals: "v2"'),
    case("header", '/health", name: "x-version", equals: "v1"', "the header `x-version` is `v2`"),
    case("text", '/health", holds: "database"'),
    case("text", '/health", holds: "cache"', "the text does not hold `cache`"),
    case("text", '/broken", holds: ""', "it answers with 503"),
    case("field", '/health", at: "/checks/database", equals: "ok"'),
    case("field", '/health", at: "/checks/queues/0/depth", equals: "3"'),
    case("field", '/health", at: "/checks/database", equals: "down"', "`/checks/database` is `ok` instead of `down`"),
    case("field", '/health", at: "/checks/cache", equals: "ok"', "its JSON has no `/checks/cache`"),
    case("latency", '/health", below: 10s'),
    case("latency", '/slow", below: 300ms', "it took"),
    Check("smoke.status", '"suite"', shop, title="as a suite says how many passed", step=False, passes=False, says="1 of 2"),
]
CASES[-1].call = 'all of [smoke.status("{url}/health"), smoke.status("{url}/broken")] retry 1 every 100ms'

if __name__ == "__main__":
    main(__file__, CASES)
