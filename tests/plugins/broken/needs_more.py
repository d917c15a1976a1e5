#!/usr/bin/env python3
"""Reads what its schema does not name."""
# breaks: access

import pathlib

import base

pathlib.Path("/etc/debian_version").read_text()


class Broken(base.Plugin):
    def schema(self):
        return {**super().schema(), "access": {}}


Broken().run()
