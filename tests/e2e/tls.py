#!/usr/bin/env python3
"""Mail and HTTPS over real TLS, with an authority of our own: what it signed is trusted where SSL_CERT_FILE names it, and nowhere else.

Usage: tls.py [--rollout FILE]. The servers are ours, on loopback; the handshakes are OpenSSL's. Exits 1 where a case fails.
"""

import argparse
import base64
import functools
import os
import pathlib
import socketserver
import ssl
import subprocess
import sys
import threading

from cases import Failed, folder_for, run_cases

ROOT = pathlib.Path(__file__).resolve().parents[2]

MAIL = """use std.smtp

secret password = env("MAIL_PASSWORD")

rollout shop {
  readonly smtp.send(server: "SCHEME://localhost:PORT", user: "ops", password: password, from: "ops@example.com",
                     to: "team@example.com", subject: "shop", text: "it is live")
}
"""

HTTPS = """rollout shop {
  http.get("https://localhost:PORT/health")
}
"""


class World:
    """A mail server (STARTTLS, or TLS from the first byte) and a web server, with a certificate for localhost."""

    def __init__(self, folder, immediately=False):
        self.mails, self.logins, self.in_clear, self.requests = [], [], [], []
        self.certificate = folder / "authority.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", self.certificate],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "key.pem")
        world = self

        class Mail(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    self.talk()
                except (ssl.SSLError, OSError):
                    pass

            def talk(self):
                connection, encrypted = self.request, immediately
                if immediately:
                    connection = context.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rwb", buffering=0)
                say = lambda text: stream.write(text.encode() + b"\r\n")
                say("220 localhost ESMTP")
                while line := stream.readline():
                    words = line.strip().decode().split()
                    verb = words[0].upper() if words else ""
                    if not encrypted and verb not in ("EHLO", "STARTTLS", "QUIT"):
                        world.in_clear.append(line)
                    if verb == "EHLO":
                        say("250-localhost\r\n" + ("250 AUTH PLAIN" if encrypted else "250 STARTTLS"))
                    elif verb == "STARTTLS":
                        say("220 go on")
                        connection, encrypted = context.wrap_socket(connection, server_side=True), True
                        stream = connection.makefile("rwb", buffering=0)
                    elif verb == "AUTH":
                        if len(words) == 2:
                            say("334 ")
                            words.append(stream.readline().strip().decode())
                        world.logins.append(base64.b64decode(words[2]).split(b"\0")[1:])
                        say("235 welcome")
                    elif verb == "DATA":
                        say("354 go on")
                        lines = []
                        while (line := stream.readline()) != b".\r\n":
                            lines.append(line)
                        world.mails.append(b"".join(lines))
                        say("250 taken")
                    elif verb == "QUIT":
                        say("221 bye")
                        return
                    else:
                        say("250 ok")

        class Web(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    connection = context.wrap_socket(self.request, server_side=True)
                    world.requests.append(connection.recv(4096).split(b"\r\n")[0])
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                    connection.close()
                except (ssl.SSLError, OSError):
                    pass

        class Servers(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

        self.mail, self.web = Servers(("127.0.0.1", 0), Mail), Servers(("127.0.0.1", 0), Web)
        for server in (self.mail, self.web):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self):
        for server in (self.mail, self.web):
            server.shutdown()
            server.server_close()


def run(rollout, folder, program, trusted):
    (folder / "shop.rollout").write_text(program)
    environment = dict(os.environ, ROLLOUT_STATE=str(folder / "state"), NO_COLOR="1", MAIL_PASSWORD="correct-horse", NO_PROXY="localhost")
    environment.pop("SSL_CERT_DIR", None)
    environment.pop("SSL_CERT_FILE", None)
    if trusted:
        environment["SSL_CERT_FILE"] = str(trusted)
    done = subprocess.run([rollout, "run", "shop.rollout", "--yes"], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    if "correct-horse" in done.stdout + done.stderr:
        raise Failed("the password is shown")
    return done


def mail_arrives(rollout, folder, scheme):
    world = World(folder, scheme == "smtps")
    try:
        program = MAIL.replace("SCHEME", scheme).replace("PORT", str(world.mail.server_address[1]))
        done = run(rollout, folder, program, world.certificate)
        if done.returncode != 0 or len(world.mails) != 1 or b"it is live" not in world.mails[0]:
            raise Failed(f"the mail did not arrive: {done.returncode}\n{done.stdout}{done.stderr}")
        if world.logins != [[b"ops", b"correct-horse"]] or world.in_clear:
            raise Failed(f"logins {world.logins}, not encrypted {world.in_clear}")
    finally:
        world.stop()


def mail_is_not_sent_to_a_stranger(rollout, folder, scheme):
    world = World(folder, scheme == "smtps")
    try:
        program = MAIL.replace("SCHEME", scheme).replace("PORT", str(world.mail.server_address[1]))
        done = run(rollout, folder, program, None)
        if done.returncode == 0 or "certificate" not in done.stdout + done.stderr:
            raise Failed(f"nothing is said of the certificate: {done.returncode}\n{done.stdout}{done.stderr}")
        if world.mails or world.logins:
            raise Failed(f"mails {world.mails}, logins {world.logins}")
    finally:
        world.stop()


def starttls(rollout, folder):
    mail_arrives(rollout, folder, "smtp")


def tls_from_the_first_byte(rollout, folder):
    mail_arrives(rollout, folder, "smtps")


def starttls_with_a_stranger(rollout, folder):
    mail_is_not_sent_to_a_stranger(rollout, folder, "smtp")


def tls_with_a_stranger(rollout, folder):
    mail_is_not_sent_to_a_stranger(rollout, folder, "smtps")


def https(rollout, folder):
    world = World(folder)
    try:
        program = HTTPS.replace("PORT", str(world.web.server_address[1]))
        done = run(rollout, folder, program, world.certificate)
        if done.returncode != 0 or world.requests != [b"GET /health HTTP/1.1"]:
            raise Failed(f"{done.returncode}, {world.requests}\n{done.stdout}{done.stderr}")
        done = run(rollout, folder, program, None)
        if done.returncode == 0 or "certificate" not in done.stdout + done.stderr or len(world.requests) != 1:
            raise Failed(f"a stranger was trusted: {done.returncode}\n{done.stdout}{done.stderr}")
    finally:
        world.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollout", default=str(ROOT / "build" / "bin" / "rollout"))
    rollout = str(pathlib.Path(parser.parse_args().rollout).resolve())

    def in_a_folder(case):
        with folder_for("tls") as folder:
            case(rollout, folder)

    cases = (starttls, tls_from_the_first_byte, starttls_with_a_stranger, tls_with_a_stranger, https)
    return run_cases("tls", {case.__name__: functools.partial(in_a_folder, case) for case in cases})


if __name__ == "__main__":
    sys.exit(main())
