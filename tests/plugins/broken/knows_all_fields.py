#!/usr/bin/env python3
"""Refuses a field that it does not know."""
# breaks: unknown-fields

import base


class Broken(base.Plugin):
    def hello(self, params):
        if set(params) - {'protocol', 'host', 'cookie', 'limits'}:
            return self.invalid('unknown fields')
        return super().hello(params)


Broken().run()
