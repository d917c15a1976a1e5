#!/usr/bin/env python3
"""Finds nothing wrong with anything."""
# breaks: validate-missing

import base


class Broken(base.Plugin):
    def validate(self, params):
        return {"result": {"diagnostics": []}}


Broken().run()
