"""Real servers of a world: started on free ports or sockets, ended with it."""

import socket
import subprocess
import time
import urllib.request

from world import expect


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(world, argv, ready, **options):
    """Starts a server and waits until `ready()` is true; it ends with the world."""
    log = open(world.folder / f"{argv[0].split('/')[-1]}.log", "ab")  # the child's, for as long as it lives
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
    log.close()

    def end():
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    world.closing.callback(end)
    until(ready, f"{argv[0]} did not come up: {(world.folder / log.name).read_text()[-1000:]}")
    return process


def until(condition, message, limit=20):
    deadline = time.monotonic() + limit
    while not condition():
        expect(time.monotonic() < deadline, message)
        time.sleep(0.02)


def fetch(url):
    """What an address answers; nothing where nobody does."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return None
