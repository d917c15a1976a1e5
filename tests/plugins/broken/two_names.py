#!/usr/bin/env python3
"""Is another in its schema."""
# breaks: schema-name

import base


class Broken(base.Plugin):
    def schema(self):
        schema = super().schema()
        schema['plugin']['name'] = 'other'
        return schema


Broken().run()
