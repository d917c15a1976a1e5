#!/usr/bin/env python3
"""The module `sms` against doubles of Twilio's Messages resource and of a plain gateway."""

from services import Service, afterwards, basic, body, ended, form, header, json_answer, secrets
from world import Answer, Check, main

ACCOUNT, TOKEN = "ACcanary00000000000000000000000001", "canary-twilio-token"


def twilio(world):
    def post(request):
        basic(request, ACCOUNT, TOKEN)
        form(request, To="+31612345678", From="+15005550006", Body="CRITICAL: shop & co: down, 50%?")
        return json_answer({"sid": "SM1", "status": "queued"}, 201)

    service = Service(world, {f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json": post})
    secrets(world, TWILIO_AUTH_TOKEN=TOKEN, TWILIO_ACCOUNT_SID=ACCOUNT)
    afterwards(world, lambda: ended(service, f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json"))


def gateway(world):
    def post(request):
        header(request, "Authorization", f"Bearer {TOKEN}")
        body(request, {"to": "+31612345678", "text": "Warning: slow"})
        return Answer(202)

    service = Service(world, {"POST /messages": post})
    secrets(world, SMS_TOKEN=TOKEN)
    world.environment["SMS_URL"] = service.url + "/messages"
    afterwards(world, lambda: ended(service, "POST /messages"))


CASES = [
    Check("sms.twilio", 'notify duty "shop & co: down, 50%?" severity critical', twilio, step=True,
          declarations='let duty = sms.twilio(to: "+31612345678", from: "+15005550006", url: "{url}")'),
    Check("sms.gateway", 'notify duty "slow" severity warning', gateway, step=True,
          declarations='secret address = env("SMS_URL")\nsecret token = env("SMS_TOKEN")\n'
                       'let duty = sms.gateway(to: "+31612345678", url: address, token: token)'),
]

if __name__ == "__main__":
    main(__file__, CASES)
