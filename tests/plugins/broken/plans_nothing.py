#!/usr/bin/env python3
"""Says that it tells what a call would do, and does not."""
# breaks: plan

import base


class Broken(base.Plugin):
    def plan(self, params):
        return {"result": {"summary": "this and that"}}


Broken().run()
