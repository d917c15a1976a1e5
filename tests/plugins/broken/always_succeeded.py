#!/usr/bin/env python3
"""Says of every key that it succeeded."""
# breaks: unknown-key

import base


class Broken(base.Plugin):
    def op_status(self, params):
        return {'result': {'state': 'succeeded', 'result': None}}


Broken().run()
