#!/usr/bin/env python3
"""The module `logs`: doubles of docker, kubectl, journalctl, CloudWatch Logs and Loki; a real file."""

import time

from services import AWS, WATCHED, Gap, Service, expect, header, instant, json_answer, query, secrets, signed
from world import Answer, Check, main

DOUBLE = """#!/bin/sh
[ "$*" = "{arguments}" ] || exit 64
printf '%s\\n' "ERROR one" "fine" "an ERROR again"
{more}
"""


def printing(name, arguments, more=""):
    def world(world):
        file = world.folder / f"{name}-double"
        file.write_text(DOUBLE.format(arguments=arguments, more=more))
        file.chmod(0o755)
        world.command(name, target=[str(file)])

    return world


def file_of_lines(world):
    file = world.home / "shop.log"
    file.write_text("ERROR old\n" * 5 + "fine\n" * 8 + "ERROR new\nERROR\n")
    world.words = {"file": file}


def log_group(events, more=False, texts=None, status=200):
    def ask(request):
        signed(request, "eu-west-1", "logs")
        header(request, "Content-Type", "application/x-amz-json-1.1")
        header(request, "X-Amz-Target", "Logs_20140328.FilterLogEvents")
        start = request.json["startTime"]
        expect(isinstance(start, int), f"{start} is no whole number")
        expect(abs(time.time() * 1000 - 300000 - start) < 30000, f"{start}")
        expect(request.json == {"logGroupName": "/aws/ecs/order-api", "filterPattern": '"ERROR"', "limit": 10000, "startTime": start}, str(request.json))
        if status != 200:
            return json_answer({"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."}, status)
        return json_answer({"events": [{"message": text} for text in texts or ["x"] * events], "searchedLogStreams": [], **({"nextToken": "t"} if more else {})})

    def world(world):
        Service(world, {"POST /": ask})
        secrets(world, **AWS)

    return world


def loki(*values):
    def ask(request):
        header(request, "Authorization", "Bearer canary-loki-token")
        header(request, "X-Scope-OrgID", "shop")
        at = request.query["time"][0]
        expect(abs(instant(at).timestamp() - time.time()) < 30, at)
        query(request, query='sum(count_over_time({app="shop"} |= "ERROR" [300s]))', time=at)
        return json_answer({"status": "success", "data": {"resultType": "vector", "result": [
            {"metric": {}, "value": [time.time(), value]} for value in values]}}) if values != (None,) else Answer(500)

    def world(world):
        Service(world, {"GET /loki/api/v1/query": ask})
        secrets(world, LOKI_TOKEN="canary-loki-token")

    return world


def gap(world):
    pause = Gap(world)

    def now(request):
        pause.question()
        return json_answer({"data": {"result": [{"value": [time.time(), "5"]}]}})

    def past(request):
        expect(request.query["query"] == ["sum(count_over_time({app=\"shop\"} [60s])) or vector(0)"] and request.query["step"] == ["1"], str(request.query))
        points = pause.points(*(instant(request.query[name][0]).timestamp() for name in ("start", "end")))
        return json_answer({"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[second, str(value)] for second, value in points]}]}})

    Service(world, {"GET /loki/api/v1/query": now, "GET /loki/api/v1/query_range": past})


def metric(call, before=""):
    return f"{before}metric bad: number = {call} every 2s"


LOKI = metric('logs.loki("{app=\\"shop\\"} |= \\"ERROR\\"", url: "{url}", over: 5m, tenant: "shop", token: token)', 'secret token = env("LOKI_TOKEN")\n')
GROUP = metric('logs.cloudwatch("/aws/ecs/order-api", pattern: "\\"ERROR\\"", region: "eu-west-1", over: 5m, url: "{url}")')
LINES = 'logs.cloudwatch_lines("/aws/ecs/order-api", pattern: "\\"ERROR\\"", over: 5m, region: "eu-west-1", url: "{url}")'
NONE = '"none" { require bad is missing }'
CASES = [
    Check("logs.docker", "bad", printing("docker", "logs --since 60s shop", "echo 'ERROR of the other stream' >&2"), noted="3",
          declarations=metric('logs.docker("shop", matching: "ERROR")')),
    Check("logs.docker", NONE, printing("docker", "logs --since 60s shop", "head -c 3000000 /dev/zero | tr '\\\\0' x"), title="with too much to count is no data",
          declarations=metric('logs.docker("shop", matching: "ERROR")')),
    Check("logs.kubernetes", "bad", printing("kubectl", "logs --selector=app=shop --namespace=eu --context=north --all-containers --max-log-requests=50 --tail=-1 --since=120s"),
          noted="2", declarations=metric('logs.kubernetes("app=shop", matching: "ERROR", namespace: "eu", over: 2m, context: "north")')),
    Check("logs.journal", "bad", printing("journalctl", "--unit=shop.service --since=-60s --output=cat --no-pager --quiet"), noted="1",
          declarations=metric('logs.journal("shop.service", matching: "^ERROR")')),
    Check("logs.file", "bad", file_of_lines, noted="2", declarations=metric('logs.file("{file}", matching: "ERROR", newest: 10)')),
    Check("logs.cloudwatch", "bad", log_group(12), noted="12", declarations=GROUP),
    Check("logs.cloudwatch", NONE, log_group(12, more=True), declarations=GROUP, title="with further pages is no data"),
    Check("logs.cloudwatch_lines", LINES, log_group(2, texts=["ERROR one", "ERROR two"]), noted="ERROR one\nERROR two"),
    Check("logs.cloudwatch_lines", LINES, log_group(2, more=True), step=True, passes=False, says="ask for a shorter time than 5m", title="with further pages"),
    Check("logs.cloudwatch_lines", LINES, log_group(0, status=400), step=True, passes=False, says="answered 400", title="without a group"),
    Check("logs.loki", "bad", loki("7"), noted="7", declarations=LOKI),
    Check("logs.loki", "bad", loki(), noted="0", declarations=LOKI, title="where nothing matches"),
    Check("logs.loki", WATCHED.replace("METRIC", "bad"), gap, step=True, passes=False, says="the past was bad", title="knows the past",
          declarations='metric bad: number = logs.loki("{app=\\"shop\\"}", url: "{url}") every 1s'),
    Check("logs.loki", NONE, loki(None), declarations=LOKI, title="that fails is no data"),
]

if __name__ == "__main__":
    main(__file__, CASES)
