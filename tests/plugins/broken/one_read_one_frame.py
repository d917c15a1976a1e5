#!/usr/bin/env python3
"""Throws away what stands behind a frame."""
# breaks: joined-frames many-requests notification id large-frame split-frame

import base


class Broken(base.Plugin):
    def read(self):
        body = super().read()
        self.pending = b''
        return body


Broken().run()
