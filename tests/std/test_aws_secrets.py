#!/usr/bin/env python3
"""The module `aws_secrets` against a double that checks requests as AWS documents them, signatures recomputed."""

import json

from services import AWS, SESSION, Service, expect, header, json_answer, secrets, signed
from used import VALUE, case, user
from world import main


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


READ = 'aws_secrets.read("prod/orders", key: "db/password", region: "eu-west-1", address: "{url}")'
CASES = [
    case("aws_secrets", manager(), READ),
    case("aws_secrets", manager(token=SESSION), READ, title="with a session's token"),
    case("aws_secrets", manager(text=VALUE), 'aws_secrets.read("prod/orders", region: "eu-west-1", address: "{url}")', title="whole"),
    case("aws_secrets", manager(text=VALUE), READ, "secret `given` has no value: AWS Secrets Manager: it is no JSON", title="that is no JSON"),
    case("aws_secrets", manager(failure="ResourceNotFoundException"), READ, "the answer is 400: ResourceNotFoundException", title="that is not there"),
]

if __name__ == "__main__":
    main(__file__, CASES)
