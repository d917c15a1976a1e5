#!/usr/bin/env python3
"""Carries out a call that lacks an argument."""
# breaks: missing-argument

import base


class Broken(base.Plugin):
    def op_start(self, params):
        if params['operation'] == 'greet':
            params['args'].setdefault('who', 'nobody')
        return super().op_start(params)


Broken().run()
