#!/usr/bin/env python3
"""The module `alembic`, with the real Alembic and a database of SQLite."""

import sqlite3

from world import Action, Check, main

ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine("sqlite:///{database}").connect() as connection:
    context.configure(connection=connection, target_metadata=None, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
VERSION = """
from alembic import op
import sqlalchemy

revision, down_revision = {revision!r}, {before!r}

def upgrade():
    op.create_table({table!r}, sqlalchemy.Column("id", sqlalchemy.Integer))

def downgrade():
    op.drop_table({table!r})
"""


def project(world, at=None):
    database = world.folder / "shop.sqlite"
    (world.folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    place = world.folder / "migrations"
    (place / "versions").mkdir(parents=True)
    (place / "env.py").write_text(ENV.format(database=database))
    for revision, before, table in (("aaa1", None, "orders"), ("bbb2", "aaa1", "items"), ("ccc3", "bbb2", "notes")):
        (place / "versions" / f"{revision}.py").write_text(VERSION.format(revision=revision, before=before, table=table))
    world.command("alembic")

    def snapshot():
        with sqlite3.connect(database) as connection:
            return sorted(row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'"))

    world.snapshot = snapshot
    if at:
        world.outside("alembic", "--config", "alembic.ini", "upgrade", at)


def at_first(world):
    project(world, "aaa1")


def at_head(world):
    project(world, "head")


CASES = [
    Action("alembic.upgrade", "alembic.upgrade()", project, after=lambda state: state == ["items", "notes", "orders"], title="from nothing"),
    Action("alembic.upgrade", 'alembic.upgrade("bbb2")', at_first, after=lambda state: state == ["items", "orders"], title="by one"),
    Action("alembic.downgrade", 'alembic.downgrade("aaa1")', at_head, after=lambda state: state == ["orders"]),
    Check("alembic.current", "alembic.current()", at_first, noted="aaa1"),
    Check("alembic.current", "alembic.current()", at_head, noted="ccc3", title="head"),
    Check("alembic.is_up_to_date", "alembic.is_up_to_date()", at_head),
    Check("alembic.is_up_to_date", "alembic.is_up_to_date()", at_first, passes=False, says="is not the newest revision", title="not"),
]

if __name__ == "__main__":
    main(__file__, CASES, needs=["alembic"])
