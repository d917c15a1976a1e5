#!/usr/bin/env python3
"""Takes each read for a frame."""
# breaks: split-frame large-frame joined-frames many-requests bad-header oversized-frame

import os

import base


class Broken(base.Plugin):
    def read(self):
        whole = os.read(3, 1 << 20)
        if not whole:
            return None
        head, _, body = whole.partition(b'\r\n\r\n')
        return body


Broken().run()
