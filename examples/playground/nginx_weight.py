#!/usr/bin/env python3
"""Sets the canary's share of traffic in the playground's nginx: writes the upstream's weights and reloads nginx.

Usage: nginx_weight.py DIRECTORY PERCENT. Writing the same share twice changes nothing, so the step that calls this is idempotent.
"""

import os
import pathlib
import signal
import sys


def upstream(percent, stable_port, canary_port):
    """nginx has no weight of zero: a server that gets nothing is `down`."""
    parts = []
    for port, share in ((stable_port, 10000 - round(percent * 100)), (canary_port, round(percent * 100))):
        parts.append(f"server 127.0.0.1:{port} " + (f"weight={share};" if share > 0 else "down;"))
    return "\n".join(parts) + "\n"


def main():
    directory, percent = pathlib.Path(sys.argv[1]), float(sys.argv[2])
    if not 0 <= percent <= 100:
        sys.exit(f"the share must lie between 0 and 100, not {percent}")
    stable_port, canary_port = (directory / "ports").read_text().split()[:2]
    target = directory / "upstream.conf"
    scratch = directory / "upstream.conf.new"
    scratch.write_text(upstream(percent, stable_port, canary_port))
    scratch.rename(target)
    os.kill(int((directory / "nginx.pid").read_text()), signal.SIGHUP)
    print(f"canary at {percent:g} %")


if __name__ == "__main__":
    main()
