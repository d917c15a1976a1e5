#!/usr/bin/env python3
"""Prints a secret among its complaints."""
# breaks: secrets

import sys

import base


class Broken(base.Plugin):
    def greet(self, params):
        print(params['secrets'], file=sys.stderr, flush=True)
        return super().greet(params)


Broken().run()
