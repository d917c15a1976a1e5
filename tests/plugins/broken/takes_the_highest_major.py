#!/usr/bin/env python3
"""Chooses what the host speaks best, whether it speaks that itself or not."""
# breaks: two-majors

import base


class Broken(base.Plugin):
    def hello(self, params):
        reply = super().hello(params)
        if 'result' in reply:
            reply['result']['protocol']['major'] = max(params['protocol']['majors'])
        return reply


Broken().run()
