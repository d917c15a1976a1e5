#!/usr/bin/env python3
"""Its operation has an effect that does not exist."""
# breaks: schema

import base


class Broken(base.Plugin):
    def schema(self):
        schema = super().schema()
        schema['operations'][0]['effect'] = 'mostly harmless'
        return schema


Broken().run()
