#!/usr/bin/env python3
"""The module `trivy`, with a strict double of its command."""

from world import Check, main

LEAK = {"VulnerabilityID": "CVE-2026-0001", "PkgName": "zlib", "Severity": "CRITICAL"}


def trivy(world):
    world.double("trivy", {"targets": {"shop:1": [LEAK], "shop:2": [{**LEAK, "Severity": "LOW"}], ".": [], "src": [LEAK]}})


CASES = [
    Check("trivy.image_is_clean", 'trivy.image_is_clean("shop:2")', trivy),
    Check("trivy.image_is_clean", 'trivy.image_is_clean("shop:1")', trivy, passes=False, says="for example CVE-2026-0001", title="not"),
    Check("trivy.image_is_clean", 'trivy.image_is_clean("shop:2", severity: "LOW")', trivy, passes=False, says="vulnerabilities of LOW", title="of another severity"),
    Check("trivy.image_is_clean", 'trivy.image_is_clean("shop:1", ignore_unfixed: true)', trivy, title="but for what nobody has mended"),
    Check("trivy.image_is_clean", 'trivy.image_is_clean("shop:9")', trivy, passes=False, says="unable to find the specified image", title="no image"),
    Check("trivy.folder_is_clean", "trivy.folder_is_clean()", trivy),
    Check("trivy.folder_is_clean", 'trivy.folder_is_clean("src")', trivy, passes=False, says="finds something of HIGH,CRITICAL in src", title="not"),
]

if __name__ == "__main__":
    main(__file__, CASES)
