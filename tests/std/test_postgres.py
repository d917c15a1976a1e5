#!/usr/bin/env python3
"""The module `postgres`, with a real server that wants a password: a database of its own for each world."""

import atexit
import functools
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import threading

from servers import free_port, until
from world import Action, Check, Failed, expect, main

PASSWORD = "correct-horse"
LOCK = threading.Lock()
PROGRAMS = next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))), pathlib.Path("/usr/bin"))
SECRET = 'secret password = env("DB_PASSWORD")'

SCHEMA = """
CREATE TABLE orders (id integer PRIMARY KEY, item text NOT NULL);
INSERT INTO orders SELECT number, 'item ' || number FROM generate_series(1, 50) AS number;
CREATE TABLE history (what text);
"""
UP = "INSERT INTO history VALUES ('up'); ALTER TABLE orders ADD COLUMN note text DEFAULT 'none';"
DOWN = "ALTER TABLE orders DROP COLUMN note; DELETE FROM history;"


def as_user():
    """PostgreSQL does not run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


@functools.cache
def server():
    """One server for all worlds, and its port."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rollout-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "password").write_text(PASSWORD)
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        for path in (folder, folder / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)
    subprocess.run([*as_user(), PROGRAMS / "initdb", "-D", folder / "data", "-U", "admin", "--auth=scram-sha-256", f"--pwfile={folder}/password",
                    "--no-sync", "--encoding=UTF8", "--no-locale"], check=True, capture_output=True, cwd=folder)
    port = free_port()
    process = subprocess.Popen([*as_user(), PROGRAMS / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, "-c", "fsync=off"],
                               cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(process.wait, 20)
    atexit.register(process.terminate)
    until(lambda: ask(port, "postgres", "SELECT 1", check=False) == "1", "PostgreSQL did not come up")
    ask(port, "postgres", "CREATE DATABASE shop_template")
    ask(port, "shop_template", SCHEMA)
    return port


def ask(port, database, query, check=True):
    done = subprocess.run(["psql", "-XqtA", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port), "-U", "admin", "-d", database, "-c", query],
                          env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True, text=True, check=False)
    expect(done.returncode == 0 or not check, done.stderr)
    return done.stdout.strip()


