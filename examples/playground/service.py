#!/usr/bin/env python3
"""The playground's service: answers requests after a fixed latency and exposes Prometheus metrics on a port of its own.

The metrics have a port of their own so that a story can let the exporter die (SIGUSR1) while the service goes on answering.
"""

import argparse
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5]


class Metrics:
    """A histogram and a counter by status, in Prometheus' text format."""

    def __init__(self, version):
        self.version = version
        self.lock = threading.Lock()
        self.buckets = [0] * len(BUCKETS)
        self.count = 0
        self.sum = 0.0
        self.by_code = {"200": 0, "500": 0}

    def observe(self, seconds, code):
        with self.lock:
            self.count += 1
            self.sum += seconds
            self.by_code[code] += 1
            for index, bound in enumerate(BUCKETS):
                if seconds <= bound:
                    self.buckets[index] += 1

    def text(self):
        label = f'version="{self.version}"'
        with self.lock:
            lines = ["# TYPE demo_request_duration_seconds histogram"]
            for bound, value in zip(BUCKETS, self.buckets):
                lines.append(f'demo_request_duration_seconds_bucket{{{label},le="{bound}"}} {value}')
            lines.append(f'demo_request_duration_seconds_bucket{{{label},le="+Inf"}} {self.count}')
            lines.append(f"demo_request_duration_seconds_sum{{{label}}} {self.sum}")
            lines.append(f"demo_request_duration_seconds_count{{{label}}} {self.count}")
            lines.append("# TYPE demo_requests_total counter")
            for code, value in self.by_code.items():
                lines.append(f'demo_requests_total{{{label},code="{code}"}} {value}')
        return "\n".join(lines) + "\n"


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that went away is no news."""


def handler(answer, keeps_alive):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keeps_alive else "HTTP/1.0"

        def do_GET(self):
            code, body = answer(self.path)
            data = body.encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format, *arguments):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--metrics-port", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=20)
    options = parser.parse_args()
    metrics = Metrics(options.version)

    def answer(path):
        if path == "/version":
            return 200, options.version + "\n"
        begin = time.monotonic()
        time.sleep(options.latency_ms / 1000)
        metrics.observe(time.monotonic() - begin, "200")
        return 200, f"hello from {options.version}\n"

    service = QuietServer(("127.0.0.1", options.port), handler(answer, True))
    # No connection is kept: Prometheus would go on scraping over it when the exporter is dead.
    exporter = QuietServer(("127.0.0.1", options.metrics_port), handler(lambda path: (200, metrics.text()), False))

    def exporter_dies(*_):
        def stop():
            exporter.shutdown()
            exporter.server_close()

        threading.Thread(target=stop, daemon=True).start()

    signal.signal(signal.SIGUSR1, exporter_dies)
    threading.Thread(target=exporter.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    service.serve_forever()


if __name__ == "__main__":
    main()
