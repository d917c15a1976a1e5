#!/usr/bin/env python3
"""Knows nothing of what it has done."""
# breaks: status

import base


class Broken(base.Plugin):
    def op_status(self, params):
        return {'result': {'state': 'unknown'}}


Broken().run()
