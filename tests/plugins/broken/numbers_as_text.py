#!/usr/bin/env python3
"""Measures in texts."""
# breaks: metric

import base


class Broken(base.Plugin):
    def metrics_query(self, params):
        return super().metrics_query(params) if 'from' in params else {'result': {'value': '7'}}


Broken().run()
