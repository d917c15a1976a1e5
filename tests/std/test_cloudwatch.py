#!/usr/bin/env python3
"""The module `cloudwatch` against a double that checks requests as AWS documents them, signatures recomputed."""

import time

from services import AWS, SESSION, WATCHED, Gap, Service, afterwards, expect, header, json_answer, secrets, signed
from world import Check, main

TARGET = "GraniteServiceVersion20100801."


def asked(request, operation, token=None):
    signed(request, "eu-west-1", "monitoring", token=token)
    header(request, "Content-Type", "application/x-amz-json-1.0")
    header(request, "X-Amz-Target", TARGET + operation)


def data(points, wanted, token=None, results=1):
    def ask(request):
        asked(request, "GetMetricData", token)
        document = request.json
        now = time.time()
        expect(isinstance(document["StartTime"], int) and isinstance(document["EndTime"], int), f"no whole numbers: {document}")
        expect(abs(document["EndTime"] - now) < 30 and abs(document["EndTime"] - document["StartTime"] - 300) <= 1, str(document))
        expect(document["ScanBy"] == "TimestampAscending" and document["MetricDataQueries"] == [wanted], str(document))
        return json_answer({"MetricDataResults": [{"Id": "m", "Label": "x", "StatusCode": "Complete", "Timestamps": [now - age for age, _ in points],
                                                   "Values": [value for _, value in points]}] * results, "Messages": []})

    def world(world):
        Service(world, {"POST /": ask})
        secrets(world, **AWS, **({"AWS_SESSION": token} if token else {}))

    return world


POD_TOKEN = "canary-token-of-the-pod-51c"


def of_profile(world):
    """The key stands in the shared credentials file alone."""
    data([(30, 0.25)], STATISTIC, SESSION)(world)
    for name in AWS:
        del world.environment[name]
    (world.home / ".aws").mkdir()
    (world.home / ".aws/credentials").write_text(
        f"[default]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = other\n\n[shop]\naws_access_key_id = {AWS['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {AWS['AWS_SECRET_ACCESS_KEY']}\naws_session_token = {SESSION}\n")
    world.environment["AWS_PROFILE"] = "shop"


def of_role(world):
    """The container's role gives it, for four minutes: so it is asked at each request."""
    data([(30, 0.25)], STATISTIC, SESSION)(world)
    for name in AWS:
        del world.environment[name]

    def role(request):
        header(request, "Authorization", POD_TOKEN)
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 240))
        return json_answer({"RoleArn": "arn:aws:iam::1:role/shop", "AccessKeyId": AWS["AWS_ACCESS_KEY_ID"],
                            "SecretAccessKey": AWS["AWS_SECRET_ACCESS_KEY"], "Token": SESSION, "Expiration": expires})

    metrics = world.words["url"]
    service = Service(world, {"GET /role": role}, told=False)
    world.words["url"] = metrics
    secrets(world, AWS_CONTAINER_AUTHORIZATION_TOKEN=POD_TOKEN)
    world.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = service.url + "/role"
    afterwards(world, lambda: expect(service.requests, "the role was not asked"))


def gap(world):
    pause = Gap(world)

    def ask(request):
        asked(request, "GetMetricData")
        pause.question()
        points = pause.points(request.json["StartTime"], request.json["EndTime"])
        return json_answer({"MetricDataResults": [{"Id": "m", "StatusCode": "Complete", "Timestamps": [second for second, _ in points],
                                                   "Values": [value for _, value in points]}]})

    Service(world, {"POST /": ask})
    secrets(world, **AWS)


STATISTIC = {"Id": "m", "MetricStat": {"Period": 60, "Stat": "p95", "Metric": {
    "Namespace": "AWS/ApplicationELB", "MetricName": "TargetResponseTime", "Dimensions": [{"Name": "LoadBalancer", "Value": "app/shop/5"}]}}}
METRIC = '''metric p95: duration = cloudwatch.metric("AWS/ApplicationELB", "TargetResponseTime", region: "eu-west-1", statistic: "p95",
  dimensions: [{ Name: "LoadBalancer", Value: "app/shop/5" }], url: "{url}"SESSION) unit s every 1s
'''
QUERY = 'metric bad: number = cloudwatch.query("SELECT SUM(Errors) FROM \\"AWS/Lambda\\"", region: "eu-west-1", url: "{url}") every 1s'
EXPRESSION = {"Id": "m", "Expression": 'SELECT SUM(Errors) FROM "AWS/Lambda"', "Period": 60}


def alarms(*states):
    def ask(request):
        asked(request, "DescribeAlarms")
        expect(request.json == {"AlarmNames": ["shop-errors", "shop-latency"]}, str(request.json))
        return json_answer({"MetricAlarms": [{"AlarmName": str(i), "StateValue": state} for i, state in enumerate(states)], "CompositeAlarms": []})

    def world(world):
        Service(world, {"POST /": ask})
        secrets(world, **AWS)

    return world


NO_ALARMS = 'cloudwatch.no_alarms(["shop-errors", "shop-latency"], region: "eu-west-1", url: "{url}")'
CASES = [
    Check("cloudwatch.metric", "p95", data([(240, 0.1), (30, 0.25), (90, 0.2)], STATISTIC), noted="250ms", declarations=METRIC.replace("SESSION", "")),
    Check("cloudwatch.metric", "p95", data([(30, 0.25)], STATISTIC, SESSION), noted="250ms", title="with a session's token",
          declarations='secret session = env("AWS_SESSION")\n' + METRIC.replace("SESSION", ", session_token: session")),
    Check("cloudwatch.metric", "p95", of_profile, noted="250ms", title="with the key of a profile", declarations=METRIC.replace("SESSION", "")),
    Check("cloudwatch.metric", "p95", of_role, noted="250ms", title="with the key of the container's role", declarations=METRIC.replace("SESSION", "")),
    Check("cloudwatch.metric", '"none" { require p95 is missing }', data([(301, 0.1)], STATISTIC), declarations=METRIC.replace("SESSION", ""),
          title="whose points are old is no data"),
    Check("cloudwatch.query", "bad", data([(30, 12)], EXPRESSION), noted="12", declarations=QUERY),
    Check("cloudwatch.query", '"none" { require bad is missing }', data([(30, 12)], EXPRESSION, results=2), declarations=QUERY,
          title="of two series is no number"),
    Check("cloudwatch.query", WATCHED.replace("METRIC", "bad"), gap, step=True, passes=False, says="the past was bad", declarations=QUERY,
          title="knows the past"),
    Check("cloudwatch.metric", WATCHED.replace("METRIC", "bad"), gap, step=True, passes=False, says="the past was bad", title="knows the past",
          declarations='metric bad: number = cloudwatch.metric("Shop", "Errors", region: "eu-west-1", url: "{url}") every 1s'),
    Check("cloudwatch.no_alarms", NO_ALARMS, alarms("OK", "INSUFFICIENT_DATA")),
    Check("cloudwatch.no_alarms", NO_ALARMS, alarms("OK", "ALARM"), passes=False, says="an alarm is on"),
    Check("cloudwatch.no_alarms", NO_ALARMS, alarms("OK"), passes=False, says="CloudWatch knows 1 of 2 alarms"),
]

if __name__ == "__main__":
    main(__file__, CASES)
