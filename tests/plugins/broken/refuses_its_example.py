#!/usr/bin/env python3
"""Finds its own example wrong."""
# breaks: validate

import base


class Broken(base.Plugin):
    def validate(self, params):
        return {"result": {"diagnostics": self.problem("nobody is greeted on a Thursday", ["who"])}}


Broken().run()
