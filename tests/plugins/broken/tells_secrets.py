#!/usr/bin/env python3
"""Gives a secret back."""
# breaks: secrets

import base


class Broken(base.Plugin):
    def greet(self, params):
        return 'hello with %s' % params['secrets'].get('token')


Broken().run()
