#!/usr/bin/env python3
"""Takes its time, whatever the deadline is."""
# breaks: deadline

import time

import base


class Broken(base.Plugin):
    def greet(self, params):
        if params['deadline_ms'] < 1000:
            time.sleep(7)
        return super().greet(params)


Broken().run()
