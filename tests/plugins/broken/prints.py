#!/usr/bin/env python3
"""Prints on the standard output."""
# breaks: clean-stdout

import base


class Broken(base.Plugin):
    def greet(self, params):
        print('greeting', flush=True)
        return super().greet(params)


Broken().run()
