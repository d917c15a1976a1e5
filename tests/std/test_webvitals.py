#!/usr/bin/env python3
"""The module `webvitals` against doubles of PageSpeed Insights and of the Chrome UX Report."""

from services import Service, body, json_answer, query, secrets
from world import Answer, Check, main

KEY, PAGE = "canary-google-key", "https://shop.example.com/?a=b&c"
AUDITS = {"largest-contentful-paint": 2400.5, "first-contentful-paint": 1200, "cumulative-layout-shift": 0.08, "total-blocking-time": 150}
FIELD = {"largest_contentful_paint": 2600, "interaction_to_next_paint": 180, "cumulative_layout_shift": "0.05"}


def google(status=200):
    def laboratory(request):
        query(request, url=PAGE, strategy="mobile", category="performance", key=KEY)
        if status != 200:
            return Answer(status)
        return json_answer({"lighthouseResult": {"audits": {name: {"numericValue": value} for name, value in AUDITS.items()}}})

    def record(request):
        query(request, key=KEY)
        (name,) = request.json["metrics"]
        body(request, {"url": PAGE, "metrics": [name]})
        return json_answer({"record": {"metrics": {name: {"percentiles": {"p75": FIELD[name]}}}}})

    def world(world):
        Service(world, {"GET /pagespeedonline/v5/runPagespeed": laboratory, "POST /v1/records:queryRecord": record})
        secrets(world, GOOGLE_API_KEY=KEY)

    return world


def case(name, kind, noted):
    return Check(f"webvitals.{name}", "seen", google(), noted=noted, declarations=f'metric seen: {kind} = webvitals.{name}("{PAGE}", url: "{{url}}") every 2s')


CASES = [
    case("lcp", "duration", "2.4005s"),
    case("fcp", "duration", "1.2s"),
    case("cls", "number", "0.08"),
    case("blocking", "duration", "150ms"),
    case("field_lcp", "duration", "2.6s"),
    case("field_inp", "duration", "180ms"),
    case("field_cls", "number", "0.05"),
    Check("webvitals.lcp", '"none" { require seen is missing }', google(429), title="that fails is no data",
          declarations=f'metric seen: duration = webvitals.lcp("{PAGE}", url: "{{url}}") every 2s'),
]

if __name__ == "__main__":
    main(__file__, CASES)
