#!/usr/bin/env python3
"""The module `flyway`, with a strict double of its command."""

from world import Action, Check, main


def flyway(world, version="1", valid=True, teams=True):
    world.double("flyway", {"versions": ["1", "2", "3"], "version": version, "valid": valid, "teams": teams, "executed": 0})
    (world.folder / "flyway.conf").write_text("flyway.url=jdbc:postgresql://db/shop\n")
    read = world.snapshot
    world.snapshot = lambda: read()["version"]
    world.counters = lambda: read()["executed"]


def changed(world):
    flyway(world, valid=False)


def community(world):
    flyway(world, teams=False)


CASES = [
    Action("flyway.migrate", "flyway.migrate()", flyway, after=lambda version: version == "3"),
    Action("flyway.migrate_only", "flyway.migrate_only()", community, undo=False, after=lambda version: version == "3"),
    Check("flyway.version", "flyway.version()", flyway, noted="1"),
    Check("flyway.valid", "flyway.valid()", flyway),
    Check("flyway.valid", "flyway.valid()", changed, passes=False, says="are not those of the files", title="changed files"),
    Check("flyway.version_is", 'flyway.version_is("1")', flyway),
    Check("flyway.version_is", 'flyway.version_is("2")', flyway, passes=False, says="the schema has version 1, not 2", title="another"),
]

if __name__ == "__main__":
    main(__file__, CASES)
