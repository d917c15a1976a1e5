#!/usr/bin/env python3
"""Ends where a method is new to it."""
# breaks: unknown-method

import base


class Broken(base.Plugin):
    def unknown_method(self, name):
        raise SystemExit('no method %s' % name)


Broken().run()
