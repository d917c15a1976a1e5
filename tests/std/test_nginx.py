#!/usr/bin/env python3
"""The module `nginx`, with a real nginx that serves what the files say."""

import shutil
import time

from servers import fetch, free_port, start
from world import Action, Check, main

CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1; user root;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  include {folder}/conf.d/*.conf;
  server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}
  server {{ listen 127.0.0.1:{stable}; return 200 stable; }}
  server {{ listen 127.0.0.1:{canary}; return 200 canary; }}
}}
"""
UPSTREAM = "upstream shop {{\n  server 127.0.0.1:{stable} weight=100;\n  server 127.0.0.1:{canary} down;\n}}\n"
SPLIT = 'split_clients "$remote_addr" $shop_upstream {\n  * stable;\n}\n'


def nginx(world, location, text):
    """What is served must be what the file says, as soon as nginx has reloaded; the snapshot is both, and which files there are."""
    port, stable, canary = free_port(), free_port(), free_port()
    world.words = {"stable": f"127.0.0.1:{stable}", "canary": f"127.0.0.1:{canary}", "config": world.folder / "nginx.conf",
                   "file": world.folder / "conf.d" / "shop.conf"}
    (world.folder / "nginx.conf").write_text(CONFIG.format(folder=world.folder, port=port, stable=stable, canary=canary, location=location))
    place = world.folder / "conf.d"
    place.mkdir()
    (place / "shop.conf").write_text(text.format(stable=stable, canary=canary) if "{stable}" in text else text)
    real = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    start(world, [real, "-c", str(world.folder / "nginx.conf")], lambda: fetch(f"http://127.0.0.1:{port}/") is not None)
    world.command("nginx")
    world.command("mv")

    def wanted():
        said = (place / "shop.conf").read_text()
        if "stable" in said or "canary" in said:
            return "canary" if "* canary" in said else None if "%" in said else "stable"
        return "stable" if f"{canary} down" in said else "canary" if f"{stable} down" in said else None

    def snapshot():
        files = {file.name: file.read_text().replace(str(stable), "S").replace(str(canary), "C") for file in place.iterdir()}
        return {"files": files, "served": served()}

    # A reload takes its time; what is served wrongly for a second is wrong.
    def served():
        deadline = time.monotonic() + 1
        while True:
            answer = fetch(f"http://127.0.0.1:{port}/")
            if answer == wanted() or time.monotonic() > deadline:
                return answer
            if wanted() is None:
                return "both"
            time.sleep(0.02)

    world.snapshot = snapshot


def upstream(world):
    nginx(world, "proxy_pass http://shop;", UPSTREAM)


def split(world):
    nginx(world, "default_type text/plain; return 200 $shop_upstream;", SPLIT)


def broken(world):
    split(world)
    (world.folder / "nginx.conf").write_text("nonsense;")


WRITE = 'nginx.write("{file}", text: "split_clients \\"\\$remote_addr\\" \\$shop_upstream { * canary; }\\n", config: "{config}")'
UPSTREAM_VIA = ('traffic via nginx.upstream_weights(file: "{file}", upstream: "shop", canary: "{canary}", stable: "{stable}", '
                'config: "{config}")')
SPLIT_VIA = 'traffic via nginx.split_clients(file: "{file}", variable: "shop_upstream", canary: "canary", stable: "stable", config: "{config}")'

CASES = [
    Action("nginx.write", WRITE, split, after=lambda state: state["served"] == "canary"),
    Check("nginx.write", 'nginx.write("{file}", text: "no nginx at all", config: "{config}")', split, passes=False, step=True, says="exit status 1",
          title="what nginx refuses"),
    Action("nginx.upstream_weights", "traffic 100%", upstream, header=UPSTREAM_VIA, after=lambda state: state["served"] == "canary"),
    Action("nginx.upstream_weights", "traffic 25%", upstream, header=UPSTREAM_VIA, title="some of it",
           after=lambda state: "S weight=75;" in state["files"]["shop.conf"] and "C weight=25;" in state["files"]["shop.conf"]),
    Action("nginx.split_clients", "traffic 100%", split, header=SPLIT_VIA, after=lambda state: state["served"] == "canary"),
    Action("nginx.split_clients", "traffic 12.5%", split, header=SPLIT_VIA, title="some of it",
           after=lambda state: "  12.5% canary;\n  * stable;" in state["files"]["shop.conf"]),
    Check("nginx.configuration_is_valid", 'nginx.configuration_is_valid("{config}")', split),
    Check("nginx.configuration_is_valid", 'nginx.configuration_is_valid("{config}")', broken, passes=False, says="nginx refuses its configuration",
          title="broken"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["nginx"])
