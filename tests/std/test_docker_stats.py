#!/usr/bin/env python3
"""The module `docker_stats` against a double of docker that prints what `docker stats` prints."""

from world import Check, main

DOUBLE = """#!/bin/sh
[ "$*" = "stats --no-stream" ] && printf 'CONTAINER ID   NAME      CPU %%\\n1f             shop      142.50%%\\n' && exit
[ "$*" = "stats --no-stream --format {{json .}} shop" ] || exit 64
echo '{"BlockIO":"0B / 0B","CPUPerc":"142.50%","Container":"shop","ID":"1f","MemPerc":"3.40%","MemUsage":"65MiB / 1.9GiB","Name":"shop","NetIO":"1kB / 0B","PIDs":"11"}'
"""


def docker(world):
    file = world.folder / "docker-double"
    file.write_text(DOUBLE)
    file.chmod(0o755)
    world.command("docker", target=[str(file)])


CASES = [
    Check("docker_stats.cpu", "used", docker, noted="142.5%", declarations='metric used: ratio = docker_stats.cpu("shop") every 2s'),
    Check("docker_stats.memory", "used", docker, noted="3.4%", declarations='metric used: ratio = docker_stats.memory("shop") every 2s'),
    Check("docker_stats.processes", "used", docker, noted="11", declarations='metric used: number = docker_stats.processes("shop") every 2s'),
    Check("docker_stats.table", "docker_stats.table()", docker, noted="CONTAINER ID   NAME      CPU %\n1f             shop      142.50%\n"),
]

if __name__ == "__main__":
    main(__file__, CASES)
