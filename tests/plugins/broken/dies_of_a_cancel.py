#!/usr/bin/env python3
"""Ends where it is asked to cancel."""
# breaks: cancel-unknown cancel-race

import base


class Broken(base.Plugin):
    def op_cancel(self, params):
        raise SystemExit('cancelled')


Broken().run()
