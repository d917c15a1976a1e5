#!/usr/bin/env python3
"""Says that it is fine, in words of its own."""
# breaks: health

import base


class Broken(base.Plugin):
    def health(self, params):
        return {'result': {'state': 'fine'}}


Broken().run()
