"""Strict doubles of HTTP services: a table of routes, requests that nobody documents fail the test; signatures of AWS; secrets that must
not be seen anywhere."""

import base64
import datetime
import hashlib
import hmac
import re
import signal
import threading
import time
import urllib.parse

from world import Answer, Failed, expect

KEY_ID, SECRET_KEY, SESSION = "AKIDCANARY00000001", "canary-secret-key/9f+2c", "canary-session-token-81d3"
AWS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


class Service:
    """Serves `routes`, {"GET /v1/things/(.*)": function(request, part...)}, on loopback. Each function gives an Answer, or raises."""

    def __init__(self, world, routes, told=True):
        self.requests = []
        self.routes = [(re.compile(pattern), function) for pattern, function in routes.items()]
        self.url = world.http(self.answer, told)
        if not hasattr(world, "words"):
            world.words = {}
        world.words["url"] = self.url
        world.services = [*getattr(world, "services", []), self]

    def answer(self, request):
        for pattern, function in self.routes:
            found = pattern.fullmatch(f"{request.method} {request.path}")
            if found:
                self.requests.append(request)
                return function(request, *(urllib.parse.unquote(part) for part in found.groups()))
        return None


def secrets(world, **values):
    """Sets them where the rollout runs. When the world is closed none of them may be in the journal, the log, or an argument."""
    world.environment.update(values)

    def look():
        files = [file for file in [*world.folder.glob("state/**/*"), world.folder / "log", world.folder / "plan.rollout"] if file.is_file()]
        for name, value in values.items():
            for form in (value.encode(), base64.b64encode(value.encode())[:-4]):
                for file in files:
                    if form in file.read_bytes():
                        raise Failed(f"{name} is in {file.name}")
            for call in world.calls:
                if any(value in word for word in call.argv):
                    raise Failed(f"{name} is an argument of `{call.argv[0]}`")

    world.closing.callback(look)


def afterwards(world, function):
    """Calls it when the run is over; what it raises fails the case."""
    world.closing.callback(function)


def header(request, name, value):
    expect(request.headers.get(name) == value, f"the header {name} is {request.headers.get(name)!r}")


def query(request, **values):
    found = {name: texts[0] if len(texts) == 1 else texts for name, texts in request.query.items()}
    expect(found == values, f"the query is {found}")


def body(request, wanted):
    header(request, "Content-Type", "application/json")
    expect(request.json == wanted, f"the body is {request.json}\n  and should be {wanted}")


def form(request, **values):
    header(request, "Content-Type", "application/x-www-form-urlencoded")
    found = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))
    expect(found == values, f"the form is {found}")


def basic(request, user, password):
    header(request, "Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


def instant(text):
    """An RFC 3339 instant in UTC, close to now."""
    found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    expect(found.tzinfo is not None, f"{text} has no zone")
    return found


def signed(request, region, service, key_id=KEY_ID, secret=SECRET_KEY, token=None):
    """Signature Version 4, computed anew from what AWS documents."""
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?"
                         r"Signature=([0-9a-f]{64})", request.headers.get("Authorization", ""))
    expect(found, f"not signed: {request.headers.get('Authorization')!r}")
    claimed_key, day, claimed_region, claimed_service, names, signature = found.groups()
    expect((claimed_key, claimed_region, claimed_service) == (key_id, region, service), f"signed for {found.groups()[:4]}")
    stamp = request.headers["X-Amz-Date"]
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.strptime(stamp + "+0000", "%Y%m%dT%H%M%SZ%z")
    expect(abs(age.total_seconds()) < 300 and stamp.startswith(day), f"signed at {stamp}")
    names = names.split(";")
    expect(all(request.headers.get(name) is not None for name in names), f"signed headers that were not sent: {names}, and sent {dict(request.headers)}")
    must = {"host", "content-type"} | {name.lower() for name in request.headers if name.lower().startswith("x-amz-")}
    expect(names == sorted(names) and must <= set(names), f"the signed headers are {names}, and must hold {sorted(must)}")
    header(request, "X-Amz-Security-Token", token)
    lines = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    text = urllib.parse.urlencode(sorted((name, value) for name, values in request.query.items() for value in values),
                                  quote_via=urllib.parse.quote)
    canonical = "\n".join([request.method, urllib.parse.quote(request.path), text, lines, ";".join(names),
                           hashlib.sha256(request.body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    wanted = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    expect(signature == wanted, f"the signature is wrong; signed should be\n{canonical}")


def json_answer(value, status=200):
    return Answer(status, json=value)


def ended(service, *wanted):
    """The requests that the service got, as "METHOD /path"."""
    found = [f"{request.method} {request.path}" for request in service.requests]
    expect(found == list(wanted), f"the requests were {found}")


class Gap:
    """Stops the runtime at its second question for some seconds, in which what is measured is bad: it has to ask the past for that time."""

    def __init__(self, world, seconds=6):
        self.world, self.seconds, self.questions, self.began = world, seconds, 0, float("inf")

    def question(self):
        self.questions += 1
        if self.questions == 2:
            self.began = time.time()
            process = self.world.process
            process.send_signal(signal.SIGSTOP)
            threading.Timer(self.seconds, process.send_signal, [signal.SIGCONT]).start()

    def points(self, first, last):
        """Pairs of (seconds since 1970, value), one a second from the first on."""
        times = [round(first + second, 3) for second in range(int(last - first) + 1)]
        return [(time, 200 if self.began < time < self.began + self.seconds else 5) for time in times]


# A guard that only what the past says can fire.
WATCHED = "when METRIC > 100 for 3s then abort \"the past was bad\"\n    hold 12s"
