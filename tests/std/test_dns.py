#!/usr/bin/env python3
"""The module `dns`: the real getent with this machine's own names, the real dig against a name server of our own."""

import socket
import struct
import threading

from world import Check, main

TYPES = {1: "A", 5: "CNAME", 16: "TXT"}


def label(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".")) + b"\0"


RECORDS = {("shop.example.com", "A"): [socket.inet_aton("192.0.2.7"), socket.inet_aton("192.0.2.8")],
           ("www.example.com", "CNAME"): [label("shop.example.com")]}


def answer(question):
    """One question of RFC 1035, answered with authority; what has no record gets NXDOMAIN."""
    end = question.index(b"\0", 12)
    parts, at = [], 12
    while at < end:
        parts.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    kind, _ = struct.unpack(">HH", question[end + 1:end + 5])
    found = RECORDS.get((".".join(parts), TYPES.get(kind)), [])
    head = question[:2] + struct.pack(">HHHHH", 0x8580 if found else 0x8583, 1, len(found), 0, 0)
    return head + question[12:end + 5] + b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for data in found)


def name_server(world):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    world.closing.callback(server.close)

    def serve():
        while True:
            try:
                question, who = server.recvfrom(4096)
                server.sendto(answer(question), who)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    world.command("dig")
    world.words = {"port": server.getsockname()[1]}


def resolver(world):
    world.command("getent")


def record(arguments, says=None):
    return Check("dns.record", f'dns.record({arguments}, server: "127.0.0.1", port: {{port}})', name_server, passes=says is None, says=says or "")


CASES = [
    Check("dns.resolves", 'dns.resolves("localhost")', resolver),
    Check("dns.resolves", 'dns.resolves("localhost", address: "127.0.0.1")', resolver),
    Check("dns.resolves", 'dns.resolves("localhost", address: "127.0.0.10")', resolver, passes=False, says="does not resolve to 127.0.0.10"),
    Check("dns.resolves", 'dns.resolves("nowhere.invalid")', resolver, passes=False, says="`nowhere.invalid` does not resolve"),
    record('"shop.example.com", type: "A", equals: "192.0.2.8"'),
    record('"www.example.com", type: "CNAME", equals: "shop.example.com."'),
    record('"shop.example.com", type: "A", equals: "192.0.2.9"', "has no record A 192.0.2.9"),
    record('"gone.example.com", type: "A", equals: "192.0.2.7"', "has no record A"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["getent", "dig"])
