#!/usr/bin/env python3
"""Takes the first bytes that come for a whole head."""
# breaks: split-frame

import os

import base


class Broken(base.Plugin):
    def read(self):
        if not self.pending:
            self.pending = os.read(3, 65536)
        if self.pending and b"\r\n\r\n" not in self.pending:
            self.pending = b""  # "no head in it": thrown away
            return self.read()
        return super().read()


Broken().run()
