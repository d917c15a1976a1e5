#!/usr/bin/env python3
"""Gives a number where its schema says a text."""
# breaks: example

import base


class Broken(base.Plugin):
    def greet(self, params):
        return 42


Broken().run()
