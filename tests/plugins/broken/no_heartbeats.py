#!/usr/bin/env python3
"""Promises heartbeats, and says nothing while it works."""
# breaks: heartbeat

import time

import base


class Broken(base.Plugin):
    def greet(self, params):
        if params["op_key"] == "kit/heartbeat":
            time.sleep(4)
        return super().greet(params)


Broken().run()
