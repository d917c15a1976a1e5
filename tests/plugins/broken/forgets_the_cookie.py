#!/usr/bin/env python3
"""Does not give the cookie back."""
# breaks: cookie

import base


class Broken(base.Plugin):
    def hello(self, params):
        reply = super().hello(params)
        reply.get('result', {}).pop('cookie', None)
        return reply


Broken().run()
