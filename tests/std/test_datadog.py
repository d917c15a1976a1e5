#!/usr/bin/env python3
"""The module `datadog` against a double of the API as Datadog documents it."""

import time

from services import WATCHED, Gap, Service, body, expect, header, json_answer, query, secrets
from world import Answer, Check, main

API, APP = "canary-dd-api-key", "canary-dd-app-key"


def keys(request, app=True):
    header(request, "DD-API-KEY", API)
    header(request, "DD-APPLICATION-KEY", APP if app else None)


def metric_world(points, series=1):
    """`points`: pairs of (age in seconds, value)."""

    def ask(request):
        keys(request)
        attributes = request.json["data"]["attributes"]
        expect(request.json["data"]["type"] == "timeseries_request", "another type")
        expect(attributes["queries"] == [{"data_source": "metrics", "name": "a", "query": "sum:errors{service:shop}"}], str(attributes))
        expect(attributes["formulas"] == [{"formula": "a"}] and attributes["interval"] == 60000, str(attributes))
        now = time.time() * 1000
        expect(all(isinstance(attributes[name], int) for name in ("from", "to", "interval")), f"no whole numbers: {attributes}")
        expect(abs(attributes["to"] - now) < 30000 and abs(attributes["to"] - attributes["from"] - 300000) <= 1, str(attributes))
        return json_answer({"data": {"type": "timeseries_response", "attributes": {
            "series": [{"group_tags": [], "query_index": 0, "unit": None}] * series if points else [],
            "times": [int(now - age * 1000) for age, _ in points], "values": [[value for _, value in points]] * series if points else []}}})

    def world(world):
        Service(world, {"POST /api/v2/query/timeseries": ask})
        secrets(world, DD_API_KEY=API, DD_APP_KEY=APP)

    return world


def gap(world):
    pause = Gap(world)

    def ask(request):
        pause.question()
        asked = request.json["data"]["attributes"]
        points = pause.points(asked["from"] / 1000, asked["to"] / 1000)
        return json_answer({"data": {"attributes": {"series": [{}], "times": [1000 * second for second, _ in points], "values": [[value for _, value in points]]}}})

    Service(world, {"POST /api/v2/query/timeseries": ask})
    secrets(world, DD_API_KEY=API, DD_APP_KEY=APP)


METRIC = 'metric errors: number = datadog.query("sum:errors{service:shop}", url: "{url}") every 1s'


def events(world):
    def post(request):
        keys(request, app=False)
        body(request, {"title": "shop v2", "text": "shop v2\nis <live>", "tags": ["service:shop"], "alert_type": "error"})
        return json_answer({"status": "ok", "event": {"id": 1}}, 202)

    Service(world, {"POST /api/v1/events": post})
    secrets(world, DD_API_KEY=API)


def monitors(count, status=200):
    def search(request):
        keys(request)
        query(request, query="status:alert tag:service:shop")
        return json_answer({"monitors": [], "metadata": {"total_count": count}}) if status == 200 else Answer(status)

    def world(world):
        Service(world, {"GET /api/v1/monitor/search": search})
        secrets(world, DD_API_KEY=API, DD_APP_KEY=APP)

    return world


ALERTS = 'metric alerts: number = datadog.alerts("tag:service:shop", url: "{url}") every 1s'
CASES = [
    Check("datadog.query", "errors", metric_world([(200, 5), (20, 7), (120, 6)]), noted="7", declarations=METRIC, title="gives the newest point"),
    Check("datadog.query", '"none" { require errors is missing }', metric_world([]), declarations=METRIC, title="without a series is no data"),
    Check("datadog.query", '"none" { require errors is missing }', metric_world([(400, 3), (20, None)]), declarations=METRIC,
          title="whose points are old or empty is no data"),
    Check("datadog.query", '"none" { require errors is missing }', metric_world([(20, 3)], series=2), declarations=METRIC,
          title="of two series is no number"),
    Check("datadog.query", WATCHED.replace("METRIC", "errors"), gap, step=True, passes=False, says="the past was bad", declarations=METRIC,
          title="knows the past"),
    Check("datadog.event", 'idempotent datadog.event("shop v2", text: "shop v2\\nis <live>", tags: ["service:shop"], severity: "critical", url: "{url}")',
          events, step=True),
    Check("datadog.events", 'notify marks "shop v2\\nis <live>" severity critical', events, step=True,
          declarations='let marks = datadog.events(tags: ["service:shop"], url: "{url}")'),
    Check("datadog.alerts", "alerts", monitors(3), noted="3", declarations=ALERTS),
    Check("datadog.alerts", '"none" { require alerts is missing }', monitors(0, 500), declarations=ALERTS, title="that fails is no data"),
    Check("datadog.no_alerts", 'datadog.no_alerts("tag:service:shop", url: "{url}")', monitors(0)),
    Check("datadog.no_alerts", 'datadog.no_alerts("tag:service:shop", url: "{url}")', monitors(2), passes=False, says="2 monitors are in alarm"),
]

if __name__ == "__main__":
    main(__file__, CASES)
