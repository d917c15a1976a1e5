#!/usr/bin/env python3
"""Goes on as if nothing had come."""
# breaks: bad-json

import base


class Broken(base.Plugin):
    def bad_json(self, error):
        pass


Broken().run()
