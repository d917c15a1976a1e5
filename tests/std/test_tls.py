#!/usr/bin/env python3
"""The module `tls` with the real openssl, against servers with certificates of an authority of our own."""

import socket
import ssl
import subprocess
import threading

from world import Check, main


def certificate(folder, days, name="localhost"):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "key.pem",
            "-out", "request.pem")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions", "copy", "-days", str(days), "-out", "cert.pem")


def server(days=10, name="localhost"):
    def world(world):
        certificate(world.home, days, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.home / "cert.pem", world.home / "key.pem")
        listening = socket.create_server(("127.0.0.1", 0))
        world.closing.callback(listening.close)

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)
                except (ssl.SSLError, OSError):
                    pass

        threading.Thread(target=serve, daemon=True).start()
        world.command("openssl")
        world.words = {"port": listening.getsockname()[1], "ca": world.home / "ca.pem"}

    return world


def case(arguments, world, says=None, title=""):
    return Check("tls.valid", f'tls.valid("localhost", port: {{port}}{arguments})', world, passes=says is None, says=says or "", title=title)


def days_left(text):
    return text.startswith("9d23h59m")


CASES = [
    case(', at_least: 1w, authorities: "{ca}"', server()),
    case(', authorities: "{ca}"', server(), "ends within 2w", title="that ends too soon"),
    case(', at_least: 1w', server(), "is not accepted", title="of an authority that nobody knows"),
    case(', at_least: 1w, authorities: "{ca}"', server(name="shop.example.com"), "is not accepted", title="for another name"),
    case(', at_least: 1w, name: "shop.example.com", authorities: "{ca}"', server(name="shop.example.com"), title="for a name that was asked for"),
    case(', at_least: 1w, authorities: "{ca}"', server(days=0), "is not accepted", title="that has ended"),
    Check("tls.valid_for", "left", server(), noted=days_left, declarations='metric left: duration = tls.valid_for("localhost", port: {port}) every 2s'),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["openssl"])
