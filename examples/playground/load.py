#!/usr/bin/env python3
"""The playground's load generator: a few clients that ask one after the other until they are told to stop."""

import argparse
import http.client
import threading
import time


def client(port, pause):
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            while True:
                connection.request("GET", "/")
                connection.getresponse().read()
                time.sleep(pause)
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause-ms", type=float, default=15)
    options = parser.parse_args()
    for _ in range(options.clients):
        threading.Thread(target=client, args=(options.port, options.pause_ms / 1000), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
