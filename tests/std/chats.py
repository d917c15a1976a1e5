"""What the tests of chats share: a webhook whose address is a secret, and the one body that it should get."""

from services import Service, afterwards, body, ended, secrets
from world import Answer


def webhook(variable, wanted, status=200):
    """`wanted(run id)` is the body."""

    def world(world):
        path = "/hooks/canary-of-the-address"

        def post(request):
            body(request, wanted("it-1"))
            return Answer(status, text="ok")

        service = Service(world, {f"POST {path}": post})
        secrets(world, **{variable: service.url + path})
        afterwards(world, lambda: ended(service, f"POST {path}"))

    return world
