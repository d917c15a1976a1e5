#!/usr/bin/env python3
"""The module `traefik`: the file that it writes, read strictly, and a double of Traefik's interface (`/api/http/services/NAME`)."""

import re

from world import Action, Answer, Check, Failed, main

WEIGHTED = re.compile(r'http:\n  services:\n    ([\w-]+):\n      weighted:\n        services:\n'
                      r'          - name: "([\w@-]+)"\n            weight: (\d+)\n          - name: "([\w@-]+)"\n            weight: (\d+)\n')
OLD = 'http:\n  services:\n    shop:\n      weighted:\n        services:\n          - name: "v1@docker"\n            weight: 100\n' \
      '          - name: "v2@docker"\n            weight: 0\n'


def traefik(world, status="enabled"):
    place = world.folder / "dynamic"
    place.mkdir()
    (place / "shop.yml").write_text(OLD)

    def answer(request):
        if (request.method, request.path) == ("GET", "/api/http/services/shop@file"):
            return Answer(200, {"name": "shop@file", "provider": "file", "status": status, "type": "weighted"})
        return None

    def snapshot():
        read = WEIGHTED.fullmatch((place / "shop.yml").read_text())
        if not read:
            raise Failed(f"no weighted service: {(place / 'shop.yml').read_text()}")
        return {"files": sorted(file.name for file in place.iterdir()), "service": read[1], read[2]: read[3], read[4]: read[5]}

    world.words = {"api": world.http(answer)}
    world.command("mv")
    world.snapshot = snapshot


def disabled(world):
    traefik(world, "disabled")


CASES = [
    Action("traefik.weights", "traffic 25%", traefik,
           header='traffic via traefik.weights(file: "dynamic/shop.yml", service: "shop", canary: "v2@docker", stable: "v1@docker")',
           after=lambda state: state == {"files": ["shop.yml"], "service": "shop", "v1@docker": "75", "v2@docker": "25"}),
    Check("traefik.service_is_enabled", 'traefik.service_is_enabled("shop@file", api: "{api}")', traefik),
    Check("traefik.service_is_enabled", 'traefik.service_is_enabled("shop@file", api: "{api}")', disabled, passes=False,
          says="shop@file is not enabled", title="disabled"),
]

if __name__ == "__main__":
    main(__file__, CASES)
