#!/usr/bin/env python3
"""Describes itself otherwise each time."""
# breaks: schema-stable

import base


class Broken(base.Plugin):
    times = 0

    def schema(self):
        schema = super().schema()
        self.times += 1
        schema['plugin']['doc'] = 'asked %d times' % self.times
        return schema


Broken().run()
