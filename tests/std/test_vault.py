#!/usr/bin/env python3
"""The module `vault` against a double of Vault's HTTP API: key-value engine, version 2."""

import time

from services import Service, expect, header, json_answer, secrets
from used import VALUE, case, user
from world import Check, main

TOKEN = "canary-vault-token"


def vault(status=200, first=200, **data):
    def world(world):
        asked = []

        def get(request):
            header(request, "X-Vault-Token", TOKEN)
            header(request, "X-Vault-Request", "true")
            expect(request.body == b"", "a body")
            asked.append(request)
            if len(asked) == 1 and first != 200:
                return json_answer({"errors": ["Vault is sealed"]}, first)
            if status != 200:
                return json_answer({"errors": ["permission denied"]}, status)
            return json_answer({"request_id": "r", "data": {"data": data or {"password": VALUE, "user": "shop"}, "metadata": {"version": 3}}})

        service = Service(world, {"GET /v1/secret/data/prod/orders/db": get, "GET /v1/kv/data/x": get})
        secrets(world, VAULT_TOKEN=TOKEN, OTHER=VALUE)
        world.environment["VAULT_ADDR"] = service.url
        user(world)
        # One question for both uses.
        world.closing.callback(lambda: expect(len(asked) <= (2 if first != 200 or status == 503 else 1) + (status == 503), f"asked {len(asked)} times"))

    return world


def slow(world):
    def get(request):
        time.sleep(3)
        return json_answer({"data": {"data": {"password": VALUE}}})

    service = Service(world, {"GET /v1/secret/data/prod/orders/db": get})
    secrets(world, VAULT_TOKEN=TOKEN, OTHER=VALUE)
    world.environment["VAULT_ADDR"] = service.url
    user(world)


def measured(world):
    def number(request):
        header(request, "Authorization", f"Bearer {VALUE}")
        return json_answer(5)

    vault()(world)
    world.words["shop"] = Service(world, {"GET /number": number}).url


READ = 'vault.read("prod/orders/db", key: "password")'
CASES = [
    case("vault", vault(), READ),
    case("vault", vault(first=503), READ, title="asks again where Vault is sealed for a moment"),
    case("vault", vault(status=403), READ, "secret `given` has no value: Vault: the answer is 403: permission denied"),
    case("vault", vault(user="shop"), READ, "secret `given` has no value: Vault: it has no such `key`"),
    case("vault", vault(db={"password": VALUE}), 'vault.read("x", key: "db/password", mount: "kv", address: "{url}")', title="of another engine, deeper"),
    case("vault", vault(), 'vault.read("prod/orders/db", key: "password", address: "http://vault.example.com")', "Vault is asked over https:// only",
         title="in the clear"),
    case("vault", slow, READ, "the secrets that it needs were not there within 1s", title="that takes longer than the step may",
         call="readonly run(`use-it`, env: { \"PASSWORD\": given }, timeout: 1s)"),
    case("vault", slow, READ, "it took too long", title="that is waited for when the step is given up",
         call="within 1s { readonly run(`use-it`, env: { \"PASSWORD\": given }) } else abort \"it took too long\""),
    Check("vault.read", "measured", measured, noted="5", title="for a metric",
          declarations=f'secret given = {READ}\nmetric measured: number = http.number("{{shop}}/number", bearer: given) every 1s'),
]

if __name__ == "__main__":
    main(__file__, CASES)
