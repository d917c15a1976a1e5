#!/usr/bin/env python3
"""Takes a key with other arguments for the same call."""
# breaks: other-arguments

import base


class Broken(base.Plugin):
    def op_start(self, params):
        known = self.done.get(params['op_key'])
        if known:
            return {'result': {'state': 'done', 'result': known[1]}}
        return super().op_start(params)


Broken().run()