def hold_lock(database, lock):
    """Somebody in a transaction that holds a lock until their process is killed."""
    holder = subprocess.Popen(["psql", "-Xqt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(server()), "-U", "admin", "-d", database],
                              env={**os.environ, "PGPASSWORD": PASSWORD}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    print(f"BEGIN; {lock}; SELECT 'held';", file=holder.stdin, flush=True)
    expect("held" in holder.stdout.readline(), f"no lock: {lock}")
    return holder


COUNT = iter(range(1, 1_000_000))


def orders(world):
    with LOCK:
        port, name = server(), f"shop_{next(COUNT)}"
        ask(port, "postgres", f"CREATE DATABASE {name} TEMPLATE shop_template")
    world.closing.callback(ask, port, "postgres", f"DROP DATABASE {name} WITH (FORCE)", check=False)
    world.words = {"database": f"postgresql://admin@127.0.0.1:{port}/{name}"}
    world.environment["DB_PASSWORD"] = PASSWORD
    world.ask = functools.partial(ask, port, name)
    for command in ("psql", "pg_dump", "pg_restore", "pg_isready"):
        world.command(command)
    for file, text in (("up.sql", UP), ("down.sql", DOWN), ("broken.sql", UP + "SELECT broken;"), ("again.sql", "UPDATE orders SET item = 'x' WHERE id = 7;")):
        (world.folder / file).write_text(text)

    def snapshot():
        # A command that was killed at the client's end is still at work at the server's for a moment.
        world.ask("SET lock_timeout = '10s'; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE", check=False)
        return json.loads(world.ask("SELECT json_build_object('orders', (SELECT json_agg(o ORDER BY id) FROM orders o), "
                                    "'history', (SELECT json_agg(h) FROM history h))"))
    world.snapshot = snapshot


def migrated(world):
    orders(world)
    world.ask(UP)


def backed_up(world):
    orders(world)
    subprocess.run(["pg_dump", "--format=custom", "--dbname", world.words["database"], "--file", world.folder / "old.dump"], check=True,
                   env={**os.environ, "PGPASSWORD": PASSWORD})
    world.ask("DELETE FROM orders WHERE id > 40; ALTER TABLE orders ADD COLUMN extra integer;")
    (world.folder / "damaged.dump").write_bytes((world.folder / "old.dump").read_bytes()[:2000])


def files(world):
    """Backups change the folder, not the database."""
    orders(world)
    world.command("mv")

    def entries(file):
        if not file.exists():
            return 0
        done = subprocess.run(["pg_restore", "--list", file], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{file} is no backup: {done.stderr}")
        return len([line for line in done.stdout.split("\n") if line and not line.startswith(";")])

    world.snapshot = lambda: {"orders.dump": entries(world.folder / "orders.dump")}


def gone(world):
    orders(world)
    world.words["database"] = f"postgresql://admin@127.0.0.1:{free_port()}/shop"


APPLIED = "applied: \"SELECT count(*) = 1 FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'note'\""
MIGRATE = 'postgres.migrate("{database}", up: "%s", down: "down.sql", password: password, ' + APPLIED + ")"


def check(name, arguments, world=orders, **more):
    return Check(f"postgres.{name}", f'postgres.{name}("{{database}}", {arguments}, password: password)', world, declarations=SECRET, **more)


CASES = [
    Action("postgres.migrate", MIGRATE % "up.sql", orders, declarations=SECRET,
           after=lambda state: state["orders"][0]["note"] == "none" and state["history"] == [{"what": "up"}]),
    Check("postgres.migrate", MIGRATE % "broken.sql", orders, declarations=SECRET, passes=False, step=True, says="exit status 3",
          title="a broken file"),
    Action("postgres.migrate_down", f'postgres.migrate_down("{{database}}", down: "down.sql", up: "up.sql", password: password, {APPLIED})', migrated,
           declarations=SECRET, after=lambda state: "note" not in state["orders"][0]),
    Action("postgres.run_once", f'postgres.run_once("{{database}}", file: "up.sql", password: password, {APPLIED})', orders, declarations=SECRET,
           undo=False, after=lambda state: state["history"] == [{"what": "up"}]),
    Action("postgres.run_file", 'postgres.run_file("{database}", file: "again.sql", password: password)', orders, declarations=SECRET, undo=False,
           after=lambda state: state["orders"][6]["item"] == "x"),
    Action("postgres.backup", 'postgres.backup("{database}", file: "orders.dump", password: password)', files, declarations=SECRET, undo=False,
           after=lambda state: state["orders.dump"] > 3, noted="orders.dump"),
    Action("postgres.restore", 'postgres.restore("{database}", file: "old.dump", password: password)', backed_up, declarations=SECRET, undo=False,
           after=lambda state: len(state["orders"]) == 50 and "extra" not in state["orders"][0]),
    Check("postgres.restore", 'postgres.restore("{database}", file: "damaged.dump", password: password)', backed_up, declarations=SECRET, step=True,
          passes=False, says="damaged", title="a damaged backup"),
    Check("postgres.backup_is_readable", 'postgres.backup_is_readable("old.dump", entries: 4)', backed_up),
    Check("postgres.backup_is_readable", 'postgres.backup_is_readable("old.dump", entries: 400)', backed_up, passes=False, says="holds only",
          title="too few entries"),
    Check("postgres.backup_is_readable", 'postgres.backup_is_readable("damaged.dump")', backed_up, passes=False, says="is damaged", title="damaged"),
    Check("postgres.scalar", 'postgres.scalar("{database}", query: "SELECT item FROM orders WHERE id = 3", password: password)', orders,
          declarations=SECRET, noted="item 3"),
    Check("postgres.count", 'postgres.count("{database}", query: "SELECT count(*) FROM orders", password: password)', orders, declarations=SECRET,
          noted="50"),
    check("scalar_is", 'query: "SELECT 1 = 1", value: "t"'),
    check("scalar_is", 'query: "SELECT item FROM orders WHERE id = 1", value: "item 2"', passes=False, says="gives item 1, not item 2", title="another"),
    check("at_least", 'query: "SELECT count(*) FROM orders", least: 50'),
    check("at_least", 'query: "SELECT count(*) FROM orders", least: 51', passes=False, says="gives 50, and 51 are expected", title="too few"),
    check("has_rows", 'query: "SELECT id, item FROM orders WHERE id < 4", rows: 3'),
    check("has_rows", 'query: "SELECT id FROM orders WHERE id < 0", rows: 0', title="none"),
    check("has_rows", 'query: "SELECT id FROM orders WHERE id < 4", rows: 2', passes=False, says="gives 3 rows, not 2", title="too many"),
    check("has_column", 'table: "orders", column: "item"'),
    check("has_column", 'table: "orders", column: "x\' OR \'1\'=\'1"', passes=False, says="has no column", title="none"),
    Check("postgres.answers", 'postgres.answers("{database}")', orders),
    Check("postgres.answers", 'postgres.answers("{database}")', gone, passes=False, says="no response", title="nobody"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["psql", "pg_dump", "setpriv"])
