#!/usr/bin/env python3
"""The module `aws_secrets` against a double that checks requests as AWS documents them, signatures recomputed."""

import json
import time

from services import AWS, SESSION, Service, expect, header, json_answer, secrets, signed
from used import VALUE, case, user
from world import Check, main


def manager(text=None, failure=None, token=None):
    def world(world):
        def ask(request):
            signed(request, "eu-west-1", "secretsmanager", token=token)
            header(request, "Content-Type", "application/x-amz-json-1.1")
            header(request, "X-Amz-Target", "secretsmanager.GetSecretValue")
            expect(request.json == {"SecretId": "prod/orders"}, str(request.json))
            if failure:
                return json_answer({"__type": failure, "Message": "Secrets Manager can't find the specified secret."}, 400)
            return json_answer({"Name": "prod/orders", "SecretString": text or json.dumps({"db": {"password": VALUE}}), "VersionStages": ["AWSCURRENT"]})

        Service(world, {"POST /": ask})
        secrets(world, **AWS, OTHER=VALUE, **({"AWS_SESSION_TOKEN": token} if token else {}))
        user(world)

    return world


def described(failure=None, **found):
    """Answers DescribeSecret."""
    def world(world):
        def ask(request):
            signed(request, "eu-west-1", "secretsmanager")
            header(request, "Content-Type", "application/x-amz-json-1.1")
            header(request, "X-Amz-Target", "secretsmanager.DescribeSecret")
            expect(request.json == {"SecretId": "prod/orders"}, str(request.json))
            if failure:
                return json_answer({"__type": failure, "Message": "no"}, 400)
            return json_answer({"ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/orders-a1b2c3", "Name": "prod/orders", **found})

        Service(world, {"POST /": ask})
        secrets(world, **AWS)

    return world


def asked(name, more, world, says=None, title=""):
    call = f'aws_secrets.{name}("prod/orders", {more}region: "eu-west-1", address: "{{url}}")'
    return Check(f"aws_secrets.{name}", call, world, passes=says is None, says=says or "", title=title)


DAY = 86400
ROTATED = {"RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 30}, "LastRotatedDate": time.time() - 10 * DAY}
READ = 'aws_secrets.read("prod/orders", key: "db/password", region: "eu-west-1", address: "{url}")'
CASES = [
    case("aws_secrets", manager(), READ),
    case("aws_secrets", manager(token=SESSION), READ, title="with a session's token"),
    case("aws_secrets", manager(text=VALUE), 'aws_secrets.read("prod/orders", region: "eu-west-1", address: "{url}")', title="whole"),
    case("aws_secrets", manager(text=VALUE), READ, "secret `given` has no value: AWS Secrets Manager: it is no JSON", title="that is no JSON"),
    case("aws_secrets", manager(failure="ResourceNotFoundException"), READ, "the answer is 400: ResourceNotFoundException", title="that is not there"),
    Check("aws_secrets.describe", 'aws_secrets.describe("prod/orders", region: "eu-west-1", address: "{url}")', described(), step=True),
    asked("is_there", "", described()),
    asked("is_there", "", described("ResourceNotFoundException"), 'answered 400: {"__type": "ResourceNotFoundException"', "none"),
    asked("is_there", "", described("AccessDeniedException"), "AccessDeniedException", "that nobody may see"),
    asked("is_there", "", described(DeletedDate=time.time()), "prod/orders is about to be deleted", "deleted"),
    asked("rotates", "every: 30d, ", described(**ROTATED)),
    asked("rotates", "every: 7d, ", described(**ROTATED), "prod/orders is rotated every 30 days, not every 1w", "too seldom"),
    asked("rotates", "every: 30d, ", described("ResourceNotFoundException"), "answered 400", "none"),
    asked("rotates", "every: 30d, ", described(), "prod/orders is not rotated", "never"),
    asked("rotates", "every: 30d, ", described(**{**ROTATED, "RotationEnabled": False}), "prod/orders is not rotated", "no more"),
    asked("was_rotated", "within: 11d, ", described(**ROTATED)),
    asked("was_rotated", "within: 9d, ", described(**ROTATED), "prod/orders was not rotated in the last 9d", "too long ago"),
    asked("was_rotated", "within: 9d, ", described(), "prod/orders was never rotated", "never"),
]

if __name__ == "__main__":
    main(__file__, CASES)
