#!/usr/bin/env python3
"""The module `haproxy`, with a real haproxy and its admin socket."""

import shutil
import socket

from servers import free_port, start
from world import Action, Check, main

CONFIG = """
global
  stats socket {folder}/admin.sock mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend in
  bind 127.0.0.1:{port}
  default_backend shop
backend shop
  server v1 127.0.0.1:{port} weight 100
  server v2 127.0.0.1:{port} weight 0
  server v3 127.0.0.1:{closed} weight 0 check inter 100ms fall 1
"""


def haproxy(world):
    path = world.folder / "admin.sock"
    (world.folder / "haproxy.cfg").write_text(CONFIG.format(folder=world.folder, port=free_port(), closed=free_port()))
    world.words = {"socket": path}

    def ask(line):
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(str(path))
            admin.sendall(line.encode() + b"\n")
            return b"".join(iter(lambda: admin.recv(65536), b"")).decode()

    def up():
        try:
            return "shop" in ask("show servers state shop") and rows()["v3"]["srv_op_state"] == "0"
        except OSError:
            return False

    def rows():
        _, names, *lines = [line for line in ask("show servers state shop").split("\n") if line]
        names = names.removeprefix("# ").split()
        return {row["srv_name"]: row for row in (dict(zip(names, line.split())) for line in lines)}

    start(world, [shutil.which("haproxy", path="/usr/sbin:/usr/bin"), "-db", "-f", str(world.folder / "haproxy.cfg")], up)
    world.command("socat")
    world.snapshot = lambda: {name: {"weight": row["srv_uweight"], "admin": row["srv_admin_state"]} for name, row in rows().items()}


CASES = [
    Action("haproxy.weights", "traffic 25%", haproxy, header='traffic via haproxy.weights("shop", canary: "v2", stable: "v1", socket: "{socket}")',
           after=lambda state: (state["v1"]["weight"], state["v2"]["weight"]) == ("75", "25")),
    Check("haproxy.weights", 'haproxy.weights(25%, "other", canary: "v2", stable: "v1", socket: "{socket}")', haproxy, passes=False, step=True,
          says="No such", title="an unknown backend"),
    Action("haproxy.drain", 'haproxy.drain("shop", server: "v1", socket: "{socket}")', haproxy, after=lambda state: state["v1"]["admin"] == "8"),
    Check("haproxy.server_is_up", 'haproxy.server_is_up("shop", server: "v1", socket: "{socket}")', haproxy),
    Check("haproxy.server_is_up", 'haproxy.server_is_up("shop", server: "v3", socket: "{socket}")', haproxy, passes=False, says="shop/v3 is not up",
          title="down"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["haproxy", "socat"])
