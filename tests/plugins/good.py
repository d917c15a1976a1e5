#!/usr/bin/env python3
"""Keeps every rule."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "broken"))
import base  # noqa: E402


class Good(base.Plugin):
    def schema(self):
        return {**super().schema(), "access": {"read": ["broken"], "write": ["/tmp"], "connect": [443]}}


Good().run()
