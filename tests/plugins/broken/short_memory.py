#!/usr/bin/env python3
"""Gives fewer values than there are slots."""
# breaks: metric-past

import base


class Broken(base.Plugin):
    def metrics_query(self, params):
        return {'result': {'values': [1, 2]}} if 'from' in params else super().metrics_query(params)


Broken().run()
