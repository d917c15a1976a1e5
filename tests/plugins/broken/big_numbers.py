#!/usr/bin/env python3
"""Gives an integer that a double cannot hold."""
# breaks: example same-key other-arguments status cancel-race deadline

import base


class Broken(base.Plugin):
    def greet(self, params):
        return 2 ** 60


Broken().run()
